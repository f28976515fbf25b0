"""What can be done to contacts. Each action is one transaction with its history.

Rows are locked in one order everywhere: contacts, customers, then users, each by primary key.
"""

from datetime import timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts import mail
from contacts.models import Contact, ContactQuerySet, Invitation
from ems_site import actions as rows
from ems_site import conflicts
from ems_site.accounts import actions as accounts
from ems_site.accounts import mail as account_mail
from ems_site.accounts.models import User
from ems_site.audit import actions as audit
from ems_site.audit.changes import differences, first_values, last_values, link_name
from ems_site.errors import Conflict, Gone, Refused
from ems_site.keys import with_keys
from ems_site.mail import later
from ems_site.status import Status


class HasEntitlements(Refused):
    """Entitlements are addressed to contacts that were to be deleted, or activations name them."""

    code = "has_entitlements"

    def __init__(self, contacts: list[Contact]):
        names = ", ".join(str(contact) for contact in contacts[:3])
        if len(contacts) > 3:
            names += f" and {len(contacts) - 3} more"
        verb = "has" if len(contacts) == 1 else "have"
        what = "entitlements" if any(row.entitlements.exists() for row in contacts) else "activations"
        super().__init__(f"{names} {verb} {what} and cannot be deleted.")
        self.contacts = contacts


class HasPassword(Refused):
    code = "has_password"

    def __init__(self, contact: Contact):
        super().__init__(
            f"{contact} has a password already. Whoever forgot it asks for a new one at the portal’s log-on."
        )


class MayNotLogOn(Refused):
    code = "may_not_log_on"

    def __init__(self, contact: Contact):
        why = "all its customers are" if contact.is_enabled() else "it is"
        super().__init__(f"{contact} cannot log on: {why} disabled.")


def save(contact: Contact, *, by) -> Contact:
    """Adds the contact, or saves its attributes if they changed.

    contact.version is the version the person saw. Another Email keeps the password, ends sessions,
    links and invitations, and is told to both addresses. Raises ValidationError for bad values,
    Conflict when somebody else saved meanwhile, Gone when somebody deleted it.
    """
    try:
        with transaction.atomic():
            return _add(contact, by) if contact._state.adding else _change(contact, by)
    except IntegrityError:
        contact.full_clean()
        raise


def _add(contact, by):
    contact.full_clean()
    contact.save()
    audit.record("contact.added", contact, by=by, changes=first_values(contact))
    return contact


def _change(contact, by):
    current = _locked(contact)
    contact.full_clean()
    changes = differences(current, contact)
    if not changes:
        return contact
    if contact.version != current.version:
        if conflicts.is_only_theirs(changes, current, version=contact.version):
            return contact
        raise Conflict(current=current, mine=contact)
    contact.version += 1
    contact.save(update_fields=with_keys(Contact, [*Contact.ATTRIBUTES, "version", "changed"]))
    if "email" in changes:
        contact.customers.refresh_search_keys()
    if {"email", "name"} & changes.keys():
        contact.entitlements.refresh_search_keys()
    if "email" in changes:
        _move_log_on(contact, current, by)
    audit.record("contact.changed", contact, by=by, changes=changes)
    return contact


def _locked(contact):
    current = Contact.objects.select_for_update(no_key=True).filter(pk=contact.pk).first()
    if current is None:
        raise Gone(_("%s has been deleted meanwhile.") % contact)
    return current


def _move_log_on(contact, before, by):
    Invitation.objects.of([before]).revoke()
    user = User.objects.select_for_update(no_key=True).filter(contact=contact).first()
    if user is None:
        return
    user.username = user.email = contact.email
    accounts.save(user, by=by)
    User.objects.filter(pk=user.pk).end_sessions()
    _after_commit(account_mail.send_email_changed, user.pk, before.email)


def _after_commit(function, *arguments):
    transaction.on_commit(partial(later, function, *arguments))


def delete(contacts: ContactQuerySet, *, by, comment: str = "") -> list[Contact]:
    """Deletes these contacts with their log-ons and associations, or none of them.

    Returns what was deleted. Raises HasEntitlements where an entitlement is addressed to one of
    them or an activation names it; the database holds this against one created this instant.
    """
    try:
        with transaction.atomic():
            deleted = rows.locked(contacts, for_deletion=True)
            if blocked := [contact for contact in deleted if not contact.may_be_deleted()]:
                raise HasEntitlements(blocked)
            _leave_customers(deleted, by, comment)
            Invitation.objects.of(deleted).revoke()
            # Whoever logs on in this instant waits, and finds nobody.
            list(User.objects.select_for_update().filter(contact__in=deleted).order_by("pk"))
            for contact in deleted:
                audit.record(
                    "contact.deleted", contact, by=by, changes=_last_values(contact), comment=comment
                )
            Contact.objects.filter(pk__in=[contact.pk for contact in deleted]).delete()
        return deleted
    except (ProtectedError, IntegrityError):
        blocked = [contact for contact in contacts if not contact.may_be_deleted()]
        if not blocked:
            raise
        raise HasEntitlements(blocked) from None


