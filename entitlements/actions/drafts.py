"""Drafts: saved with their product keys, copied, deleted."""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from ems_site import conflicts
from ems_site.audit import actions as audit
from ems_site.audit.changes import Changes, differences, first_values, last_values
from ems_site.errors import Conflict, Gone
from entitlements.actions.locks import hold_contact, hold_customers, hold_entitlements, tell_customer
from entitlements.actions.states import NotAllowed
from entitlements.models import Entitlement, EntitlementQuerySet, ProductKey, new_eid

MOST_PRODUCT_KEYS = 200


def save(entitlement: Entitlement, *, by, product_keys: list[ProductKey] | None = None) -> Entitlement:
    """Adds a draft, or saves a draft's attributes and product keys if anything changed.

    entitlement.version is the version the person saw. product_keys are all its lines, or None to leave
    them; those without a key of their own are added. Raises ValidationError for bad values, NotAllowed
    for anything but a draft, Gone, or Conflict.
    """
    _refuse_final(entitlement)
    wanted = None if product_keys is None else list(product_keys)
    seen, is_new = entitlement.version, entitlement._state.adding
    new = [key for key in wanted or () if key._state.adding]
    try:
        with transaction.atomic():
            _hold_owners(entitlement)
            return _add(entitlement, wanted or [], by) if is_new else _change(entitlement, wanted, by)
    except (IntegrityError, ValidationError) as error:
        entitlement.version = seen
        for row in [entitlement, *new] if is_new else new:
            row.pk, row._state.adding = None, True
        if isinstance(error, IntegrityError):
            entitlement.full_clean()
        raise


def _refuse_final(entitlement):
    if not entitlement.is_draft():
        raise NotAllowed(f"{entitlement} is {entitlement.get_state_display()}: only drafts are edited.")


def _hold_owners(entitlement):
    """Holds contact and customer, and takes them as they are now."""
    if entitlement.contact_id:
        entitlement.contact = hold_contact(entitlement.contact_id)
        if entitlement.contact is None:
            raise ValidationError({"contact": "This contact has been deleted meanwhile."})
    if entitlement.customer_id:
        entitlement.customer = hold_customers([entitlement.customer_id]).get(entitlement.customer_id)
        if entitlement.customer is None:
            raise ValidationError({"customer": "This customer has been deleted meanwhile."})


def _refuse_disabled(current, entitlement):
    """Whom it has already, it keeps; newly chosen ones are enabled."""
    errors = {}
    for name in ("customer", "contact"):
        chosen = getattr(entitlement, name)
        is_new = current is None or getattr(current, f"{name}_id") != getattr(entitlement, f"{name}_id")
        if chosen and is_new and not chosen.is_enabled():
            errors[name] = f"{chosen} is disabled. Choose another one."
    if errors:
        raise ValidationError(errors)


def _add(entitlement, wanted, by):
    _refuse_disabled(None, entitlement)
    entitlement.full_clean()
    entitlement.save()
    keys = _write_keys(entitlement, wanted)
    if keys:
        entitlement.save(update_fields=["search_key"])
    audit.record("entitlement.added", entitlement, by=by, changes=first_values(entitlement) | keys)
    tell_customer(entitlement, ["", entitlement.get_state_display()], by=by)
    return entitlement


def _change(entitlement, wanted, by):
    current = Entitlement.objects.select_for_update(no_key=True).filter(pk=entitlement.pk).first()
    if current is None:
        raise Gone(f"{entitlement} has been deleted meanwhile.")
    _refuse_final(current)
    entitlement.full_clean()
    changes = differences(current, entitlement) | _key_changes(current, wanted)
    if not changes:
        return entitlement
    if entitlement.version != current.version:
        if conflicts.is_only_theirs(changes, current, version=entitlement.version):
            return entitlement
        raise Conflict(current=current, mine=entitlement)
    _refuse_disabled(current, entitlement)
    keys = {} if wanted is None else _write_keys(entitlement, wanted)
    changes = differences(current, entitlement) | keys
    entitlement.version += 1
    entitlement.save()
    audit.record("entitlement.changed", entitlement, by=by, changes=changes)
    _tell_customers(current, entitlement, by)
    return entitlement


