"""From one state to the next: complete, disable, enable, close."""

from django.core.exceptions import ValidationError
from django.db import transaction

from ems_site.audit import actions as audit
from ems_site.errors import Refused
from entitlements.actions.locks import hold_entitlements, tell_customer
from entitlements.models import Entitlement, EntitlementQuerySet

State = Entitlement.State


class NotAllowed(Refused):
    """The entitlement's state does not permit the action."""

    code = "not_allowed"


def complete(entitlements: EntitlementQuerySet, *, by, comment: str = "") -> list[Entitlement]:
    """Makes these drafts final and stores the windows of their product keys, or of none of them.

    Raises NotAllowed for one without a customer or a product, or without a license window.
    """
    return _go("complete", State.COMPLETE, "completed", entitlements, by, comment)


def disable(entitlements: EntitlementQuerySet, *, by, comment: str = "") -> list[Entitlement]:
    """Nothing can be activated any more, until they are enabled again. Returns those that were
    complete; raises NotAllowed for drafts and closed ones."""
    return _go("disable", State.DISABLED, "disabled", entitlements, by, comment)


def enable(entitlements: EntitlementQuerySet, *, by, comment: str = "") -> list[Entitlement]:
    """Returns those that were disabled; raises NotAllowed for drafts and closed ones."""
    return _go("enable", State.COMPLETE, "enabled", entitlements, by, comment)


def close(entitlements: EntitlementQuerySet, *, by, comment: str = "") -> list[Entitlement]:
    """For good: no action is possible afterwards. Raises NotAllowed for drafts."""
    return _go("close", State.CLOSED, "closed", entitlements, by, comment)


def _go(verb, state, done, entitlements, by, comment):
    """Those that are so already are skipped, but for drafts that are to be completed."""
    with transaction.atomic():
        changed = []
        for entitlement in hold_entitlements(entitlements):
            if entitlement.state == state and verb != "complete":
                continue
            if why := entitlement.why_not(verb):
                raise NotAllowed(f"{entitlement} {why}")
            old = entitlement.get_state_display()
            windows = _place(entitlement) if verb == "complete" else {}
            entitlement.state = state
            entitlement.version += 1
            entitlement.save(update_fields=["state", "version", "changed"])
            change = [old, entitlement.get_state_display()]
            changes = {"state": change} | windows
            audit.record(f"entitlement.{done}", entitlement, by=by, changes=changes, comment=comment)
            tell_customer(entitlement, change, by=by)
            changed.append(entitlement)
        return changed


def _place(entitlement):
    keys = list(entitlement.product_keys.all())
    try:
        entitlement.full_clean()
        for key in keys:
            key.entitlement = entitlement
            key.full_clean()
    except ValidationError as error:
        raise NotAllowed(f"{entitlement} cannot be completed: {' '.join(error.messages)}") from error
    windows = {}
    for key in keys:
        validity = key.validity_in(entitlement.time_zone())
        key.place(validity)
        key.save(update_fields=key.WINDOW)
        windows[key.link()] = ["", str(validity)]
    return windows
