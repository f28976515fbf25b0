import json

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Field, Fieldset, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from contacts.forms import ContactForm
from contacts.models import Contact
from customers import time_zones
from customers.models import Association, Customer
from ems_site.folding import identity_key
from ems_site.forms import PostedRows, VersionedForm
from ems_site.parameters import LARGEST_KEY, whole_number


class TimeZoneSelect(forms.Select):
    """Draws its options in one go: a template for each of four hundred takes most of the page's time."""

    def render(self, name, value, attrs=None, renderer=None):
        regions = format_html_join(
            "",
            '<optgroup label="{}">{}</optgroup>',
            ((region, self._options(zones, value)) for region, zones in self.choices),
        )
        attributes = flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name}))
        return format_html("<select{}>{}</select>", attributes, regions)

    def _options(self, zones, value):
        marked = ((zone, " selected" if zone == value else "", label) for zone, label in zones)
        return format_html_join("", '<option value="{}"{}>{}</option>', marked)


class TimeZoneField(forms.ChoiceField):
    """Offers the canonical names; an alias that a customer has already is kept."""

    widget = TimeZoneSelect

    def __init__(self, **kwargs):
        super().__init__(choices=time_zones.choices, **kwargs)

    def valid_value(self, value):
        return value in time_zones.known_names()


class CustomerForm(VersionedForm):
    time_zone = TimeZoneField(
        label="Time Zone",
        initial="UTC",
        help_text="License dates of this customer are calendar dates in this zone.",
        error_messages={"invalid_choice": "Choose a time zone from the list."},
    )

    class Meta:
        model = Customer
        fields = Customer.ATTRIBUTES

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk and "customer_id" in self.fields:
            self.fields["customer_id"].help_text = ""
        self._keep_alias()
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(
            Fieldset(
                "Attributes",
                Field("name", wrapper_class="span-2", autocomplete="off", **self._same_name()),
                HTML("{% include 'customers/_same_name_hint.html' %}"),
                Field("customer_id", autocomplete="off"),
                "crm_id",
                Field("description", wrapper_class="span-2"),
                template="components/_panel_fieldset.html",
                css_id="attributes-title",
            ),
            Fieldset(
                "Additional Attributes",
                "external_id",
                "ref_id",
                Field("time_zone", data_timezone_picker=""),
                template="components/_panel_fieldset.html",
                css_id="additional-attributes-title",
            ),
            "version",
        )

    def _same_name(self):
        """Asks while a name is typed whether another customer has it."""
        return {
            "hx_get": reverse("customers:same_name"),
            "hx_trigger": "input changed delay:400ms",
            "hx_target": "#same-name",
            "hx_vals": json.dumps({"other_than": self.instance.pk or ""}),
        }

    def _keep_alias(self):
        if "time_zone" not in self.fields:
            return
        name = self["time_zone"].value()
        if name in time_zones.known_names() and name not in time_zones.canonical_names():
            kept = ("In use", [(name, time_zones.label(name))])
            self.fields["time_zone"].widget.choices = [kept, *time_zones.choices()]


class AssociateForm(forms.Form):
    """A row of the Associate Contacts pane: an existing contact, or one to be added."""

    contact = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_KEY, widget=forms.HiddenInput)
    kind = forms.ChoiceField(choices=Association.Kind, initial=Association.Kind.STANDARD)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.person: Contact | None = None
        for name in Contact.ATTRIBUTES:
            self.fields[name] = forms.CharField(required=False, widget=forms.HiddenInput)
        self.fields["kind"].widget.attrs["class"] = "form-select form-select-sm"

    def values(self) -> dict:
        """What stands in the row now, valid or not."""
        return {name: self[name].value() or "" for name in self.fields}

    def is_new(self) -> bool:
        return not self["contact"].value()

    def posted_fields(self) -> list[forms.BoundField]:
        """What the row posts besides its kind: a key, or the attributes of a new contact."""
        names = Contact.ATTRIBUTES if self.is_new() else ["contact"]
        return [self[name] for name in names]

    def label(self) -> str:
        if self.is_new():
            values = self.values()
            return values["name"] or values["email"]
        return (self.person.name or self.person.email) if self.person else "Deleted contact"

    def address(self) -> str:
        return self.values()["email"] if self.is_new() else getattr(self.person, "email", "")

    def clean(self):
        cleaned = super().clean()
        if self.errors or not self.is_new():
            return cleaned
        form = ContactForm(self.values())
        if form.is_valid():
            self.person = form.instance
            return cleaned
        raise ValidationError(
            [f"{form[name].label}: {text}" for name, texts in form.errors.items() for text in texts]
        )


class BaseAssociateFormSet(PostedRows, forms.BaseFormSet):
    def load_people(self) -> None:
        """Finds the existing contacts of all rows with one query."""
        keys = {form: whole_number(form["contact"].value()) for form in self.forms}
        people = Contact.objects.in_bulk([key for key in keys.values() if key])
        for form, key in keys.items():
            form.person = people.get(key, form.person)

    def clean(self):
        if (self.management_form.cleaned_data["TOTAL_FORMS"] or 0) < self.posted_rows():
            raise ValidationError("The list of contacts could not be read. Look through it again.")
        self.load_people()
        seen = set()
        for form in self.forms:
            if form.errors:
                continue
            if form.person is None:
                form.add_error(None, "This contact has been deleted. Remove it from the list.")
                continue
            identity = form.person.pk or identity_key(form.person.email)
            if identity in seen:
                form.add_error(None, "This contact stands in the list twice. Remove one.")
            seen.add(identity)

    def associates(self) -> list[tuple[Contact, str]]:
        return [(form.person, form.cleaned_data["kind"]) for form in self.forms]


AssociateFormSet: type[BaseAssociateFormSet] = forms.formset_factory(  # type: ignore[assignment]
    AssociateForm,
    formset=BaseAssociateFormSet,
    extra=0,
    max_num=1000,
    absolute_max=1000,
    validate_max=True,
)
