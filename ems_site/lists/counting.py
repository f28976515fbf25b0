"""How many records a list has, as far as that is cheap to know."""

from dataclasses import dataclass

from ems_site.lists.reading import Rows

COUNTED = 1_000
COUNT_WALKED = 5_000


@dataclass(frozen=True)
class Count:
    """How many records there are, or how many there are at least."""

    number: int
    is_exact: bool

    def __str__(self):
        if self.is_exact:
            return f"{self.number:,}"
        return f"{'at least' if self.number < COUNTED else 'more than'} {self.number:,}"


def counted(rows: Rows) -> tuple[int, bool]:
    """How many there are, at most one more than COUNTED, and whether these are all."""
    if not rows.is_narrowed:
        return _number(rows.all), True
    if rows.is_few:
        return _number(rows.found), True
    keys = rows.all.order_by("pk").values_list("pk", flat=True)
    end = next(iter(keys[COUNT_WALKED - 1 : COUNT_WALKED]), None)
    looked_at = rows.looked_at if end is None else rows.looked_at.filter(pk__lte=end)
    return _number(looked_at), end is None


def _number(records):
    return records.order_by().values("pk")[: COUNTED + 1].count()
