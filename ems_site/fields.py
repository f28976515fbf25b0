"""Text fields that tidy what they are given before they check it, in models and forms alike.

Tidying trims, composes (NFC) and writes every line break as one character, so that a limit
counts code points the same way in a form, Django admin and a program.
"""

import unicodedata

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy

# Scripts and emoji need these to be written as people write them.
JOINERS = {0x200C, 0x200D, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
IGNORABLE = {
    *(0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0),
    *range(0x180B, 0x1810),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE10),
    *range(0xFFF0, 0xFFF9),
    *range(0x1BCA0, 0x1BCA4),
    *range(0x1D173, 0x1D17B),
    *range(0xE0000, 0xE1000),
}


def tidy(text: str, *, lines: bool = False) -> str:
    """Trimmed and composed; with lines, every kind of line break becomes one newline."""
    if lines:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", text.strip()).strip()


def _name_of(mark: str) -> str:
    return f"U+{ord(mark):04X}"


def validate_line(text: str) -> None:
    """Refuses control characters, line breaks, halves of surrogate pairs and invisible marks."""
    _refuse_unprintable(text, allowed_controls="", allowed_marks=JOINERS)


def validate_lines(text: str) -> None:
    """Like validate_line, but line breaks are welcome."""
    _refuse_unprintable(text, allowed_controls="\n", allowed_marks=JOINERS)


def validate_identifier(text: str) -> None:
    """Like validate_line, but no invisible mark at all may hide in what tells two things apart."""
    _refuse_unprintable(text, allowed_controls="", allowed_marks=frozenset())


def _refuse_unprintable(text, *, allowed_controls, allowed_marks):
    for place, mark in enumerate(text, start=1):
        category = unicodedata.category(mark)
        if mark == "\ufffd":
            raise ValidationError(
                gettext_lazy(
                    "Contains a character that could not be read (position %(place)d). Type it again."
                ),
                code="unreadable_character",
                params={"place": place},
            )
        if category in {"Cc", "Cs", "Zl", "Zp"} and mark not in allowed_controls:
            raise ValidationError(
                gettext_lazy(
                    "Contains a character that cannot be used (%(mark)s, position %(place)d). Remove it."
                ),
                code="control_character",
                params={"mark": _name_of(mark), "place": place},
            )
        if (category == "Cf" or ord(mark) in IGNORABLE) and ord(mark) not in allowed_marks:
            raise ValidationError(
                gettext_lazy("Contains an invisible character (%(mark)s, position %(place)d). Remove it."),
                code="invisible_character",
                params={"mark": _name_of(mark), "place": place},
            )


def validate_alphanumeric(text: str) -> None:
    """At least one letter or digit of any script."""
    if not any(mark.isalnum() and ord(mark) not in IGNORABLE for mark in text):
        raise ValidationError(gettext_lazy("Use at least one letter or digit."), code="not_alphanumeric")


class _TidyFormField(forms.CharField):
    lines = False

    def to_python(self, value):
        value = super().to_python(value)
        return value if value in self.empty_values else tidy(value, lines=self.lines)

    def widget_attrs(self, widget):
        """The limit goes to our counter: a browser's maxlength would silently cut what is pasted."""
        attrs = super().widget_attrs(widget)
        if limit := attrs.pop("maxlength", None):
            attrs["data-limit"] = limit
        return attrs


class LineFormField(_TidyFormField):
    """One line of text."""


class LinesFormField(_TidyFormField):
    """Text that may break lines."""

    widget = forms.Textarea
    lines = True


class LineField(models.CharField):
    """One line of text, stored tidy."""

    default_validators = [validate_line]
    form_field: type[forms.CharField] = LineFormField

    def to_python(self, value):
        value = super().to_python(value)
        return tidy(value, lines=self.form_field is LinesFormField) if isinstance(value, str) else value

    def formfield(self, form_class=None, choices_form_class=None, **kwargs):
        return super().formfield(
            form_class=form_class or self.form_field, choices_form_class=choices_form_class, **kwargs
        )


class IdentifierField(LineField):
    """One line that tells things apart: nothing invisible may be in it."""

    default_validators = [validate_identifier]


class LinesField(LineField):
    """Text that may break lines, stored tidy."""

    default_validators = [validate_lines]
    form_field = LinesFormField

    def formfield(self, form_class=None, choices_form_class=None, **kwargs):
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 3}))
        return super().formfield(form_class, choices_form_class, **kwargs)
