"""The list of customers as an address describes it."""

from customers import counts
from customers.models import Customer
from ems_site.lists.columns import Column, by_name, time_text
from ems_site.lists.keyset import Sort
from ems_site.lists.listing import Listing
from ems_site.rights import SEE_ENTITLEMENTS

COLUMNS = by_name(
    Column("name", "Name", lambda row: row.name),
    Column("status", "Status", lambda row: row.get_status_display()),
    Column("customer_id", "Customer ID", lambda row: row.customer_id),
    Column("crm_id", "CRM ID", lambda row: row.crm_id),
    Column("external_id", "External ID", lambda row: row.external_id),
    Column("ref_id", "Ref ID", lambda row: row.ref_id),
    Column("description", "Description", lambda row: row.description),
    Column("time_zone", "Time Zone", lambda row: row.time_zone),
    Column("contacts", "Contacts", lambda row: str(row.contact_count)),
    Column("entitlements", "Entitlements", lambda row: str(row.entitlement_count), SEE_ENTITLEMENTS),
    Column("created", "Created", lambda row: time_text(row.created)),
    Column("changed", "Changed", lambda row: time_text(row.changed)),
)


class CustomerList(Listing):
    name = "customers"
    model = Customer
    sorts = {
        "name": Sort(("name_key",)),
        "status": Sort(("status", "name_key")),
        "customer_id": Sort(("customer_id_key",), is_unique=True),
        "crm_id": Sort(("crm_id_key",)),
        "external_id": Sort(("external_id_key",), is_unique=True, is_nullable=True),
        "time_zone": Sort(("time_zone",)),
        "created": Sort(("created",)),
        "changed": Sort(("changed",)),
    }
    default_sort = "name"
    columns_by_name = COLUMNS
    default_columns = (
        *("status", "name", "customer_id", "crm_id", "external_id", "time_zone"),
        *("contacts", "entitlements", "created", "changed"),
    )

    def complete(self, rows: list) -> None:
        """Each has contact_count and, for those who may see entitlements, entitlement_count."""
        counts.attach_contacts(rows)
        if self.by.has_perm(SEE_ENTITLEMENTS):
            counts.attach_entitlements(rows)
