"""The list of entitlements as an address describes it."""

import re
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format

from customers.models import Customer
from ems_site.folding import identity_key
from ems_site.keys import is_storable
from ems_site.listing import Filter, Listing
from ems_site.parameters import whole_number
from entitlements.models import Entitlement, EntitlementQuerySet, ProductKey
from entitlements.windows import day_window

SORTED_BY = {
    "state": "state",
    "eid": "eid",
    "customer": "customer__name_key",
    "start_date": "start_date",
    "end_date": "end_date",
    "created": "created",
    "changed": "changed",
}
PRODUCTS_SHOWN = 2
LONGEST_ID = 100
LONGEST_TYPED = 20
MOST_DAYS = 36_500
# Somewhere it is that day for so long after it ended elsewhere.
LONGEST_LAG = timedelta(days=2)


class EntitlementList(Listing):
    """What cannot be read in a filter is told in `errors`, by the filter's name, and filters nothing."""

    model = Entitlement
    sorted_by = SORTED_BY
    default_sort = "-created"
    status_name = "state"
    empty_is_last = ("end_date",)

    def __init__(self, asked: QueryDict, *, with_customers: bool):
        self.customer_id = asked.get("customer", "").strip()[:LONGEST_ID]
        self.customer = _customer(self.customer_id, with_customers)
        self.time_zone = self.customer.time_zone if self.customer else "UTC"
        self.errors: dict[str, str] = {}
        self.typed = {
            name: asked.get(name, "").strip()[:LONGEST_TYPED] for name in ("valid_on", "ends_within")
        }
        self.day = self._read("valid_on", self._day)
        self.days = self._read("ends_within", _days)
        self.never_expires = asked.get("never_expires") == "1"
        super().__init__(asked)

    def _read(self, name, reader):
        if not self.typed[name]:
            return None
        try:
            return reader(self.typed[name])
        except ValueError as refusal:
            self.errors[name] = str(refusal)
            return None

    def _day(self, text) -> tuple[date, datetime, datetime]:
        """The day with its window."""
        if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError("Enter a date such as 2026-06-30.")
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise ValueError(f"There is no {text} in the calendar.") from None
        return day, *day_window(day, self.time_zone)

    def records(self) -> EntitlementQuerySet:
        entitlements: Any = super().records().select_related("customer", "contact")
        if self.customer_id and self.customer is None:
            return entitlements.none()
        if self.customer:
            entitlements = entitlements.filter(customer=self.customer)
        if self.day:
            entitlements = entitlements.valid_during(*self.day[1:])
        if self.days:
            entitlements = entitlements.ending_within(self.days, self.time_zone)
        return entitlements.never_expiring() if self.never_expires else entitlements

    def complete(self, rows: list) -> None:
        """Each has first_keys and more_keys, activated of quantity, and why neither complete nor activate
        can be done."""
        prefetch_related_objects(rows, Prefetch("product_keys", ProductKey.objects.with_activated()))
        for row in rows:
            keys = list(row.product_keys.all())
            row.first_keys, row.more_keys = keys[:PRODUCTS_SHOWN], len(keys[PRODUCTS_SHOWN:])
            row.activated = sum(key.activated for key in keys)
            row.quantity = sum(key.quantity for key in keys)
            row.why_not_completed = row.why_not("complete")
            row.why_nothing_activated = _why_nothing_activated(row)

    def filters(self) -> list[Filter]:
        days = f"{self.days} day{'' if self.days == 1 else 's'}"
        filters = [
            *super().filters(),
            self._customer_filter(),
            Filter("valid_on", "Valid on", self.typed["valid_on"] if self.day else "", self._day_shown()),
            Filter("ends_within", "Ends within", str(self.days or ""), days),
            Filter("never_expires", "Never expires", "1" if self.never_expires else "", "Yes"),
        ]
        return [one for one in filters if one.value]

    def _customer_filter(self):
        if self.customer:
            return Filter("customer", "Customer", self.customer.customer_id, str(self.customer))
        return Filter("customer", "Customer", self.customer_id, f"{self.customer_id} (unknown)")

    def _day_shown(self):
        return f"{date_format(self.day[0], 'j M Y')} ({self.time_zone})" if self.day else ""


def _customer(customer_id, with_customers):
    """Of this Customer ID; for those who may not view customers only one that has entitlements."""
    key = identity_key(customer_id)
    if not key or not is_storable(key):
        return None
    found = Customer.objects.filter(customer_id_key=key).first()
    return found if found and (with_customers or found.entitlements.exists()) else None


def _days(text):
    days = whole_number(text, at_most=MOST_DAYS)
    if not days:
        raise ValueError(f"Enter a whole number of days, from 1 to {MOST_DAYS:,}.")
    return days


def _why_nothing_activated(row):
    if why := row.why_not_activated():
        return why
    if not row.quantity:
        return "It has no products."
    if (validity := row.validity()) and validity.has_ended(timezone.now() - LONGEST_LAG):
        return "It has expired."
    return "" if row.activated < row.quantity else "All of it is activated."
