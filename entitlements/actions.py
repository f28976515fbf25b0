"""What can be done to entitlements. Each action is one transaction with its history.

Rows are locked in one order everywhere: contacts, customers, entitlements.
"""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from contacts.models import Contact
from customers.models import Customer
from ems_site.audit import actions as audit
from ems_site.audit.changes import differences, first_values, last_values
from ems_site.errors import Conflict, Gone, Refused
from entitlements.models import Entitlement, EntitlementQuerySet

State = Entitlement.State


class NotAllowed(Refused):
    """The entitlement's state does not permit the action."""

    code = "not_allowed"


def save(entitlement: Entitlement, *, by) -> Entitlement:
    """Adds a draft, or saves a draft's attributes if they changed.

    entitlement.version is the version the person saw. Raises ValidationError for bad values,
    NotAllowed for anything but a draft, Gone, or Conflict.
    """
    if entitlement.state != State.DRAFT:
        raise NotAllowed(f"{entitlement} is {entitlement.get_state_display()}: only drafts are edited.")
    try:
        with transaction.atomic():
            _hold_contact(entitlement)
            _hold_customer(entitlement)
            if entitlement._state.adding:
                entitlement.full_clean()
                entitlement.save()
                changes = first_values(entitlement)
                audit.record("entitlement.added", entitlement, by=by, changes=changes)
                return entitlement
            return _change(entitlement, by)
    except IntegrityError:
        entitlement.full_clean()
        raise


def _hold_contact(entitlement):
    """Holds the row of the contact it is to be addressed to, so that it is not deleted in this instant."""
    if entitlement.contact_id is None:
        return
    contacts = Contact.objects.select_for_update(no_key=True)
    if not contacts.filter(pk=entitlement.contact_id).exists():
        raise ValidationError({"contact": "This contact has been deleted meanwhile."})


def _hold_customer(entitlement):
    """Holds the customer's row, so that it is neither deleted nor edited in the same instant."""
    if entitlement.customer_id is None:
        return
    customers = Customer.objects.select_for_update(no_key=True)
    if not customers.filter(pk=entitlement.customer_id).exists():
        raise ValidationError({"customer": "This customer has been deleted meanwhile."})


def _change(entitlement, by):
    current = _locked(entitlement)
    if current.state != State.DRAFT:
        raise NotAllowed(f"{current} is {current.get_state_display()}: only drafts are edited.")
    entitlement.full_clean()
    changes = differences(current, entitlement)
    if not changes:
        return entitlement
    if entitlement.version != current.version:
        raise Conflict(current=current, mine=entitlement)
    entitlement.version += 1
    entitlement.save()
    audit.record("entitlement.changed", entitlement, by=by, changes=changes)
    return entitlement


def _locked(entitlement):
    found = Entitlement.objects.select_for_update(no_key=True).filter(pk=entitlement.pk).first()
    if found is None:
        raise Gone(f"{entitlement} has been deleted meanwhile.")
    return found


def complete(entitlement: Entitlement, *, by) -> Entitlement:
    """Makes a draft final. Raises ValidationError where it has no customer."""
    return _go_to(entitlement, State.COMPLETE, "entitlement.completed", by, only_from=State.DRAFT)


def disable(entitlement: Entitlement, *, by) -> Entitlement:
    return _go_to(entitlement, State.DISABLED, "entitlement.disabled", by)


def enable(entitlement: Entitlement, *, by) -> Entitlement:
    return _go_to(entitlement, State.COMPLETE, "entitlement.enabled", by, only_from=State.DISABLED)


def close(entitlement: Entitlement, *, by) -> Entitlement:
    """Permanent: no action is possible afterwards."""
    return _go_to(entitlement, State.CLOSED, "entitlement.closed", by)


def _go_to(entitlement, state, code, by, only_from=None):
    with transaction.atomic():
        known = Entitlement.objects.filter(pk=entitlement.pk).first()
        _hold_customer(known or entitlement)
        current = _locked(entitlement)
        if known is None or known.customer_id != current.customer_id:
            raise Conflict(current=current, mine=entitlement)
        if not current.may_go_to(state) or (only_from and current.state != only_from):
            raise NotAllowed(f"{current} is {current.get_state_display()}: that cannot be done.")
        current.full_clean()
        old = current.get_state_display()
        current.state = state
        current.version += 1
        current.validate_constraints()
        current.save()
        changes = {"state": [old, current.get_state_display()]}
        audit.record(code, current, by=by, changes=changes)
        return current


def delete(entitlements: EntitlementQuerySet, *, by) -> list[Entitlement]:
    """Deletes these drafts, or none of them. Raises NotAllowed where one was completed."""
    with transaction.atomic():
        deleted = list(entitlements.select_for_update(of=("self",)).order_by("pk"))
        for entitlement in deleted:
            if entitlement.state != State.DRAFT:
                raise NotAllowed(f"{entitlement} was completed and cannot be deleted.")
            changes = last_values(entitlement)
            audit.record("entitlement.deleted", entitlement, by=by, changes=changes)
        Entitlement.objects.filter(pk__in=[draft.pk for draft in deleted]).delete()
        return deleted