def _last_values(contact):
    links = contact.gone_links
    return last_values(contact) | {
        link_name(link.customer, str(link.customer)): [link.kind, ""] for link in links
    }


def _leave_customers(contacts, by, comment):
    """Their customers' histories and search keys lose them."""
    losing: dict = {}
    for contact in contacts:
        contact.gone_links = list(contact.associations.select_related("customer"))
        for link in contact.gone_links:
            losing.setdefault(link.customer_id, []).append((contact, link))
    if not losing:
        return
    relation: Any = Contact._meta.get_field("customers")
    customers = relation.related_model
    held = customers.objects.select_for_update(no_key=True).filter(pk__in=losing).order_by("pk")
    for customer in held:
        customer.associations.filter(contact__in=contacts).delete()
        customer.version += 1
        customer.save(update_fields=["version", "changed", "search_key"])
        changes = {
            link_name(contact, contact.email): [link.kind, ""] for contact, link in losing[customer.pk]
        }
        audit.record("customer.changed", customer, by=by, changes=changes, comment=comment)


def disable(contacts: ContactQuerySet, *, by, comment: str = "") -> list[Contact]:
    """Prevents these contacts from logging on; their sessions, links and invitations end for good.
    Returns those that were enabled until now."""
    with transaction.atomic():
        changed = rows.set_status(contacts, Status.DISABLED, by=by, comment=comment)
        User.objects.filter(contact__in=changed).end_sessions()
        Invitation.objects.of(changed).revoke()
        Invitation.objects.filter(offer__offered_by__in=changed).revoke()
        return changed


def enable(contacts: ContactQuerySet, *, by, comment: str = "") -> list[Contact]:
    """Lets these contacts log on again; old sessions and links stay dead. Returns those that were
    disabled."""
    with transaction.atomic():
        return rows.set_status(contacts, Status.ENABLED, by=by, comment=comment)


def invite(contact: Contact, *, by) -> Invitation:
    """Sends the contact a link with which to choose a password; earlier ones end.

    The link works once, for INVITATION_VALID. Raises HasPassword, MayNotLogOn, Gone.
    """
    with transaction.atomic():
        current = _locked(contact)
        if current.has_password():
            raise HasPassword(current)
        if not current.may_log_on():
            raise MayNotLogOn(current)
        end_invitations([current])
        invitation = Invitation(contact=current, email=current.email, language=current.language)
        send(invitation, by=by)
        audit.record("contact.invited", current, by=by)
        return invitation


def end_invitations(contacts) -> None:
    """Of these contacts, those by which they would choose a password; offers of customers stay."""
    Invitation.objects.filter(contact__in=contacts, is_offer=False).end()


def send(invitation: Invitation, *, by, customer_name: str = "", silently: bool = False) -> None:
    """Saves a new invitation; its mail leaves when the transaction is through.

    silently sends no mail: nobody ever learns the key. For addresses that must not be invited, where
    the person who invites must not learn of it.
    """
    contact = by.contact if by and by.is_contact() else None
    invitation.sent_by = (contact.name or contact.email) if contact else (by.get_full_name() if by else "")
    secret = invitation.renew_key()
    invitation.full_clean(exclude=["contact"])
    invitation.save()
    if not silently:
        key = f"{invitation.pk}.{secret}"
        _after_commit(mail.send_invitation, invitation.pk, key, invitation.sent_by, customer_name)


def set_password(contact: Contact, raw_password: str, *, by) -> User:
    """Gives the contact a password, and a user if there is none; ends sessions, links and invitations.

    Whoever sets it for somebody else, by, does so until their next log-on; None is the contact
    itself. Raises Gone.
    """
    with transaction.atomic():
        current = _locked(contact)
        user = User.objects.filter(contact=current).first()
        if user is None:
            user = User(username=current.email, email=current.email, contact=current)
            user.set_unusable_password()
            accounts.save(user, by=by)
        return accounts.set_password(user, raw_password, by=by or user)


def sign_out(contact: Contact, *, by) -> bool:
    """Ends all sessions of the contact, for good; False if it has no log-on."""
    with transaction.atomic():
        if not accounts.end_sessions(User.objects.filter(contact=contact), by=by):
            return False
        audit.record("contact.changed", contact, by=by, changes={"sessions": ["", "ended"]})
        return True


def clean_up() -> int:
    """Deletes invitations that have been of no use for 30 days; returns how many."""
    long_ago = timezone.now() - timedelta(days=30)
    useless = Invitation.objects.filter(Q(ended__lt=long_ago) | Q(expires__lt=long_ago))
    with transaction.atomic():
        return useless.delete()[1].get("contacts.Invitation", 0)
