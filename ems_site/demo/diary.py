import copy
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import Group, Permission

from contacts.models import Contact
from customers.models import Customer
from ems_site.accounts.models import User
from ems_site.audit.changes import differences, first_values
from ems_site.audit.models import Entry
from entitlements.models import Entitlement

Associates = Iterable[tuple[Contact, str]]


class Diary:
    """Does to rows that are not saved yet what the actions do to saved ones, at times of its own.

    It gives the rows their keys, since history names them. In the end it holds every row in its
    last state, in the order of creation, the kinds of association by customer and contact, and the
    history that led to all this.
    """

    def __init__(self):
        self.users: list[User] = []
        self.contacts: list[Contact] = []
        self.customers: list[Customer] = []
        self.entitlements: list[Entitlement] = []
        self.entries: list[Entry] = []
        self.kinds: defaultdict[int, dict[int, str]] = defaultdict(dict)

    def begin_request(self, *, at: datetime, by: User | None, address: str, request_id: str) -> None:
        """All that follows happens in this request, until the next one begins."""
        self.now = at
        self.stamp = {
            "at": at,
            "actor_key": by.pk if by else None,
            "actor_name": by.get_username() if by else "",
            "client_address": address,
            "request_id": request_id,
        }

    def contacts_of(self, customer: Customer) -> list[Contact]:
        return [self.contacts[contact - 1] for contact in self.kinds[customer.pk]]

    def add_user(self, user: User, rights: Iterable[Group | Permission] = ()) -> None:
        self.users.append(user)
        user.pk = len(self.users)
        user.date_joined = self.now
        links = {_right_name(right): ["", "yes"] for right in rights}
        self._record("user.added", user, first_values(user) | links)

    def add_contact(self, contact: Contact) -> None:
        self._add(contact, self.contacts)
        self._record("contact.added", contact, first_values(contact))

    def change_contact(self, contact: Contact, **values) -> None:
        self._record("contact.changed", contact, self._change(contact, values))

    def add_customer(self, customer: Customer, associates: Associates) -> None:
        self._add(customer, self.customers)
        links = self._associate(customer, associates)
        self._record("customer.added", customer, first_values(customer) | links)

    def change_customer(self, customer: Customer, associates: Associates = (), **values) -> None:
        """associates are those that change; an empty kind takes one away."""
        changes = self._change(customer, values)
        self._record("customer.changed", customer, changes | self._associate(customer, associates))

    def add_entitlement(self, entitlement: Entitlement) -> None:
        self._add(entitlement, self.entitlements)
        self._record("entitlement.added", entitlement, first_values(entitlement))

    def move_entitlement(self, entitlement: Entitlement, code: str, state: str) -> None:
        self._record(code, entitlement, self._change(entitlement, {"state": state}))

    def set_status(self, subject: Contact | Customer, status: str, comment: str = "") -> None:
        old = subject.get_status_display()
        self._change(subject, {"status": status})
        changes = {"status": [old, subject.get_status_display()]}
        self._record(f"{subject._meta.model_name}.{status}", subject, changes, comment)

    def _add(self, row, rows):
        rows.append(row)
        row.pk = len(rows)
        row.created = row.changed = self.now

    def _change(self, row, values):
        old = copy.copy(row)
        for name, value in values.items():
            setattr(row, name, value)
        row.version += 1
        row.changed = self.now
        return differences(old, row)

    def _associate(self, customer, associates):
        changes = {}
        for contact, kind in associates:
            if contact.pk is None:
                self.add_contact(contact)
            kinds = self.kinds[customer.pk]
            change = [kinds.pop(contact.pk, ""), kind]
            if kind:
                kinds[contact.pk] = kind
            changes[f"contact:{contact.pk}:{contact.email}"] = change
            self._record("contact.changed", contact, {f"customer:{customer.pk}:{customer}": change})
        return changes

    def _record(self, code, subject, changes, comment=""):
        self.entries.append(
            Entry(
                **self.stamp,
                code=code,
                subject_kind=subject._meta.label_lower,
                subject_key=subject.pk,
                subject_name=str(subject)[:500],
                version=getattr(subject, "version", None),
                changes=changes,
                comment=comment,
            )
        )


def _right_name(right):
    kind = "role" if isinstance(right, Group) else "permission"
    return f"{kind}:{right.pk}:{right}"
