"""What the staff's pages and the portal's share about activations: forms, and the license to download."""

import uuid

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, ContactQuerySet, EmailFormField
from customers import time_zones
from customers.forms import TimeZoneField
from ems_site.forms import ReasonForm, add_refusal
from ems_site.parameters import whole_number
from entitlements.fields import QuantityFormField
from entitlements.models import Activation, ActivationQuerySet, Entitlement, ProductKey
from entitlements.windows import local_date

# So many contacts are offered to pick from; everybody else is found by the whole e-mail address.
OFFERED = 100
# A day ends here last.
LAST_ZONE = "Etc/GMT+12"


class Stock:
    """The product keys of an entitlement, and what is left of them."""

    def __init__(self, entitlement: Entitlement):
        self.entitlement = entitlement
        keys = entitlement.product_keys.with_activated()
        self.keys: dict[int, ProductKey] = {key.pk: key for key in keys}

    def activatable(self) -> list[ProductKey]:
        """Those with something left that have not ended everywhere on earth."""
        return [key for key in self.keys.values() if key.available() > 0 and not _has_ended(key)]

    @cached_property
    def obstacle(self) -> str:
        """Why nothing can be activated at all, as a sentence; empty where something can."""
        if why := self.entitlement.why_not_activated():
            return why
        if self.activatable():
            return ""
        if not self.keys:
            return gettext("It has no products: nothing can be activated.")
        if any(key.available() > 0 for key in self.keys.values()):
            return gettext("What is left has expired: nothing can be activated any more.")
        return gettext("All of it is activated: nothing is left.")


def _has_ended(key):
    ends = key.ends_on()
    return ends is not None and ends < local_date(timezone.now(), LAST_ZONE)


class ProductKeyField(forms.ChoiceField):
    """Offers what can be activated, and takes any of the keys: why not, the action says."""

    keys: dict[int, ProductKey]

    def clean(self, value):
        key = self.keys.get(whole_number(super().clean(value)) or 0)
        if key is None:
            raise ValidationError(gettext("Choose a product of this entitlement."), code="unknown_product")
        return key

    def valid_value(self, value):
        return True


class ActivateForm(forms.Form):
    """Asks what of an entitlement is activated, and for whom."""

    product_key = ProductKeyField(label=_("Product"))
    quantity = QuantityFormField(label=_("Quantity"), initial=1, widget=forms.NumberInput(attrs={"min": 1}))
    activatee = EmailFormField(
        label=_("Activatee"),
        required=False,
        max_length=254,
        help_text=_(
            "For whom it is: a contact of the customer, by the whole e-mail address. May stay empty."
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false", "list": "activatees"}),
    )
    time_zone = TimeZoneField(
        label=_("Time Zone of the activatee"),
        required=False,
        help_text=_("The license begins and ends with the days in this time zone."),
        error_messages={"invalid_choice": _("Choose a time zone from the list.")},
    )
    uuid = forms.UUIDField(
        widget=forms.HiddenInput(attrs={"autocomplete": "off"}),
        error_messages=dict.fromkeys(
            ("required", "invalid"), _("This form could not be read. Open it again.")
        ),
    )

    def __init__(
        self, entitlement: Entitlement, people: ContactQuerySet, data=None, *, key: object = None
    ) -> None:
        """people may be activatees. key is the product key chosen beforehand, as an address says it."""
        super().__init__(data, initial={"uuid": uuid.uuid4()})
        self.entitlement, self.people = entitlement, people
        self.stock = Stock(entitlement)
        self._offer_keys(key if data is None else self["product_key"].value())
        self._offer_time_zones()

    def _offer_keys(self, chosen):
        chosen = whole_number(chosen)
        field: ProductKeyField = self.fields["product_key"]  # type: ignore[assignment]
        offered = self.stock.activatable()
        field.keys = self.stock.keys
        field.choices = [(key.pk, _called(key)) for key in offered]
        if chosen in {key.pk for key in offered}:
            self.initial["product_key"] = chosen
        elif chosen is not None or len(offered) != 1:
            field.choices = [("", gettext("Choose a product")), *field.choices]

    def _offer_time_zones(self):
        zone = self.entitlement.time_zone()
        own = gettext("The customer’s: %(zone)s") % {"zone": zone}
        groups = [(gettext("Not given"), [("", own)]), *time_zones.choices()]
        name = self["time_zone"].value()
        if name in time_zones.known_names() and name not in time_zones.canonical_names():
            groups.insert(1, (gettext("Chosen"), [(name, time_zones.label(name))]))
        self.fields["time_zone"].widget.choices = groups

    def clean_activatee(self) -> Contact | None:
        """Says the same of every address that is nobody's here, whether it is somebody else's or not."""
        email = self.cleaned_data["activatee"]
        person = self.people.addressed(email).first() if email else None
        if email and person is None:
            raise ValidationError(
                gettext("No enabled contact of this customer has this e-mail address."),
                code="unknown_contact",
            )
        return person

    def clean(self):
        super().clean()
        key, zone = (self.cleaned_data.get(name) for name in ("product_key", "time_zone"))
        if key and zone:
            try:
                key.validity_in(zone)
            except ValueError:
                text = gettext("The calendar of %(zone)s skipped the start date. Choose another time zone.")
                self.add_error("time_zone", text % {"zone": zone})
        return self.cleaned_data

    def arguments(self) -> dict:
        """What actions.activate takes, once the form is valid."""
        return {name: self.cleaned_data[name] for name in self.fields}

    def refuse(self, refusal: ValidationError) -> None:
        """Shows what the action refused, beside what is left now."""
        add_refusal(self, refusal)
        current = Entitlement.objects.select_related("customer").filter(pk=self.entitlement.pk).first()
        self.entitlement = current or self.entitlement
        self.stock = Stock(self.entitlement)
        self._offer_keys(self["product_key"].value())


def _called(key):
    counts = {"product": key.called(), "left": key.available(), "quantity": key.quantity}
    return gettext("%(product)s: %(left)d of %(quantity)d left") % counts


class RevokeForm(ReasonForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["comment"].required = True
        self.fields["comment"].error_messages["required"] = "Give a reason."


def people_of(entitlement: Entitlement) -> ContactQuerySet:
    """Who may be an activatee: the enabled contacts of the customer."""
    return Contact.objects.enabled().filter(customers__entitlements=entitlement)


def offered(people: ContactQuerySet, text: str = "") -> list[Contact]:
    """Contacts to pick from: those who match the text, or the first ones."""
    return list(people.search(text)[:OFFERED])


def activations_of(entitlement: Entitlement) -> ActivationQuerySet:
    """With all that a table or a license of them needs, latest first."""
    links = ("product_key__entitlement__customer", "activatee")
    return entitlement.activations().select_related(*links).order_by("-pk")


def announcement(activation: Activation, license_address: str) -> str:
    """What was activated for whom, with a link to its license."""
    values = {"activation": activation, "person": activation.activatee}
    if activation.activatee:
        text = gettext("%(activation)s activated for %(person)s.") % values
    else:
        text = gettext("%(activation)s activated.") % values
    link = license_address, gettext("Download the license")
    return format_html('{} <span class="message-actions"><a href="{}">{}</a></span>', text, *link)


def license_response(activation: Activation) -> HttpResponse:
    """The license file, byte for byte as it was issued, to be saved under a name of ours."""
    name = f"license-{activation.product_key.entitlement.eid}-{activation.pk}.json"
    response = HttpResponse(activation.license.encode(), content_type="application/json")
    response["Content-Disposition"] = str(content_disposition_header(True, name))
    return response
