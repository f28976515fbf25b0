import uuid

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models

from ems_site.accounts.models import User
from ems_site.fields import IdentifierField, LineField, LineFormField, validate_identifier
from ems_site.keys import IdentityKeyField, SearchKeyField, clean_identities, matching
from ems_site.status import Status


def installed_languages():
    return settings.LANGUAGES


class EmailFormField(LineFormField):
    widget = forms.EmailInput


class EmailField(LineField):
    default_validators = [validate_identifier, validate_email]
    form_field = EmailFormField

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{"max_length": 254, **kwargs})


class ContactQuerySet(models.QuerySet):
    def search(self, text: str):
        """Contacts with this text anywhere in an attribute; case and accents do not count."""
        return matching(self, text)


class Contact(models.Model):
    """A person: the point of communication for entitlements."""

    uuid = models.UUIDField("UUID", default=uuid.uuid4, unique=True, editable=False)
    email = EmailField("Email")
    name = LineField("Name", max_length=100, blank=True)
    ref_id1 = IdentifierField("Ref ID 1", max_length=100, blank=True)
    ref_id2 = LineField("Ref ID 2", max_length=100, blank=True)
    phone = LineField("Phone", max_length=100, blank=True)
    language = models.CharField("Language", max_length=10, choices=installed_languages, default="en")
    status = models.CharField("Status", max_length=10, choices=Status, default=Status.ENABLED, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created = models.DateTimeField("Created", auto_now_add=True)
    changed = models.DateTimeField("Changed", auto_now=True)
    email_key = IdentityKeyField(of="email")
    ref_id1_key = IdentityKeyField(of="ref_id1")
    search_key = SearchKeyField()

    objects = ContactQuerySet.as_manager()

    ATTRIBUTES = ("email", "name", "ref_id1", "ref_id2", "phone", "language")

    class Meta:
        ordering = ["email_key"]
        verbose_name = "contact"

    def __str__(self):
        return f"{self.name} <{self.email}>" if self.name else self.email

    def clean(self):
        super().clean()
        clean_identities(self)
        if User.objects.named(self.email).filter(contact=None).exists():
            raise ValidationError({"email": "This Email cannot be used for a contact."})

    def search_texts(self) -> list[str]:
        return [self.email, self.name, self.phone, self.ref_id1, self.ref_id2]

    def is_enabled(self) -> bool:
        return self.status == Status.ENABLED

    def may_log_on(self) -> bool:
        """Enabled, and with no customer at all or at least one enabled customer."""
        if not self.is_enabled():
            return False
        customers = self.customers.all()
        return not customers.exists() or customers.enabled().exists()
