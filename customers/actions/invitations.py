"""Invitations to become a customer's contact, which its Administrators send from the portal."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

import contacts.actions
from contacts.models import Contact, Invitation
from customers.actions.associations import associate
from customers.actions.customers import SEPARATELY
from customers.actions.locks import again, hold
from customers.models import Association, AssociationOffer, Customer, offers_of
from ems_site.accounts.actions import LinkUsed
from ems_site.accounts.models import User
from ems_site.audit import actions as audit
from ems_site.errors import Gone, Refused

INVITED = "invitation::"


class NotEnabled(Refused):
    code = "not_enabled"


class AlreadyAssociated(Refused):
    code = "already_associated"


def invite(customer: Customer, email: str, *, by, language: str = "en") -> Invitation:
    """Offers whoever has this e-mail address to become a Standard contact of the customer.

    Whether the address is known shows neither in what is returned nor in what is stored for the
    customer. An earlier open invitation of the same address to the customer ends. Raises
    AlreadyAssociated, NotEnabled, Gone, and ValidationError for a bad address.
    """
    with transaction.atomic():
        contact = Contact.objects.select_for_update(no_key=True).addressed(email).first()
        current = _locked(customer)
        if contact and current.contacts.contains(contact):
            raise AlreadyAssociated(_("%s is a contact of this customer already.") % contact.email)
        spoken = contact.language if contact else language
        invitation = Invitation(contact=contact, email=email, language=spoken, is_offer=True)
        invitation.clean_fields(exclude=["contact", "digest"])
        offers_of(current).addressed(email).end()
        may_join = contact.is_enabled() if contact else not User.objects.named(email).exists()
        contacts.actions.send(invitation, by=by, customer_name=str(current), silently=not may_join)
        offered_by = by.contact if by.is_contact() else None
        AssociationOffer.objects.create(invitation=invitation, customer=current, offered_by=offered_by)
        _record(current, invitation, ["", "invited"], by)
        return invitation


def _locked(customer):
    current = Customer.objects.select_for_update(no_key=True).filter(pk=customer.pk).first()
    if current is None:
        raise Gone(_("%s has been deleted meanwhile.") % customer)
    if not current.is_enabled():
        raise NotEnabled(_("%s is disabled.") % current)
    return current


def _record(customer, invitation, change, by):
    audit.record("customer.changed", customer, by=by, changes={f"{INVITED}{invitation.email}": change})


def withdraw(invitation: Invitation, *, by) -> bool:
    """Ends a pending invitation to a customer; False if it is not pending any more."""
    with transaction.atomic():
        if not Invitation.objects.pending().filter(pk=invitation.pk).end():
            return False
        _record(invitation.offer.customer, invitation, ["invited", ""], by)
        return True


@again
def accept(key: str, *, password: str | None = None, name: str = "", language: str = "") -> Contact:
    """Uses an invitation up: sets the password of whoever has none, and makes them the customer's
    contact if it offers that. Whoever is not a contact yet becomes one, of this name and language.

    Of two at the same time, one is refused. Raises LinkUsed, ValidationError.
    """
    with transaction.atomic():
        invitation = Invitation.objects.of_key(key)
        if invitation is None:
            raise LinkUsed
        contact = _hold(invitation)
        if Invitation.objects.of_key(key) is None:
            raise LinkUsed
        if (needs_password := invitation.needs_password()) and not password:
            raise ValidationError(_("Choose a password."), code="password_missing")
        if contact is None:
            contact = Contact(email=invitation.email, name=name, language=language or invitation.language)
            contacts.actions.save(contact, by=None)
        Invitation.objects.filter(pk=invitation.pk).end()
        if needs_password and password:
            contacts.actions.set_password(contact, password, by=None)
        if offer := AssociationOffer.objects.filter(invitation=invitation).first():
            _join(offer, contact)
        return contact


def _hold(invitation):
    """Locks the contacts, the customer and the invitation, in this order."""
    recipient = invitation.recipient()
    customer = Customer.objects.filter(offers__invitation=invitation).first()
    if customer is None:
        people = Contact.objects.filter(pk__in=[recipient.pk] if recipient else [])
        list(people.select_for_update(no_key=True))
    else:
        hold(customer, [(recipient, Association.Kind.STANDARD)] if recipient else [])
    list(Invitation.objects.select_for_update().filter(pk=invitation.pk))
    return Contact.objects.filter(pk=recipient.pk).first() if recipient else None


def _join(offer, contact):
    """The Administrator's invitation and the person's consent are the confirmation."""
    if not offer.customer.contacts.contains(contact):
        associate(offer.customer, contact, offer.kind, by=contact.user, confirmed=SEPARATELY)
