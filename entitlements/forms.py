from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Fieldset, Layout
from django import forms
from django.core.exceptions import ValidationError

from contacts.models import Contact
from customers.models import Customer
from ems_site.forms import PostedRows, VersionedForm
from ems_site.parameters import whole_number
from entitlements.actions.drafts import MOST_PRODUCT_KEYS
from entitlements.models import Entitlement, ProductKey
from entitlements.validity import Validity

BOTH = "Give an end date or tick “Never expires”, not both."
NEITHER = "Give an end date, or tick “Never expires”."
UNREADABLE = "The list of products could not be read. Look through it again."
TOO_MANY = f"An entitlement has at most {MOST_PRODUCT_KEYS} products."
# More than an entitlement may have are shown again all the same, so that nothing typed is lost.
MOST_POSTED = 1000


class DayField(forms.DateField):
    """A calendar date as browsers post it: in ASCII digits, the year first."""

    default_error_messages = {"invalid": "Enter a date that exists, such as 2026-12-31."}

    def __init__(self, **kwargs):
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "sets-window"})
        super().__init__(**{"widget": widget, "input_formats": ["%Y-%m-%d"], **kwargs})

    def to_python(self, value):
        if isinstance(value, str) and not value.isascii():
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class PickedField(forms.ModelChoiceField):
    """The key of a record that is found and chosen in a pane; what is wrong with it leads to `anchor`."""

    widget = forms.HiddenInput

    def __init__(self, queryset, *, anchor: str, gone: str, **kwargs):
        super().__init__(queryset, required=False, error_messages={"invalid_choice": gone}, **kwargs)
        self.anchor = anchor

    def to_python(self, value):
        if value not in self.empty_values and whole_number(value) is None:
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return super().to_python(value)


class EntitlementForm(VersionedForm):
    customer = PickedField(
        Customer.objects.all(),
        anchor="customer-title",
        gone="This customer has been deleted meanwhile. Choose another one.",
    )
    contact = PickedField(
        Contact.objects.all(),
        anchor="contact-title",
        gone="This contact has been deleted meanwhile. Choose another one.",
    )
    start_date = DayField(label="Start date")
    end_date = DayField(label="End date", required=False)
    never_expires = forms.BooleanField(
        label="Never expires",
        required=False,
        widget=forms.CheckboxInput({"class": "sets-window", "data-instead-of": "id_end_date"}),
    )

    class Meta:
        model = Entitlement
        fields = ("customer", "contact", "start_date", "end_date", "ref_id1", "ref_id2", "external_id")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        saved = self.instance.pk is not None
        self.initial.setdefault("never_expires", saved and self.instance.end_date is None)
        for name in ("ref_id1", "ref_id2", "external_id"):
            self.fields[name].widget.attrs["autocomplete"] = "off"
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(
            Fieldset(
                "Attributes",
                "start_date",
                Div("end_date", "never_expires", css_class="end-or-never"),
                "ref_id1",
                "ref_id2",
                "external_id",
                template="components/_panel_fieldset.html",
                css_id="attributes-title",
            ),
            "version",
        )

    def clean(self):
        cleaned = super().clean()
        end, never = cleaned.get("end_date"), cleaned.get("never_expires")
        if "end_date" not in self.errors and bool(end) == bool(never):
            self.add_error("end_date", BOTH if end else NEITHER)
        _forget_wrong_dates(self)
        return cleaned

    def _post_clean(self):
        super()._post_clean()
        # The lines are judged afterwards, by what is right about the dates.
        _forget_wrong_dates(self)


