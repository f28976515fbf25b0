"""The three lists: their pages, what these read from the database, and Django admin's beside them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from contacts.models import Contact
from customers.models import Customer
from ems_site.lists.listing import LISTS, Listing
from entitlements.models import Entitlement
from tests.benchmarks import queries
from tests.benchmarks.figures import Figure, at_least, at_most
from tests.benchmarks.timing import Times, side_by_side
from tests.benchmarks.visitor import Visitor

MODELS = {"customers": Customer, "contacts": Contact, "entitlements": Entitlement}
SIZE, FAR = 50, 1_000
TO_SMALLEST, TO_SQL, SQL_TO_SQL = (7, 4), (8, 5), (1.5, 1)
ADMIN = {"page 1": 5, "far": 10, "last page": 80}


@dataclass
class List:
    """A list of so many rows, as this person sees it."""

    name: str
    rows: int
    visitor: Visitor

    @property
    def title(self) -> str:
        return self.name.capitalize()

    @cached_property
    def model(self) -> Any:
        return MODELS[self.name]

    @property
    def pages(self) -> int:
        return -(-self.rows // SIZE)

    def asked(self, query: str) -> Listing:
        return LISTS[self.name](QueryDict(query), self.visitor.user)

    def open(self, query: str = "") -> None:
        self.visitor.open(f"/{self.name}/?{query}")

    def open_plain(self, query: str = "") -> None:
        """The same rows in the Django admin that this is compared with."""
        self.visitor.open(f"/plain/{self._in_admin}/?{query}")

    def open_admin(self, query: str = "") -> None:
        """The same in the product's own Django admin."""
        self.visitor.open(f"/admin/{self._in_admin}/?{query}")

    @property
    def _in_admin(self):
        return f"{self.model._meta.app_label}/{self.model._meta.model_name}"

    def statements(self, query: str = "") -> list[queries.Statement]:
        """What the page reads on top of what every page does."""
        return queries.without(queries.sent_by(partial(self.open, query)), self.visitor.base)

    def count(self, text: str) -> int:
        """How many rows a search for this text finds."""
        return self.asked(urlencode({"q": text})).exact_count()

    def query_of(self, page: int) -> str:
        """Where the links lead, page by page."""
        query = ""
        for _ in range(page - 1):
            query = self.asked(query).page.next.removeprefix("?")
        return query


def figures(shown: List, *, with_far: bool) -> Iterator[Figure]:
    """Pages of the whole list: the first, the last, with_far one far from both."""
    far = max(2, min(FAR, shown.pages - 1))
    numbers = (
        {"page 1": 1, f"page {far}": far, "last page": shown.pages}
        if with_far
        else {"page 1": 1, "last page": shown.pages}
    )
    queried = {"page 1": "", f"page {far}": shown.query_of(far) if with_far else "", "last page": "last=1"}
    calls = {"smallest": shown.visitor.open_smallest}
    for name, number in numbers.items():
        calls |= {
            name: partial(shown.open, queried[name]),
            f"SQL of {name}": partial(queries.again, shown.statements(queried[name])),
            f"admin {name}": partial(shown.open_plain, f"p={number}"),
        }
    times = side_by_side(calls | {"own admin": shown.open_admin})
    title, first = f"{shown.title}, ", times["page 1"]
    yield at_most(
        f"{title}page 1", first, f"smallest page ({shown.visitor.smallest})", times["smallest"], *TO_SMALLEST
    )
    yield at_most(f"{title}page 1", first, "its SQL alone", times["SQL of page 1"], *TO_SQL)
    for name in list(numbers)[1:]:
        sql = f"SQL of {name}"
        yield at_most(f"{title}{sql}", times[sql], "SQL of page 1", times["SQL of page 1"], *SQL_TO_SQL)
    for name in numbers:
        promise = ADMIN.get(name, ADMIN["far"])
        yield at_least(
            f"{title}{name}", times[name], f"Django admin, {name}", times[f"admin {name}"], promise
        )
    yield at_most(f"{title}our own Django admin", times["own admin"], "page 1 of the list", first)


def points(shown: List, hit: str, miss: str) -> dict[str, tuple[Times, Times]]:
    """What the plot shows: ours and Django admin's."""
    pairs = {
        "list": ("", ""),
        "last page": ("last=1", f"p={shown.pages}"),
        "search hit": (hit, hit),
        "search miss": (miss, miss),
    }
    calls: dict[str, Callable] = {}
    for name, (ours, plain) in pairs.items():
        calls |= {name: partial(shown.open, ours), f"admin {name}": partial(shown.open_plain, plain)}
    times = side_by_side(calls, runs=20, seconds=10)
    return {name: (times[name], times[f"admin {name}"]) for name in pairs}
