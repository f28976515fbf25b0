"""Enabled or disabled: the status of customers and contacts alike."""

from collections.abc import Iterable
from functools import reduce
from operator import or_

from django.db import models
from django.db.models import Q


class Status(models.TextChoices):
    ENABLED = "enabled", "Enabled"
    DISABLED = "disabled", "Disabled"


class VersionedQuerySet(models.QuerySet):
    """Of records that have a version."""

    def as_shown(self, rows: Iterable[tuple[int, int]]):
        """Those of these (key, version) rows that have not changed since."""
        return self.filter(reduce(or_, (Q(pk=pk, version=v) for pk, v in rows), Q(pk__in=[])))


class StatusQuerySet(VersionedQuerySet):
    """Of records that are enabled or disabled, and have a version."""

    def enabled(self):
        return self.filter(status=Status.ENABLED)

    def disabled(self):
        return self.filter(status=Status.DISABLED)
