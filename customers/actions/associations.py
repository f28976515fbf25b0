"""One contact's part in a customer, begun, changed or ended from either side."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from contacts.models import Contact
from customers.actions.customers import SEPARATELY, save
from customers.actions.locks import again, hold
from customers.models import Association, Customer
from ems_site.errors import Gone, Refused


class NotAdministrator(Refused):
    code = "not_administrator"


@again
def associate(
    customer: Customer, contact: Contact, kind: str, *, by, confirmed: str | object | None = None
) -> Customer:
    """Makes the contact one of the customer's, of this kind, or changes its kind.

    Raises ConfirmationRequired like `save`, Gone, ValidationError for an unknown kind.
    """
    if kind not in Association.Kind.values:
        raise ValidationError("A contact is Standard or Administrator.", code="unknown_kind")
    with transaction.atomic():
        return _replace(customer, contact, kind, by=by, confirmed=confirmed)


@again
def dissociate(
    customer: Customer, contact: Contact, *, by, confirmed: str | object | None = None, comment: str = ""
) -> Customer:
    """Ends the contact's part in the customer; no change where it has none.

    Raises ConfirmationRequired like `save`, and Gone.
    """
    with transaction.atomic():
        return _replace(customer, contact, "", by=by, confirmed=confirmed, comment=comment)


@again
def dismiss(customer: Customer, contact: Contact, *, by) -> Customer:
    """An Administrator of the customer ends the part of another contact.

    Raises NotAdministrator where by is none, or ends their own part; and Gone.
    """
    with transaction.atomic():
        hold(customer, [])
        administrators = customer.associations.filter(kind=Association.Kind.ADMINISTRATOR)
        if contact.pk == by.contact_id:
            raise NotAdministrator(_("Nobody ends their own association."))
        if not administrators.filter(contact=by.contact_id).exists():
            raise NotAdministrator(_("You are not an Administrator of this customer any more."))
        return _replace(customer, contact, "", by=by, confirmed=SEPARATELY)


def _replace(customer, contact, kind, *, by, confirmed, comment=""):
    current = hold(customer, [(contact, kind)] if kind else [])
    if current is None:
        raise Gone(_("%s has been deleted meanwhile.") % customer)
    links = current.associations.exclude(contact=contact).select_related("contact")
    associates = [(link.contact, link.kind) for link in links]
    if kind:
        associates.append((contact, kind))
    return save(current, by=by, associates=associates, confirmed=confirmed, comment=comment)
