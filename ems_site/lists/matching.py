"""What a list said when somebody chose all that match in it: which list, filtered how, and how many.

It travels signed, bound to the person; what matches is asked anew when it comes back.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.core import signing

from ems_site.accounts.models import User
from ems_site.keys import is_storable
from ems_site.plans import PLAN_SECONDS

SALT = "lists.all-matching"
ONLY_SHOWN = {"sort", "columns", "size", "view"}


@dataclass(frozen=True)
class Said:
    """`number` rows of the list of this name matched this query; at least so many, unless is_exact."""

    listing: str
    query: str
    number: int
    is_exact: bool

    def differs_from(self, number: int) -> bool:
        return number != self.number if self.is_exact else number < self.number


def token_of(listing: Any, count: Any) -> str:
    """For the form around the list's rows. count is what the list says to its person."""
    said = [listing.name, listing.query, count.number, count.is_exact, listing.by.pk]
    return signing.dumps(said, salt=SALT, compress=True)


def read(token: str, by: User) -> Said | None:
    """What the list said to this person; None for whatever is altered, another's, or too old."""
    if not is_storable(token):
        return None
    try:
        *said, person = signing.loads(token, salt=SALT, max_age=PLAN_SECONDS)
        return Said(*said) if person == by.pk else None
    except (signing.BadSignature, ValueError, TypeError):
        return None


def narrowing(query: str) -> str:
    """Of a list's query what says which records match. It reads otherwise for somebody who may not ask
    all of it any longer, and then it must not be taken for the same."""
    return urlencode([(name, value) for name, value in parse_qsl(query) if name not in ONLY_SHOWN])
