"""Reads rows of a list in its order, whatever narrows it, at once at any size.

Where a list is narrowed, the next rows in its order are looked through first, a few thousand at most. If
that does not fill the page, a sample of the table tells how many matches there are and where: a few are
gathered by index, sorted and cut; of many, only those up to a place before which the sample has some; and
very many that begin soon are read in the list's order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from secrets import randbelow
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, F, Func, Q, Value

# Rows that are looked through at first, and if so large a part of the page is found by then.
WALKED, WALKED_ON, NEAR = 1_000, 5_000, 1 / 4
# Rows that are looked at all over the table. Matches in so large a part of them are very many; where there
# are fewer than this number, all are gathered. The place up to which others are has so many times the page
# before it, or the first match of the sample. So many of the sample before that are soon passed.
SAMPLED, COMMON, FEW, AMPLE, SOON = 600, 1 / 10, 5, 6, 20
GATHERED = 30_000
GATHERINGS = 3


@dataclass(frozen=True)
class Rows:
    """The records of a list: all of them, and those that match, looked at row by row or by index.

    is_few: the index is asked at once, because what narrows the list leaves few.
    """

    all: Any
    looked_at: Any = None
    found: Any = None
    is_few: bool = False

    @property
    def is_narrowed(self) -> bool:
        return self.found is not None


@dataclass(frozen=True)
class Segment:
    """Rows that are sorted without a gap: those with a value, or those without one."""

    condition: Q
    order: tuple[str, ...]
    key: tuple[str, ...]


class _Row(Func):
    """(a, b): a row value. Django's own are taken apart for SQLite, which then reads a whole index."""

    function = ""
    output_field = BooleanField()


class RowComparison(Func):
    """(a, b) > (x, y), which an index answers."""

    template = "%(expressions)s"
    output_field = BooleanField()
    conditional = True


