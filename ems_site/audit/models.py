from collections import defaultdict
from collections.abc import Iterable

from django.apps import apps
from django.db import models
from django.utils import timezone
from django.utils.text import capfirst

from ems_site.audit.changes import change_lines
from ems_site.keys import SearchKeyField
from ems_site.rights import SEE_CUSTOMERS, SEE_ENTITLEMENTS, right_to
from ems_site.searching import matching

ICONS = {
    "added": "plus",
    "deleted": "trash",
    "disabled": "ban",
    "enabled": "circle-check",
    "completed": "circle-check",
    "invited": "mail",
    "activated": "key",
    "revoked": "ban",
    "moved": "clock",
    "closed": "lock",
    "exported": "download",
}


class EntryQuerySet(models.QuerySet):
    def of(self, subject: models.Model):
        return self.filter(subject_kind=subject._meta.label_lower, subject_key=subject.pk)

    def visible_to(self, user):
        """The entries about things whose kind this person may view."""
        models = [model for model in apps.get_models() if user.has_perm(right_to("view", model))]
        return self.filter(subject_kind__in=[model._meta.label_lower for model in models])

    def search(self, text: str):
        """Entries that have this text in the name of their subject or of who did it."""
        return matching(self, text)


class Entry(models.Model):
    """One thing that happened: who, when, from where, old and new values.

    Entries are written by `record` alone and never change; triggers in the database refuse it.
    People and subjects stand as plain keys and names, so that they outlive what they name.
    """

    at = models.DateTimeField(default=timezone.now, db_index=True)
    code = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=60)
    subject_key = models.BigIntegerField()
    subject_name = models.CharField(max_length=500)
    version = models.PositiveIntegerField(null=True)
    actor_key = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=254, blank=True)
    client_address = models.CharField(max_length=45, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    changes = models.JSONField(default=dict)
    comment = models.TextField(blank=True)
    search_key = SearchKeyField()

    objects = EntryQuerySet.as_manager()

    # See Customer.SEARCHED.
    SEARCHED = {"subject": "What", "actor": "Who"}
    NAMED_BY = {"subject": "", "actor": ""}

    subject_url = ""

    class Meta:
        ordering = ["-pk"]
        default_permissions = ["view"]
        verbose_name_plural = "entries"
        indexes = [models.Index(fields=["subject_kind", "subject_key", "id"], name="entry_subject")]

    def __str__(self):
        return f"{self.code} {self.subject_name}"

    def search_texts(self) -> list[tuple[str, str]]:
        return [("subject", self.subject_name), ("actor", self.actor_name)]

    @property
    def verb(self) -> str:
        return self.code.partition(".")[2].replace("_", " ")

    @property
    def subject_model(self):
        try:
            return apps.get_model(self.subject_kind)
        except LookupError:
            return None

    @property
    def noun(self) -> str:
        model = self.subject_model
        return capfirst(model._meta.verbose_name) if model else self.subject_kind

    @property
    def icon(self) -> str:
        return ICONS.get(self.verb, "pencil")

    @property
    def is_first(self) -> bool:
        """It tells the values something began with."""
        return self.verb == "added"

    def change_lines(self) -> list[tuple[str, str, str]]:
        return change_lines(self.subject_model, self.changes)


def attach_addresses(entries: Iterable[Entry]) -> None:
    """Sets `subject_url` on each entry whose subject still exists and has a page."""
    keys_of = defaultdict(set)
    for entry in entries:
        keys_of[entry.subject_model].add(entry.subject_key)
    addresses = {}
    for model, keys in keys_of.items():
        if model and hasattr(model, "get_absolute_url"):
            for key in model._default_manager.filter(pk__in=keys).values_list("pk", flat=True):
                addresses[model, key] = model(pk=key).get_absolute_url()
    for entry in entries:
        entry.subject_url = addresses.get((entry.subject_model, entry.subject_key), "")


# Links to these stand in the histories of others; only those who may view them see them there.
WITHHELD = {"customer:": SEE_CUSTOMERS, "entitlement:": SEE_ENTITLEMENTS}


def withhold_links(entries: Iterable[Entry], user) -> list[Entry]:
    """These entries, without the customers and entitlements that the person may not view.

    Names and e-mails of contacts are shown to whoever may see the customers that they belong to.
    """
    entries = list(entries)
    hidden = tuple(kind for kind, right in WITHHELD.items() if not user.has_perm(right))
    for entry in entries:
        kept = [name for name in entry.changes if not name.startswith(hidden)]
        entry.changes = {name: entry.changes[name] for name in kept}
    return entries
