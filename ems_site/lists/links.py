"""Where the page of a list leads: the same list with something changed."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from ems_site.searching import ANY

# What people keep when they take all filters away.
SHAPE = ("sort", "columns", "size")
# What a search takes along that has no field of its own in the search line.
TAKEN_ALONG = ("and", *SHAPE, "view")
PAGE_KEYS = ("after", "before", "last")
# Shows the list as it comes, whatever view is the person's default.
PLAIN = "view=all"


@dataclass(frozen=True)
class Page:
    """The rows of a page, and the addresses of others; empty where there is none."""

    rows: list
    first: str
    previous: str
    next: str
    last: str


@dataclass(frozen=True)
class Heading:
    """A column's title; `address` sorts by it, the other way round if it is sorted by already."""

    title: str
    address: str
    order: str


@dataclass(frozen=True)
class Size:
    """So many rows a page."""

    number: int
    address: str
    is_current: bool


@dataclass(frozen=True)
class Links:
    listing: Any

    def chips(self) -> list[tuple[str, str, str]]:
        """(what is filtered, by which value, the address without it)."""
        shown, found = self.listing, []
        for one in shown.kept:
            others = [other.written() for other in shown.kept if other != one]
            found.append((one.label(shown.searched), one.value, shown.address(**{"and": others})))
        if shown.text and shown.typed not in shown.kept:
            found.append((shown.typed.label(shown.searched), shown.text, shown.address(q="")))
        filters = shown.filters()
        return found + [(one.label, one.shown, shown.address(**{one.name: ""})) for one in filters]

    def headings(self) -> dict[str, Heading]:
        """Of the columns that can be sorted by."""
        return {name: self._heading(name) for name in self.listing.sorts if name in self.listing.all_columns}

    def _heading(self, name):
        order = {name: "ascending", f"-{name}": "descending"}.get(self.listing.sort, "")
        turned = f"-{name}" if order == "ascending" else name
        return Heading(self.listing.title(name), self.listing.address(sort=turned), order)

    def sizes(self) -> list[Size]:
        """The pages may be of these sizes, from the same place on, or up to it."""
        here = page_keys(self.listing.asked)
        return [
            Size(number, self.listing.address(size=str(number), **here), number == self.listing.size)
            for number in self.listing.sizes
        ]

    def taken_along(self) -> list[tuple[str, str]]:
        """Hidden fields of the search line."""
        return [(name, value) for name, value in self.listing.parameters() if name in TAKEN_ALONG]

    def unfiltered(self) -> str:
        """The beginning of an address without any filter, to which one can be added."""
        shape = urlencode([(name, value) for name, value in self.listing.parameters() if name in SHAPE])
        return f"?{shape}&" if shape else "?"

    def plain(self) -> str:
        """Without any filter."""
        return self.unfiltered() + PLAIN

    def any_status(self) -> str:
        return self.listing.address(**{self.listing.status_name: ""})

    def with_typed_kept(self) -> str:
        """With the typed criterion among the chips, and an empty search line for the next one."""
        kept = [one.written() for one in self.listing.criteria]
        return self.listing.address(q="", **{"and": kept})


def page_keys(asked: Any) -> dict[str, str]:
    """Which page of the list is asked for."""
    return {name: asked.get(name, "") for name in PAGE_KEYS if name in asked}


def parameters(listing: Any, changes: dict[str, Any], defaults: dict[str, str]) -> list[tuple[str, str]]:
    """What shapes the list, with these changes, by the names in its address; defaults are left out."""
    typed = listing.typed
    values: dict[str, Any] = {
        "q": typed.value,
        "in": "" if typed.name == ANY else typed.name,
        "how": "" if typed.pattern == ANY else typed.pattern,
        "and": [one.written() for one in listing.kept],
        **{one.name: one.value for one in listing.filters()},
        "sort": listing.sort,
        "columns": ",".join(one.name for one in listing.columns) if listing.has_chosen_columns() else "",
        "size": str(listing.size),
        "view": listing.view,
    }
    values |= changes
    if not values["q"]:
        values |= {"in": "", "how": ""}
    pairs = []
    for name, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            if one and one != defaults.get(name):
                pairs.append((name, one))
    return pairs
