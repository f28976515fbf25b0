"""What can be done to customers. Each action is one transaction with its history.

Rows are locked in one order everywhere: contacts, then customers, each by primary key.
"""

from collections.abc import Iterable
from hashlib import sha256

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

import contacts.actions
from contacts.models import Contact, Invitation
from customers.actions.locks import again, hold_all, lock_contacts
from customers.models import Association, Customer, CustomerQuerySet, offers_of
from ems_site import actions as rows
from ems_site import conflicts
from ems_site.accounts.models import User
from ems_site.audit import actions as audit
from ems_site.audit.changes import Changes, differences, first_values, last_values, link_name
from ems_site.errors import Conflict, Gone, Refused
from ems_site.folding import identity_key
from ems_site.status import Status

CONFIRMATION_SALT = "customers.confirmation"
CONFIRMATION_SECONDS = 12 * 60 * 60
# For an act that has a page or a consent of its own, and changes nothing but one association.
SEPARATELY = object()

Associates = Iterable[tuple[Contact, str]]


class ConfirmationRequired(Refused):
    """A completed entitlement belongs to the customer, so the change has to be confirmed.

    `confirmation` is what to hand to `save` once the person has seen `entitlements` (how many are
    concerned), `changes` and `moves` (the product keys whose license windows another time zone moves)
    and agrees. It holds for this person and exactly this change.
    """

    code = "confirmation_required"

    def __init__(
        self, customer: Customer, *, entitlements: int, changes: Changes, new: list, moves: list, by
    ):
        belong = "completed entitlement belongs" if entitlements == 1 else "completed entitlements belong"
        super().__init__(f"{entitlements} {belong} to {customer}. Confirm the change to save it.")
        self.entitlements = entitlements
        self.changes = changes
        self.moves = moves
        shown = sha256("\n".join(map(str, moves)).encode()).hexdigest()
        self.confirmation = signing.dumps(
            [customer.pk, customer.version, by and by.pk, entitlements, changes, new, shown],
            salt=CONFIRMATION_SALT,
            compress=True,
        )

    def is_answered_by(self, confirmation: str | None) -> bool:
        """Whether this is the confirmation of what would be shown now."""
        if not confirmation:
            return False
        try:
            shown = signing.loads(confirmation, salt=CONFIRMATION_SALT, max_age=CONFIRMATION_SECONDS)
        except signing.BadSignature:
            return False
        return shown == signing.loads(self.confirmation, salt=CONFIRMATION_SALT)


class HasEntitlements(Refused):
    """Entitlements have been generated for customers that were to be deleted."""

    code = "has_entitlements"

    def __init__(self, customers: list[Customer]):
        names = ", ".join(str(customer) for customer in customers[:3])
        if len(customers) > 3:
            names += f" and {len(customers) - 3} more"
        verb = "has" if len(customers) == 1 else "have"
        super().__init__(f"{names} {verb} entitlements and cannot be deleted.")
        self.customers = customers


def save(
    customer: Customer,
    *,
    by,
    associates: Associates | None = None,
    confirmed: str | object | None = None,
    comment: str = "",
) -> Customer:
    """Adds the customer, or saves its attributes and associations if anything changed.

    customer.version is the version the person saw. associates are all its contacts with their
    kinds, or None to leave them; contacts that are not saved yet are added with the customer.
    Raises ValidationError for bad values, Gone, Conflict, or ConfirmationRequired unless
    `confirmed` is the confirmation of this very change. Then nothing at all is saved.
    Contacts that lose their last enabled customer by it are signed out for good.
    """
    wanted = None if associates is None else list(associates)
    seen = customer.version
    unsaved = [row for row in [customer, *(contact for contact, _ in wanted or ())] if row._state.adding]
    try:
        with transaction.atomic():
            if customer._state.adding:
                return _add(customer, wanted or [], by)
            return _change(customer, wanted, by, confirmed, comment)
    except (IntegrityError, ValidationError) as error:
        customer.version = seen
        for row in unsaved:
            row.pk, row._state.adding = None, True
        if isinstance(error, IntegrityError):
            customer.full_clean()
            for contact in unsaved:
                if contact is not customer:
                    _named(contact, contact.full_clean)
        raise


