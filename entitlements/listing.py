"""The list of entitlements as an address describes it."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.http import QueryDict
from django.utils import timezone

from customers.models import Customer
from ems_site.days import day
from ems_site.folding import identity_key
from ems_site.keys import is_storable
from ems_site.lists.columns import Column, by_name, time_text
from ems_site.lists.filters import read_day
from ems_site.lists.keyset import Sort
from ems_site.lists.listing import Filter, Listing
from ems_site.parameters import whole_number
from ems_site.rights import SEE_CUSTOMERS
from entitlements.models import Entitlement, EntitlementQuerySet, ProductKey
from entitlements.windows import day_window

PRODUCTS_SHOWN = 2
LONGEST_ID = 100
MOST_DAYS = 36_500
# Somewhere it is that day for so long after it ended elsewhere.
LONGEST_LAG = timedelta(days=2)


def _day(day):
    return day.isoformat() if day else ""


def _standing(row):
    return row.leading_window.standing().text if row.leading_window else ""


COLUMNS = by_name(
    Column("eid", "EID", lambda row: row.eid),
    Column("state", "State", lambda row: row.get_state_display()),
    Column("customer", "Customer", lambda row: str(row.customer or "")),
    Column("contact", "Contact", lambda row: str(row.contact or "")),
    Column("products", "Products", lambda row: "; ".join(map(str, row.product_keys.all()))),
    Column("start_date", "Start date", lambda row: _day(row.start_date)),
    Column("end_date", "End date", lambda row: _day(row.end_date) or "Never expires"),
    Column("standing", "Standing", _standing),
    Column("activated", "Activated", lambda row: f"{row.activated} / {row.quantity}"),
    Column("ref_id1", "Ref ID 1", lambda row: row.ref_id1),
    Column("ref_id2", "Ref ID 2", lambda row: row.ref_id2),
    Column("external_id", "External ID", lambda row: row.external_id),
    Column("created", "Created", lambda row: time_text(row.created)),
    Column("changed", "Changed", lambda row: time_text(row.changed)),
)


class EntitlementList(Listing):
    name = "entitlements"
    model = Entitlement
    sorts = {
        "state": Sort(("state", "created")),
        "eid": Sort(("eid",), is_unique=True),
        "customer": Sort(("customer_key",)),
        "start_date": Sort(("start_date",)),
        "end_date": Sort(("end_date",), is_nullable=True, empty_is_last=True),
        "created": Sort(("created",)),
        "changed": Sort(("changed",)),
    }
    default_sort = "-created"
    status_name = "state"
    leading = "eid"
    filter_titles = Listing.filter_titles | {"valid_on": "Valid on", "ends_within": "Ends within"}
    columns_by_name = COLUMNS
    default_columns = (
        *("state", "eid", "customer", "contact", "products", "start_date", "end_date", "standing"),
        *("created", "activated"),
    )

    def __init__(self, asked: QueryDict, by):
        self.customer_id = asked.get("customer", "").strip()[:LONGEST_ID]
        self.customer = _customer(self.customer_id, by.has_perm(SEE_CUSTOMERS))
        self.time_zone = self.customer.time_zone if self.customer else "UTC"
        self.never_expires = asked.get("never_expires") == "1"
        super().__init__(asked, by)
        if asked.get("never_expires", "0") not in {"0", "1", ""}:
            self.notes.append("Never expires was left out: it is 1 or nothing.")
        self.day = self._read("valid_on", self._day)
        self.ends_within = self._read("ends_within", _days)

    def _day(self, text) -> tuple[date, datetime, datetime]:
        """The day with its window."""
        day = read_day(text)
        return day, *day_window(day, self.time_zone)

    def base(self) -> EntitlementQuerySet:
        return Entitlement.objects.select_related("customer", "contact")

    def narrow(self, records: QuerySet, *, by_index: bool) -> QuerySet:
        entitlements: Any = super().narrow(records, by_index=by_index)
        if self.customer_id and self.customer is None:
            return entitlements.none()
        if self.customer:
            entitlements = entitlements.filter(customer=self.customer)
        if self.day:
            entitlements = entitlements.valid_during(*self.day[1:], by_index=by_index)
        if self.ends_within:
            entitlements = entitlements.ending_within(self.ends_within, self.time_zone, by_index=by_index)
        return entitlements.never_expiring(by_index=by_index) if self.never_expires else entitlements

    def leaves_few(self) -> bool:
        return bool(self.customer_id)

    def complete(self, rows: list) -> None:
        """Each has first_keys and more_keys, activated of quantity, leading_window, and why neither complete
        nor activate can be done."""
        prefetch_related_objects(rows, Prefetch("product_keys", ProductKey.objects.with_activated()))
        for row in rows:
            keys = list(row.product_keys.all())
            row.first_keys, row.more_keys = keys[:PRODUCTS_SHOWN], len(keys[PRODUCTS_SHOWN:])
            row.activated = sum(key.activated for key in keys)
            row.quantity = sum(key.quantity for key in keys)
            row.leading_window = row.validity()
            row.why_not_completed = row.why_not("complete")
            row.why_nothing_activated = _why_nothing_activated(row)

    def filters(self) -> list[Filter]:
        days = f"{self.ends_within} day{'' if self.ends_within == 1 else 's'}"
        filters = [
            *super().filters(),
            self._customer_filter(),
            Filter("valid_on", "Valid on", self.day[0].isoformat() if self.day else "", self._day_shown()),
            Filter("ends_within", "Ends within", str(self.ends_within or ""), days),
            Filter("never_expires", "Never expires", "1" if self.never_expires else "", "Yes"),
        ]
        return [one for one in filters if one.value]

    def _customer_filter(self):
        if self.customer:
            return Filter("customer", "Customer", self.customer.customer_id, str(self.customer))
        return Filter("customer", "Customer", self.customer_id, f"{self.customer_id} (unknown)")

    def _day_shown(self):
        return f"{day(self.day[0])} ({self.time_zone})" if self.day else ""


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
    if row.leading_window and row.leading_window.has_ended(timezone.now() - LONGEST_LAG):
        return "It has expired."
    return "" if row.activated < row.quantity else "All of it is activated."
