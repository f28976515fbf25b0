"""What people read of a batch: what it will do, how far it is, and what it left out."""

from collections import Counter
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import capfirst

from ems_site.accounts.models import User
from ems_site.labels import counted
from ems_site.lists import left_out
from ems_site.lists.actions.batches import MOST, SILENCE, TooMany
from ems_site.lists.left_out import NO_MATCH, SPARED
from ems_site.lists.links import PLAIN
from ems_site.lists.listing import LISTS, Listing
from ems_site.lists.models import Batch
from ems_site.plans import Verb
from ems_site.verbs import OF, Verbs

# Of more records it is not counted beforehand whom it hits.
LOOKED_AT = 1_000

Status = Batch.Status


class Report:
    """How far a batch is."""

    def __init__(self, batch: Batch):
        self.batch = batch
        self.verbs: Verbs = OF[batch.listing]
        self.verb: Verb = self.verbs.verbs[batch.verb]

    @property
    def model(self) -> Any:
        return self.verbs.model

    @property
    def called(self) -> str:
        """`1,204 customers`"""
        return counted(self.batch.total, self.model)

    @property
    def doing(self) -> str:
        return f"{self.verb.doing} {self.called}"

    def __str__(self):
        """`Disabling 12,000 customers: 40 %`"""
        return f"{self.doing}: {'interrupted at ' if self.is_interrupted else ''}{self.percent} %"

    @property
    def gone_through(self) -> int:
        return self.batch.done + self.batch.left_out

    @property
    def to_go(self) -> int:
        return self.batch.total - self.gone_through

    @property
    def percent(self) -> int:
        return 100 * self.gone_through // self.batch.total if self.batch.total else 100

    @property
    def tenth(self) -> int:
        """The percentage in steps of ten, to be read out."""
        return self.percent // 10 * 10

    @property
    def heading(self) -> str:
        if self.is_running:
            return self.doing
        if self.batch.status == Status.FINISHED:
            number = f"{self.batch.done:,} of " if self.batch.left_out else ""
            return f"{number}{self.called} {self.verb.done}"
        return f"{self.doing} {'was stopped' if self.batch.status == Status.STOPPED else 'has ended early'}"

    @property
    def is_running(self) -> bool:
        return self.batch.status == Status.RUNNING

    @property
    def is_waiting(self) -> bool:
        """Nobody works on it yet."""
        return self.is_running and self.batch.heartbeat is None

    @property
    def is_interrupted(self) -> bool:
        """Whoever worked on it is gone."""
        heartbeat = self.batch.heartbeat
        return self.is_running and heartbeat is not None and timezone.now() - heartbeat >= SILENCE

    @property
    def address(self) -> str:
        return reverse(f"{self.batch.listing}:batch", args=[self.batch.uuid])

    @property
    def list_address(self) -> str:
        """The list as it was filtered."""
        return f"{reverse(f'{self.batch.listing}:list')}?{self.batch.query or PLAIN}"

    @cached_property
    def groups(self) -> list[left_out.Group]:
        return left_out.groups(self.batch)


class Outlook:
    """What would become of a planned batch's records now. Raises TooMany, far beyond what can be planned.

    It asks the whole list, twice, and loads no record but one of each reason; whom it hits is counted up to
    LOOKED_AT records.
    """

    def __init__(self, batch: Batch, by: User):
        self.report, self.by = Report(batch), by
        self.listing: Listing = LISTS[batch.listing].of_query(batch.query, by)
        parts = list(batch.parts.values_list("keys", "spared"))
        frozen = {key for keys, _ in parts for key in keys}
        spared = {key for _, keys in parts for key in keys}
        status = self.listing.status_name
        # Others may match by now.
        found = list(self.listing.records().values_list("pk", status)[: 2 * MOST + 1])
        if len(found) > 2 * MOST:
            raise TooMany(self.report.model)
        self.standing = {key: standing for key, standing in found if key in frozen}
        possible = set(self.report.verb.eligible(self.listing.records()).values_list("pk", flat=True))
        self.will = sorted(key for key in possible if key in self.standing and key not in spared)
        self.spared = possible.intersection(self.standing, spared)
        self.not_matching = len(frozen) - len(self.standing)

    @property
    def left_out(self) -> int:
        return self.report.batch.total - len(self.will)

    @cached_property
    def reasons(self) -> list[tuple[str, int]]:
        """Why how many are left out. Records that stand alike are left out for the same reason."""
        told = self.spared.union(self.will)
        examples: dict = {}
        counts: Counter = Counter()
        for key, standing in self.standing.items():
            if key not in told:
                examples.setdefault(standing, key)
                counts[standing] += 1
        verbs, verb = self.report.verbs, self.report.verb
        reasons: Counter[str] = Counter()
        for record in verbs.model.objects.filter(pk__in=examples.values()):
            standing = getattr(record, self.listing.status_name)
            reasons[capfirst(verbs.reason(verb, record))] += counts[standing]
        reasons += Counter({NO_MATCH: self.not_matching, SPARED: len(self.spared)})
        return reasons.most_common()

    def consequence(self) -> dict:
        """What the sentences of the verb's own page are made of; nothing for too many records."""
        if len(self.will) > LOOKED_AT:
            return {}
        records = list(self.report.model.objects.filter(pk__in=self.will))
        return self.report.verbs.consequence(self.report.verb, records, self.by) | {"plan": {"will": records}}


def running_of(user: User) -> list[Report]:
    """The batches of this person that run."""
    return [Report(batch) for batch in Batch.objects.filter(by=user, status=Status.RUNNING)]
