from typing import TYPE_CHECKING

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.contrib.auth import authenticate, password_validation
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from ems_site.accounts import actions, throttles
from ems_site.accounts.models import User

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def layout(*names: str) -> FormHelper:
    """Order of the fields; the page itself has the form tag and the buttons."""
    helper = FormHelper()
    helper.form_tag = False
    helper.layout = Layout(*names)
    return helper


def password_field(label: "StrOrPromise", autocomplete: str, **kwargs) -> forms.CharField:
    """Taken as typed: blanks count, and nothing is cut."""
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, widget=widget, **kwargs)


class LogOnForm(forms.Form):
    username = forms.CharField(
        label="User name",
        max_length=150,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "username",
                "autocapitalize": "none",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )
    password = password_field(gettext_lazy("Password"), "current-password")

    helper = layout("username", "password")
    name_field = "username"
    for_contacts = False
    user: User

    def __init__(self, request, data=None):
        self.request = request
        super().__init__(data)

    @sensitive_variables()
    def clean(self):
        typed = self.cleaned_data
        if self.name_field in typed and "password" in typed:
            user = authenticate(
                self.request,
                username=typed[self.name_field],
                password=typed["password"],
                for_contacts=self.for_contacts,
            )
            if user is None:
                raise self.refusal()
            self.user = user
        return typed

    def refusal(self) -> ValidationError:
        """The same words whatever the reason."""
        return ValidationError("The user name or the password is wrong.", code="refused")


class ResetForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("Email"),
        max_length=254,
        help_text=gettext_lazy("The address of your account."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )

    helper = layout("email")


class _PersonsForm(forms.Form):
    """About the password of this user."""

    def __init__(self, user, data=None):
        self.user = user
        super().__init__(data)


class NewPasswordForm(_PersonsForm):
    """A new password for a user, typed twice."""

    new_password = password_field(
        gettext_lazy("New password"),
        "new-password",
        help_text=gettext_lazy("At least 12 characters. Several unrelated words are a good choice."),
    )
    repeated = password_field(gettext_lazy("New password again"), "new-password")

    helper = layout("new_password", "repeated")

    def clean_new_password(self):
        password = self.cleaned_data["new_password"]
        password_validation.validate_password(password, self.user)
        if self.user.must_change_password and self.user.check_password(password):
            raise self.unchanged()
        return password

    def unchanged(self) -> ValidationError:
        return ValidationError(
            gettext_lazy("Choose another password than the present one."), code="unchanged"
        )

    @sensitive_variables()
    def clean(self):
        typed = self.cleaned_data
        if "new_password" in typed and "repeated" in typed and typed["new_password"] != typed["repeated"]:
            self.add_error(
                "repeated", ValidationError(gettext_lazy("The two passwords differ."), code="differ")
            )
        return typed


class PresentPasswordForm(_PersonsForm):
    """Asks who is there once more. A stolen session has ten guesses an hour."""

    old_password = password_field(gettext_lazy("Present password"), "current-password")

    helper = layout("old_password")

    def clean_old_password(self):
        password = self.cleaned_data["old_password"]
        if not throttles.has_left("old-password", str(self.user.pk), limit=10):
            raise ValidationError(
                gettext_lazy("Too many wrong passwords. Try again in an hour."), code="throttled"
            )
        if not self.user.check_password(password):
            throttles.take("old-password", str(self.user.pk), limit=10, seconds=60 * 60)
            raise ValidationError(gettext_lazy("This is not your present password."), code="wrong")
        return password


class ChangePasswordForm(PresentPasswordForm, NewPasswordForm):
    field_order = ["old_password", "new_password", "repeated"]

    helper = layout("old_password", "new_password", "repeated")

    def clean_new_password(self):
        """The present one may be known to whoever set it."""
        password = super().clean_new_password()
        if password == self.cleaned_data.get("old_password"):
            raise self.unchanged()
        return password


class AddAccountForm(AdminUserCreationForm):
    """For Django admin. The model finds names that are taken, in whatever spelling."""

    class Meta(AdminUserCreationForm.Meta):  # type: ignore[name-defined]
        model = User
        fields = ("username", "email")

    def clean_username(self):
        return self.cleaned_data["username"]


class AdminPasswordForm(AdminPasswordChangeForm):
    """For Django admin; saves through the action."""

    def __init__(self, user, *args, by, **kwargs):
        self.by = by
        super().__init__(user, *args, **kwargs)

    def save(self, commit=True):
        password = self.cleaned_data["password1"] if self.cleaned_data["set_usable_password"] else None
        self.user = actions.set_password(self.user, password, by=self.by)
        return self.user
