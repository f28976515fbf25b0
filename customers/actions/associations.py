"""One contact's part in a customer, begun, changed or ended from either side."""

from django.core.exceptions import ValidationError
from django.db import transaction

from contacts.models import Contact
from customers.actions.customers import lock_contacts, save
from customers.models import Association, Customer
from ems_site.errors import Gone


def associate(
    customer: Customer, contact: Contact, kind: str, *, by, confirmed: str | None = None
) -> Customer:
    """Makes the contact one of the customer's, of this kind, or changes its kind.

    Raises ConfirmationRequired like `save`, Gone, ValidationError for an unknown kind.
    """
    if kind not in Association.Kind.values:
        raise ValidationError("A contact is Standard or Administrator.", code="unknown_kind")
    return _replace(customer, contact, kind, by=by, confirmed=confirmed)


def dissociate(customer: Customer, contact: Contact, *, by, confirmed: str | None = None) -> Customer:
    """Ends the contact's part in the customer; no change where it has none.

    Raises ConfirmationRequired like `save`, and Gone.
    """
    return _replace(customer, contact, "", by=by, confirmed=confirmed)


def _replace(customer, contact, kind, *, by, confirmed):
    with transaction.atomic():
        lock_contacts(customer, [(contact, kind)] if kind else [])
        current = Customer.objects.select_for_update(no_key=True).filter(pk=customer.pk).first()
        if current is None:
            raise Gone(f"{customer} has been deleted meanwhile.")
        links = current.associations.exclude(contact=contact).select_related("contact")
        associates = [(link.contact, link.kind) for link in links]
        if kind:
            associates.append((contact, kind))
        return save(current, by=by, associates=associates, confirmed=confirmed)
