from bisect import bisect
from datetime import date, timedelta
from itertools import count, cycle
from typing import NamedTuple

from customers.models import Association
from ems_site.demo.agenda import LAST, Agenda, Visits, drawn, drawn_uuid
from ems_site.demo.diary import Diary
from ems_site.demo.log_ons import PEOPLE
from ems_site.demo.products import ELSEWHERE, PRODUCTS, REVOKED_BECAUSE, SEATS
from entitlements.models import Activation, Entitlement, ProductKey

BY = "licensing"
IN_PORTAL = {person.email for person in PEOPLE}
# Every so many completed entitlements one ends soon: that many days from today.
EACH = 9
ENDS_IN = (5, 0, 20, 1, 12, 28)


class Dates(NamedTuple):
    """Days from today; without an end it never expires."""

    start: int
    end: int | None


# What the portal's log-ons can activate, and download, by company and number.
SHOWN = {
    ("brueckmann", 0): Dates(-40, 324),
    ("brueckmann", 4): Dates(12, 376),
    ("pennyfarrow", 0): Dates(-359, 5),
    ("pennyfarrow", 4): Dates(-150, None),
    ("acme-uk", 0): Dates(-71, 20),
}


class Orders:
    """What customers order: products, dates, and when somebody activates them.

    Like visits it is drawn from keys, so that what else is told stays the same with it and without it.
    """

    def __init__(self, diary: Diary, agenda: Agenda, visits: Visits, today: date):
        self.diary = diary
        self.ledger = diary.ledger
        self.agenda = agenda
        self.visits = visits
        self.today = today
        self._number = count(1)
        self._ends_in = cycle(ENDS_IN)
        self._made: dict = {}

    def days_of(self, dates: Dates) -> tuple[int, int]:
        """When an order of these dates was drafted, and when completed."""
        start = bisect(self.agenda.days, self.today + timedelta(days=dates.start))
        return min(start, LAST) - 9, min(start, LAST) - 6

    def date(self, draft: Entitlement, dates: Dates | None, *, is_complete: bool) -> None:
        """Gives some entitlements dates that have to do with today."""
        if dates:
            draft.start_date = self.today + timedelta(days=dates.start)
            draft.end_date = None if dates.end is None else self.today + timedelta(days=dates.end)
        elif (
            is_complete
            and draft.start_date < self.today - timedelta(days=60)
            and next(self._number) % EACH == 0
        ):
            draft.end_date = self.today + timedelta(days=next(self._ends_in))

    def products(self, draft: Entitlement, day: int, *, are_many: bool) -> list[ProductKey]:
        """What is drafted on this day; a few drafts have none yet."""
        if draft.customer is None and drawn(2, draft.uuid, "none yet"):
            return []
        number = 3 if are_many else 1 + min(drawn(4, draft.uuid, "a"), drawn(5, draft.uuid, "b"))
        shuffled = sorted(PRODUCTS, key=lambda product: drawn(1 << 32, draft.uuid, product.name))
        chosen = sorted(shuffled[:number], key=lambda product: product.quantities is not SEATS)
        keys = [_product_key(draft, product, day) for product in chosen]
        if are_many:
            # Of the first one something is left, whatever is activated.
            keys[0].quantity = 25
        for key in keys[are_many:]:
            _date_itself(key)
        return keys

    def expect_activations(self, keys: list[ProductKey], day: int, *, is_shown: bool) -> None:
        """Has about half of these product keys activated, from the day after this one."""
        for place, key in enumerate(keys):
            unit = key.entitlement.uuid, place
            is_sure = is_shown and place == 0
            if not is_sure and drawn(9, *unit, "untouched") < 4:
                continue
            next_day = day + 1 + (0 if is_sure else drawn(12, *unit, "first"))
            more = min(drawn(5, *unit, "more"), drawn(5, *unit, "or fewer"))
            for number in range(2 if is_sure else 1 + more):
                if next_day > LAST:
                    break
                self._expect(key, next_day, (*unit, number))
                next_day += 1 + drawn(40, *unit, number, "pause")

    def _expect(self, key, day, unit):
        self.agenda.put_at(self._request(day, *unit), self._activate, key, unit)
        back = day + 2 + drawn(25, *unit, "kept")
        if drawn(12, *unit, "revoked") == 0 and back <= LAST:
            self.agenda.put_at(self._request(back, *unit, "revoked"), self._revoke, unit)

    def _request(self, day, *unit):
        at = self.agenda.at(day, 7 * 3600 + drawn(10 * 3600, *unit, "at"))
        return self.agenda.request(at, BY)

    def _activate(self, key, unit):
        """If it can be: the entitlement may be disabled by now, all activated, or at its end."""
        entitlement = key.entitlement
        people = [row for row in self.diary.contacts_of(entitlement.customer) if row.is_enabled()]
        person = people[drawn(len(people), *unit, "person")] if people and drawn(4, *unit, "named") else None
        zone = ELSEWHERE[drawn(len(ELSEWHERE), *unit, "zone")] if drawn(8, *unit, "elsewhere") == 0 else ""
        left = key.available()
        validity = key.validity_in(zone or entitlement.time_zone())
        if entitlement.why_not_activated() or not left or validity.has_ended(self.diary.now):
            return
        self._by_contact(entitlement, unit)
        self._made[unit] = self.ledger.activate(
            key,
            quantity=min(left, 1 + drawn(max(1, key.quantity // 3), *unit, "quantity")),
            activatee=self._for_whom(entitlement, person),
            time_zone=zone,
            uuid=drawn_uuid(*unit),
        )

    def _by_contact(self, entitlement, unit):
        """Where somebody of the portal's log-ons sees the entitlement, they do some of it themselves."""
        people = [row for row in self.diary.contacts_of(entitlement.customer) if self._sees(row, entitlement)]
        if people and drawn(2, *unit, "by contact"):
            self.visits.take_over(people[0])

    def _for_whom(self, entitlement, person):
        """Standard contacts activate for themselves or for nobody."""
        doer = self.diary.by and self.diary.by.contact
        kinds = self.diary.kinds[entitlement.customer.pk]
        return doer if person and doer and kinds[doer.pk] == Association.Kind.STANDARD else person

    def _sees(self, contact, entitlement):
        kind = self.diary.kinds[entitlement.customer.pk][contact.pk]
        is_meant = kind == Association.Kind.ADMINISTRATOR or entitlement.contact == contact
        return contact.email in IN_PORTAL and is_meant and contact.is_enabled()

    def _revoke(self, unit):
        activation: Activation | None = self._made.get(unit)
        if activation and activation.product_key.entitlement.is_complete():
            reason = REVOKED_BECAUSE[drawn(len(REVOKED_BECAUSE), *unit, "reason")]
            self.ledger.revoke(activation, reason)


def _product_key(draft, product, day):
    """Of the version of the day."""
    quantity = drawn(len(product.quantities), draft.uuid, product.name, "quantity")
    return ProductKey(
        entitlement=draft,
        product=product.name,
        product_version=product.versions[day * len(product.versions) // (LAST + 1)],
        quantity=product.quantities[quantity],
    )


def _date_itself(key):
    """Now and then a product has dates of its own."""
    draft = key.entitlement
    later = draft.start_date + timedelta(days=30)
    match drawn(16, draft.uuid, key.product, "dates"):
        case 0:
            key.never_expires = draft.end_date is not None
        case 1:
            key.end_date = draft.start_date + timedelta(days=89)
        case 2 if draft.end_date is None or later < draft.end_date:
            key.start_date = later
        case 3:
            key.start_date, key.end_date = later, later + timedelta(days=364)
