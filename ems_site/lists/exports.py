"""A list as a file: what it has for columns, who may still have it, and that one is written at a time."""

from collections.abc import Callable, Iterator
from contextvars import copy_context
from datetime import date
from logging import getLogger
from secrets import token_hex
from typing import Any

from django.core.cache import cache

from ems_site.accounts.models import User
from ems_site.lists.columns import Column
from ems_site.lists.counting import Count
from ems_site.lists.listing import LISTS, Listing
from ems_site.lists.spreadsheets import Format, Row
from ems_site.lists.time_limits import TooSlow, time_limit
from ems_site.rights import right_to
from ems_site.status import Status

security = getLogger("ems.security")

# By the name of the list: the header of each attribute, and where it is found.
ATTRIBUTES = {
    "customers": {
        "name": "name",
        "customerCRMId": "crm_id",
        "description": "description",
        "enabled": "status",
        "refId": "ref_id",
        "customerIdentifier": "customer_id",
        "externalId": "external_id",
        "timeZone": "time_zone",
    },
    "contacts": {
        "email": "email",
        "name": "name",
        "refId1": "ref_id1",
        "refId2": "ref_id2",
        "phone": "phone",
        "language": "language",
        "enabled": "status",
    },
    "entitlements": {
        "eid": "eid",
        "state": "state",
        "customerIdentifier": "customer.customer_id",
        "contactEmail": "contact.email",
        "refId1": "ref_id1",
        "refId2": "ref_id2",
        "externalId": "external_id",
        "startDate": "start_date",
        "endDate": "end_date",
    },
}
# A stream that dies without a word, with its process, gives its turn back after so long.
TURN_SECONDS = 5 * 60


def all_attributes(listing: Listing) -> list[Column]:
    """A column for each attribute, under the name that programs know it by."""
    return [Column(header, header, _reader(path)) for header, path in ATTRIBUTES[listing.name].items()]


def _reader(path: str) -> Callable[[Any], str]:
    *way, last = path.split(".")

    def read(record):
        for name in way:
            record = getattr(record, name)
            if record is None:
                return ""
        value = getattr(record, last)
        if last == "status":
            return "true" if value == Status.ENABLED else "false"
        if isinstance(value, date):
            return value.isoformat()
        return "" if value is None else str(value)

    return read


def number_of(listing: Listing) -> Count:
    """How many rows it has, exactly unless that takes too long. Raises TooSlow where even less does."""
    try:
        with time_limit():
            return Count(listing.exact_count(), True)
    except TooSlow:
        with time_limit():
            return listing.count


class Turn:
    """One export at a time for a person, in all processes together."""

    def __init__(self, by):
        self.key = f"export:{by.pk}"
        self.mark = token_hex(16)

    def take(self) -> bool:
        """False while another export of the person has it."""
        return cache.add(self.key, self.mark, TURN_SECONDS)

    def keep(self) -> None:
        cache.touch(self.key, TURN_SECONDS)

    def give_back(self) -> None:
        if cache.get(self.key) == self.mark:
            cache.delete_many([self.key])


class Download:
    """The parts of the file, one after the other, to be given to a response that streams.

    Holds the turn, which was taken, until the last part, or until the response is closed.
    """

    def __init__(self, listing: Listing, columns: list[Column], file_format: Format, turn: Turn):
        self.listing, self.columns, self.turn = listing, columns, turn
        self.epoch = listing.by.session_epoch
        self.held = [right for right in self._rights() if listing.by.has_perm(right)]
        titles = [column.title for column in columns]
        self.parts = file_format.write(listing.name.capitalize(), titles, self._chunks())
        # The request is over before its answer is read; log lines say all the same which it was.
        self.context = copy_context()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return self.context.run(next, self.parts)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self.parts.close()  # type: ignore[attr-defined]
        self.turn.give_back()

    def _chunks(self) -> Iterator[list[Row]]:
        """Where the person loses a right, the last row says so."""
        written = 0
        # Attributes are the record's own.
        for records in self.listing.chunks(complete=self.columns == self.listing.columns):
            if refusal := self._refusal():
                yield [[f"This export stopped after {written:,} rows, it is not complete: {refusal}"]]
                extra = {"event": "export.stopped", "subject_id": self.listing.by.pk, "reason": refusal}
                security.warning("Export stopped", extra=extra)
                return
            self.turn.keep()
            yield [[column.text(record) for column in self.columns] for record in records]
            written += len(records)

    def _rights(self):
        """All that decides on what is in the list."""
        kinds = [right_to("view", listing.model) for listing in LISTS.values()]
        return [
            right_to("export", self.listing.model),
            *kinds,
            *(one.right for one in self.columns if one.right),
        ]

    def _refusal(self):
        """Asked of the database: another process may have taken the rights away meanwhile."""
        by = User.objects.filter(pk=self.listing.by.pk, session_epoch=self.epoch).first()
        if by is None or not by.may_log_on():
            return "You were signed out."
        if not by.has_perms(self.held):
            return "You may not see all of it any longer."
        return ""
