from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, EmailFormField, Invitation
from customers.models import Customer
from ems_site.accounts.forms import LogOnForm, NewPasswordForm, layout
from ems_site.accounts.models import User
from ems_site.fields import LineFormField, validate_identifier, validate_line
from ems_site.forms import VersionedForm
from entitlements.activating import ActivateForm, people_of
from entitlements.models import Entitlement


class PortalLogOnForm(LogOnForm):
    username = None  # type: ignore[assignment]
    email = forms.CharField(
        label=_("Email"),
        max_length=254,
        widget=forms.EmailInput(
            attrs={
                "autocomplete": "username",
                "autocapitalize": "none",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )
    field_order = ["email", "password"]

    helper = layout("email", "password")
    name_field = "email"
    for_contacts = True

    def refusal(self) -> ValidationError:
        """Whoever knows the password may know that the account is disabled."""
        if getattr(self.request, "log_on_refusal", "") != "disabled":
            return ValidationError(gettext("The email or the password is wrong."), code="refused")
        if support := settings.SUPPORT_EMAIL:
            text = gettext("This account is disabled. Ask %(support)s.") % {"support": support}
        else:
            text = gettext("This account is disabled. Ask your vendor’s administrator.")
        return ValidationError(text, code="disabled")


class AcceptForm(NewPasswordForm):
    """Asks for what an invited person has not chosen yet: a password, and a name if they are new."""

    name = LineFormField(label=_("Name"), max_length=100, required=False, validators=[validate_line])
    field_order = ["name", "new_password", "repeated"]

    def __init__(self, invitation: Invitation, data=None):
        contact = invitation.recipient()
        self.asks_password = invitation.needs_password()
        super().__init__(User(username=invitation.email, email=invitation.email), data)
        if not self.asks_password:
            del self.fields["new_password"], self.fields["repeated"]
        if contact is not None:
            del self.fields["name"]
        self.helper = layout(*self.fields)


class InviteForm(forms.Form):
    email = EmailFormField(
        label=_("Email"),
        max_length=254,
        validators=[validate_identifier, validate_email],
        help_text=_("A link goes there that works once, within seven days."),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autofocus": True}),
    )

    helper = layout("email")

    def __init__(self, customer: Customer, data=None):
        self.customer = customer
        super().__init__(data)

    def clean_email(self):
        """The Administrator sees the customer's contacts; whether others exist is not said."""
        email = self.cleaned_data["email"]
        if Contact.objects.addressed(email).filter(customers=self.customer).exists():
            raise ValidationError(
                gettext("%(email)s is a contact of this customer already."),
                code="already_associated",
                params={"email": email},
            )
        return email


def own_names_of_languages():
    return [(code, get_language_info(code)["name_local"].capitalize()) for code, _name in settings.LANGUAGES]


class ProfileForm(VersionedForm):
    class Meta:
        model = Contact
        fields = ("name", "phone", "language")
        labels = {"name": _("Name"), "phone": _("Phone"), "language": _("Language")}

    helper = layout("version", "name", "phone", "language")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        self.fields["phone"].widget.attrs["autocomplete"] = "tel"
        self.fields["language"].choices = own_names_of_languages()  # type: ignore[attr-defined]


class PortalActivateForm(ActivateForm):
    """Administrators activate for every enabled contact of the customer, others for themselves."""

    def __init__(
        self, entitlement: Entitlement, contact: Contact, is_administrator: bool, data=None, *, key=None
    ) -> None:
        people = people_of(entitlement)
        if not is_administrator:
            people = people.filter(pk=contact.pk)
        super().__init__(entitlement, people, data, key=key)
        if not is_administrator:
            self._offer_only(contact)

    def _offer_only(self, contact):
        field = self.fields["activatee"]
        self.initial["activatee"] = contact.email
        field.help_text = gettext("For you, or for nobody in particular.")
        choices = [("", gettext("Nobody in particular")), (contact.email, str(contact))]
        field.widget = forms.Select(choices=choices)
