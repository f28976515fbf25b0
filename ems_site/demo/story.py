"""Two years in the life of a vendor, the same every time but for the date it ends on."""

from datetime import date
from random import Random

from contacts.models import Contact
from customers.models import Association
from ems_site.accounts.models import User
from ems_site.demo.agenda import LAST, Agenda, Visits
from ems_site.demo.companies import COMPANIES
from ems_site.demo.details import DISABLED_BECAUSE, FORMER_NAMES, LEFT_BECAUSE
from ems_site.demo.diary import Diary
from ems_site.demo.log_ons import PEOPLE
from ems_site.demo.makers import Maker
from ems_site.demo.orders import BY, SHOWN, Dates, Orders
from ems_site.status import Status
from entitlements.models import Entitlement

State = Entitlement.State
ADMINISTRATOR, STANDARD = Association.Kind.ADMINISTRATOR, Association.Kind.STANDARD

SEED = 5
LATE = 480
FRESH = 508
OPEN_ADDRESSES = ("example.com", "example.net", "example.org")

CONTACTS = {"klinikverbund-eiderau": 40, "brueckmann": 2, "pennyfarrow": 3, "acme-uk": 1, "ferrobianco": 1}
ENTITLEMENTS = {"tannrode": 25, "brueckmann": 6, "pennyfarrow": 7, "acme-uk": 3, "ferrobianco": 3}
PORTAL = {short for person in PEOPLE for short in person.customers}
WITHOUT_CONTACTS = 34
WITHOUT_ENTITLEMENTS = 62
WITH_ONE_ENTITLEMENT = 60
DISABLED = 24
FRESH_CUSTOMERS = 6

STEPS = {
    State.DRAFT: [],
    State.COMPLETE: [("completed", State.COMPLETE)],
    State.DISABLED: [("completed", State.COMPLETE), ("disabled", State.DISABLED)],
    State.CLOSED: [("completed", State.COMPLETE), ("closed", State.CLOSED)],
}
STATES = [State.COMPLETE] * 11 + [State.DRAFT] * 4 + [State.DISABLED] * 2 + [State.CLOSED] * 3
DETOUR = [("disabled", State.DISABLED), ("enabled", State.COMPLETE)]


def tell(rights: dict[str, list], today: date) -> Diary:
    """All that happened until today. rights are the groups and permissions of each user name."""
    diary = Diary()
    agenda = Agenda(diary, Random(SEED), rights, today)  # noqa: S311
    visits = Visits(diary, agenda)
    Story(diary, agenda, visits, Orders(diary, agenda, visits, today)).plan()
    visits.expect_answers()
    agenda.work_off()
    visits.tell()
    return diary


