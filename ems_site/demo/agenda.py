from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from random import Random

from ems_site.accounts.models import User
from ems_site.demo.diary import Diary
from ems_site.demo.log_ons import STAFF

# The last working day; they are counted from the first of the two years.
LAST = 519


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

    def put(self, day: int, deed, *args, by: str = "", **options) -> None:
        """Plans something for a day. The manager does most of what needs nobody in particular."""
        second = self.random.randrange(7 * 3600, 17 * 3600)
        by = by or self.random.choice(["manager", "manager", "manager", "admin"])
        start = datetime.combine(self.days[day], time(tzinfo=UTC))
        request = {
            "at": start + timedelta(seconds=second, microseconds=second * 17),
            "by": self.staff[by],
            "address": self.random.choice(self.addresses[by]),
            "request_id": self._request_id(),
        }
        self.planned.append((request, partial(deed, *args, **options)))

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


def _staff_user(member):
    return User(
        username=member.username,
        email=f"{member.username}@example.com",
        first_name=member.first_name,
        last_name=member.last_name,
        is_staff=True,
        is_superuser=member.is_superuser,
    )
