"""What forms of several apps share."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from ems_site.fields import LinesFormField, validate_lines
from ems_site.parameters import LARGEST_VERSION

NOT_TYPED = {"csrfmiddlewaretoken", "confirmation", "save"}


class VersionedForm(forms.ModelForm):
    """Carries the version that the person saw, and shows what an action refused."""

    version = forms.IntegerField(
        required=False, min_value=0, max_value=LARGEST_VERSION, widget=forms.HiddenInput
    )
    refusal: ValidationError | None = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        saved = self.instance.pk is not None
        if "version" in self.fields:
            self.initial.setdefault("version", self.instance.version if saved else None)
            self.fields["version"].required = saved

    def clean(self):
        if self.refusal:
            raise self.refusal
        return super().clean()

    def _post_clean(self):
        super()._post_clean()  # type: ignore[misc]
        seen = self.cleaned_data.get("version")
        if self.instance.pk and seen is not None:
            # Nobody saw a version later than the one that was just read: a forged one matches none.
            self.instance.version = seen if seen <= self.instance.version else 0


class ReasonForm(forms.Form):
    """Why something is done; it goes into the history."""

    comment = LinesFormField(
        label="Reason",
        required=False,
        max_length=500,
        validators=[validate_lines],
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class PostedRows:
    """For formsets: makes no more forms than rows were posted, however many the post claims."""

    def total_form_count(self):
        claimed = super().total_form_count()  # type: ignore[misc]
        return min(claimed, self.posted_rows()) if self.is_bound else claimed  # type: ignore[attr-defined]

    def posted_rows(self) -> int:
        row = re.compile(rf"{re.escape(self.prefix)}-([0-9]{{1,9}})-")  # type: ignore[attr-defined]
        names = map(row.match, self.data)  # type: ignore[attr-defined]
        return len({match[1] for match in names if match})


def kept(data: QueryDict, *, but: str = "") -> list[tuple[str, str]]:
    """Everything typed so far, for the hidden fields of a page in between."""
    dropped = {*NOT_TYPED, but}
    return [(name, value) for name, posted in data.lists() if name not in dropped for value in posted]


def add_refusal(form: forms.BaseForm, refusal: ValidationError) -> None:
    """Shows what an action refused at the fields it names, or on top where the form lacks one."""
    known = hasattr(refusal, "error_dict") and refusal.error_dict.keys() <= form.fields.keys()
    form.add_error(None, refusal if known else ValidationError(refusal.messages))
