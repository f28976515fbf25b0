"""Makes rows from the tables, the same ones every time."""

import string
import uuid
from collections import defaultdict
from datetime import date, timedelta
from random import Random

from django.conf import settings

from contacts.models import Contact
from customers.models import READABLE, Customer
from ems_site.demo.details import CALLING_CODES, DESCRIPTIONS, FORMER_NAMES
from ems_site.demo.people import names_of
from ems_site.folding import sort_key
from entitlements.models import Entitlement

GERMAN_SPEAKING = {"DE", "AT", "CH", "LI"}
MERIDRIFT_ACCOUNT = "0018d00000MERIDAAK"


class Maker:
    def __init__(self, random: Random):
        self.random = random
        self.serial = 0
        self.emails: set[str] = set()
        self.people: defaultdict[str, list] = defaultdict(list)
        languages = dict(settings.LANGUAGES)
        self.language_of = {country: "de" for country in GERMAN_SPEAKING if "de" in languages}

    def uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self.random.getrandbits(128), version=4)

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def next(self) -> int:
        self.serial += self.random.randint(1, 9)
        return self.serial

    def customer(self, company, *, in_utc: bool) -> Customer:
        """The company's customer as it was first entered."""
        country, zone, short, name = company
        customer = Customer(
            uuid=self.uuid(),
            name=FORMER_NAMES.get(short, name),
            customer_id=self.customer_id(country, short),
            time_zone="UTC" if in_utc else zone,
        )
        if short.startswith("meridrift"):
            customer.crm_id = MERIDRIFT_ACCOUNT
        elif self.chance(30):
            customer.crm_id = self.crm_id()
        if self.chance(40):
            customer.external_id = self.random.choice(["SAP:{:010}", "NAV-{:06}", "crm/{:05}"]).format(
                self.next()
            )
        if self.chance(25):
            customer.ref_id = self.random.choice(["PO 4500{:06}", "Angebot {:05}/A", "RFQ-{:05}"]).format(
                self.next()
            )
        if self.chance(30):
            customer.description = self.description()
        return customer

    def customer_id(self, country: str, short: str) -> str:
        number = self.next()
        own = [
            f"{10_004_000 + number}",
            f"D{20_400 + number}",
            f"{short[:6].upper().strip('-')}-{country}-{number:04}",
        ]
        if self.chance(38) and country != "--":
            return self.random.choice(own)
        return "C-" + "".join(self.random.choices(READABLE, k=6))

    def crm_id(self) -> str:
        letters = string.ascii_letters + string.digits
        return "0018d00000" + "".join(self.random.choices(letters, k=5)) + "AA" + self.random.choice("AIQY")

    def description(self) -> str:
        return self.random.choice(DESCRIPTIONS)

    def contact(self, country: str, domain: str) -> Contact:
        name, local = self._person(country)
        contact = Contact(
            uuid=self.uuid(),
            email=self._free(local, domain),
            name=name if self.chance(95) else "",
            language=self.language_of.get(country, "en"),
        )
        if self.chance(45):
            contact.phone = self.phone(country)
        if self.chance(25):
            contact.ref_id1 = f"P{100_000 + self.next()}"
        if self.chance(12):
            contact.ref_id2 = f"Dept. {self.random.randint(10, 99)}"
        return contact

    def phone(self, country: str) -> str:
        area = self.random.randint(20, 899)
        return f"+{CALLING_CODES[country]} {area} 555 01{self.random.randint(0, 99):02}"

    def _person(self, country):
        """Each name of a country once, then all over again."""
        if not self.people[country]:
            pools = names_of(country)
            self.people[country] = [person for pool in pools for person in pool.people()]
            self.random.shuffle(self.people[country])
        return self.people[country].pop()

    def _free(self, local, domain):
        local = sort_key(local).replace(" ", "").replace("'", "")
        email, number = f"{local}@{domain}", 1
        while email in self.emails:
            number += 1
            email = f"{local}{number}@{domain}"
        self.emails.add(email)
        return email

    def entitlement(self, customer: Customer | None, day: date, *, is_late: bool) -> Entitlement:
        """A draft of this day; a late one may start in the future."""
        start = day + timedelta(
            days=self.random.randint(20, 120) if is_late else self.random.randint(-20, 30)
        )
        days = self.random.choice([None, 30, 365, 365, 365, 730, 1095])
        entitlement = Entitlement(
            uuid=self.uuid(),
            eid="-".join(f"{self.random.getrandbits(32):08x}" for _ in range(4)),
            customer=customer,
            start_date=start,
            end_date=start + timedelta(days=days - 1) if days else None,
        )
        if self.chance(35):
            entitlement.ref_id1 = f"PO 4500{self.next():06}"
        if self.chance(15):
            entitlement.ref_id2 = f"Quote {self.next():05}"
        if self.chance(30):
            entitlement.external_id = f"ORD-{self.next():07}"
        return entitlement
