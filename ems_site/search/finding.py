"""What is found all over: customers, contacts and entitlements, each as the person may see it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from ems_site.folding import search_term
from ems_site.lists.counting import Count
from ems_site.lists.listing import LISTS, Listing
from ems_site.rights import right_to

ORDER = ("customers", "contacts", "entitlements")
SHOWN = 5


@dataclass(frozen=True)
class Group:
    """The first of the records of one kind, and how many there are. is_identified: the text is the very
    name or e-mail of the first."""

    name: str
    rows: list[Any]
    count: Count
    address: str
    is_identified: bool

    @property
    def title(self) -> str:
        return self.name.capitalize()

    @property
    def template(self) -> str:
        """How a row is shown."""
        return f"search/_{self.name}.html"

    @property
    def has_more(self) -> bool:
        return self.count.number > len(self.rows)

    @property
    def all(self) -> str:
        return f"{'All' if self.count.is_exact else ''} {self.count} {self.name}".strip().capitalize()

    @property
    def announcement(self) -> str:
        noun = self.name.removesuffix("s") if self.count.number == 1 else self.name
        return f"{self.count} {noun}"


@dataclass(frozen=True)
class Found:
    text: str
    groups: list[Group]

    @property
    def announcement(self) -> str:
        """For those who hear it: `12 customers, 1 contact`."""
        if not self.text:
            return ""
        return ", ".join(group.announcement for group in self.groups) or "Nothing found"


def visible_lists(by) -> list[type[Listing]]:
    """Those that this person may look into."""
    lists = [LISTS[name] for name in ORDER]
    return [one for one in lists if by.has_perm(right_to("view", one.model))]


def find(text: str, by) -> Found:
    """What the text identifies comes first, with its kind. Raises TooSlow within a time limit."""
    if not search_term(text):
        return Found(text, [])
    groups = [_group(one, text, by) for one in visible_lists(by)]
    found = [group for group in groups if group.rows]
    return Found(text, sorted(found, key=lambda group: not group.is_identified))


def _group(lists, text, by):
    listing = lists.of_query(urlencode({"q": text}), by)
    address = reverse(f"{lists.name}:list") + listing.address()
    return Group(lists.name, listing.rows[:SHOWN], listing.count, address, listing.identified is not None)
