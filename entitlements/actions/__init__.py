"""What can be done to entitlements and their activations. Each action is one transaction with its history.

Rows are locked in one order everywhere: contacts, customers, entitlements, each by primary key.
"""

from entitlements.actions.activations import NothingLeft, activate, revoke
from entitlements.actions.drafts import copy, delete, save
from entitlements.actions.states import NotAllowed, close, complete, disable, enable

__all__ = [
    "NotAllowed",
    "NothingLeft",
    "activate",
    "close",
    "complete",
    "copy",
    "delete",
    "disable",
    "enable",
    "revoke",
    "save",
]