def _add(customer, wanted, by):
    if wanted:
        lock_contacts(customer, wanted)
    # Nobody chooses it, so it is not asked whether another customer has it; the database refuses that.
    customer.full_clean(exclude={"uuid"})
    customer.save()
    links = _associate(customer, wanted, by) if wanted else {}
    if links:
        customer.save(update_fields=["search_key"])
    audit.record("customer.added", customer, by=by, changes=first_values(customer) | links)
    return customer


def _change(customer, wanted, by, confirmed, comment):
    lock_contacts(customer, wanted or [])
    current = Customer.objects.select_for_update(no_key=True).filter(pk=customer.pk).first()
    if current is None:
        raise Gone(f"{customer} has been deleted meanwhile.")
    if not customer.customer_id.strip():
        raise ValidationError(
            {"customer_id": f"A saved customer keeps a Customer ID. It was {current.customer_id}."}
        )
    customer.full_clean()
    changes = differences(current, customer) | _link_changes(current, wanted)
    if not changes:
        return customer
    if customer.version != current.version:
        if conflicts.is_only_theirs(changes, current, version=customer.version):
            return customer
        raise Conflict(current=current, mine=customer)
    new = [first_values(contact) for contact, _ in wanted or () if contact._state.adding]
    moves = _moves(current, customer, by) if "time_zone" in changes else []
    _confirm(current, changes, new, moves, by, confirmed)
    customer.version = current.version + 1
    links = {} if wanted is None else _associate(customer, wanted, by, comment)
    customer.save(update_fields=[*Customer.ATTRIBUTES, "version", "changed"])
    if {"name", "customer_id"} & changes.keys():
        Contact.objects.filter(customers=customer).refresh_search_keys()
        customer.entitlements.refresh_search_keys()
    for entitlement, moved in customer.entitlements.move(moves).items():
        audit.record("entitlement.moved", entitlement, by=by, changes=moved, comment=comment)
    made = differences(current, customer) | links
    audit.record("customer.changed", customer, by=by, changes=made, comment=comment)
    return customer


def _moves(current, customer, by):
    """What becomes of the windows of product keys not yet activated. Raises ValidationError where one of
    them has none in the new time zone; which one, is for those who may view entitlements."""
    try:
        return current.entitlements.moves_to(customer.time_zone)
    except ValueError as error:
        may_see = by is None or by.has_perm("entitlements.view_entitlement")
        called = error.called if may_see else "A license of this customer"  # type: ignore[attr-defined]
        raise ValidationError({"time_zone": f"{called}: {error.why}"}) from None  # type: ignore[attr-defined]


def _confirm(customer, changes, new, moves, by, confirmed):
    if confirmed is not SEPARATELY and customer.edit_needs_confirmation():
        count = customer.entitlements.completed().count()
        required = ConfirmationRequired(
            customer, entitlements=count, changes=changes, new=new, moves=moves, by=by
        )
        if not required.is_answered_by(confirmed):
            raise required


def _link_changes(customer: Customer, wanted) -> Changes:
    """{`contact:key:e-mail`: [old kind, new kind]} of the associations that would change."""
    if wanted is None:
        return {}
    old = {link.contact_id: link for link in customer.associations.select_related("contact")}
    changes = {}
    for contact, kind in wanted:
        link = old.pop(contact.pk, None)
        if link is None or link.kind != kind:
            changes[_link(contact)] = [link.kind if link else "", kind]
    return changes | {_link(link.contact): [link.kind, ""] for link in old.values()}


def _link(contact):
    return link_name(contact, contact.email)


