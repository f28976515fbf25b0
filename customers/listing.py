"""The list of customers as an address describes it."""

from django.http import QueryDict

from customers import counts
from customers.models import Customer
from ems_site.listing import Listing

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


class CustomerList(Listing):
    model = Customer
    sorted_by = SORTED_BY
    default_sort = "name"

    def __init__(self, asked: QueryDict, *, with_entitlements: bool):
        self.with_entitlements = with_entitlements
        super().__init__(asked)

    def complete(self, rows: list[Customer]) -> None:
        """Each has contact_count and entitlement_count."""
        counts.attach_contacts(rows)
        if self.with_entitlements:
            counts.attach_entitlements(rows)