@dataclass
class Reader:
    """Reads one segment from a key on, in one direction."""

    rows: Rows
    segment: Segment
    start: tuple | None
    downwards: bool
    gathered: int | None = None
    at_least: int = 0

    def read(self, want: int) -> list:
        if not self.rows.is_narrowed:
            return self._first(self._between(self.rows.all), want)
        if not self.rows.is_few and (rows := self._walked(want)) is not None:
            return rows
        for end in self._ends(want):
            if (rows := self._gathered(want, end)) is not None:
                return rows
        return self._first(self._between(self.rows.looked_at), want)

    def _walked(self, want) -> list | None:
        """From the next rows; None where they do not fill the page."""
        for number in (WALKED, WALKED_ON):
            end = self._key_of(number)
            found = self._first(self._between(self.rows.looked_at, end), want)
            if end is None or len(found) == want:
                return found
            if len(found) < want * NEAR:
                break
        return None

    def _ends(self, want) -> list[tuple | None]:
        """The keys up to which matches are gathered, one after the other while that leads nowhere; None for
        all of them.

        A sample tells. Of another table's column there is no index that leads up to a key.
        """
        if self.rows.is_few or any("__" in name for name in self.segment.key):
            return [None]
        sample, every = self._sample()
        matches = self._between(self.rows.looked_at).filter(pk__in=sample)
        keys = list(self._ordered(matches).values_list(*self.segment.key))
        if len(keys) > len(sample) * COMMON and self._is_near(keys[0], sample):
            return []
        place = AMPLE * want * len(sample) // every
        ends = keys[place : place + 1]
        return [*ends, None] if len(keys) >= FEW else [None, *ends]

    def _sample(self) -> tuple[list[int], int]:
        """Primary keys from all over the table, one of each so many; and how many there may be."""
        keys = self.rows.all.model._default_manager.values_list("pk", flat=True)
        # Not in one statement: SQLite would read all of them.
        low, high = (keys.order_by(order).first() or 1 for order in ("pk", "-pk"))
        every = high - low + 1
        step = -(-every // SAMPLED)
        return [start + randbelow(step) for start in range(low, high + 1, step)], every

    def _is_near(self, key, sample) -> bool:
        """Few of the sample stand before this key: very many matches may begin far away all the same."""
        return self._between(self.rows.all, key).filter(pk__in=sample).count() <= SOON

    def _gathered(self, want, end=None) -> list | None:
        """By index, up to this key; None where these are too many to sort, or too few up to there."""
        for _attempt in range(GATHERINGS):
            keys = self._gather(want, end)
            if keys is None or (end and len(keys) < want):
                break
            # Fewer where some were deleted meanwhile: that is not the end of the list.
            if len(rows := in_order_of(self._with_key(self.rows.all), keys)) == len(keys):
                return rows
        return None

    def _between(self, rows, end=None):
        """Those of this segment beyond the start, up to this key."""
        rows = rows.filter(self.segment.condition)
        if self.start is not None:
            rows = rows.filter(self._compared(self.start))
        return rows if end is None else rows.filter(self._compared(end, inclusive=True))

    def _compared(self, key, *, inclusive=False):
        """Beyond this key in the direction read; with inclusive, up to it."""
        model, names = self.rows.all.model, self.segment.key
        values = [Value(one, field_of(model, name)) for name, one in zip(names, key, strict=True)]
        sign = ("<" if self.downwards else ">") if not inclusive else (">=" if self.downwards else "<=")
        return RowComparison(_Row(*map(F, names)), _Row(*values), arg_joiner=f" {sign} ")

    def _first(self, rows, want):
        return list(self._with_key(self._ordered(rows))[:want])

    def _ordered(self, rows):
        mark = "-" if self.downwards else ""
        return rows.order_by(*(mark + name for name in self.segment.order))

    def _with_key(self, rows):
        return rows.annotate(**{alias(name): F(name) for name in self.segment.key})

    def _key_of(self, number) -> tuple | None:
        """The key of the row of this number from the start; None where the segment ends before."""
        rows = self._ordered(self._between(self.rows.all)).values_list(*self.segment.key)
        return next(iter(rows[number - 1 : number]), None)

    def _gather(self, want, end) -> list[int] | None:
        """Primary keys of the first matches in order; None where there are too many to sort."""
        columns = {alias(name): F(name) for name in (*self.segment.key, "pk")}
        inner = self._between(self.rows.found, end).order_by().values(**columns)[: GATHERED + 1]
        try:
            statement, parameters = inner.query.sql_with_params()
        except EmptyResultSet:
            return []
        quote, direction = connection.ops.quote_name, " DESC" if self.downwards else ""
        order = ", ".join(quote(alias(name)) + direction for name in self.segment.key)
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH matches AS MATERIALIZED ({statement}) "  # noqa: S608 - all of it is the ORM's or ours
                f"SELECT {quote(alias('pk'))}, (SELECT count(*) FROM matches) FROM matches "
                f"ORDER BY {order} LIMIT %s",
                [*parameters, want],
            )
            found = cursor.fetchall()
        self.at_least = max(self.at_least, total := found[0][1] if found else 0)
        if total > GATHERED:
            return None
        if end is None:
            self.gathered = total
        return [key for key, _ in found]

    def keys(self, rows: Any) -> Iterator[int]:
        """Of all these rows, in order."""
        return self._ordered(rows).values_list("pk", flat=True).iterator(chunk_size=10_000)


def in_order_of(rows, keys):
    """Those of these keys that are there, in this order."""
    found = {row.pk: row for row in rows.filter(pk__in=list(keys)).order_by()}
    return [found[key] for key in keys if key in found]


def alias(name):
    return f"key_{name}"


def field_of(model, name):
    *path, column = name.split("__")
    for relation in path:
        model = model._meta.get_field(relation).related_model
    return model._meta.pk if column == "pk" else model._meta.get_field(column)
