"""What a batch leaves out, and why."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from django.utils.text import capfirst

from ems_site.accounts.models import User
from ems_site.audit.models import Entry
from ems_site.lists.listing import Listing
from ems_site.lists.models import Batch
from ems_site.plans import Verb
from ems_site.verbs import Verbs

GONE = "Was deleted meanwhile"
NO_MATCH = "Does not match the list any longer"
CHANGED = "Was changed at this very moment"
SPARED = "Was to be left out when this was planned"
GROUPS_SHOWN = 20
NAMES_SHOWN = 100

Row = tuple[int, str, str]


@dataclass
class Group:
    """Records left out for one reason, the first of them by key and name."""

    reason: str
    count: int
    rows: list[tuple[int | None, str]] = field(default_factory=list)

    @property
    def others(self) -> int:
        return self.count - len(self.rows)


def told(
    keys: Iterable[int], spared: Iterable[int], listing: Listing, verbs: Verbs, verb: Verb, by: User
) -> list[Row]:
    """(key, name, reason) of each of these records, to which the verb was not done. To those spared it
    could not be done when its person looked."""
    keys = list(keys)
    if not keys:
        return []
    records = verbs.model.objects.filter(pk__in=keys)
    there = {record.pk: record for record in verbs.loaded(records)}
    matching = set(listing.narrow(records, by_index=False).values_list("pk", flat=True))
    possible = set(verb.eligible(records).values_list("pk", flat=True))
    verbs.tell_reasons(verb, list(there.values()), by, counted=False)
    names = _last_names(verbs, [key for key in keys if key not in there])
    rows = []
    for key in keys:
        if key not in there:
            rows.append((key, names.get(key, f"No. {key}"), GONE))
            continue
        possibly = SPARED if key in spared else CHANGED
        reason = possibly if key in possible else capfirst(there[key].reason)
        rows.append((key, str(there[key]), reason if key in matching else NO_MATCH))
    return rows


def _last_names(verbs, keys):
    """What the history calls records that are gone."""
    kind = verbs.model._meta.label_lower
    entries = Entry.objects.filter(subject_kind=kind, subject_key__in=keys).order_by("pk")
    return dict(entries.values_list("subject_key", "subject_name")) if keys else {}


def parts_of(batch: Batch) -> Iterator[list[Row]]:
    """What was left out so far, some at once."""
    parts = batch.parts.exclude(left_out=[]).values_list("left_out", flat=True)
    for rows in parts.iterator(chunk_size=20):
        yield [(key, name, reason) for key, name, reason in rows]


def groups(batch: Batch) -> list[Group]:
    """By reason, the most frequent first; rare ones beyond those shown are one group."""
    counts: Counter[str] = Counter(reason for rows in parts_of(batch) for _, _, reason in rows)
    shown = {reason: Group(reason, count) for reason, count in counts.most_common(GROUPS_SHOWN)}
    rest = sum(counts.values()) - sum(group.count for group in shown.values())
    found = [*shown.values(), *([Group("Other reasons", rest)] if rest else [])]
    for key, name, reason in chain.from_iterable(parts_of(batch)):
        group = shown.get(reason, found[-1])
        if len(group.rows) < NAMES_SHOWN:
            group.rows.append((None if reason == GONE else key, name))
    return found
