"""Activations: part of a product key's quantity, with the license that it generates."""

import uuid as uuids

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts.models import Contact
from customers.models import Association, Customer
from customers.time_zones import validate_time_zone
from ems_site.audit import actions as audit
from ems_site.audit.changes import Changes, link_name
from ems_site.errors import Conflict, Gone, Refused
from entitlements import licenses
from entitlements.actions.locks import hold_contact, hold_customers
from entitlements.actions.states import NotAllowed
from entitlements.models import Activation, Entitlement, ProductKey
from entitlements.validity import Validity


class NothingLeft(Refused):
    """More was to be activated than is left."""

    code = "nothing_left"

    def __init__(self, left: int, quantity: int):
        if left:
            text = _("Only %(left)d of %(quantity)d are left.")
        else:
            text = _("All %(quantity)d are activated: nothing is left.")
        super().__init__(text % {"left": left, "quantity": quantity})


def activate(
    product_key: ProductKey,
    *,
    quantity: int,
    by,
    activatee: Contact | None = None,
    time_zone: str = "",
    uuid: uuids.UUID | None = None,
) -> Activation:
    """Uses so much of the product key, and issues the license for it.

    Its window is computed in time_zone, the activatee's, or else in the customer's. A uuid makes it safe
    to ask twice: the second time what the first one made is returned, if it is the same. Contacts
    activate what they see in the portal.

    Raises NotAllowed, NothingLeft, Gone, Conflict, NoLicenseKey, and ValidationError for a quantity, an
    activatee or a time zone that cannot be.
    """
    with transaction.atomic():
        person = _hold_contacts(activatee, by)
        entitlement = _hold_entitlement(product_key)
        key = entitlement.product_keys.get(pk=product_key.pk)
        key.entitlement = entitlement
        _refuse_strangers(entitlement, by)
        if done := uuid and Activation.objects.filter(uuid=uuid).first():
            return _again(done, key, quantity, person, time_zone or entitlement.time_zone())
        if why := entitlement.why_not_activated():
            raise NotAllowed(why)
        _check_activatee(entitlement.customer, person, by)
        validity = _validity(key, time_zone)
        activation = Activation(
            uuid=uuid or uuids.uuid4(),
            product_key=key,
            quantity=quantity,
            activatee=person,
            time_zone=validity.time_zone,
            valid_from=validity.starts,
            valid_until=validity.until,
            activated=timezone.now(),
            activated_by_key=by.pk if by else None,
            activated_by=by.get_username() if by else "",
        )
        activation.full_clean()
        if activation.quantity > (left := key.available()):
            raise NothingLeft(left, key.quantity)
        activation.license = licenses.issue(activation)
        activation.save()
        _record("entitlement.activated", activation, ["", activation.summary()], by)
        return activation


def _hold_contacts(activatee, by):
    """Holds whom it is for and, if that is a contact, who does it; returns the first as it is now."""
    doer = by.contact_id if by and by.is_contact() else None
    held = {key: hold_contact(key) for key in sorted({doer, activatee and activatee.pk} - {None})}
    person = held[activatee.pk] if activatee else None
    if activatee and person is None:
        raise ValidationError({"activatee": _("This contact has been deleted meanwhile.")})
    return person


def _hold_entitlement(product_key: ProductKey) -> Entitlement:
    """Holds the customer, then the entitlement: neither is disabled, edited or used up in this instant."""
    known = Entitlement.objects.filter(product_keys=product_key.pk).first()
    held = hold_customers([known.customer_id]) if known and known.customer_id else {}
    rows = Entitlement.objects.select_for_update(no_key=True)
    entitlement = rows.filter(product_keys=product_key.pk).first() if known else None
    if entitlement is None:
        raise Gone(_("It has been deleted meanwhile."))
    if entitlement.customer_id:
        if entitlement.customer_id not in held:
            raise Conflict(current=entitlement, mine=entitlement)
        entitlement.customer = held[entitlement.customer_id]
    return entitlement