def _associate(customer, wanted, by, comment="") -> Changes:
    """Makes the associations what is wanted; returns what changed, for the customer's history."""
    new = [contact for contact, _kind in wanted if contact._state.adding]
    for contact in sorted(new, key=lambda contact: identity_key(contact.email)):
        _add_contact(contact, by)
    changes = _link_changes(customer, wanted)
    now = {contact.pk: (contact, kind) for contact, kind in wanted}
    touched = []
    for link in customer.associations.select_related("contact"):
        contact, kind = now.pop(link.contact_id, (link.contact, ""))
        if not kind:
            link.delete()
        elif kind != link.kind:
            link.kind = kind
            link.save()
        touched.append(contact)
    for contact, kind in now.values():
        Association.objects.create(customer=customer, contact=contact, kind=kind)
        touched.append(contact)
    touched = [contact for contact in touched if _link(contact) in changes]
    for contact in touched:
        change = {link_name(customer, str(customer)): changes[_link(contact)]}
        audit.record("contact.changed", contact, by=by, changes=change, comment=comment)
    if touched:
        people = Contact.objects.filter(pk__in=[contact.pk for contact in touched])
        people.refresh_search_keys()
        offers_of(customer).of(people).end()
        administrators = customer.associations.filter(kind=Association.Kind.ADMINISTRATOR)
        demoted = people.exclude(pk__in=administrators.values("contact"))
        offers_of(customer).filter(offer__offered_by__in=demoted).revoke()
        _lock_out(people)
    return changes


def _add_contact(contact, by):
    _named(contact, lambda: contacts.actions.save(contact, by=by))


def _named(contact, act):
    """Says whom an error is about: beside the customer's own fields there is no field for it."""
    try:
        act()
    except ValidationError as error:
        raise ValidationError([f"Contact {contact}: {text}" for text in error.messages]) from error


@again
def delete(customers: CustomerQuerySet, *, by, comment: str = "") -> list[Customer]:
    """Deletes these customers with their associations, or none of them; their contacts stay.

    Returns what was deleted. Raises HasEntitlements where an entitlement has been generated for
    one of them, whatever its state; the database holds this against one created this instant.
    """
    try:
        with transaction.atomic():
            deleted = hold_all(customers, for_deletion=True)
            if blocked := [customer for customer in deleted if not customer.may_be_deleted()]:
                raise HasEntitlements(blocked)
            for customer in deleted:
                changes = last_values(customer) | _associate(customer, [], by, comment)
                audit.record("customer.deleted", customer, by=by, changes=changes, comment=comment)
            _end_invitations(deleted)
            Customer.objects.filter(pk__in=[customer.pk for customer in deleted]).delete()
        return deleted
    except (ProtectedError, IntegrityError):
        blocked = [customer for customer in customers if not customer.may_be_deleted()]
        if not blocked:
            raise
        raise HasEntitlements(blocked) from None


@again
def disable(customers: CustomerQuerySet, *, by, comment: str = "") -> list[Customer]:
    """Prevents these customers from logging on: ends the sessions, links and invitations of those
    of their contacts who have no other enabled customer, and the invitations to the customers.
    Returns those that were enabled until now."""
    with transaction.atomic():
        hold_all(customers)
        changed = rows.set_status(customers, Status.DISABLED, by=by, comment=comment)
        _lock_out(Contact.objects.filter(customers__in=changed))
        _end_invitations(changed)
        return changed


def _end_invitations(customers):
    Invitation.objects.filter(offer__customer__in=customers).end()


def _lock_out(people):
    """Ends the sessions, links and invitations of those of these contacts without an enabled customer."""
    locked_out = people.exclude(customers__status=Status.ENABLED)
    User.objects.filter(contact__in=locked_out).end_sessions()
    contacts.actions.end_invitations(locked_out)


def enable(customers: CustomerQuerySet, *, by, comment: str = "") -> list[Customer]:
    """Lets these customers log on again; old sessions stay dead. Returns those that were disabled."""
    with transaction.atomic():
        return rows.set_status(customers, Status.ENABLED, by=by, comment=comment)
