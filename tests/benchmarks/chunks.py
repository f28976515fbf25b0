"""A part of the data set: so many customers with what belongs to them, the same every time for a seed.

Rows are numbered, so that chunks know nothing of one another and may be made side by side, and a small data
set is the beginning of a large one.
"""

import uuid
from datetime import UTC, date, datetime, timedelta
from random import Random

from contacts.models import Contact
from customers.models import Association, Customer
from entitlements.models import Activation, Entitlement, ProductKey
from entitlements.spans import span_of
from entitlements.windows import license_window
from tests.benchmarks import naming
from tests.benchmarks.records import Record, Related
from tests.benchmarks.words import EDITIONS, PRODUCTS

CUSTOMERS = 1_000
CONTACTS_EACH, ENTITLEMENTS_EACH = 2, 3
# Foreign keys lead to what stands before.
MODELS = (Customer, Contact, Association, Entitlement, ProductKey, Activation)
# More lines and activations than a chunk can have keep their numbers apart.
ROOM = 100 * CUSTOMERS
BEGINNING, YEARS = datetime(2016, 1, 1, tzinfo=UTC), 10

# How many a customer has, and how often that is so among a thousand.
CONTACTS_OF = (
    ((0, 0), 180),
    ((1, 1), 400),
    ((2, 2), 220),
    ((3, 4), 150),
    ((5, 12), 45),
    ((20, 60), 4),
    ((200, 200), 1),
)
ENTITLEMENTS_OF = (
    ((0, 0), 250),
    ((1, 2), 420),
    ((3, 3), 160),
    ((4, 8), 140),
    ((10, 40), 27),
    ((100, 300), 3),
)


