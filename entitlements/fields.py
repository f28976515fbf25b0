"""Fields of entitlements."""

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy

LARGEST_QUANTITY = 2**31 - 1


class QuantityFormField(forms.IntegerField):
    """In ASCII digits: `１２` may be a slip of the keyboard, and is refused."""

    default_error_messages = {"invalid": gettext_lazy("Enter a whole number, such as 12.")}

    def to_python(self, value):
        if isinstance(value, str) and value.strip():
            _refuse_other_digits(value.strip().removeprefix("-"), self.error_messages["invalid"])
        return super().to_python(value)


def _refuse_other_digits(text, message):
    if not (text.isascii() and text.isdigit()):
        raise ValidationError(message, code="invalid")


class QuantityField(models.IntegerField):
    """How many: from 1 to what every database can count."""

    def __init__(self, *args, **kwargs):
        limits = [
            MinValueValidator(1, gettext_lazy("The quantity is 1 or more.")),
            MaxValueValidator(LARGEST_QUANTITY, gettext_lazy("The quantity is at most %(limit_value)s.")),
        ]
        super().__init__(*args, **{"validators": limits, **kwargs})

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("validators", None)
        return name, path, args, kwargs

    def to_python(self, value):
        if isinstance(value, str):
            message = QuantityFormField.default_error_messages["invalid"]
            _refuse_other_digits(value.strip().removeprefix("-"), message)
        return super().to_python(value)

    def formfield(self, form_class=None, choices_form_class=None, **kwargs):
        form_class = form_class or QuantityFormField
        return super().formfield(form_class=form_class, choices_form_class=choices_form_class, **kwargs)
