"""The list of customers as an address describes it."""

from dataclasses import dataclass
from functools import cached_property

from django.db.models import F
from django.http import QueryDict

from customers import counts
from customers.models import Customer, CustomerQuerySet
from ems_site.labels import label
from ems_site.paging import Pages, address
from ems_site.parameters import LONGEST_SEARCH
from ems_site.status import Status

DEFAULT_SORT = "name"
SORTED_BY = {
    "status": "status",
    "name": "name_key",
    "customer_id": "customer_id_key",
    "crm_id": "crm_id_key",
    "external_id": "external_id_key",
    "time_zone": "time_zone",
    "created": "created",
    "changed": "changed",
}


@dataclass
class Heading:
    """A column's title; `address` sorts by it, the other way round if it is sorted by already."""

    title: str
    address: str
    order: str


class CustomerList:
    """Whatever is unknown in the address falls back to the default."""

    def __init__(self, asked: QueryDict, *, with_entitlements: bool):
        status, sort = asked.get("status", ""), asked.get("sort", "")
        self.text = asked.get("q", "").strip()[:LONGEST_SEARCH]
        self.status = status if status in Status.values else ""
        self.sort = sort if sort.removeprefix("-") in SORTED_BY else DEFAULT_SORT
        self.with_entitlements = with_entitlements
        self.pages = Pages(self.customers(), asked, self._parameters())

    def customers(self) -> CustomerQuerySet:
        customers = Customer.objects.search(self.text)
        if self.status:
            customers = customers.filter(status=self.status)
        column = F(SORTED_BY[self.sort.removeprefix("-")])
        if self.sort.startswith("-"):
            return customers.order_by(column.desc(nulls_last=True), "-pk")
        return customers.order_by(column.asc(nulls_first=True), "pk")

    @cached_property
    def rows(self) -> list[Customer]:
        """The customers of this page, each with contact_count and entitlement_count."""
        rows: list[Customer] = list(self.pages.page.object_list)
        counts.attach_contacts(rows)
        if self.with_entitlements:
            counts.attach_entitlements(rows)
        return rows

    def is_filtered(self) -> bool:
        return bool(self.text or self.status)

    def _parameters(self, **changes):
        sort = changes.pop("sort", self.sort)
        current = {"q": self.text, "status": self.status}
        return current | changes | {"sort": sort if sort != DEFAULT_SORT else ""}

    def headings(self) -> dict[str, Heading]:
        """By the name of the attribute."""
        return {name: self._heading(name) for name in SORTED_BY}

    def _heading(self, name):
        order = {name: "ascending", f"-{name}": "descending"}.get(self.sort, "")
        turned = f"-{name}" if order == "ascending" else name
        return Heading(label(Customer, name), address(self._parameters(sort=turned)), order)

    def chips(self) -> list[tuple[str, str, str]]:
        """(what is filtered, by which value, the address without it)."""
        chips = []
        if self.text:
            chips.append(("Any attribute", self.text, address(self._parameters(q=""))))
        if self.status:
            status = Status(self.status).label
            chips.append(("Status", status, self.any_status_address()))
        return chips

    def any_status_address(self) -> str:
        return address(self._parameters(status=""))