class Chunk:
    """`records` by model."""

    def __init__(self, seed: int, number: int, customers: int = CUSTOMERS) -> None:
        self.random = Random(f"{seed}/{number}")
        self.shift = Random(seed).randrange(naming.READABLE_IDS)
        self.first = number * CUSTOMERS
        self.records: dict[type, list[Record]] = {model: [] for model in MODELS}
        companies = [naming.company(self.random) for _ in range(customers)]
        self.customers = [self._customer(place, company) for place, company in enumerate(companies)]
        self._contacts(companies)
        for place, holder in enumerate(self._holders()):
            self._entitlement(place, holder)

    def _add(self, model, pk, **values):
        record = Record(model, pk=pk, id=pk, **values)
        self.records[model].append(record)
        return record

    def _row(self):
        """What customers, contacts and entitlements have in common."""
        random = self.random
        created = BEGINNING + timedelta(microseconds=random.randrange(YEARS * 365 * 86_400_000_000))
        lasted = timedelta(seconds=int(random.expovariate(1 / 5e6))) if random.random() < 0.6 else timedelta()
        changed = min(created + lasted, BEGINNING + timedelta(days=YEARS * 365))
        version = 1 if changed == created else random.randint(2, 9)
        return {"uuid": self._uuid(), "created": created, "changed": changed, "version": version}

    def _uuid(self):
        return uuid.UUID(int=self.random.getrandbits(128), version=4)

    def _sometimes(self, share, text):
        return text() if self.random.random() < share else ""

    def _customer(self, place, company):
        random, number = self.random, self.first + place
        name = (
            random.choice(self.records[Customer]).name if place and random.random() < 0.015 else company.name
        )
        return self._add(
            *(Customer, number + 1),
            **self._row(),
            name=name,
            customer_id=naming.customer_id(number, self.shift)
            if random.random() < 0.9
            else f"{company.country.code}-{number:07}",
            crm_id=self._sometimes(0.6, lambda: naming.crm_id(random)),
            description=self._sometimes(0.25, lambda: naming.description(random)),
            external_id=self._sometimes(0.3, lambda: f"ERP-{number * 7 + 10_000_000}"),
            ref_id=self._sometimes(
                0.4, lambda: f"R/{random.randrange(2016, 2026)}/{random.randrange(10**5):05}"
            ),
            time_zone=random.choice(company.country.zones) if random.random() < 0.9 else "UTC",
            status="enabled" if random.random() < 0.95 else "disabled",
            contacts=Related(),
        )

    def _contacts(self, companies):
        """New contacts for each customer in turn, now and then one that others have; some stay alone."""
        total = CONTACTS_EACH * len(companies)
        links = []
        for place, (customer, company) in enumerate(zip(self.customers, companies, strict=True)):
            people = self.records[Contact]
            found = {}
            for _ in range(self._how_many(CONTACTS_OF)):
                if len(people) < total and not (people and self.random.random() < 0.05):
                    employer = companies[place - 1] if self.random.random() < 0.02 else company
                    person = self._contact(company, employer.domain)
                else:
                    person = self.random.choice(people)
                found[person.pk] = person
            links += [(customer, found[pk]) for pk in sorted(found)]
        while len(self.records[Contact]) < total:
            company = self.random.choice(companies)
            self._contact(company, company.domain)
        for place, (customer, contact) in enumerate(links):
            customer.contacts.append(contact)
            contact.customers.append(customer)
            kind = "administrator" if self.random.random() < 0.25 else "standard"
            pk = self.first * 10 + place + 1
            self._add(Association, pk, customer_id=customer.pk, contact_id=contact.pk, kind=kind)

    def _contact(self, company, domain):
        random = self.random
        number = CONTACTS_EACH * self.first + len(self.records[Contact])
        name, local = naming.person(random, company)
        return self._add(
            *(Contact, number + 1),
            **self._row(),
            email=f"{local}.{naming.numeral(number)}@{domain}",
            name=name if random.random() < 0.92 else "",
            ref_id1=self._sometimes(0.15, lambda: f"P-{number:07}"),
            ref_id2=self._sometimes(0.1, lambda: f"badge {random.randrange(10**6)}"),
            phone=self._sometimes(0.6, lambda: naming.phone(random, company)),
            language="de" if company.country.language.code == "de" else "en",
            status="enabled" if random.random() < 0.96 else "disabled",
            customers=Related(),
        )

    def _how_many(self, table):
        ((least, most),) = self.random.choices([row[0] for row in table], [row[1] for row in table])
        return self.random.randint(least, most)

    def _holders(self):
        """Whose each entitlement is: few have many, one in two hundred is nobody's yet."""
        total = ENTITLEMENTS_EACH * len(self.customers)
        holders: list = [None] * (total // 200)
        for customer in self.customers:
            holders += [customer] * self._how_many(ENTITLEMENTS_OF)
        holders += self.random.choices(self.customers, k=max(0, total - len(holders)))
        self.random.shuffle(holders)
        return holders[:total]

    def _entitlement(self, place, customer):
        random, number = self.random, ENTITLEMENTS_EACH * self.first + place
        state = random.choices(("complete", "draft", "disabled", "closed"), (80, 10, 4, 6))[0]
        state = state if customer else "draft"
        contact = (
            random.choice(customer.contacts)
            if customer and customer.contacts and random.random() < 0.6
            else None
        )
        start = date(2016, 1, 1) + timedelta(days=random.randrange(YEARS * 365 + 60))
        days = random.choices((365, 3 * 365, 30, None), (55, 15, 10, 20))[0]
        entitlement = self._add(
            *(Entitlement, number + 1),
            **self._row(),
            eid="-".join(f"{random.getrandbits(32):08x}" for _ in range(4)),
            state=state,
            customer=customer,
            customer_id=customer and customer.pk,
            contact=contact,
            contact_id=contact and contact.pk,
            ref_id1=self._sometimes(0.3, lambda: f"PO-{random.randrange(10**6)}"),
            ref_id2=self._sometimes(
                0.1, lambda: random.choice(("renewal", "pilot", "upgrade", "Verlängerung"))
            ),
            external_id=self._sometimes(0.2, lambda: f"SO-{number * 3 + 10_000_000}"),
            start_date=start,
            end_date=start + timedelta(days=days - 1) if days else None,
            product_keys=Related(),
        )
        for _ in range(random.choices((1, 2, 5), (92, 6, 2))[0]):
            self._product_key(entitlement)

    def _product_key(self, entitlement):
        random, lines = self.random, self.records[ProductKey]
        line = self._add(
            *(ProductKey, self.first * 100 + len(lines) + 1),
            entitlement=entitlement,
            entitlement_id=entitlement.pk,
            product=f"{random.choice(PRODUCTS.split())} {random.choice(EDITIONS.split())}",
            product_version=random.choice(("", "1.0", "2.4", "11", "2025.1")),
            quantity=random.choice((1, 1, 5, 10, 25, 100, 1000)),
            start_date=None,
            end_date=None,
            never_expires=random.random() < 0.03,
            **dict.fromkeys(ProductKey.WINDOW),
        )
        line.time_zone = ""
        entitlement.product_keys.append(line)
        if entitlement.state != "draft":
            line.time_zone = entitlement.customer.time_zone
            line.valid_from, line.valid_until = license_window(
                line.starts_on(), line.ends_on(), line.time_zone
            )
            line.span = span_of(line.valid_from, line.valid_until)
            if random.random() < 0.12:
                self._activation(line)

    def _activation(self, line):
        random, people = self.random, line.entitlement.customer.contacts
        activatee = random.choice(people) if people and random.random() < 0.7 else None
        self._add(
            *(Activation, self.first * 100 + len(self.records[Activation]) + 1),
            uuid=self._uuid(),
            product_key_id=line.pk,
            quantity=random.randint(1, line.quantity),
            activatee_id=activatee and activatee.pk,
            time_zone=line.time_zone,
            valid_from=line.valid_from,
            valid_until=line.valid_until,
            license="{}\n",
            activated=line.entitlement.changed,
            activated_by_key=1,
            activated_by="manager",
        )
