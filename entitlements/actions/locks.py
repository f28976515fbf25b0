"""Which rows an action on entitlements holds: contacts first, then customers, then entitlements."""

from collections.abc import Iterable

from contacts.models import Contact
from customers.models import Customer
from ems_site.audit import actions as audit
from ems_site.audit.changes import link_name
from ems_site.errors import Conflict
from entitlements.models import Entitlement, EntitlementQuerySet


def hold_contact(key: int | None) -> Contact | None:
    """Holds the contact's row, so that it is not deleted in this instant; None where it is gone."""
    return Contact.objects.select_for_update(no_key=True).filter(pk=key).first() if key else None


def hold_customers(keys: Iterable[int]) -> dict[int, Customer]:
    """Holds the customers' rows, so that none is deleted, edited or disabled in this instant."""
    held = Customer.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    return {customer.pk: customer for customer in held}


def hold_entitlements(entitlements: EntitlementQuerySet, *, for_deletion: bool = False) -> list[Entitlement]:
    """Holds these with their customers, and returns those that are still in the set.

    Each has the customer as it is now. Raises Conflict where somebody gave one another customer in
    this very moment.
    """
    wanted = dict(entitlements.order_by().values_list("pk", "customer"))
    customers = hold_customers({key for key in wanted.values() if key})
    rows = Entitlement.objects.filter(pk__in=wanted).order_by("pk")
    held = list(rows.select_for_update(no_key=not for_deletion))
    for entitlement in held:
        if entitlement.customer_id != wanted[entitlement.pk]:
            raise Conflict(current=entitlement, mine=entitlement)
        if entitlement.customer_id:
            entitlement.customer = customers[entitlement.customer_id]
    still = set(entitlements.order_by().values_list("pk", flat=True))
    return [entitlement for entitlement in held if entitlement.pk in still]


def tell_customer(entitlement: Entitlement, change: list[str], *, by) -> None:
    """Writes into the customer's history what became of its entitlement: [old state, new state]."""
    if customer := entitlement.customer:
        changes = {link_name(entitlement, entitlement.eid): change}
        audit.record("customer.changed", customer, by=by, changes=changes)
