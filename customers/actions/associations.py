"""One contact's part in a customer, begun, changed or ended from either side."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from contacts.models import Contact
from customers.actions.customers import SEPARATELY, lock_contacts, save
from customers.models import Association, Customer
from ems_site.errors import Conflict, Gone, Refused


class NotAdministrator(Refused):
    code = "not_administrator"


def associate(
    customer: Customer, contact: Contact, kind: str, *, by, confirmed: str | object | None = None
) -> Customer:
    """Makes the contact one of the customer's, of this kind, or changes its kind.

    Raises ConfirmationRequired like `save`, Gone, Conflict, ValidationError for an unknown kind.
    """
    if kind not in Association.Kind.values:
        raise ValidationError("A contact is Standard or Administrator.", code="unknown_kind")
    with transaction.atomic():
        return _replace(customer, contact, kind, by=by, confirmed=confirmed)


def dissociate(
    customer: Customer, contact: Contact, *, by, confirmed: str | object | None = None, comment: str = ""
) -> Customer:
    """Ends the contact's part in the customer; no change where it has none.

    Raises ConfirmationRequired like `save`, Gone, and Conflict.
    """
    with transaction.atomic():
        return _replace(customer, contact, "", by=by, confirmed=confirmed, comment=comment)


def dismiss(customer: Customer, contact: Contact, *, by) -> Customer:
    """An Administrator of the customer ends the part of another contact.

    Raises NotAdministrator where that is somebody else, or oneself; Gone, and Conflict.
    """
    with transaction.atomic():
        lock_contacts(customer, [])
        administrators = customer.associations.filter(kind=Association.Kind.ADMINISTRATOR)
        if contact.pk == by.contact_id:
            raise NotAdministrator(_("Nobody ends their own association."))
        if not administrators.filter(contact=by.contact_id).exists():
            raise NotAdministrator(_("You are not an Administrator of this customer any more."))
        return _replace(customer, contact, "", by=by, confirmed=SEPARATELY)


def _replace(customer, contact, kind, *, by, confirmed, comment=""):
    held = lock_contacts(customer, [(contact, kind)] if kind else [])
    current = Customer.objects.select_for_update(no_key=True).filter(pk=customer.pk).first()
    if current is None:
        raise Gone(_("%s has been deleted meanwhile.") % customer)
    links = list(current.associations.select_related("contact"))
    if not held.issuperset(link.contact_id for link in links):
        # Somebody associated another contact in this very moment.
        raise Conflict(current=current, mine=customer)
    associates = [(link.contact, link.kind) for link in links if link.contact_id != contact.pk]
    if kind:
        associates.append((contact, kind))
    return save(current, by=by, associates=associates, confirmed=confirmed, comment=comment)