def _refuse_strangers(entitlement, by):
    if by and by.is_contact():
        contact = Contact.objects.enabled().filter(pk=by.contact_id).first()
        seen = contact and Entitlement.objects.visible_to(contact).filter(pk=entitlement.pk).exists()
        if not seen:
            raise NotAllowed(_("You may not activate this entitlement any more."))


def _again(done, key, quantity, person, zone):
    made = (done.product_key_id, str(done.quantity), done.activatee_id, done.time_zone)
    if done.is_revoked() or made != (key.pk, str(quantity), person and person.pk, zone):
        raise ValidationError(_("This form was used already. Open it again."), code="used")
    return done


def _check_activatee(customer: Customer | None, person: Contact | None, by):
    """Standard contacts activate for themselves or for nobody."""
    if person is None:
        return
    if by and by.is_contact() and by.contact_id != person.pk:
        links = by.contact.associations.filter(customer=customer, kind=Association.Kind.ADMINISTRATOR)
        if not links.exists():
            raise ValidationError({"activatee": _("You may activate for yourself only.")})
    if customer is None or not customer.contacts.contains(person):
        raise ValidationError({"activatee": _("Choose a contact of this customer.")})
    if not person.is_enabled():
        raise ValidationError({"activatee": _("%s is disabled.") % person})


def _validity(key: ProductKey, time_zone: str) -> Validity:
    """Asks for the window in this zone, or in the customer's. Raises NotAllowed once it has ended."""
    if time_zone:
        try:
            validate_time_zone(time_zone)
        except ValidationError as error:
            raise ValidationError({"time_zone": error}) from error
    zone = time_zone or key.entitlement.time_zone()
    try:
        validity = key.validity_in(zone)
    except ValueError as error:
        raise ValidationError({"time_zone": str(error)}) from None
    if validity.has_ended():
        ended = _("It ended with %(day)s in %(zone)s.")
        raise NotAllowed(ended % {"day": validity.end_shown(), "zone": zone})
    return validity


def revoke(activation: Activation, *, by, comment: str) -> Activation:
    """Gives the quantity back. The license stays valid where it is, so a reason is asked for.

    Raises NotAllowed where it is revoked already or its entitlement is not complete, Gone, and
    ValidationError without a reason.
    """
    if not comment.strip():
        raise ValidationError({"comment": "Give a reason."})
    with transaction.atomic():
        entitlement = _hold_entitlement(activation.product_key)
        current = Activation.objects.select_for_update().get(pk=activation.pk)
        if current.is_revoked():
            raise NotAllowed("This activation has been revoked already.")
        if not entitlement.is_complete():
            raise NotAllowed(f"{entitlement} is {entitlement.get_state_display()}: nothing is revoked.")
        current.revoked, current.revoked_by = timezone.now(), by.get_username() if by else ""
        current.reason = comment
        current.full_clean()
        current.save(update_fields=["revoked", "revoked_by", "reason"])
        current.product_key.entitlement = entitlement
        moved = _follow_customer(current.product_key)
        _record("entitlement.revoked", current, [current.summary(), ""], by, comment, moved)
        return current


def _follow_customer(key) -> Changes:
    """Without an activation, its window is the one in the customer's zone again. For the history."""
    before = key.validity()
    if key.activations.in_force().exists() or key.time_zone == key.entitlement.time_zone():
        return {}
    try:
        key.place(key.validity_in(key.entitlement.time_zone()))
    except ValueError:
        return {}  # There is no such day in that zone: it stays where it is.
    key.save(update_fields=key.WINDOW)
    return {key.link(): [str(before), str(key.validity())]}


def _record(code, activation, change, by, comment="", moved=None):
    changes = {link_name(activation, activation.product_key.called()): change} | (moved or {})
    entitlement = activation.product_key.entitlement
    audit.record(code, entitlement, by=by, changes=changes, comment=comment)
