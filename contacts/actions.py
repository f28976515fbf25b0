"""What can be done to contacts. Each action is one transaction with its history."""

from django.db import IntegrityError, transaction

from contacts.models import Contact
from ems_site.audit import actions as audit
from ems_site.audit.changes import differences, first_values
from ems_site.errors import Conflict, Gone


def save(contact: Contact, *, by) -> Contact:
    """Adds the contact, or saves its attributes if they changed.

    contact.version is the version the person saw. Raises ValidationError for bad values, Conflict
    when somebody else saved meanwhile, Gone when somebody deleted it.
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
    current = Contact.objects.select_for_update(no_key=True).filter(pk=contact.pk).first()
    if current is None:
        raise Gone(f"{contact} has been deleted meanwhile.")
    contact.full_clean()
    changes = differences(current, contact)
    if not changes:
        return contact
    if contact.version != current.version:
        raise Conflict(current=current, mine=contact)
    contact.version += 1
    contact.save()
    if "email" in changes:
        contact.customers.refresh_search_keys()
    audit.record("contact.changed", contact, by=by, changes=changes)
    return contact
