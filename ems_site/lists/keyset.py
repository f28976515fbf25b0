"""Pages by key, in both directions, at once at any size.

A page is asked for by the place after or before which it begins: the values of the columns that the list is
sorted by. Rows that are added or removed meanwhile neither repeat nor hide others.

Where a list is narrowed, the next rows in its order are looked through first, a few thousand at most. If
that does not fill the page, a sample of the table tells how many matches there are and where: a few are
gathered by index, sorted and cut; of many, only those up to a place before which the sample has some; and
of very many none, since the order leads to them soon.
"""

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from random import randrange
from typing import Any

from django.core.exceptions import EmptyResultSet, ValidationError
from django.core.signing import BadSignature, Signer
from django.db import connection
from django.db.models import BooleanField, F, Func, Q, QuerySet, Value

from ems_site.keys import is_storable

# Rows that are looked through at first, and if so large a part of the page is found by then.
WALKED, WALKED_ON, NEAR = 1_000, 5_000, 1 / 4
# Rows that are looked at all over the table. Matches in so large a part of them are very many; where there
# are fewer than this number, all are gathered. The place up to which others are has so many times the page
# before it, or the first match of the sample. So many of the sample before that are soon passed.
SAMPLED, COMMON, FEW, AMPLE, SOON = 600, 1 / 10, 5, 6, 20
GATHERED = 30_000
GATHERINGS = 3


@dataclass(frozen=True)
class Sort:
    """The columns that a list is sorted by, and by the primary key after them, unless they are unique. Of
    one that is_nullable empty values come first, unless empty_is_last."""

    columns: tuple[str, ...]
    is_unique: bool = False
    is_nullable: bool = False
    empty_is_last: bool = False


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
        return Place(row.segment, tuple(getattr(row, _alias(name)) for name in self._segment(row).key))

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
            reader = _Reader(self.rows, segment, None, self.descending)
            keys.extend(reader.keys(every.filter(segment.condition)))
        for start in range(0, len(keys), size):
            yield _of(self.rows.all, keys[start : start + size])

    def _collect(self, start, want, *, backwards):
        numbers = range(len(self.segments))
        rows: list = []
        for number in reversed(numbers) if backwards else numbers:
            if start and (number > start.segment if backwards else number < start.segment):
                continue
            key = start.key if start and start.segment == number else None
            reader = _Reader(self.rows, self.segments[number], key, self.descending != backwards)
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
class _Reader:
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
        return [start + randrange(step) for start in range(low, high + 1, step)], every  # noqa: S311

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
            if len(rows := _of(self._with_key(self.rows.all), keys)) == len(keys):
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
        values = [Value(one, _field(model, name)) for name, one in zip(names, key, strict=True)]
        sign = ("<" if self.downwards else ">") if not inclusive else (">=" if self.downwards else "<=")
        return RowComparison(_Row(*map(F, names)), _Row(*values), arg_joiner=f" {sign} ")

    def _first(self, rows, want):
        return list(self._with_key(self._ordered(rows))[:want])

    def _ordered(self, rows):
        mark = "-" if self.downwards else ""
        return rows.order_by(*(mark + name for name in self.segment.order))

    def _with_key(self, rows):
        return rows.annotate(**{_alias(name): F(name) for name in self.segment.key})

    def _key_of(self, number) -> tuple | None:
        """The key of the row of this number from the start; None where the segment ends before."""
        rows = self._ordered(self._between(self.rows.all)).values_list(*self.segment.key)
        return next(iter(rows[number - 1 : number]), None)

    def _gather(self, want, end) -> list[int] | None:
        """Primary keys of the first matches in order; None where there are too many to sort."""
        columns = {_alias(name): F(name) for name in (*self.segment.key, "pk")}
        inner = self._between(self.rows.found, end).order_by().values(**columns)[: GATHERED + 1]
        try:
            statement, parameters = inner.query.sql_with_params()
        except EmptyResultSet:
            return []
        quote, direction = connection.ops.quote_name, " DESC" if self.downwards else ""
        order = ", ".join(quote(_alias(name)) + direction for name in self.segment.key)
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH matches AS MATERIALIZED ({statement}) "  # noqa: S608 - all of it is the ORM's or ours
                f"SELECT {quote(_alias('pk'))}, (SELECT count(*) FROM matches) FROM matches "
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


def _of(rows, keys):
    """Those of these keys that are there, in this order."""
    found = {row.pk: row for row in rows.filter(pk__in=list(keys)).order_by()}
    return [found[key] for key in keys if key in found]


def _alias(name):
    return f"key_{name}"


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
        fields = [_field(keyset.rows.all.model, name) for name in names]
        return Place(number, tuple(field.to_python(value) for field, value in zip(fields, key, strict=True)))
    except (BadSignature, ValidationError, ValueError, TypeError, IndexError):
        return None


def _signer(context):
    return Signer(salt=f"ems_site.lists.place:{context}")


def _field(model, name):
    *path, column = name.split("__")
    for relation in path:
        model = model._meta.get_field(relation).related_model
    return model._meta.pk if column == "pk" else model._meta.get_field(column)
