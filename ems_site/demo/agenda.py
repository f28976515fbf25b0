from bisect import bisect
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from hashlib import sha256
from random import Random
from uuid import UUID

from contacts.models import Contact
from customers.models import Association
from ems_site.accounts.models import User
from ems_site.demo.details import COLLEAGUE, NETWORKS
from ems_site.demo.diary import Diary
from ems_site.demo.log_ons import PEOPLE, STAFF

# The last working day; they are counted from the first of the two years.
LAST = 519
# Of a hundred contacts so many are invited when they are added; a few are cut off before they answer.
INVITED = 63
# On so many of the last days somebody was invited who has not answered yet.
WAITING = 3
# How many days back the staff's log-ons go.
STAFF_DAYS = 20
LOG_ONS_KEPT = timedelta(days=85)
INVITER = next(person.email for person in PEOPLE if person.kind == Association.Kind.ADMINISTRATOR)


def working_days(today: date) -> list[date]:
    """The working days before today."""
    days = (today - timedelta(days=back) for back in range(1, LAST * 2))
    return [day for day in days if day.weekday() < 5][LAST::-1]


class Agenda:
    """What the staff will do, and when. Days are numbers of working days."""

    def __init__(self, diary: Diary, random: Random, rights: dict[str, list], today: date):
        self.diary = diary
        self.random = random
        self.rights = rights
        self.staff = {member.username: _staff_user(member) for member in STAFF}
        self.addresses = {member.username: member.addresses for member in STAFF}
        self.days = working_days(today)
        self.planned: list[tuple[dict, partial]] = []

    def at(self, day: int, second: int) -> datetime:
        start = datetime.combine(self.days[day], time(tzinfo=UTC))
        return start + timedelta(seconds=second, microseconds=second * 17)

    def put(self, day: int, deed, *args, by: str = "", **options) -> datetime:
        """Plans something for a day and returns when.

        The manager does most of what needs nobody in particular.
        """
        second = self.random.randrange(7 * 3600, 17 * 3600)
        by = by or self.random.choice(["manager", "manager", "manager", "admin"])
        request = {
            "at": self.at(day, second),
            "by": self.staff[by],
            "address": self.random.choice(self.addresses[by]),
            "request_id": self._request_id(),
        }
        self.planned.append((request, partial(deed, *args, **options)))
        return request["at"]

    def put_at(self, request: dict, deed, *args) -> None:
        """Plans something that is to happen in this very request."""
        self.planned.append((request, partial(deed, *args)))

    def request(self, at: datetime, by: str) -> dict:
        return _request(at, self.staff[by], self.addresses[by][0])

    def work_off(self) -> None:
        self._add_staff()
        for request, deed in sorted(self.planned, key=lambda row: row[0]["at"]):
            self.diary.begin_request(**request)
            deed()

    def _add_staff(self):
        at = datetime.combine(self.days[0], time(6, tzinfo=UTC))
        self.diary.begin_request(at=at, by=None, address="", request_id="")
        for user in self.staff.values():
            self.diary.add_user(user, self.rights[user.username])
            self.diary.begin_request(
                at=self.diary.now + timedelta(minutes=4),
                by=self.staff["admin"],
                address=self.addresses["admin"][0],
                request_id=self._request_id(),
            )

    def _request_id(self):
        return f"{self.random.getrandbits(128):032x}"


