"""What can be done to customers, and to the part that contacts have in them."""

from customers.actions.associations import associate, dismiss, dissociate
from customers.actions.customers import (
    ConfirmationRequired,
    HasEntitlements,
    delete,
    disable,
    enable,
    save,
)
from customers.actions.invitations import accept, invite, withdraw

__all__ = [
    "ConfirmationRequired",
    "HasEntitlements",
    "accept",
    "associate",
    "delete",
    "disable",
    "dismiss",
    "dissociate",
    "enable",
    "invite",
    "save",
    "withdraw",
]
