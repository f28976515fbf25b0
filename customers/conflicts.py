"""Two people changed the same customer: what differs, its contacts included, and who chose what."""

from django.http import QueryDict

from contacts.models import Contact
from customers import associates
from customers.models import Association, Customer
from ems_site import conflicts
from ems_site.audit.models import Entry
from ems_site.conflicts import Difference


def differences(
    mine: Customer, people: list[tuple[Contact, str]] | None, current: Customer, entries: list[Entry]
) -> list[Difference]:
    before = conflicts.values_before(entries)
    return conflicts.differences(mine, current, before) + _people(people, current, before)


def _people(people, current, before):
    if people is None:
        return []
    mine = {contact.pk: kind for contact, kind in people if contact.pk}
    links = current.associations.select_related("contact")
    theirs = {link.contact_id: link.kind for link in links}
    emails = {contact.pk: contact.email for contact, _ in people if contact.pk}
    emails |= {link.contact_id: link.contact.email for link in links}
    return [
        Difference(
            name=f"contact:{key}",
            label=f"Contact {emails[key]}",
            before=kind_label(before.get(f"contact:{key}", theirs.get(key, ""))),
            theirs=kind_label(theirs.get(key, "")),
            mine=kind_label(mine.get(key, "")),
        )
        for key in emails
        if mine.get(key) != theirs.get(key)
    ]


def kind_label(kind: str) -> str:
    return Association.Kind(kind).label if kind else "Not associated"


def resolve(data: QueryDict, current: Customer) -> QueryDict:
    """What was posted, with the current value or association wherever the person chose theirs."""
    rows = associates.values(data)
    links = {str(link.contact_id): link.kind for link in current.associations.all()}
    for name in conflicts.chosen_theirs(data):
        if name.startswith("contact:"):
            key = name.removeprefix("contact:")
            rows = [row for row in rows if str(row["contact"]) != key]
            if key in links:
                rows.append({"contact": key, "kind": links[key]})
    return associates.write(conflicts.resolve(data, current), rows)
