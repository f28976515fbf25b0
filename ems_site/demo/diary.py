import copy
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import Group, Permission
from django.db import models

from contacts.models import INVITATION_VALID, Contact, Invitation
from customers.actions.invitations import INVITED
from customers.models import AssociationOffer, Customer
from ems_site.accounts.models import LogOn, User
from ems_site.audit.changes import Changes, differences, first_values
from ems_site.audit.models import Entry
from ems_site.demo.ledger import Ledger
from entitlements.models import Entitlement

Associates = Iterable[tuple[Contact, str]]


class Diary:
    """Does to rows that are not saved yet what the actions do to saved ones, at times of its own.

    It gives the rows their keys, since history names them. In the end it holds every row in its
    last state, in the order of creation, the kinds of association by customer and contact, and the
    history that led to all this. Invitations and log-ons that the clean_up command would have deleted
    by now are kept.
    """

    def __init__(self):
        self.users: list[User] = []
        self.contacts: list[Contact] = []
        self.customers: list[Customer] = []
        self.ledger = Ledger(self)
        self.entries: list[Entry] = []
        self.invitations: list[Invitation] = []
        self.invited: list[AssociationOffer] = []
        self.log_ons: list[LogOn] = []
        self.kinds: defaultdict[int, dict[int, str]] = defaultdict(dict)
        self.user_of: dict[int, User] = {}
        self._open_invitations: dict[int, Invitation] = {}
        self._could_log_on: defaultdict[int, list[tuple[datetime, bool]]] = defaultdict(list)

    def begin_request(self, *, at: datetime, by: User | None, address: str, request_id: str) -> None:
        """All that follows happens in this request, until the next one begins."""
        self.now = at
        self.by = by
        self.stamp = {"at": at, "client_address": address, "request_id": request_id}

    def name(self) -> str:
        """Of whoever does what happens now."""
        return self.by.get_username() if self.by else ""

    def contacts_of(self, customer: Customer) -> list[Contact]:
        return [self.contacts[contact - 1] for contact in self.kinds[customer.pk]]

    def customers_of(self, contact: Contact) -> list[Customer]:
        key = contact.pk
        return [self.customers[customer - 1] for customer, kinds in self.kinds.items() if key in kinds]

    def may_log_on(self, contact: Contact) -> bool:
        customers = self.customers_of(contact)
        return contact.is_enabled() and (not customers or any(row.is_enabled() for row in customers))

    def could_log_on(self, contact: Contact, at: datetime) -> bool:
        """Whether it was added, and might log on, at this time."""
        return ([False] + [might for since, might in self._could_log_on[contact.pk] if since <= at])[-1]

    def cut_off(self, contact: Contact) -> datetime | None:
        """Since when it may not log on; None if it may."""
        cut = None
        for since, might in self._could_log_on[contact.pk]:
            cut = None if might else cut or since
        return cut

    def is_invited(self, contact: Contact) -> bool:
        return contact.pk in self._open_invitations

    def add_user(self, user: User, rights: Iterable[Group | Permission] = ()) -> None:
        self.users.append(user)
        user.pk = len(self.users)
        user.date_joined = self.now
        if user.contact:
            self.user_of[user.contact.pk] = user
        links = {_right_name(right): ["", "yes"] for right in rights}
        self.record("user.added", user, first_values(user) | links)

    def add_contact(self, contact: Contact) -> None:
        self.add(contact, self.contacts)
        self.record("contact.added", contact, first_values(contact))
        self._note_who_may_log_on([contact])

    def change_contact(self, contact: Contact, **values) -> None:
        changes = self.change(contact, values)
        if "email" in changes:
            self._move_log_on(contact)
        self.record("contact.changed", contact, changes)

    def _move_log_on(self, contact):
        self._end_invitations(contact)
        if user := self.user_of.get(contact.pk):
            old = copy.copy(user)
            user.username = user.email = contact.email
            self.record("user.changed", user, differences(old, user))

    def invite(self, contact: Contact) -> None:
        """To choose a password."""
        self._end_invitations(contact)
        invitation = Invitation(contact=contact, email=contact.email, language=contact.language)
        self._open_invitations[contact.pk] = self._send(invitation)
        self.record("contact.invited", contact, {})

    def invite_to(self, customer: Customer, email: str) -> None:
        """Invites somebody who is no contact yet to become one of the customer's."""
        invitation = self._send(Invitation(email=email, is_offer=True))
        by = self.by.contact if self.by else None
        self.invited.append(AssociationOffer(invitation=invitation, customer=customer, offered_by=by))
        self.record("customer.changed", customer, {f"{INVITED}{email}": ["", "invited"]})

    def _send(self, invitation):
        self.invitations.append(invitation)
        invitation.pk = len(self.invitations)
        contact = self.by and self.by.contact
        invitation.sent_by = contact.name if contact else self.by.get_full_name() if self.by else ""
        # Nobody gets to know the key, which would open the link.
        invitation.renew_key()
        invitation.created = self.now
        invitation.expires = self.now + INVITATION_VALID
        return invitation

    def _end_invitations(self, contact):
        if invitation := self._open_invitations.pop(contact.pk, None):
            invitation.ended = self.now

    def choose_password(self, contact: Contact) -> None:
        """The contact does so itself, by an invitation."""
        self._end_invitations(contact)
        user = User(username=contact.email, email=contact.email, contact=contact)
        self.add_user(user)
        user.session_epoch += 1
        chosen = {"password": ["", "chosen by the contact"]}
        self.record("contact.changed", contact, chosen, by=user)
        self.record("user.password_changed", user, {}, by=user)

    def log_on(self, user: User, at: datetime, address: str) -> None:
        """Stands apart from requests: the history says nothing of it."""
        self.log_ons.append(LogOn(user=user, at=at, client_address=address))
        user.last_login = max(at, user.last_login or at)

    def add_customer(self, customer: Customer, associates: Associates) -> None:
        self.add(customer, self.customers)
        links = self._associate(customer, associates)
        self.record("customer.added", customer, first_values(customer) | links)

    def change_customer(self, customer: Customer, associates: Associates = (), **values) -> None:
        """associates are those that change; an empty kind takes one away."""
        changes = self.change(customer, values)
        links = self._associate(customer, associates)
        if "time_zone" in changes:
            self.ledger.follow(customer)
        self.record("customer.changed", customer, changes | links)

    def set_status(self, subject: Contact | Customer, status: str, comment: str = "") -> None:
        old = subject.get_status_display()
        self.change(subject, {"status": status})
        changes = {"status": [old, subject.get_status_display()]}
        self.record(f"{subject._meta.model_name}.{status}", subject, changes, comment)
        if isinstance(subject, Contact):
            self._note_who_may_log_on([subject])
            return
        self._note_who_may_log_on(self.contacts_of(subject))
        if not subject.is_enabled():
            self._end_offers(subject)

    def _note_who_may_log_on(self, contacts):
        for contact in contacts:
            may_log_on = self.may_log_on(contact)
            self._could_log_on[contact.pk].append((self.now, may_log_on))
            if not may_log_on:
                self._end_invitations(contact)

    def _end_offers(self, customer):
        for offered in self.invited:
            if offered.customer == customer and offered.invitation.ended is None:
                offered.invitation.ended = self.now

    def add(self, row: Contact | Customer | Entitlement, rows: list) -> None:
        """The next of these rows."""
        rows.append(row)
        row.pk = len(rows)
        row.created = row.changed = self.now

    def change(self, row: Contact | Customer | Entitlement, values: dict) -> Changes:
        """Changes its attributes as an action does, which writes its version."""
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
            self.record("contact.changed", contact, {f"customer:{customer.pk}:{customer}": change})
            self._note_who_may_log_on([contact])
        return changes

    def record(
        self, code: str, subject: models.Model, changes: Changes, comment: str = "", by: User | None = None
    ) -> None:
        by = by or self.by
        self.entries.append(
            Entry(
                **self.stamp,
                actor_key=by.pk if by else None,
                actor_name=by.get_username() if by else "",
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
