"""What is searched for in a list, as its address says it: criteria with a pattern and a value, all of which
have to hold."""

from dataclasses import dataclass

from django.http import QueryDict

from ems_site.folding import search_term
from ems_site.parameters import LONGEST_SEARCH
from ems_site.searching import ANY, EXACT, PATTERNS, STARTS

MOST_CRITERIA = 20
# The byte-order mark, joiners, and what else is copied along.
UNSEEN = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u00ad"
BETWEEN = {ANY: "has", EXACT: "is", STARTS: "starts with"}


@dataclass(frozen=True)
class Criterion:
    """`name` is one of those searched by, or ANY."""

    name: str
    pattern: str
    value: str

    def written(self) -> str:
        return f"{self.name}.{self.pattern}.{self.value}"

    def label(self, searched: dict[str, str]) -> str:
        """Before the value: `Name starts with`; of any attribute in any place just that."""
        name = searched.get(self.name, "Any attribute")
        return name if self.pattern == ANY else f"{name} {BETWEEN[self.pattern]}"


def typed(asked: QueryDict, searched: dict[str, str], prefix: str = "") -> Criterion:
    """The one that stands in the search line, blank or not; what is unknown falls back to any. prefix is
    what the names of the line's fields begin with."""
    name, pattern = asked.get(f"{prefix}in", ""), asked.get(f"{prefix}how", "")
    return Criterion(
        name if name in searched else ANY,
        pattern if pattern in PATTERNS else ANY,
        _value(asked.get(f"{prefix}q", "")),
    )


def is_known(asked: QueryDict, searched: dict[str, str]) -> bool:
    """Whether what typed() reads is what the address says."""
    name, pattern = asked.get("in") or ANY, asked.get("how") or ANY
    return (name == ANY or name in searched) and pattern in PATTERNS


def kept(asked: QueryDict, searched: dict[str, str]) -> tuple[list[Criterion], list[str]]:
    """Those that were added before, each once, and sentences about those that were left out."""
    given = [one for one in asked.getlist("and") if one.strip()]
    found = [criterion for one in given[:MOST_CRITERIA] if (criterion := _read(one, searched))]
    notes = []
    if len(found) < len(given[:MOST_CRITERIA]):
        notes.append("A criterion was left out: it cannot be read, or you may not search by it.")
    if len(given) > MOST_CRITERIA:
        notes.append(f"Only the first {MOST_CRITERIA} criteria count.")
    return list(dict.fromkeys(found)), notes


def _read(text, searched):
    name, _, rest = text.partition(".")
    pattern, _, value = rest.partition(".")
    value = _value(value)
    is_known = (name == ANY or name in searched) and pattern in PATTERNS
    return Criterion(name, pattern, value) if is_known and value else None


def _value(text):
    """Without what nobody sees at its ends; empty, too, where nothing of it counts in a search."""
    value = text.strip().strip(UNSEEN).strip()[:LONGEST_SEARCH].strip()
    return value if search_term(value) else ""
