"""Looking for a record to pick, within a form."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from ems_site.lists import criteria
from ems_site.lists.criteria import Criterion
from ems_site.lists.keyset import Sort, first
from ems_site.lists.time_limits import time_limit
from ems_site.searching import ANY, PATTERNS, matching

OFFERED = 8
ANYTHING = Criterion(ANY, ANY, "")


@dataclass(frozen=True)
class Picker:
    """What is typed to find one of these records; `searched` are the criteria to choose from."""

    searched: dict[str, str]
    typed: Criterion = ANYTHING

    @classmethod
    def read(cls, model: Any, asked: QueryDict | None = None, prefix: str = "") -> "Picker":
        """From the fields whose names begin with prefix. Only what stands in the records themselves is
        searched, not what others are called that belong to them."""
        searched = {name: title for name, title in model.SEARCHED.items() if name != "customer"}
        return cls(searched, ANYTHING if asked is None else criteria.typed(asked, searched, prefix))

    @property
    def text(self) -> str:
        return self.typed.value

    @property
    def patterns(self) -> dict[str, str]:
        return PATTERNS

    def found(self, rows: QuerySet, sort: Sort) -> tuple[list, bool]:
        """The first that match, and whether there are more. Raises TooSlow."""
        with time_limit():
            found = first(rows, self._narrowed, sort, OFFERED + 1)
        return found[:OFFERED], len(found) > OFFERED

    def _narrowed(self, rows, by_index):
        one = self.typed
        return matching(rows, one.value, one.name, one.pattern, by_index=by_index)
