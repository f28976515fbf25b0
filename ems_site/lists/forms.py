from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms

from ems_site.lists.models import SavedView


class ViewForm(forms.ModelForm):
    """What a view is called and who uses it; what it shows is the list's business."""

    is_default = forms.BooleanField(required=False)

    class Meta:
        model = SavedView
        fields = ("name", "is_shared")

    def __init__(self, *args, nouns: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autocomplete"] = "off"
        self.fields["is_shared"].label = "Share it"
        self.fields["is_shared"].help_text = f"Everybody who may view {nouns} can open it, and sees its name."
        self.fields["is_default"].label = f"Open {nouns} with it"
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout("name", "is_shared", "is_default")