class ProductKeyForm(forms.ModelForm):
    """A line of the Products pane: a product key, or one to be added."""

    TEXTS = ("product", "product_version", "quantity", "start_date")

    id = forms.CharField(required=False, widget=forms.HiddenInput)
    start_date = DayField(label="Start date", required=False)
    end_date = DayField(label="End date", required=False)

    class Meta:
        model = ProductKey
        fields = ProductKey.ATTRIBUTES
        widgets = {"quantity": forms.TextInput({"inputmode": "numeric"})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.validity: Validity | None = None
        self.no_window = ""
        for name in (*self.TEXTS, "end_date"):
            attrs = self.fields[name].widget.attrs
            attrs["class"] = f"form-control {attrs.get('class', '')}".strip()
            attrs["autocomplete"] = "off"
        never = {"class": "form-check-input sets-window", "data-instead-of": self["end_date"].auto_id}
        self.fields["never_expires"].widget.attrs |= never

    def clean(self):
        """Leaves the constraints of the table to the action: they say the same as the fields do, and
        the database would be asked for each of them, line by line."""
        _forget_wrong_dates(self)
        return self.cleaned_data

    def has_changed(self) -> bool:
        """A line with nothing but the quantity that was proposed, or without that, is blank."""
        typed = set(self.changed_data)
        return bool(typed - {"quantity"}) or (
            "quantity" in typed and bool(str(self.values()["quantity"]).strip())
        )

    def values(self) -> dict:
        """What stands in the line now, valid or not."""
        values = {name: self[name].value() for name in self.fields}
        return {name: "" if value is None else value for name, value in values.items()}

    def texts(self) -> list[forms.BoundField]:
        """What has a column of its own."""
        return [self[name] for name in self.TEXTS]

    def label(self) -> str:
        """What it is called among the errors."""
        place = int(str(self.prefix).rpartition("-")[2]) + 1
        product = str(self.values()["product"]).strip()
        return f"{place} ({product})" if product else str(place)


def _forget_wrong_dates(form):
    """What is wrong already must not be judged together with what stood there before."""
    for name in ("start_date", "end_date"):
        if name in form.errors:
            setattr(form.instance, name, None)


class BaseProductKeyFormSet(PostedRows, forms.BaseFormSet):
    """The lines of an entitlement. Its dates and customer are looked at while the lines are validated."""

    default_error_messages = {
        "missing_management_form": UNREADABLE,
        "too_many_forms": TOO_MANY,
    }

    def __init__(self, *args, entitlement: Entitlement, **kwargs):
        self.entitlement = entitlement
        saved = entitlement.product_keys.all() if entitlement.pk else ()
        self.saved = {key.pk: key for key in saved}
        super().__init__(*args, **kwargs)

    def initial_form_count(self):
        """Whatever a post claims: each of its lines may be blank."""
        return 0 if self.is_bound else super().initial_form_count()

    def get_form_kwargs(self, index):
        number = whole_number(self.data.get(f"{self.add_prefix(index)}-id"))
        key = self.saved.get(number) or ProductKey(entitlement=self.entitlement)
        return {**super().get_form_kwargs(index), "instance": key}

    def clean(self):
        if (self.management_form.cleaned_data["TOTAL_FORMS"] or 0) < self.posted_rows():
            raise ValidationError(UNREADABLE)
        if sum(form.has_changed() for form in self.forms) > MOST_PRODUCT_KEYS:
            raise ValidationError(TOO_MANY)
        numbers = {form: self._number(form) for form in self.forms if form["id"].value()}
        strangers = [number for number in numbers.values() if number not in self.saved]
        others = set(ProductKey.objects.filter(pk__in=strangers).values_list("pk", flat=True))
        seen = set()
        for form, number in numbers.items():
            if number in others:
                form.add_error(None, "This product belongs to another entitlement. Remove the line.")
            elif number == 0:
                form.add_error(None, "This line could not be read. Remove it.")
            elif number in seen:
                form.add_error(None, "This product stands in the list twice. Remove one of the lines.")
            seen.add(number)

    def _number(self, form):
        return whole_number(form["id"].value()) or 0

    def product_keys(self) -> list[ProductKey]:
        """All that are to be the entitlement's, the blank lines left out.

        One that somebody removed meanwhile keeps its number, by which the action notices.
        """
        keys = []
        for form in self.forms:
            if form.has_changed():
                form.instance.pk = form.instance.pk or whole_number(form.cleaned_data["id"])
                keys.append(form.instance)
        return keys


ProductKeyFormSet: type[BaseProductKeyFormSet] = forms.formset_factory(  # type: ignore[assignment]
    ProductKeyForm,
    formset=BaseProductKeyFormSet,
    extra=0,
    max_num=MOST_POSTED,
    absolute_max=MOST_POSTED,
    validate_max=True,
)
