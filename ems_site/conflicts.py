"""Two people changed the same record: what each of them wrote, attribute by attribute."""

from dataclasses import dataclass

from django.db import models
from django.http import QueryDict

from ems_site.audit import changes
from ems_site.audit.models import Entry
from ems_site.labels import label

MINE, THEIRS = "mine", "theirs"
CHOICE = "choice-"


@dataclass
class Difference:
    """`before` is what stood there when the person began to edit."""

    name: str
    label: str
    before: str
    theirs: str
    mine: str

    @property
    def changed_by(self) -> str:
        if self.mine == self.before:
            return "them"
        return "you" if self.theirs == self.before else "both"

    @property
    def choice(self) -> str:
        """The one to propose: what only the other person touched is theirs."""
        return THEIRS if self.mine == self.before else MINE


def since(record: models.Model, version: int) -> list[Entry]:
    """Who saved what since this version, oldest first."""
    return list(Entry.objects.of(record).filter(version__gt=version).order_by("pk"))


def short_name(name: str) -> str:
    """A name in a history entry without its label: `contact:17` of `contact:17:anna@example.com`."""
    return ":".join(name.split(":")[:2])


def values_before(entries: list[Entry]) -> dict[str, str]:
    """What stood in each attribute and link before the first of these entries that changed it."""
    before: dict[str, str] = {}
    for entry in entries:
        for name, (old, _new) in entry.changes.items():
            before.setdefault(short_name(name), old)
    return before


def is_only_theirs(changed: changes.Changes, current: models.Model, *, version: int) -> bool:
    """The person changed nothing: what would change is what others saved since this version."""
    before = values_before(since(current, version))
    mine = {short_name(name): value for name, (_theirs, value) in changed.items()}
    return all(name in before and before[name] == value for name, value in mine.items())


def differences(mine: models.Model, current: models.Model, before: dict[str, str]) -> list[Difference]:
    return [
        Difference(name, label(mine, name), before.get(name, their_value), their_value, my_value)
        for name, (their_value, my_value) in changes.differences(current, mine).items()
    ]


def chosen_theirs(data: QueryDict) -> list[str]:
    """The names of what the person, asked to choose, leaves to the other one."""
    choices = {name: data.get(name) for name in data if name.startswith(CHOICE)}
    return [name.removeprefix(CHOICE) for name, choice in choices.items() if choice == THEIRS]


def resolve(data: QueryDict, current: models.Model) -> QueryDict:
    """What was posted, with the current value wherever the person chose theirs."""
    resolved = data.copy()
    for name in [name for name in data if name.startswith(CHOICE)]:
        del resolved[name]
    for name in chosen_theirs(data):
        if name in changes.attributes(current):
            resolved[name] = getattr(current, name)
    return resolved


def deletion(model: type[models.Model], key: int) -> Entry | None:
    """How somebody deleted the record of this key; None if nobody did."""
    kind = model._meta
    deletions = Entry.objects.filter(subject_kind=kind.label_lower, code=f"{kind.model_name}.deleted")
    return deletions.filter(subject_key=key).first()