class Visits:
    """How contacts get their log-ons, and who logs on when.

    Everything here is drawn from keys, never from the agenda's random numbers: what else is told stays
    the same with it and without it.
    """

    def __init__(self, diary: Diary, agenda: Agenda):
        self.diary = diary
        self.agenda = agenda
        self._seen: list[tuple[datetime, User, str]] = []

    def expect(self, contact: Contact, added: datetime) -> None:
        """Has some contacts invited when they are added, who choose a password some days later."""
        if drawn(100, contact.uuid, "invited") >= INVITED:
            return
        # On one of the next four working days, before the invitation is too old.
        day = bisect(self.agenda.days, added.date()) + drawn(4, contact.uuid, "day")
        if day <= LAST:
            invited = added + timedelta(minutes=2 + drawn(8, contact.uuid, "minutes"))
            self.agenda.put_at(self.agenda.request(invited, "manager"), self._invite, contact)
            chosen = self._daytime(day, contact.uuid, "chosen")
            request = _request(chosen, None, _address_of(contact))
            self.agenda.put_at(request, self._choose_password, contact)

    def expect_answers(self) -> None:
        """Has contacts invited in the last days, who have not answered yet."""
        for day in range(LAST + 1 - WAITING, LAST + 1):
            at = self.agenda.at(day, 8 * 3600 + drawn(9 * 3600, "waiting", day))
            self.agenda.put_at(self.agenda.request(at, "manager"), self._invite_newest)

    def take_over(self, contact: Contact) -> None:
        """What happens now is the contact's doing, who has just logged on."""
        at, user, address = self.diary.now, self.diary.user_of[contact.pk], _address_of(contact)
        self.diary.begin_request(**_request(at, user, address))
        self._seen.append((at - timedelta(minutes=3), user, address))

    def tell(self) -> None:
        """Once the staff's work is done: the last invitation, and all log-ons."""
        at = self.agenda.at(LAST, 18 * 3600)
        contact = next(contact for contact in self.diary.contacts if contact.email == INVITER)
        user, address = self.diary.user_of[contact.pk], _address_of(contact)
        self.diary.begin_request(**_request(at, user, address))
        customers = self.diary.customers_of(contact)
        self.diary.invite_to(next(customer for customer in customers if customer.is_enabled()), COLLEAGUE)

        kept_since = at - LOG_ONS_KEPT
        log_ons = [seen for seen in self._seen if seen[0] > kept_since]
        log_ons.append((at - timedelta(minutes=6), user, address))
        for user in self.diary.users:
            log_ons += self._of_contact(user) if user.contact else self._of_staff(user)
        for at, user, address in sorted(log_ons, key=lambda row: row[0]):
            self.diary.log_on(user, at, address)

    def _invite(self, contact):
        if self.diary.may_log_on(contact):
            self.diary.invite(contact)

    def _invite_newest(self):
        newest_first = reversed(self.diary.contacts)
        self.diary.invite(next(contact for contact in newest_first if self._has_no_way_in(contact)))

    def _has_no_way_in(self, contact):
        has_one = contact.pk in self.diary.user_of or self.diary.is_invited(contact)
        return self.diary.may_log_on(contact) and not has_one

    def _choose_password(self, contact):
        if self.diary.is_invited(contact):
            self.diary.choose_password(contact)

    def _of_staff(self, user):
        addresses = self.agenda.addresses[user.username]
        for day in range(LAST + 1 - STAFF_DAYS, LAST + 1):
            if drawn(5, user.username, "present", day):
                # Before anybody's working day in the agenda.
                at = self.agenda.at(day, 6 * 3600 + drawn(3600, user.username, "log-on", day))
                yield at, user, addresses[drawn(len(addresses), user.username, "address", day)]

    def _of_contact(self, user):
        """Up to four: the last ones, or the last ones before the contact was cut off."""
        contact, key = user.contact, user.contact.uuid
        first = user.date_joined + timedelta(seconds=60 + drawn(120, key, "first"))
        cut = self.diary.cut_off(contact)
        day = bisect(self.agenda.days, cut.date()) - 1 if cut else LAST
        day -= drawn(25, key, "idle")
        found = []
        for number in range(1 + drawn(4, key, "log-ons")):
            at = self._daytime(max(day, 0), key, number)
            if at <= first:
                found.append(first)
                break
            if self.diary.could_log_on(contact, at):
                found.append(at)
            day -= 1 + drawn(10, key, "pause", number)
        return [(at, user, _address_of(contact, at)) for at in found or [first]]

    def _daytime(self, day, *key):
        return self.agenda.at(day, 6 * 3600 + drawn(12 * 3600, *key))


def drawn(below: int, *key) -> int:
    """One of range(below), always the same one for a key."""
    digest = sha256(":".join(map(str, key)).encode()).digest()
    return int.from_bytes(digest[:8], "big") % below


def drawn_uuid(*key) -> UUID:
    return UUID(int=(drawn(1 << 64, "high", *key) << 64) + drawn(1 << 64, "low", *key), version=4)


def _request(at, by, address):
    return {"at": at, "by": by, "address": address, "request_id": f"{drawn(1 << 64, 'request', at):032x}"}


def _address_of(contact, *visit):
    """Where the contact mostly is, or is at this visit."""
    is_away = visit and drawn(6, contact.uuid, "away", *visit) == 0
    place = (contact.uuid, *visit) if is_away else (contact.uuid,)
    return NETWORKS[drawn(len(NETWORKS), "network", *place)].format(1 + drawn(254, "number", *place))


def _staff_user(member):
    return User(
        username=member.username,
        email=f"{member.username}@example.com",
        first_name=member.first_name,
        last_name=member.last_name,
        is_staff=True,
        is_superuser=member.is_superuser,
    )
