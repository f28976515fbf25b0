"""The panes of the entitlement form: whose it is, and its products; what stands in them, and what their
buttons do.

Every button posts the whole form, with or without JavaScript, so nothing typed is ever lost; what is
chosen and typed lives in the form alone until the draft is saved.
"""

from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.http import QueryDict

from contacts.models import Contact
from customers import associates
from customers.models import Customer
from ems_site.lists.keyset import Sort
from ems_site.lists.picking import Picker
from ems_site.parameters import whole_number
from entitlements.actions.drafts import MOST_PRODUCT_KEYS
from entitlements.forms import (
    TOO_MANY,
    BaseProductKeyFormSet,
    DayField,
    EntitlementForm,
    ProductKeyForm,
    ProductKeyFormSet,
)
from entitlements.models import Entitlement, ProductKey
from entitlements.validity import Validity

PREFIX = "products"
VERBS = (
    *("find_customers", "choose_customer", "change_customer", "keep_customer", "remove_customer"),
    *("find_contacts", "choose_contact", "remove_contact"),
    *("add_product", "remove_product", "show_windows"),
)
BY_NAME, BY_EMAIL = Sort(("name_key",)), Sort(("email_key",))


@dataclass
class Owner:
    """Whose it is: `finding` while a customer is looked for, `refusal` is why one was not taken,
    `contact_note` what became of the contact."""

    customer: Customer | None = None
    contact: Contact | None = None
    contact_left: bool = False
    finding: bool = False
    picker: Picker = field(default_factory=lambda: Picker.read(Customer))
    found: list[Customer] = field(default_factory=list)
    more: bool = False
    contact_picker: Picker = field(default_factory=lambda: Picker.read(Contact))
    found_contacts: list[Contact] = field(default_factory=list)
    more_contacts: bool = False
    refusal: str = ""
    contact_note: str = ""
    announcement: str = ""

    def time_zone(self) -> str:
        return self.customer.time_zone if self.customer else "UTC"

    def offer(self) -> None:
        """Looks for customers, or for contacts of the customer, to choose."""
        self.finding = self.finding or self.customer is None
        if self.finding:
            others = Customer.objects.enabled().exclude(pk=getattr(self.customer, "pk", None))
            self.found, self.more = self.picker.found(others, BY_NAME)
        if self.customer and not self.contact:
            contacts = Contact.objects.enabled().filter(customers=self.customer)
            self.found_contacts, self.more_contacts = self.contact_picker.found(contacts, BY_EMAIL)


@dataclass
class Products:
    """`refusal` is why no line was added, `no_window` why the entitlement's own dates are impossible."""

    rows: BaseProductKeyFormSet
    refusal: str = ""
    announcement: str = ""
    no_window: str = ""

    def rows_with_errors(self) -> list[ProductKeyForm]:
        return [row for row in self.rows.forms if self.rows.is_bound and row.errors]

    def show_windows(self, form: EntitlementForm, time_zone: str) -> None:
        """Says of each line what its dates, or else the entitlement's, are in this zone."""
        sentence = _window(form, form, time_zone)[1]
        # A form that was validated says so at the field.
        self.no_window = "" if form.is_bound else sentence
        for row in self.rows.forms:
            row.validity, sentence = _window(row, form, time_zone)
            has_own = any(row.values()[name] for name in ("start_date", "end_date", "never_expires"))
            row.no_window = sentence if has_own and not row.is_bound else ""


def _window(row, form, time_zone) -> tuple[Validity | None, str]:
    """The window, or the sentence why there is none; neither as long as dates are missing."""
    try:
        start = _day(row["start_date"]) or _day(form["start_date"])
        end = _day(row["end_date"])
        never = bool(row["never_expires"].value())
        if not (end or never):
            end, never = _day(form["end_date"]), bool(form["never_expires"].value())
    except ValidationError:
        return None, ""
    if start is None or not (end or never):
        return None, ""
    try:
        return Validity.of(start, None if never else end, time_zone), ""
    except ValueError as error:
        return None, str(error)


def _day(typed):
    return DayField(required=False).clean(typed.value())


def owner_of(entitlement: Entitlement, preselected: str = "") -> Owner:
    """As the draft has it; a new one may begin with the enabled customer of this key."""
    if entitlement.pk:
        return _owner(entitlement, entitlement.customer_id, entitlement.contact_id)
    if not preselected:
        return Owner()
    customer = Customer.objects.enabled().filter(pk=whole_number(preselected) or 0).first()
    refusal = "" if customer else "The customer of this link is disabled or has been deleted."
    return Owner(customer, refusal=refusal)


def owner_posted(data: QueryDict, entitlement: Entitlement) -> Owner:
    owner = _owner(entitlement, data.get("customer"), data.get("contact"))
    owner.picker = Picker.read(Customer, data, "customer_")
    owner.contact_picker = Picker.read(Contact, data, "contact_")
    return owner


def _owner(entitlement, customer_key, contact_key):
    """A contact is shown where the customer has it, or the draft has had it before."""
    customer = Customer.objects.filter(pk=whole_number(customer_key) or 0).first()
    key = whole_number(contact_key) or 0
    contact = customer.contacts.filter(pk=key).first() if customer else None
    if contact or not key or key != entitlement.contact_id:
        return Owner(customer, contact)
    return Owner(customer, Contact.objects.filter(pk=key).first(), contact_left=customer is not None)


