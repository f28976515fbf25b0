"""A license window as people read it: dates in a zone, and how it stands at an instant."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.time_zones import utc_offset
from ems_site.days import minute
from entitlements.windows import EARLIEST, LATEST, license_window, local_date

# So many days before its end a license is said to end soon.
ENDS_SOON = 30


@dataclass(frozen=True)
class Standing:
    """`code` is upcoming, valid, ending or expired; `text` says it in the person's language."""

    code: str
    text: str


@dataclass(frozen=True)
class Validity:
    """`end` and `until` are None where it never expires; `until` is the first instant after it."""

    start: date
    end: date | None
    time_zone: str
    starts: datetime
    until: datetime | None

    @classmethod
    def of(cls, start: date, end: date | None, time_zone: str) -> "Validity":
        """Raises ValueError with a sentence for people where there is no such window."""
        return cls(start, end, time_zone, *license_window(start, end, time_zone))

    def __str__(self):
        """In the words of the history: the dates, the zone, and the instants in UTC."""
        end = f"to {self.end:%Y-%m-%d}" if self.end else "without end"
        until = f" to {self.until:%Y-%m-%d %H:%M}" if self.until else ""
        return f"{self.start:%Y-%m-%d} {end} in {self.time_zone} (UTC: {self.starts:%Y-%m-%d %H:%M}{until})"

    def has_ended(self, at: datetime | None = None) -> bool:
        return self.until is not None and self.until <= (at or timezone.now())

    def standing(self, at: datetime | None = None) -> Standing:
        """How it stands at this instant (now by default); days are counted in its own zone."""
        at = at or timezone.now()
        today = local_date(at, self.time_zone)
        if at < self.starts:
            return _upcoming(max(1, (local_date(self.starts, self.time_zone) - today).days))
        if self.until is None:
            return Standing("valid", _("Valid"))
        if self.until <= at:
            return Standing("expired", _("Expired"))
        last_day = local_date(self.until - timedelta(microseconds=1), self.time_zone)
        return _running(max(0, (last_day - today).days))

    def end_shown(self) -> str:
        """The end date as the person's language writes it."""
        return date_format(self.end, "DATE_FORMAT") if self.end else ""

    def starts_there(self) -> str:
        """Date, time and offset in its own zone."""
        return _there(self.starts, self.time_zone)

    def until_there(self) -> str:
        return _there(self.until, self.time_zone) if self.until else ""


def leading(validities: Iterable[Validity | None], at: datetime | None = None) -> Validity | None:
    """Of several, the one valid at this instant (now by default) that ends next, else the one that
    starts next, else the one that ended last."""
    at = at or timezone.now()
    found = [validity for validity in validities if validity]
    running = [one for one in found if one.starts <= at and not one.has_ended(at)]
    upcoming = sorted((one for one in found if one.starts > at), key=lambda one: one.starts)
    ends_next = sorted(running, key=lambda one: (one.until is None, one.until or one.starts))
    ended_last = sorted(found, key=lambda one: one.until or one.starts, reverse=True)
    return next(iter([*ends_next, *upcoming, *ended_last]), None)


def clean_window(start, end, time_zone):
    """Says at the field what is impossible about these dates; missing ones are the field's own matter."""
    if start is None:
        return
    try:
        Validity.of(start, end, time_zone)
    except ValueError as error:
        is_of_end = EARLIEST <= start <= LATEST and end is not None and not start <= end <= LATEST
        field = "end_date" if is_of_end else "start_date"
        raise ValidationError({field: str(error)}) from None


def _there(instant, time_zone):
    return f"{minute(instant.astimezone(ZoneInfo(time_zone)))} ({utc_offset(time_zone, instant)})"


def _upcoming(days):
    if days == 1:
        return Standing("upcoming", _("Starts tomorrow"))
    return Standing("upcoming", ngettext("Starts in %d day", "Starts in %d days", days) % days)


def _running(days):
    if days == 0:
        return Standing("ending", _("Ends today"))
    if days == 1:
        return Standing("ending", _("Ends tomorrow"))
    if days <= ENDS_SOON:
        return Standing("ending", ngettext("Ends in %d day", "Ends in %d days", days) % days)
    return Standing("valid", _("Valid"))
