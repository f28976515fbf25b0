"""The Associate Contacts pane: what stands in it, and what its buttons do.

Every button posts the whole form, with or without JavaScript, so nothing typed is ever lost; the
rows live in the form alone until the customer is saved.
"""

from dataclasses import dataclass, field

from django.db.models import QuerySet
from django.http import QueryDict

from contacts.forms import ContactForm
from contacts.models import Contact
from customers.forms import AssociateForm, AssociateFormSet
from customers.models import Association, Customer
from ems_site.folding import identity_key
from ems_site.parameters import whole_number

PREFIX = "contacts"
NEW_PREFIX = "new"
VERBS = ("find_contacts", "associate", "remove", "add_contact", "save_contact", "cancel_contact")
OFFERED = 8


@dataclass
class Pane:
    rows: AssociateFormSet
    text: str = ""
    new_contact: ContactForm | None = None
    announcement: str = ""
    new_kind: str = Association.Kind.STANDARD
    found: list[Contact] = field(default_factory=list)
    more: bool = False

    def rows_with_errors(self) -> list[AssociateForm]:
        return [row for row in self.rows.forms if self.rows.is_bound and row.errors]

    def offer(self, contacts: QuerySet[Contact]) -> "Pane":
        """Looks for contacts to pick, leaving out those that are associated already."""
        self.rows.load_people()
        taken = [row.person.pk for row in self.rows.forms if row.person and row.person.pk]
        found = contacts.search(self.text).exclude(pk__in=taken)[: OFFERED + 1]
        self.found, self.more = list(found[:OFFERED]), len(found) > OFFERED
        return self


def of_customer(customer: Customer) -> Pane:
    """The pane as the customer has it."""
    links = customer.associations.all() if customer.pk else []
    return Pane(_rows([{"contact": link.contact_id, "kind": link.kind} for link in links]))


def posted(data: QueryDict) -> Pane:
    """The pane as it was posted, to be validated."""
    return Pane(AssociateFormSet(data, prefix=PREFIX), text=data.get("contact_q", ""))


def press(data: QueryDict) -> Pane:
    """The pane after one of its buttons was pressed; nothing is validated but a new contact."""
    rows = values(data)
    pane = Pane(_rows(rows), text=data.get("contact_q", ""))
    if "associate" in data:
        person = Contact.objects.filter(pk=whole_number(data["associate"])).first()
        if person is None:
            pane.announcement = "This contact has been deleted meanwhile."
        elif str(person.pk) not in {row["contact"] for row in rows}:
            rows.append({"contact": str(person.pk), "kind": Association.Kind.STANDARD})
            pane.announcement = f"{person} associated."
    elif "remove" in data:
        place = whole_number(data["remove"])
        if place is not None and place < len(rows):
            rows.pop(place)
            pane.announcement = "Contact removed from the list."
    elif "add_contact" in data:
        pane.new_contact = ContactForm(prefix=NEW_PREFIX)
    elif "save_contact" in data:
        _add(pane, rows, data)
    pane.rows = _rows(rows)
    return pane


def _add(pane, rows, data):
    form = ContactForm(data, prefix=NEW_PREFIX)
    kind = data.get(f"{NEW_PREFIX}-kind", "")
    pane.new_kind = kind if kind in Association.Kind.values else Association.Kind.STANDARD
    if form.is_valid() and _stands_in(rows, form.cleaned_data["email"]):
        form.add_error("email", "A contact with this Email is in the list already.")
    if form.errors:
        pane.new_contact = form
        return
    added = {name: form.cleaned_data[name] for name in Contact.ATTRIBUTES}
    rows.append(added | {"kind": pane.new_kind})
    pane.announcement = f"{form.instance} added. Saved with the customer."


def _stands_in(rows, email):
    return identity_key(email) in {identity_key(row.get("email", "")) for row in rows}


def values(data: QueryDict) -> list[dict]:
    """What stands in the posted rows, valid or not."""
    rows = AssociateFormSet(data, prefix=PREFIX)
    return [row.values() for row in rows.forms]


def _rows(rows: list[dict]) -> AssociateFormSet:
    return AssociateFormSet(initial=rows, prefix=PREFIX)


def write(data: QueryDict, rows: list[dict]) -> QueryDict:
    """Puts these rows into what was posted, in place of those that stand in it."""
    for name in [name for name in data if name.startswith(f"{PREFIX}-")]:
        del data[name]
    data[f"{PREFIX}-TOTAL_FORMS"] = str(len(rows))
    data[f"{PREFIX}-INITIAL_FORMS"] = "0"
    for place, row in enumerate(rows):
        for name, value in row.items():
            data[f"{PREFIX}-{place}-{name}"] = str(value)
    return data
