"""Finds the windows that overlap a time without looking at all others, in any database.

A window carries the class of its length: the smallest n with a length of at most 4**n days. Those of a
class that overlap a time start at most 4**n days before it, so an index over class and start finds them
among few others; windows without an end are a class of their own, None.
"""

from datetime import datetime, timedelta

from django.db.models import Q

LONGEST = 12  # 4**12 days are more than the calendar has.


def span_of(starts: datetime, until: datetime | None) -> int | None:
    """The class of this window's length; None where it never ends."""
    if until is None:
        return None
    return next(n for n in range(LONGEST + 1) if until - starts <= _length(n))


def overlapping(starts: datetime, until: datetime) -> list[Q]:
    """Of each class, the windows in the columns valid_from, valid_until and span that share an instant
    with this one. To be asked one by one: joined by OR, a database may look through the whole table."""
    classes = [
        Q(span=n, valid_from__lt=until, valid_from__gt=_before(starts, n), valid_until__gt=starts)
        for n in range(LONGEST + 1)
    ]
    return [Q(span=None, valid_from__lt=until), *classes]


def _length(n):
    return timedelta(days=4**n)


def _before(instant, n):
    try:
        return instant - _length(n)
    except OverflowError:
        return datetime.min.replace(tzinfo=instant.tzinfo)
