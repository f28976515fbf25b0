from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.contrib.auth import authenticate, password_validation
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm
from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from ems_site.accounts import actions, throttles
from ems_site.accounts.models import User


def layout(*names: str) -> FormHelper:
    """Order of the fields; the page itself has the form tag and the buttons."""
    helper = FormHelper()
    helper.form_tag = False
    helper.layout = Layout(*names)
    return helper


def password_field(label: str, autocomplete: str, **kwargs) -> forms.CharField:
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
    password = password_field("Password", "current-password")

    helper = layout("username", "password")
    user: User

    def __init__(self, request, data=None):
        self.request = request
        super().__init__(data)

    @sensitive_variables()
    def clean(self):
        typed = self.cleaned_data
        if "username" in typed and "password" in typed:
            user = authenticate(self.request, username=typed["username"], password=typed["password"])
            if user is None:
                raise ValidationError("The user name or the password is wrong.", code="refused")
            self.user = user
        return typed


class ResetForm(forms.Form):
    email = forms.EmailField(
        label="Email",
        max_length=254,
        help_text="The address of your account.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )

    helper = layout("email")


class NewPasswordForm(forms.Form):
    """A new password for a user, typed twice."""

    new_password = password_field(
        "New password",
        "new-password",
        help_text="At least 12 characters. Several unrelated words are a good choice.",
    )
    repeated = password_field("New password again", "new-password")

    helper = layout("new_password", "repeated")

    def __init__(self, user, data=None):
        self.user = user
        super().__init__(data)

    def clean_new_password(self):
        password = self.cleaned_data["new_password"]
        password_validation.validate_password(password, self.user)
        return password

    @sensitive_variables()
    def clean(self):
        typed = self.cleaned_data
        if "new_password" in typed and "repeated" in typed and typed["new_password"] != typed["repeated"]:
            self.add_error("repeated", ValidationError("The two passwords differ.", code="differ"))
        return typed


class ChangePasswordForm(NewPasswordForm):
    """Asks for the present password as well. A stolen session has ten guesses an hour."""

    old_password = password_field("Present password", "current-password")
    field_order = ["old_password", "new_password", "repeated"]

    helper = layout("old_password", "new_password", "repeated")

    def clean_old_password(self):
        password = self.cleaned_data["old_password"]
        if not throttles.has_left("old-password", str(self.user.pk), limit=10):
            raise ValidationError("Too many wrong passwords. Try again in an hour.", code="throttled")
        if not self.user.check_password(password):
            throttles.take("old-password", str(self.user.pk), limit=10, seconds=60 * 60)
            raise ValidationError("This is not your present password.", code="wrong")
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
