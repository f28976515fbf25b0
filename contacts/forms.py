from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout

from contacts.models import Contact
from ems_site.forms import VersionedForm


class ContactForm(VersionedForm):
    class Meta:
        model = Contact
        fields = Contact.ATTRIBUTES

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        email = self.fields["email"]
        for name in ("email", "phone"):
            self.fields[name].widget.attrs["autocomplete"] = "off"
        if self.instance.pk is None:
            email.widget.attrs["autofocus"] = True
        elif self.instance.has_password():
            email.help_text = "Changing it signs the person out and tells both addresses; the password stays."
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(
            Fieldset(
                "Attributes",
                *Contact.ATTRIBUTES,
                template="components/_panel_fieldset.html",
                css_id="attributes-title",
            ),
            "version",
        )