def _tell_customers(current, entitlement, by):
    if current.customer_id != entitlement.customer_id:
        state = entitlement.get_state_display()
        tell_customer(current, [state, ""], by=by)
        tell_customer(entitlement, ["", state], by=by)


def _key_changes(current: Entitlement, wanted: list[ProductKey] | None) -> Changes:
    """{`productkey:key:name`: [old summary, new summary]} of the product keys that would change."""
    if wanted is None:
        return {}
    old = {key.pk: key for key in current.product_keys.all()}
    changes = {}
    for place, key in enumerate(wanted):
        before = old.pop(key.pk, None) if key.pk else None
        if before is None or differences(before, key):
            # Two new lines of one product must not stand under one name.
            name = key.link() if key.pk else f"productkey:new-{place}:{key.called()}"
            changes[name] = _change_of(before, key)
    return changes | {key.link(): [key.summary(), ""] for key in old.values()}


def _change_of(before, key):
    renamed = before and before.called() != key.called()
    old = before.summary() if before else ""
    return [f"{before.called()}, {old}" if renamed else old, key.summary()]


def _write_keys(entitlement: Entitlement, wanted: list[ProductKey]) -> Changes:
    """Makes the product keys what is wanted; returns what changed, for the history."""
    if len(wanted) > MOST_PRODUCT_KEYS:
        raise ValidationError(f"An entitlement has at most {MOST_PRODUCT_KEYS} products.")
    old = {key.pk: key for key in entitlement.product_keys.all()}
    changes: Changes = {}
    for key in wanted:
        before = old.pop(key.pk, None) if key.pk else None
        if key.pk and before is None:
            raise ValidationError(
                "A product does not belong to this entitlement. Look through the list again."
            )
        key.entitlement = entitlement
        _named(key)
        if before is None or differences(before, key):
            key.save()
            changes[key.link()] = _change_of(before, key)
    changes |= {key.link(): [key.summary(), ""] for key in old.values()}
    entitlement.product_keys.filter(pk__in=old).delete()
    return changes


def _named(key):
    """Says which line an error is about: beside the entitlement's own fields there is no field for it."""
    try:
        key.full_clean()
    except ValidationError as error:
        raise ValidationError([f"{key.called()}: {text}" for text in error.messages]) from error


def copy(entitlement: Entitlement, *, by) -> Entitlement:
    """A new draft with the same products, dates and Ref IDs: with an EID of its own, and without customer
    and contact, so that nobody completes it for the wrong one. Raises Gone."""
    with transaction.atomic():
        source = Entitlement.objects.select_for_update(no_key=True).filter(pk=entitlement.pk).first()
        if source is None:
            raise Gone(f"{entitlement} has been deleted meanwhile.")
        draft = Entitlement(
            eid=new_eid(),
            ref_id1=source.ref_id1,
            ref_id2=source.ref_id2,
            start_date=source.start_date,
            end_date=source.end_date,
        )
        draft.full_clean()
        draft.save()
        keys = _write_keys(draft, [_copy_of(key) for key in source.product_keys.all()])
        draft.save(update_fields=["search_key"])
        changes = {"copied_from": ["", source.eid]} | first_values(draft) | keys
        audit.record("entitlement.added", draft, by=by, changes=changes)
        return draft


def _copy_of(key):
    return ProductKey(**{name: getattr(key, name) for name in ProductKey.ATTRIBUTES})


def delete(entitlements: EntitlementQuerySet, *, by, comment: str = "") -> list[Entitlement]:
    """Deletes these drafts with their product keys, or none of them. Raises NotAllowed where one was
    completed."""
    with transaction.atomic():
        deleted = hold_entitlements(entitlements, for_deletion=True)
        for entitlement in deleted:
            if why := entitlement.why_not("delete"):
                raise NotAllowed(f"{entitlement} {why}")
            keys: Changes = {key.link(): [key.summary(), ""] for key in entitlement.product_keys.all()}
            changes = last_values(entitlement) | keys
            audit.record("entitlement.deleted", entitlement, by=by, changes=changes, comment=comment)
            tell_customer(entitlement, [entitlement.get_state_display(), ""], by=by)
        Entitlement.objects.filter(pk__in=[draft.pk for draft in deleted]).delete()
        return deleted
