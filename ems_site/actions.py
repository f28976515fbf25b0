"""What the actions of several apps share: rows are locked by primary key, and looked at once locked."""

from typing import Any

from django.db import models

from ems_site.audit import actions as audit


def locked(rows: models.QuerySet, *, for_deletion: bool = False) -> list[Any]:
    """The rows of this set, each once, that are still in it once they are locked."""
    keys = set(rows.order_by().values_list("pk", flat=True))
    held = rows.model._default_manager.filter(pk__in=keys).order_by("pk")
    found = list(held.select_for_update(no_key=not for_deletion))
    still = set(rows.order_by().values_list("pk", flat=True))
    return [row for row in found if row.pk in still]


def set_status(rows: models.QuerySet, status: str, *, by, comment: str) -> list[Any]:
    """Enables or disables these records; returns those that were not so already."""
    changed = locked(rows.exclude(status=status))
    for row in changed:
        old = row.get_status_display()
        row.status = status
        row.version += 1
        row.save(update_fields=["status", "version", "changed"])
        audit.record(
            f"{row._meta.model_name}.{status}",
            row,
            by=by,
            changes={"status": [old, row.get_status_display()]},
            comment=comment,
        )
    return changed
