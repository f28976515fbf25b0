"""The Associate Contacts pane: what stands in it, and what its buttons do.

Every button posts the whole form, with or without JavaScript, so nothing typed is ever lost; the
rows live in the form alone until the customer is saved.
"""

from dataclasses import dataclass, field

from django.http import QueryDict

from contacts.forms import ContactForm
from contacts.models import Contact, ContactQuerySet
from customers.forms import AssociateForm, AssociateFormSet, BaseAssociateFormSet
from customers.models import Association, Customer
from ems_site.folding import identity_key
from ems_site.lists.keyset import Sort
from ems_site.lists.picking import Picker
from ems_site.parameters import whole_number

PREFIX = "contacts"
NEW_PREFIX = "new"
VERBS = ("find_contacts", "associate", "remove", "add_contact", "save_contact", "cancel_contact")
BY_EMAIL = Sort(("email_key",))


@dataclass
class Pane:
    rows: BaseAssociateFormSet
    picker: Picker
    new_contact: ContactForm | None = None
    announcement: str = ""
    new_kind: str = Association.Kind.STANDARD
    found: list[Contact] = field(default_factory=list)
    more: bool = False

    def rows_with_errors(self) -> list[AssociateForm]:
        return [row for row in self.rows.forms if self.rows.is_bound and row.errors]

    def offer(self, contacts: ContactQuerySet) -> "Pane":
        """Looks for contacts to pick, leaving out those that are associated already."""
        self.rows.load_people()
        taken = [row.person.pk for row in self.rows.forms if row.person and row.person.pk]
        self.found, self.more = self.picker.found(contacts.exclude(pk__in=taken), BY_EMAIL)
        return self


def of_customer(customer: Customer) -> Pane:
    """The pane as the customer has it."""
    links = customer.associations.all() if customer.pk else []
    rows = [{"contact": link.contact_id, "kind": link.kind} for link in links]
    return Pane(_rows(rows), Picker.read(Contact))


def posted(data: QueryDict) -> Pane:
    """The pane as it was posted, to be validated."""
    return Pane(AssociateFormSet(data, prefix=PREFIX), _picker(data))


def _picker(data):
    return Picker.read(Contact, data, "contact_")


def pressed(data: QueryDict) -> str:
    """Which of the pane's buttons was pressed, or nothing.

    Enter in the Add Contact dialog saves the form where there is no JavaScript: it is taken for
    the dialog's own button, so that the contact being typed is not lost.
    """
    verb = next((verb for verb in VERBS if verb in data), "")
    return verb or ("save_contact" if "save" in data and _typed_contact(data) else "")


def press(data: QueryDict) -> Pane:
    """The pane after one of its buttons was pressed; nothing is validated but a new contact."""
    verb, rows = pressed(data), values(data)
    pane = Pane(_rows(rows), _picker(data), new_kind=_posted_kind(data))
    if verb == "save_contact":
        _add(pane, rows, data)
    elif verb == "add_contact":
        pane.new_contact = ContactForm(prefix=NEW_PREFIX, initial=_typed_contact(data))
    elif verb != "cancel_contact" and (typed := _typed_contact(data)):
        pane.new_contact = ContactForm(prefix=NEW_PREFIX, initial=typed)
    if verb == "associate":
        _associate(pane, rows, data["associate"])
    elif verb == "remove":
        _remove(pane, rows, data["remove"])
    pane.rows = _rows(rows)
    return pane


def _typed_contact(data):
    names = Contact.ATTRIBUTES
    typed = {name: data.get(f"{NEW_PREFIX}-{name}", "") for name in names}
    return typed if any(typed[name].strip() for name in names if name != "language") else {}


def _posted_kind(data):
    kind = data.get(f"{NEW_PREFIX}-kind", "")
    return kind if kind in Association.Kind.values else Association.Kind.STANDARD


def _associate(pane, rows, key):
    person = Contact.objects.filter(pk=whole_number(key) or 0).first()
    if person is None:
        pane.announcement = "This contact has been deleted meanwhile."
    elif str(person.pk) not in {str(row.get("contact", "")) for row in rows}:
        rows.append({"contact": str(person.pk), "kind": Association.Kind.STANDARD})
        pane.announcement = f"{person} associated."


def _remove(pane, rows, number):
    place = whole_number(number)
    if place is not None and place < len(rows):
        rows.pop(place)
        pane.announcement = "Contact removed from the list."


def _add(pane, rows, data):
    form = ContactForm(data, prefix=NEW_PREFIX)
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


def _rows(rows: list[dict]) -> BaseAssociateFormSet:
    return AssociateFormSet(initial=rows, prefix=PREFIX)


def write(data: QueryDict, rows: list[dict], prefix: str = PREFIX) -> QueryDict:
    """Puts these rows into what was posted, in place of those that stand in it."""
    for name in [name for name in data if name.startswith(f"{prefix}-")]:
        del data[name]
    data[f"{prefix}-TOTAL_FORMS"] = str(len(rows))
    data[f"{prefix}-INITIAL_FORMS"] = "0"
    for place, row in enumerate(rows):
        for name, value in row.items():
            data[f"{prefix}-{place}-{name}"] = str(value)
    return data
