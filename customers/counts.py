"""How many contacts and entitlements customers have, without joining the tables."""

from collections.abc import Iterable

from contacts.models import Contact
from customers.models import Association, Customer
from ems_site.counts import attach_count
from ems_site.status import Status


def people(customers: Iterable[Customer]) -> int:
    """How many contacts these customers have together; somebody of two of them counts once."""
    return Association.objects.filter(customer__in=customers).values("contact").distinct().count()


def locked_out(customers: Iterable[Customer]) -> tuple[int, int]:
    """How many contacts lose their last enabled customer with these customers, and how many of those
    are signed in now."""
    keys = [customer.pk for customer in customers]
    elsewhere = Association.objects.filter(customer__status=Status.ENABLED).exclude(customer__in=keys)
    lost = Contact.objects.filter(associations__customer__in=keys).distinct()
    lost = lost.exclude(pk__in=elsewhere.values("contact"))
    return lost.count(), lost.signed_in().count()


def signed_in(customers: Iterable[Customer]) -> int:
    """How many contacts of these customers are signed in now."""
    keys = [customer.pk for customer in customers]
    return Contact.objects.filter(associations__customer__in=keys).signed_in().count()


def associations(customers: Iterable[Customer]) -> int:
    return Association.objects.filter(customer__in=customers).count()


def attach_contacts(customers: Iterable[Customer]) -> None:
    """Sets `contact_count` on each of these customers."""
    attach_count("associations", customers, "contact_count")


def attach_entitlements(customers: Iterable[Customer]) -> None:
    """Sets `entitlement_count` on each of these customers, drafts included."""
    attach_count("entitlements", customers, "entitlement_count")
