"""Pages by key, in both directions, at once at any size.

A page is asked for by the place after or before which it begins: the values of the columns that the list is
sorted by. Rows that are added or removed meanwhile neither repeat nor hide others.
"""

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.db.models import Q, QuerySet

from ems_site.keys import is_storable
from ems_site.lists.reading import Reader, Rows, Segment, alias, field_of, in_order_of


@dataclass(frozen=True)
class Sort:
    """The columns that a list is sorted by, and by the primary key after them, unless they are unique. Of
    one that is_nullable empty values come first, unless empty_is_last."""

    columns: tuple[str, ...]
    is_unique: bool = False
    is_nullable: bool = False
    empty_is_last: bool = False


@dataclass(frozen=True)
class Place:
    """Between two rows of a list: the segment and the key of the row beside it."""

    segment: int
    key: tuple


@dataclass
class Slice:
    """Rows in the list's order, and whether there are others before and after them; how many there are in
    all and at least, as far as that came out by the way."""

    rows: list
    has_previous: bool
    has_next: bool
    total: int | None = None
    at_least: int = 0


class Keyset:
    def __init__(self, rows: Rows, sort: Sort, *, descending: bool = False):
        self.rows, self.sort, self.descending = rows, sort, descending
        self.segments = self._segments()
        self.gathered: int | None = None
        self.at_least = 0

    def _segments(self):
        columns = self.sort.columns
        key = columns if self.sort.is_unique else (*columns, "pk")
        if not self.sort.is_nullable:
            return [Segment(Q(), key, key)]
        (column,) = columns
        # Of another table there is nothing to be sorted by where it has no row. The index of a unique
        # column has the empty ones in no order: they have one of their own.
        order = ("pk",) if "__" in column or self.sort.is_unique else (column, "pk")
        empty = Segment(Q(**{f"{column}__isnull": True}), order, ("pk",))
        filled = Segment(Q(**{f"{column}__isnull": False}), key, key)
        is_first = self.descending == self.sort.empty_is_last
        return [empty, filled] if is_first else [filled, empty]

    def slice(
        self,
        size: int,
        *,
        after: Place | None = None,
        before: Place | None = None,
        last: bool = False,
        first_size: int = 0,
    ) -> Slice:
        """So many rows from the place on, or up to it; from the start, or the end, without one.

        Where nothing comes after the place any more, the last rows; where none is before those before it, the
        first, as many as first_size says.
        """
        if last or before:
            rows = self._collect(before, size + 1, backwards=True)
            if len(rows) <= size and before:
                return self.slice(first_size or size)
            return Slice(rows[:size][::-1], len(rows) > size, before is not None, None, self.at_least)
        rows = self._collect(after, size + 1, backwards=False)
        if after and not rows:
            return self.slice(size, last=True)
        has_next = len(rows) > size
        total = None if after else self.gathered if has_next else len(rows)
        return Slice(rows[:size], after is not None, has_next, total, self.at_least)

    def place_of(self, row: Any) -> Place:
        """Of a row that this gave."""
        return Place(row.segment, tuple(getattr(row, alias(name)) for name in self._segment(row).key))

    def _segment(self, row):
        return self.segments[row.segment]

    def chunks(self, size: int) -> Iterator[list]:
        """All rows in order, so many at once.

        Which they are, and in which order, is asked once, and kept at eight bytes a row: whatever changes
        meanwhile, none comes twice, and none is missing but the deleted.
        """
        every = self.rows.found if self.rows.is_narrowed else self.rows.all
        keys = array("q")
        for segment in self.segments:
            reader = Reader(self.rows, segment, None, self.descending)
            keys.extend(reader.keys(every.filter(segment.condition)))
        for start in range(0, len(keys), size):
            yield in_order_of(self.rows.all, keys[start : start + size])

    def _collect(self, start, want, *, backwards):
        numbers = range(len(self.segments))
        rows: list = []
        for number in reversed(numbers) if backwards else numbers:
            if start and (number > start.segment if backwards else number < start.segment):
                continue
            key = start.key if start and start.segment == number else None
            reader = Reader(self.rows, self.segments[number], key, self.descending != backwards)
            found = reader.read(want - len(rows))
            self.at_least = max(self.at_least, reader.at_least)
            if start is None and len(self.segments) == 1:
                self.gathered = reader.gathered
            for row in found:
                row.segment = number
            rows += found
            if len(rows) == want:
                break
        return rows


def first(rows: QuerySet, narrow: Callable[[QuerySet, bool], QuerySet], sort: Sort, size: int) -> list:
    """The first matches among these rows, for pickers. narrow filters them, by index or not."""
    matches = Rows(rows, narrow(rows, False), narrow(rows, True))
    return Keyset(matches, sort).slice(size).rows


def written(place: Place, context: str) -> str:
    """The place as an address carries it, signed for this context; see read()."""
    key = [value.isoformat() if isinstance(value, date) else value for value in place.key]
    return _signer(context).sign_object([place.segment, *key], compress=True)


def read(text: str, context: str, keyset: Keyset) -> Place | None:
    """The place that written() wrote for this context; None for anything else."""
    if not text or not is_storable(text):
        return None
    try:
        number, *key = _signer(context).unsign_object(text)
        names = keyset.segments[number].key
        fields = [field_of(keyset.rows.all.model, name) for name in names]
        return Place(number, tuple(field.to_python(value) for field, value in zip(fields, key, strict=True)))
    except (BadSignature, ValidationError, ValueError, TypeError, IndexError):
        return None


def _signer(context):
    return Signer(salt=f"ems_site.lists.place:{context}")