class Story:
    def __init__(self, diary: Diary, agenda: Agenda, visits: Visits, orders: Orders):
        self.diary = diary
        self.visits = visits
        self.orders = orders
        self.on = agenda.put
        self.days = agenda.days
        self.random = agenda.random
        self.make = Maker(agenda.random)
        self.guests: dict[str, list[tuple[Contact, str]]] = {}

    def plan(self) -> None:
        self._plan_people()
        shorts = [company[2] for company in COMPANIES]
        self._plan_consultants(shorts)
        ordinary = [short for short in shorts if short not in ENTITLEMENTS | CONTACTS]
        fresh = set(
            self.random.sample([short for short in ordinary if short not in FORMER_NAMES], FRESH_CUSTOMERS)
        )
        steady = [short for short in ordinary if short not in fresh]
        disabled = {"ferrobianco", *self.random.sample(steady, DISABLED - 1)}
        contacts = self._contact_counts(ordinary)
        entitlements = self._entitlement_counts(steady)
        for company in COMPANIES:
            short = company[2]
            self._plan_customer(
                company,
                is_fresh=short in fresh,
                is_disabled=short in disabled,
                contacts=contacts[short],
                entitlements=entitlements.get(short, 0),
            )
        for _ in range(6):
            self._plan_entitlement(None, self.random.randint(400, LAST - 5), LAST, State.DRAFT)

    def _contact_counts(self, shorts):
        shorts = self.random.sample(shorts, len(shorts))
        some = {short: self.random.choice([1, 1, 1, 1, 2, 3]) for short in shorts}
        return some | dict.fromkeys(shorts[:WITHOUT_CONTACTS], 0) | {"tannrode": 5} | CONTACTS

    def _entitlement_counts(self, shorts):
        shorts = self.random.sample(shorts, len(shorts))
        counts = {short: self.random.choice([2, 2, 2, 3, 3, 4]) for short in shorts}
        one = shorts[WITHOUT_ENTITLEMENTS : WITHOUT_ENTITLEMENTS + WITH_ONE_ENTITLEMENT]
        none = shorts[:WITHOUT_ENTITLEMENTS]
        return (
            counts
            | dict.fromkeys(none, 0)
            | dict.fromkeys(one, 1)
            | {"klinikverbund-eiderau": 3}
            | ENTITLEMENTS
        )

    def _plan_people(self):
        """Those who log on to the portal, and contacts that belong to no customer."""
        for person in PEOPLE:
            name = f"{person.first_name} {person.last_name}"
            contact = Contact(uuid=self.make.uuid(), email=person.email, name=name)
            self.make.emails.add(person.email)
            self.on(self.random.randint(0, 2), self.diary.add_contact, contact)
            self.on(self.random.randint(3, 5), self._give_log_on, contact, person, by="admin")
            for short in person.customers:
                self.guests.setdefault(short, []).append((contact, person.kind))
        for number in range(16):
            country = self.random.choice(COMPANIES)[0]
            contact = self.make.contact(country, self.random.choice(OPEN_ADDRESSES))
            day = self.random.randint(5, LAST - 5)
            added = self.on(day, self.diary.add_contact, contact)
            self.visits.expect(contact, added)
            if number < 3:
                self.on(day + 3, self.diary.set_status, contact, Status.DISABLED, "Asked to be removed.")

    def _give_log_on(self, contact, person):
        user = User(
            username=contact.email,
            email=contact.email,
            first_name=person.first_name,
            last_name=person.last_name,
            contact=contact,
        )
        self.diary.add_user(user)

    def _plan_consultants(self, shorts):
        """Contacts who look after several customers."""
        shorts = [short for short in shorts if short not in ENTITLEMENTS]
        for _ in range(10):
            country = self.random.choice(["DE", "US", "GB", "FR", "JP", "IN"])
            contact = self.make.contact(country, self.random.choice(OPEN_ADDRESSES))
            added = self.on(self.random.randint(0, 4), self.diary.add_contact, contact)
            self.visits.expect(contact, added)
            for short in self.random.sample(shorts, self.random.randint(2, 5)):
                kind = ADMINISTRATOR if self.make.chance(75) else STANDARD
                self.guests.setdefault(short, []).append((contact, kind))

    def _plan_customer(self, company, *, is_fresh, is_disabled, contacts, entitlements):
        short = company[2]
        is_portal = short in PORTAL
        day, end = self.random.randint(6, LATE), LAST
        if is_fresh:
            day = self.random.randint(FRESH, LAST)
        elif is_disabled or is_portal or max(contacts, entitlements) > 3:
            day = self.random.randint(6, 200)
        if is_disabled:
            end = self.random.randint(day + 60, LAST)

        customer = self.make.customer(company, in_utc=not is_fresh and self.make.chance(12))
        associates = self._associates(company, contacts)
        count = len(associates) if is_fresh or is_portal else self.random.randint(1, contacts or 1)
        guests = self.guests.get(short, [])
        added = self.on(day, self.diary.add_customer, customer, [*guests, *associates[:count]])
        for contact, _ in associates[:count]:
            self.visits.expect(contact, added)
        if is_fresh:
            return
        self._plan_changes(customer, company, associates[count:], day, end)
        pause = self._plan_status(customer, day, end, is_disabled=is_disabled)
        self._plan_contact_changes(customer, day, end, can_leave=not guests)
        for number in range(entitlements):
            # The customers of the portal's log-ons have every state, and one that is Complete for the log-on.
            state = list(State)[(number + 1) % 4] if is_portal else self.random.choice(STATES)
            turn = number if is_portal else self.random.randrange(60)
            dates = SHOWN.get((short, number))
            self._plan_entitlement(customer, day, end, state, turn, pause=pause, dates=dates)

    def _associates(self, company, count):
        country, _, short, _ = company
        associates = []
        for number in range(count):
            domain = f"{short}.example" if self.make.chance(85) else self.random.choice(OPEN_ADDRESSES)
            kind = ADMINISTRATOR if self.make.chance(20 if number else 50) else STANDARD
            associates.append((self.make.contact(country, domain), kind))
        return associates

    def _plan_changes(self, customer, company, associates, day, end):
        _, zone, _, name = company
        changes: list[dict] = [{"associates": [associate]} for associate in associates]
        if customer.name != name:
            changes.append({"name": name})
        if customer.time_zone != zone:
            changes.append({"time_zone": zone})
        if not customer.crm_id and self.make.chance(15):
            changes.append({"crm_id": self.make.crm_id()})
        if not customer.description and self.make.chance(12):
            changes.append({"description": self.make.description()})
        self.random.shuffle(changes)
        for change, at in zip(changes, self._some_days(day, end, len(changes)), strict=True):
            changed = self.on(at, self.diary.change_customer, customer, **change)
            for contact, _ in change.get("associates", ()):
                self.visits.expect(contact, changed)

    def _plan_status(self, customer, day, end, *, is_disabled) -> range:
        """Returns the days on which it is disabled for a while."""
        if is_disabled:
            comment = self.random.choice(DISABLED_BECAUSE)
            self.on(end, self.diary.set_status, customer, Status.DISABLED, comment)
        elif self.make.chance(6):
            first, second = self._some_days(day, end, 2)
            self.on(first, self.diary.set_status, customer, Status.DISABLED, "Payment overdue.")
            self.on(second, self.diary.set_status, customer, Status.ENABLED, "Paid.")
            return range(first, second + 1)
        return range(0)

    def _plan_contact_changes(self, customer, day, end, *, can_leave):
        if self.make.chance(6):
            self.on(self._some_days(day, end, 1)[0], self._promote, customer)
        if self.make.chance(12):
            self.on(self._some_days(day, end, 1)[0], self._correct, customer)
        if can_leave and self.make.chance(8):
            self.on(self._some_days(day, end, 1)[0], self._leave, customer)

    def _promote(self, customer):
        for contact in self.diary.contacts_of(customer)[-1:]:
            if self.diary.kinds[customer.pk][contact.pk] == STANDARD:
                self.diary.change_customer(customer, [(contact, ADMINISTRATOR)])

    def _correct(self, customer):
        """A contact gets a new address or telephone."""
        for contact in self.diary.contacts_of(customer)[-1:]:
            local, _, domain = contact.email.partition("@")
            email = f"{local}@mail.{domain}"
            if domain.endswith(".example") and email not in self.make.emails:
                self.make.emails.add(email)
                self.diary.change_contact(contact, email=email)
            elif not contact.phone:
                self.diary.change_contact(contact, phone="+1 202 555 0123")

    def _leave(self, customer):
        """A contact to whom nothing is addressed is taken away from the customer and disabled."""
        addressed = {draft.contact for draft in self.diary.ledger.entitlements}
        free = [contact for contact in self.diary.contacts_of(customer) if contact not in addressed]
        for contact in free[-1:]:
            self.diary.change_customer(customer, [(contact, "")])
            self.diary.set_status(contact, Status.DISABLED, self.random.choice(LEFT_BECAUSE))

    def _plan_entitlement(
        self, customer, day, end, state, turn=0, *, pause: range = range(0), dates: Dates | None = None
    ):
        steps = STEPS[state]
        if state != State.DRAFT and end - day > 20 and self.make.chance(6):
            steps = [steps[0], *DETOUR, *steps[1:]]
        first, *days = self._some_days(day, end, len(steps) + 1)
        if dates:
            first, *days = self.orders.days_of(dates)
            steps = STEPS[state]
        elif first in pause:
            # Nothing is drafted for a disabled customer.
            others = [other for other in range(day + 1, end) if other not in pause]
            first, *days = sorted(Random(first).sample(others, len(steps) + 1))  # noqa: S311
        draft = self.make.entitlement(customer, self.days[first], is_late=first > LATE)
        self.orders.date(draft, dates, is_complete=state == State.COMPLETE)
        keys = self.orders.products(draft, first, are_many=bool(dates))
        self.on(first, self._draft, draft, keys, turn, by=BY)
        for at, (done, new_state) in zip(days, steps, strict=True):
            self.on(at, self.diary.ledger.go, draft, done, new_state, by=BY)
        if days:
            self.orders.expect_activations(keys, days[0], is_shown=bool(dates))

    def _draft(self, draft, keys, turn):
        """Addresses it to one of the customer's contacts by turns, or to nobody."""
        if draft.customer:
            linked = self.diary.contacts_of(draft.customer)
            contacts = [*(contact for contact in linked if contact.is_enabled()), None]
            draft.contact = contacts[turn % len(contacts)]
        self.diary.ledger.add(draft, keys)

    def _some_days(self, after: int, before: int, count: int) -> list[int]:
        return sorted(self.random.sample(range(after + 1, before), count))
