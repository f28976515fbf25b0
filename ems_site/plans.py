"""What a verb would do to records, and what of it a person was shown.

A plan travels signed, bound to the person, the verb, and each record as it was shown.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.core import signing
from django.db import models
from django.db.models import Q

PLAN_SECONDS = 12 * 60 * 60


def _nothing(record: Any) -> str:
    return ""


@dataclass(frozen=True)
class Verb:
    """`why_not` says why records are left out, where it is the same for all of them. `seen` is what is
    shown of a record and may change without its version; `unchanged` asks the database for the same, so
    that an action, once it holds the record, can tell."""

    name: str
    done: str
    right: str
    eligible: Callable
    why_not: str = ""
    way_back: str = ""
    button_class: str = "btn-primary"
    seen: Callable[[Any], str] = _nothing
    unchanged: Callable[[Any], Q] = lambda record: Q(pk=record.pk)

    @property
    def label(self) -> str:
        return self.name.capitalize()

    @property
    def doing(self) -> str:
        return f"{self.label.removesuffix('e')}ing"

    def needs_a_look(self) -> bool:
        """What is shown of each record is part of what is confirmed."""
        return self.seen is not _nothing


@dataclass
class Plan:
    """What a verb would do to these records now."""

    verb: Verb
    will: list
    left_out: list
    token: str

    @property
    def size(self) -> int:
        return len(self.will) + len(self.left_out)

    @classmethod
    def of(cls, verb: Verb, records: models.QuerySet, by) -> "Plan":
        will = list(verb.eligible(records))
        chosen = {record.pk for record in will}
        left_out = [record for record in records if record.pk not in chosen]
        rows = [[record.pk, record.version] for record in will]
        token = signing.dumps([verb.name, by.pk, rows, _seen(verb, will)], salt=_salt(records.model))
        return cls(verb, will, left_out, token)


def _salt(model):
    return f"{model._meta.label_lower}.plan"


def _seen(verb, records):
    shown = sorted(f"{record.pk}: {verb.seen(record)}" for record in records)
    return hashlib.sha256("\n".join(shown).encode()).hexdigest()


def _shown(token, model, verb, by):
    try:
        name, person, rows, seen = signing.loads(token, salt=_salt(model), max_age=PLAN_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None, ""
    return (rows, seen) if [name, person] == [verb.name, by.pk] else (None, "")


def shown_rows(token: str, model, verb: Verb, by) -> list[tuple[int, int]] | None:
    """The keys and versions that this person was shown for this verb, or None."""
    rows, _ = _shown(token, model, verb, by)
    return None if rows is None else [(pk, version) for pk, version in rows]


def as_shown(token: str, records: models.QuerySet, verb: Verb, by) -> models.QuerySet | None:
    """These records, as long as they are as they were shown; None where one of them is not any more.

    An action that holds them looks once more, and does nothing to what changed in between.
    """
    rows, seen = _shown(token, records.model, verb, by)
    found = list(records)
    if rows is None or len(found) != len(rows) or _seen(verb, found) != seen:
        return None
    still = reduce(or_, map(verb.unchanged, found), Q(pk__in=[]))
    return records.model._default_manager.as_shown(rows).filter(still)
