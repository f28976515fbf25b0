"""The list of contacts as an address describes it."""

from typing import Any

from django.db.models import Case, Prefetch, QuerySet, When, prefetch_related_objects
from django.http import QueryDict
from django.utils.functional import cached_property

from contacts.models import Contact, ContactQuerySet
from ems_site.accounts.models import User
from ems_site.counts import attach_count
from ems_site.lists.columns import Column, by_name, time_text
from ems_site.lists.keyset import Sort
from ems_site.lists.listing import Filter, Listing
from ems_site.parameters import whole_number
from ems_site.rights import SEE_CUSTOMERS, SEE_ENTITLEMENTS

WITHOUT_CUSTOMER = "none"
CUSTOMERS_SHOWN = 2


COLUMNS = by_name(
    Column("name", "Name", lambda row: row.name),
    Column("status", "Status", lambda row: row.get_status_display()),
    Column("email", "Email", lambda row: row.email),
    Column("phone", "Phone", lambda row: row.phone),
    Column("language", "Language", lambda row: row.get_language_display()),
    Column("ref_id1", "Ref ID 1", lambda row: row.ref_id1),
    Column("ref_id2", "Ref ID 2", lambda row: row.ref_id2),
    Column("customers", "Customers", lambda row: _links(row, lambda link: str(link.customer)), SEE_CUSTOMERS),
    Column("kind", "Kind", lambda row: _links(row, lambda link: link.get_kind_display()), SEE_CUSTOMERS),
    Column("last_log_on", "Last log-on", lambda row: time_text(row.last_log_on)),
    Column("entitlements", "Entitlements", lambda row: str(row.entitlement_count), SEE_ENTITLEMENTS),
    Column("created", "Created", lambda row: time_text(row.created)),
    Column("changed", "Changed", lambda row: time_text(row.changed)),
)


class ContactList(Listing):
    name = "contacts"
    model = Contact
    sorts = {
        "status": Sort(("status", "email_key")),
        "name": Sort(("name_key",)),
        "email": Sort(("email_key",), is_unique=True),
        "phone": Sort(("phone_key",)),
        "language": Sort(("language",)),
        "last_log_on": Sort(("user__last_login",), is_nullable=True),
        "created": Sort(("created",)),
        "changed": Sort(("changed",)),
    }
    default_sort = "email"
    columns_by_name = COLUMNS
    default_columns = ("status", "name", "email", "phone", "language", "customers", "kind", "last_log_on")

    def __init__(self, asked: QueryDict, by):
        self.sees_customers = by.has_perm(SEE_CUSTOMERS)
        chosen = asked.get("customer", "")
        self.without_customer = self.sees_customers and chosen == WITHOUT_CUSTOMER
        self.customer = _customer(whole_number(chosen)) if self.sees_customers else None
        super().__init__(asked, by)
        if chosen and not (self.customer or self.without_customer):
            self.notes.append("Customer was left out: it is not there any more, or you may not see it.")

    @cached_property
    def searched(self) -> dict[str, str]:
        found = super().searched
        return found if self.sees_customers else {name: found[name] for name in found if name != "customer"}

    def search_keys(self, criterion: str) -> tuple[str, ...]:
        if criterion == "customer":
            return ("customers_key",)
        return ContactQuerySet.search_keys(self.sees_customers and criterion not in self.searched)

    def narrow(self, records: QuerySet, *, by_index: bool) -> QuerySet:
        contacts: Any = super().narrow(records, by_index=by_index)
        if self.without_customer:
            return contacts.without_customer()
        return contacts.filter(associations__customer=self.customer) if self.customer else contacts

    def leaves_few(self) -> bool:
        return self.customer is not None

    def complete(self, rows: list) -> None:
        """Each has last_log_on, its first links with customer_count, and entitlement_count."""
        users = User.objects.filter(contact__in=[contact.pk for contact in rows])
        log_ons = dict(users.values_list("contact", "last_login"))
        for contact in rows:
            contact.last_log_on = log_ons.get(contact.pk)
        if self.sees_customers:
            _attach_customers(rows, self.customer)
        if self.by.has_perm(SEE_ENTITLEMENTS):
            attach_count("entitlements", rows, "entitlement_count")

    def filters(self) -> list[Filter]:
        filters = super().filters()
        if self.without_customer:
            filters.append(Filter("customer", "Customer", WITHOUT_CUSTOMER, "None"))
        elif self.customer:
            filters.append(Filter("customer", "Customer", str(self.customer.pk), str(self.customer)))
        return filters


def _related(name):
    """The model behind a reverse relation, which this app may not import."""
    relation: Any = Contact._meta.get_field(name)
    return relation.related_model


def _customer(key):
    return _related("customers").objects.filter(pk=key).first() if key else None


def _attach_customers(rows, chosen):
    """Sets `links`, the first associations with their customers, `customer_count` and `more_customers`.

    The chosen customer stands first.
    """
    chosen_first = Case(When(customer=chosen.pk if chosen else None, then=0), default=1)
    links = _related("associations").objects.select_related("customer")
    first = links.order_by(chosen_first, "customer__name_key", "customer")
    prefetch_related_objects(rows, Prefetch("associations", first[:CUSTOMERS_SHOWN], to_attr="links"))
    attach_count("associations", rows, "customer_count")
    for contact in rows:
        contact.more_customers = contact.customer_count - len(contact.links)


def _links(contact, called):
    more = [f"and {contact.more_customers} more"] if contact.more_customers else []
    return "; ".join([called(link) for link in contact.links] + more)
