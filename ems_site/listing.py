"""A list of records as an address describes it: search, filters, order and page."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import F, QuerySet
from django.http import QueryDict
from django.utils.text import capfirst

from ems_site.labels import label
from ems_site.paging import Pages, address
from ems_site.parameters import LONGEST_SEARCH


@dataclass
class Heading:
    """A column's title; `address` sorts by it, the other way round if it is sorted by already."""

    title: str
    address: str
    order: str


@dataclass
class Filter:
    """What narrows a list: `name` and `value` in its address, `label` and `shown` to people."""

    name: str
    label: str
    value: str
    shown: str


class Listing:
    """Whatever is unknown in the address falls back to the default.

    `status_name` is the field that says how a record stands, and the filter of that name. Empty values
    come first, but for the columns in `empty_is_last`.
    """

    model: Any
    sorted_by: dict[str, str]
    default_sort: str
    status_name = "status"
    empty_is_last: tuple[str, ...] = ()

    def __init__(self, asked: QueryDict):
        status, sort = asked.get(self.status_name, ""), asked.get("sort", "")
        self.text = asked.get("q", "").strip()[:LONGEST_SEARCH]
        self.status = status if status in self.statuses() else ""
        self.sort = sort if sort.removeprefix("-") in self.sorted_by else self.default_sort
        self.pages = Pages(self._ordered(self.records()), asked, self._parameters())

    def statuses(self) -> dict[str, str]:
        """What people call each."""
        return dict(self.model._meta.get_field(self.status_name).choices)

    def records(self) -> QuerySet:
        records = self.model.objects.search(self.text)
        return records.filter(**{self.status_name: self.status}) if self.status else records

    def _ordered(self, records):
        name, descending = self.sort.removeprefix("-"), self.sort.startswith("-")
        column, first = F(self.sorted_by[name]), descending == (name in self.empty_is_last)
        nulls = {"nulls_first" if first else "nulls_last": True}
        order = column.desc(**nulls) if descending else column.asc(**nulls)
        return records.order_by(order, "-pk" if descending else "pk")

    @cached_property
    def rows(self) -> list:
        """The records of this page, with what the list shows beside them."""
        rows = list(self.pages.page.object_list)
        self.complete(rows)
        return rows

    def complete(self, rows: list) -> None:
        """Sets on each row what else is shown, with one query for all."""

    def filters(self) -> list[Filter]:
        """Those that narrow this list."""
        filters = [
            Filter("q", "Any attribute", self.text, self.text),
            Filter(
                self.status_name,
                self.title(self.status_name),
                self.status,
                self.statuses().get(self.status, ""),
            ),
        ]
        return [one for one in filters if one.value]

    def is_filtered(self) -> bool:
        return bool(self.filters())

    def _parameters(self, **changes):
        sort = changes.pop("sort", self.sort)
        current = {one.name: one.value for one in self.filters()}
        return current | changes | {"sort": sort if sort != self.default_sort else ""}

    def headings(self) -> dict[str, Heading]:
        """By the name of the column."""
        return {name: self._heading(name) for name in self.sorted_by}

    def _heading(self, name):
        order = {name: "ascending", f"-{name}": "descending"}.get(self.sort, "")
        turned = f"-{name}" if order == "ascending" else name
        return Heading(self.title(name), address(self._parameters(sort=turned)), order)

    def title(self, name: str) -> str:
        return capfirst(label(self.model, name))

    def chips(self) -> list[tuple[str, str, str]]:
        """(what is filtered, by which value, the address without it)."""
        return [(one.label, one.shown, address(self._parameters(**{one.name: ""}))) for one in self.filters()]

    def any_status_address(self) -> str:
        return address(self._parameters(**{self.status_name: ""}))