def products_of(entitlement: Entitlement) -> Products:
    """As the entitlement has them, or one line to begin with."""
    return Products(_rows(entitlement, rows_of(entitlement) or [{}]))


def rows_of(entitlement: Entitlement) -> list[dict]:
    """What stands in the lines of this entitlement, as it would be posted."""
    keys = entitlement.product_keys.all() if entitlement.pk else []
    return [
        {"id": key.pk} | {name: _written(getattr(key, name)) for name in ProductKey.ATTRIBUTES}
        for key in keys
    ]


def _written(value):
    return "" if value is None else value


def products_posted(data: QueryDict, form: EntitlementForm) -> Products:
    """As they were posted, to be validated after the form."""
    return Products(ProductKeyFormSet(data, prefix=PREFIX, entitlement=form.instance))


def pressed(data: QueryDict) -> str:
    """Which of the buttons in the panes was pressed, or nothing."""
    return next((verb for verb in VERBS if verb in data), "")


def press(data: QueryDict, entitlement: Entitlement) -> tuple[Owner, Products]:
    """The panes after one of their buttons was pressed; nothing is validated."""
    verb, rows = pressed(data), values(data)
    owner = owner_posted(data, entitlement)
    owner.finding = verb in {"find_customers", "change_customer"}
    if verb == "choose_customer":
        _choose_customer(owner, entitlement, data.get(verb))
    elif verb == "remove_customer":
        owner.announcement = f"{owner.customer or 'The customer'} removed."
        owner.customer = owner.contact = None
    elif verb == "choose_contact":
        _choose_contact(owner, data.get(verb))
    elif verb == "remove_contact":
        owner.announcement = f"{owner.contact or 'The contact'} removed."
        owner.contact = None
    refusal, announcement = _change_rows(verb, rows, data.get(verb))
    return owner, Products(_rows(entitlement, rows), refusal, announcement)


def _choose_customer(owner, entitlement, key):
    before, chosen = owner.customer, Customer.objects.filter(pk=whole_number(key) or 0).first()
    if chosen is None:
        owner.refusal = "This customer has been deleted meanwhile. Choose another one."
    elif not chosen.is_enabled() and chosen.pk != entitlement.customer_id:
        owner.refusal = f"{chosen} has been disabled meanwhile. Choose another one."
    if owner.refusal:
        owner.finding = True
        owner.announcement = owner.refusal
        return
    owner.customer, owner.picker = chosen, Picker.read(Customer)
    owner.announcement = f"{chosen} chosen."
    if owner.contact and chosen != before:
        owner.contact_note = f"{owner.contact} was removed: choose a contact of this customer."
        owner.announcement += f" {owner.contact_note}"
        owner.contact, owner.contact_left, owner.contact_picker = None, False, Picker.read(Contact)


def _choose_contact(owner, key):
    chosen = None
    if owner.customer:
        chosen = Contact.objects.enabled().filter(customers=owner.customer, pk=whole_number(key) or 0).first()
    if chosen:
        owner.contact, owner.contact_left, owner.contact_picker = chosen, False, Picker.read(Contact)
        owner.announcement = f"{chosen} chosen."
    else:
        owner.contact_note = "This contact is not one of the customer’s any more, or is disabled."
        owner.announcement = owner.contact_note


def _change_rows(verb, rows, number):
    """What cannot be done, and what was."""
    place = whole_number(number)
    if verb == "add_product":
        if len(rows) >= MOST_PRODUCT_KEYS:
            return TOO_MANY, TOO_MANY
        rows.append({})
        return "", f"Line {len(rows)} added."
    if verb == "remove_product" and place is not None and place < len(rows):
        rows.pop(place)
        return "", f"Line {place + 1} removed. It is gone once the draft is saved."
    return "", ""


def values(data: QueryDict) -> list[dict]:
    """What stands in the posted lines, valid or not."""
    rows = ProductKeyFormSet(data, prefix=PREFIX, entitlement=Entitlement())
    return [row.values() for row in rows.forms]


def numbers(rows: list[dict]) -> list[int]:
    """Which product keys these lines say they are; 0 where they say none."""
    return [whole_number(row["id"]) or 0 for row in rows]


def typed_keys(data: QueryDict) -> list[ProductKey]:
    """The posted lines, valid or not, to be shown; the blank ones are left out."""
    rows = ProductKeyFormSet(data, prefix=PREFIX, entitlement=Entitlement())
    typed = [row.values() for row in rows.forms if row.has_changed()]
    return [
        ProductKey(pk=number or None, **{name: row[name] for name in ProductKey.ATTRIBUTES})
        for row, number in zip(typed, numbers(typed), strict=True)
    ]


def write(data: QueryDict, rows: list[dict]) -> QueryDict:
    """Puts these lines into what was posted, in place of those that stand in it."""
    return associates.write(data, rows, prefix=PREFIX)


def _rows(entitlement, rows):
    return ProductKeyFormSet(initial=rows, prefix=PREFIX, entitlement=entitlement)
