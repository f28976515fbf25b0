"""Enabled or disabled: the status of customers and contacts alike."""

from collections.abc import Iterable
from functools import reduce
from operator import or_

from django.db import models
from django.db.models import Q

from ems_site.folding import identity_key
from ems_site.keys import KEY_LENGTH, is_storable


class Status(models.TextChoices):
    ENABLED = "enabled", "Enabled"
    DISABLED = "disabled", "Disabled"


class VersionedQuerySet(models.QuerySet):
    """Of records that have a version."""

    def as_shown(self, rows: Iterable[tuple[int, int]]):
        """Those of these (key, version) rows that have not changed since."""
        return self.filter(reduce(or_, (Q(pk=pk, version=v) for pk, v in rows), Q(pk__in=[])))

    def with_identity(self, text: str, *keys: str):
        """Those one of whose identities this is; letter case and width do not count."""
        wanted = identity_key(text)
        if not wanted or not is_storable(wanted) or len(wanted) > KEY_LENGTH:
            return self.none()
        # Asked one by one: joined by OR, a database may look through the whole table.
        every = self.model._default_manager
        found = {row for key in keys for row in every.filter(**{key: wanted}).values_list("pk", flat=True)}
        return self.filter(pk__in=found)


class StatusQuerySet(VersionedQuerySet):
    """Of records that are enabled or disabled, and have a version."""

    def enabled(self):
        return self.filter(status=Status.ENABLED)

    def disabled(self):
        return self.filter(status=Status.DISABLED)
