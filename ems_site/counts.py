"""How many related rows records have, without joining the tables."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count


def attach_count(relation: str, records: Iterable, name: str) -> None:
    """Sets `name` on each of these records: how many rows this reverse relation holds.

    One query for the keys on a page: a join over both tables takes seconds at a million rows.
    """
    records = list(records)
    if not records:
        return
    related: Any = records[0]._meta.get_field(relation)
    holder = related.field.name
    rows = related.related_model.objects.filter(**{f"{holder}__in": [record.pk for record in records]})
    counts = dict(rows.order_by().values_list(holder).annotate(Count("pk")))
    for record in records:
        setattr(record, name, counts.get(record.pk, 0))
