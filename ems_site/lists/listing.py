"""A list of records as an address describes it: search, filters, columns, order and page."""

from collections.abc import Iterator
from itertools import chain
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.text import capfirst

from ems_site.labels import label
from ems_site.lists import columns, counting, criteria, keyset, links
from ems_site.lists.columns import Column
from ems_site.lists.counting import Count
from ems_site.lists.criteria import Criterion
from ems_site.lists.filters import DAYS, Filter, day_filter, on_days, read_day
from ems_site.lists.keyset import Keyset, Sort
from ems_site.lists.links import Links, Page
from ems_site.lists.reading import Rows
from ems_site.parameters import whole_number
from ems_site.searching import ANY, PATTERNS, matching

SIZES = (25, 50, 100)
DEFAULT_SIZE = 50
LONGEST_TYPED = 20
LISTS: dict[str, type["Listing"]] = {}


class Listing:
    """What a person sees of the records of a model, and in which order.

    Whatever is unknown in the address falls back to the default. What narrows the list and cannot be read
    is told in `notes`, or in `errors` by the name of its filter. `status_name` is the field that says how a
    record stands, and the filter of that name; `leading` is the column that leads to the record.
    """

    name: ClassVar[str]
    model: ClassVar[Any]
    sorts: ClassVar[dict[str, Sort]]
    default_sort: ClassVar[str]
    columns_by_name: ClassVar[dict[str, Column]]
    default_columns: ClassVar[tuple[str, ...]]
    leading: ClassVar[str] = "name"
    status_name: ClassVar[str] = "status"
    sizes: ClassVar[tuple[int, ...]] = SIZES
    patterns: ClassVar[dict[str, str]] = PATTERNS
    filter_titles: ClassVar[dict[str, str]] = {name: title for name, (_, _, title) in DAYS.items()}

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        LISTS[cls.name] = cls

    def __init__(self, asked: QueryDict, by):
        self.asked, self.by = asked, by
        self.errors: dict[str, str] = {}
        self.typed = criteria.typed(asked, self.searched)
        self.kept, self.notes = criteria.kept(asked, self.searched)
        status, sort, size = (asked.get(name, "") for name in (self.status_name, "sort", "size"))
        self.status = status if status in self.statuses else ""
        if status and not self.status:
            self.notes.append(f"{self.title(self.status_name)} was left out: there is none of this name.")
        if self.typed.value and not criteria.is_known(asked, self.searched):
            self.notes.append("Any attribute was searched in any place: what to search is not known.")
        self.sort = sort if sort.removeprefix("-") in self.sorts else self.default_sort
        self.size = int(size) if size in map(str, SIZES) else DEFAULT_SIZE
        view = whole_number(asked.get("view"))
        self.view = str(view) if view else ""
        self.days = {name: self._read(name, read_day) for name in DAYS}
        self.columns, gone = columns.chosen(
            asked.get("columns", ""), self.all_columns, self.default_columns, self.leading
        )
        if gone:
            self.notes.append("A column was left out: it is not there any more, or you may not see it.")

    @classmethod
    def of_query(cls, query: str, by) -> "Listing":
        """As `query` of a list tells it."""
        return cls(QueryDict(query), by)

    # What is asked

    @cached_property
    def searched(self) -> dict[str, str]:
        """The criteria that this person may search by, and what people call them."""
        return dict(self.model.SEARCHED)

    @cached_property
    def statuses(self) -> dict[str, str]:
        """What people call each."""
        return dict(self.model._meta.get_field(self.status_name).choices)

    @cached_property
    def all_columns(self) -> dict[str, Column]:
        """Those that this person may see, by name."""
        found = self.columns_by_name.items()
        return {name: one for name, one in found if not one.right or self.by.has_perm(one.right)}

    def has_chosen_columns(self) -> bool:
        """Others than those that the list comes with, or in another order."""
        default = [name for name in self.default_columns if name in self.all_columns]
        return [column.name for column in self.columns] != default

    @property
    def text(self) -> str:
        """What stands in the search line."""
        return self.typed.value

    @cached_property
    def criteria(self) -> list[Criterion]:
        """All that have to hold, the typed one last."""
        return self.kept + ([self.typed] if self.text and self.typed not in self.kept else [])

    def _read(self, name, reader):
        """What is typed for a filter; what cannot be read stands in errors."""
        text = self.asked.get(name, "").strip()[:LONGEST_TYPED]
        try:
            return reader(text) if text else None
        except ValueError as refusal:
            self.errors[name] = str(refusal)
            return None

    # What matches

    def base(self) -> Any:
        """All records, with what each row needs of others."""
        return self.model.objects.all()

    def search_keys(self, criterion: str) -> tuple[str, ...]:
        """The columns that this criterion is found in."""
        return ("search_key",)

    def narrow(self, records: QuerySet, *, by_index: bool) -> QuerySet:
        """Those of these records that match. by_index is for all of a table; otherwise each is looked at."""
        for one in self.criteria:
            keys = self.search_keys(one.name)
            records = matching(records, one.value, one.name, one.pattern, keys=keys, by_index=by_index)
        if self.status:
            records = records.filter(**{self.status_name: self.status})
        for name, day in self.days.items():
            records = records.filter(on_days(name, day)) if day else records
        return records

    def leaves_few(self) -> bool:
        """What narrows the list leaves few records whatever the order."""
        return False

    def records(self) -> QuerySet:
        """All that match, in no order."""
        return self.narrow(self.model.objects.all(), by_index=True).order_by()

    @cached_property
    def identified(self):
        """The one that the typed text identifies, which comes first; None where there is none."""
        if not self.text or self.typed.name != ANY:
            return None
        return self.narrow(self.base().identified(self.text), by_index=False).order_by("pk").first()

    @cached_property
    def keyset(self) -> Keyset:
        records = self.base()
        if self.identified:
            records = records.exclude(pk=self.identified.pk)
        rows = Rows(records)
        if self.is_filtered():
            looked_at, found = (self.narrow(records, by_index=way) for way in (False, True))
            rows = Rows(records, looked_at, found, self.leaves_few())
        sort = self.sorts[self.sort.removeprefix("-")]
        return Keyset(rows, sort, descending=self.sort.startswith("-"))

    # The page

    @cached_property
    def _slice(self):
        after, before = (self._place(name) for name in ("after", "before"))
        last = self.asked.get("last") == "1"
        is_first = not (after or before or last)
        first_size = self.size - 1 if self.identified else self.size
        size = first_size if is_first else self.size
        return self.keyset.slice(size, after=after, before=before, last=last, first_size=first_size)

    def _place(self, name):
        text = self.asked.get(name, "")
        place = keyset.read(text, self._context, self.keyset)
        if text and place is None:
            self.notes.append("The page of this address is not known any more. This is the first one.")
        return place

    @property
    def _context(self):
        return f"{self.name}:{self.sort}"

    @cached_property
    def page(self) -> Page:
        found = self._slice
        rows = found.rows
        is_first, is_last = not found.has_previous, not found.has_next
        before = "" if is_first or not rows else self._written(rows[0])
        after = "" if is_last or not rows else self._written(rows[-1])
        if self.identified and is_first:
            rows = [self.identified, *rows]
        self.complete(rows)
        return Page(
            rows,
            first="" if is_first else self.address(),
            previous=before and self.address(before=before),
            next=after and self.address(after=after),
            last="" if is_last else self.address(last="1"),
        )

    def _written(self, row):
        return keyset.written(self.keyset.place_of(row), self._context)

    @property
    def rows(self) -> list:
        """The records of this page, with what the list shows beside them."""
        return self.page.rows

    def complete(self, rows: list) -> None:
        """Sets on each row what else is shown, with one query for all."""

    def chunks(self, size: int = 2_000, *, complete: bool = True) -> Iterator[list]:
        """All records that match, in the order of the list, so many at once; with what the list shows beside
        them, if complete."""
        first = [[self.identified]] if self.identified else []
        for rows in chain(first, self.keyset.chunks(size)):
            if complete:
                self.complete(rows)
            yield rows

    # How many

    @cached_property
    def count(self) -> Count:
        """Exact up to a thousand, or where it is known anyway."""
        beside = 1 if self.identified else 0
        if self._slice.total is not None:
            return Count(self._slice.total + beside, True)
        if self._slice.at_least > counting.COUNTED:
            return Count(counting.COUNTED, False)
        number, is_exact = counting.counted(self.keyset.rows)
        if number > counting.COUNTED:
            return Count(counting.COUNTED, False)
        return Count(max(number + beside, self._slice.at_least + beside, len(self.rows)), is_exact)

    def exact_count(self) -> int:
        return self.records().count()

    # Its address

    def filters(self) -> list[Filter]:
        """Those that narrow this list, beside the criteria."""
        shown = self.statuses.get(self.status, "")
        filters = [Filter(self.status_name, self.title(self.status_name), self.status, shown)]
        filters += [day_filter(name, day) for name, day in self.days.items() if day]
        return [one for one in filters if one.value]

    def is_filtered(self) -> bool:
        return bool(self.criteria or self.filters())

    def has_more_filters(self) -> bool:
        """Others than the status, or what was meant to be one."""
        return bool(self.errors) or any(one.name != self.status_name for one in self.filters())

    def refused(self) -> list[tuple[str, str, str, str]]:
        """(name, title, what was typed, why it counts for nothing) of filters that cannot be read."""
        typed = {name: self.asked.get(name, "").strip()[:LONGEST_TYPED] for name in self.errors}
        return [(name, self.filter_titles[name], typed[name], why) for name, why in self.errors.items()]

    @cached_property
    def links(self) -> Links:
        return Links(self)

    def parameters(self, **changes: Any) -> list[tuple[str, str]]:
        """What shapes the list, by the names in its address; defaults are left out."""
        defaults = {"sort": self.default_sort, "size": str(DEFAULT_SIZE)}
        return links.parameters(self, changes, defaults)

    def address(self, **changes: Any) -> str:
        return "?" + (urlencode(self.parameters(**changes)) or links.PLAIN)

    @property
    def query(self) -> str:
        """What a view keeps: everything but the page and the view it came from."""
        return urlencode(self.parameters(view=""))

    @property
    def here(self) -> str:
        """The address of this very page."""
        return self.address(**links.page_keys(self.asked)) if self.asked else ""

    def title(self, name: str) -> str:
        if name in self.columns_by_name:
            return self.columns_by_name[name].title
        return capfirst(label(self.model, name))
