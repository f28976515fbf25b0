"""The list of contacts as an address describes it."""

from typing import Any

from django.db.models import Case, Prefetch, When, prefetch_related_objects
from django.http import QueryDict

from contacts.models import Contact, ContactQuerySet
from ems_site.accounts.models import User
from ems_site.counts import attach_count
from ems_site.listing import Filter, Listing
from ems_site.parameters import whole_number

SORTED_BY = {
    "status": "status",
    "name": "name_key",
    "email": "email_key",
    "phone": "phone_key",
    "language": "language",
    "last_log_on": "user__last_login",
}
WITHOUT_CUSTOMER = "none"
CUSTOMERS_SHOWN = 2


class ContactList(Listing):
    model = Contact
    sorted_by = SORTED_BY
    default_sort = "email"

    def __init__(self, asked: QueryDict, *, with_customers: bool, with_entitlements: bool):
        self.with_customers, self.with_entitlements = with_customers, with_entitlements
        chosen = asked.get("customer", "") if with_customers else ""
        self.without_customer = chosen == WITHOUT_CUSTOMER
        self.customer = _customer(whole_number(chosen))
        super().__init__(asked)

    def records(self) -> ContactQuerySet:
        contacts = Contact.objects.search(self.text, with_customers=self.with_customers)
        if self.status:
            contacts = contacts.filter(status=self.status)
        if self.without_customer:
            return contacts.without_customer()
        return contacts.filter(associations__customer=self.customer) if self.customer else contacts

    def complete(self, rows: list) -> None:
        """Each has last_log_on, its first links with customer_count, and entitlement_count."""
        users = User.objects.filter(contact__in=[contact.pk for contact in rows])
        log_ons = dict(users.values_list("contact", "last_login"))
        for contact in rows:
            contact.last_log_on = log_ons.get(contact.pk)
        if self.with_customers:
            _attach_customers(rows, self.customer)
        if self.with_entitlements:
            attach_count("entitlements", rows, "entitlement_count")

    def filters(self) -> list[Filter]:
        filters = super().filters()
        if self.without_customer:
            filters.append(Filter("customer", "Customer", WITHOUT_CUSTOMER, "None"))
        elif self.customer:
            filters.append(Filter("customer", "Customer", str(self.customer.pk), str(self.customer)))
        return filters

    def title(self, name: str) -> str:
        return "Last log-on" if name == "last_log_on" else super().title(name)


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
