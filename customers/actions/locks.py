"""Which rows an action on customers holds: contacts first, then customers, each by primary key."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from contacts.models import Contact
from customers.models import Association, Customer, CustomerQuerySet
from ems_site import actions as rows
from ems_site.errors import Refused


class Moved(Refused):
    """A contact was associated between the lock of the contacts and that of the customer."""

    code = "moved"

    def __init__(self):
        super().__init__("Somebody associated a contact in this very moment. Try again.")


def again(act: Callable) -> Callable:
    """Begins an action anew, a few times, when contacts were associated while it took its locks."""

    @wraps(act)
    def repeated(*args, **kwargs):
        for _attempt in range(4):
            with suppress(Moved):
                return act(*args, **kwargs)
        return act(*args, **kwargs)

    return repeated


def hold(customer: Customer, wanted: list[tuple[Contact, str]]) -> Customer | None:
    """Locks the contacts that the customer is to have and those it has, then the customer, and returns
    it as it is now, or None. Raises Moved."""
    held = lock_contacts(customer, wanted)
    current = Customer.objects.select_for_update(no_key=True).filter(pk=customer.pk).first()
    if current and not held.issuperset(current.associations.values_list("contact", flat=True)):
        raise Moved
    return current


def lock_contacts(customer: Customer, wanted: list[tuple[Contact, str]]) -> set[int]:
    """Holds the contacts that the customer is to have and those it has; returns the keys of all."""
    if not {kind for _, kind in wanted} <= set(Association.Kind.values):
        raise ValidationError("A contact is Standard or Administrator.", code="unknown_kind")
    keys = [contact.pk for contact, _ in wanted if not contact._state.adding]
    if len(keys) != len(set(keys)):
        raise ValidationError("A contact is associated twice.", code="repeated_contact")
    linked = Association.objects.filter(customer=customer.pk).values("contact")
    people = Contact.objects.filter(Q(pk__in=keys) | Q(pk__in=linked)).order_by("pk")
    found = {contact.pk for contact in people.select_for_update(no_key=True)}
    if not found.issuperset(keys):
        raise ValidationError(_("A contact has been deleted meanwhile."), code="contact_gone")
    return found


def hold_all(customers: CustomerQuerySet, *, for_deletion: bool = False) -> list[Customer]:
    """Holds the customers, and before them their contacts: two customers that one contact loses at
    once must not each count on the other."""
    links = Association.objects.filter(customer__in=customers.order_by().values("pk"))
    people = Contact.objects.filter(pk__in=links.values("contact")).order_by("pk")
    held = {contact.pk for contact in people.select_for_update(no_key=True)}
    found = rows.locked(customers, for_deletion=for_deletion)
    if not held.issuperset(links.values_list("contact", flat=True)):
        raise Moved
    return found
