import hashlib
import secrets
import uuid
from collections.abc import Iterable
from datetime import timedelta

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy

from ems_site.accounts.models import User
from ems_site.fields import IdentifierField, LineField, LineFormField, validate_identifier
from ems_site.folding import identity_key
from ems_site.keys import (
    IdentityKeyField,
    SearchKeyField,
    SortKeyField,
    clean_identities,
    is_storable,
)
from ems_site.searching import ANY, matching
from ems_site.status import Status, StatusQuerySet

INVITATION_VALID = timedelta(days=7)


def installed_languages():
    return settings.LANGUAGES


def tidy_email(text: str) -> str:
    """A domain in its own letters, however it was written: `xn--bcher-kva.example` is `bücher.example`."""
    local, at, domain = text.rpartition("@")
    if "xn--" not in domain.lower():
        return text
    try:
        return local + at + domain.lower().encode("ascii").decode("idna")
    except UnicodeError:
        return text


class EmailFormField(LineFormField):
    widget = forms.EmailInput

    def to_python(self, value):
        return tidy_email(super().to_python(value))


class EmailField(LineField):
    default_validators = [validate_identifier, validate_email]
    form_field = EmailFormField

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{"max_length": 254, **kwargs})

    def to_python(self, value):
        value = super().to_python(value)
        return tidy_email(value) if isinstance(value, str) else value


class ContactQuerySet(StatusQuerySet):
    def deletable(self):
        """Contacts to whom no entitlement is addressed, whatever its state, and whom no activation names."""
        return self.filter(entitlements=None, activations=None)

    def without_customer(self):
        return self.filter(associations=None)

    def signed_in(self):
        return self.filter(user__sessions__expire_date__gt=timezone.now()).distinct()

    def addressed(self, email: str):
        """The contact of this e-mail address; letter case and width do not count."""
        key = identity_key(tidy_email(email))
        return self.filter(email_key=key) if is_storable(key) else self.none()

    def search(self, text: str, criterion: str = ANY, pattern: str = ANY, *, with_customers: bool = False):
        """Contacts with this text in an attribute, or in a customer's name or Customer ID, see
        ems_site/searching.py. with_customers is for those who may view customers."""
        return matching(self, text, criterion, pattern, keys=self.search_keys(with_customers))

    @staticmethod
    def search_keys(with_customers: bool) -> tuple[str, ...]:
        return ("search_key", "customers_key") if with_customers else ("search_key",)

    def identified(self, text: str):
        """The contact whose Email or Ref ID 1 this is."""
        return self.with_identity(tidy_email(text), "email_key", "ref_id1_key")

    def refresh_search_keys(self) -> None:
        """Writes the search keys anew, for contacts whose customers changed."""
        for contact in self.select_for_update(no_key=True).order_by("pk"):
            contact.save(update_fields=["customers_key"])


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
    name_key = SortKeyField(of="name")
    phone_key = SortKeyField(of="phone")
    email_key = IdentityKeyField(of="email")
    ref_id1_key = IdentityKeyField(of="ref_id1")
    search_key = SearchKeyField()
    customers_key = SearchKeyField(of="customer_texts")

    objects = ContactQuerySet.as_manager()

    ATTRIBUTES = ("email", "name", "ref_id1", "ref_id2", "phone", "language")

    # See Customer.SEARCHED.
    SEARCHED = {
        "email": "Email",
        "name": "Name",
        "phone": "Phone",
        "ref_id1": "Ref ID 1",
        "ref_id2": "Ref ID 2",
        "customer": "Customer",
    }
    NAMED_BY = {"name": "name_key", "email": "email_key"}

    class Meta:
        ordering = ["email_key"]
        verbose_name = "contact"
        permissions = [("export_contact", "Can export contacts")]
        indexes = [
            models.Index(fields=["status", "email_key", "id"], name="contact_by_status"),
            models.Index(fields=["name_key", "id"], name="contact_by_name"),
            models.Index(fields=["phone_key", "id"], name="contact_by_phone"),
            models.Index(fields=["language", "id"], name="contact_by_language"),
            models.Index(fields=["created", "id"], name="contact_by_created"),
            models.Index(fields=["changed", "id"], name="contact_by_changed"),
        ]

    def __str__(self):
        return f"{self.name} <{self.email}>" if self.name else self.email

    def get_absolute_url(self):
        return reverse("contacts:detail", args=[self.pk])

    def clean(self):
        super().clean()
        clean_identities(self)
        if User.objects.named(self.email).filter(contact=None).exists():
            raise ValidationError({"email": gettext_lazy("This Email cannot be used for a contact.")})

    def search_texts(self) -> list[tuple[str, str]]:
        names = ("email", "name", "phone", "ref_id1", "ref_id2")
        return [(name, getattr(self, name)) for name in names]

    def customer_texts(self) -> list[tuple[str, str]]:
        """What its customers are called."""
        customers = self.customers.order_by("pk").values_list("name", "customer_id") if self.pk else []
        return [("customer", text) for names in customers for text in names]

    def is_enabled(self) -> bool:
        return self.status == Status.ENABLED

    def may_log_on(self) -> bool:
        """Enabled, and with no customer at all or at least one enabled customer.

        A password is needed besides, see has_password.
        """
        if not self.is_enabled():
            return False
        customers = self.customers.all()
        return not customers.exists() or customers.enabled().exists()

    def has_password(self) -> bool:
        user = User.objects.filter(contact=self).first()
        return user is not None and user.has_usable_password()

    def may_use_log_on(self) -> bool:
        """Its user, if there is one, has not been made inactive."""
        return not User.objects.filter(contact=self, is_active=False).exists()

    def may_be_deleted(self) -> bool:
        """No entitlement is addressed to it, whatever its state, and no activation names it."""
        return not self.entitlements.exists() and not self.activations.exists()


class InvitationQuerySet(models.QuerySet):
    def pending(self):
        """Neither used, withdrawn, replaced nor too old, as whoever sent them knows it."""
        return self.filter(ended=None, expires__gt=timezone.now())

    def open(self):
        """Those pending whose link works."""
        return self.pending().filter(revoked=None)

    def of(self, contacts: Iterable["Contact"]):
        """To these contacts, or to their addresses from before they were contacts."""
        keys = [identity_key(contact.email) for contact in contacts]
        mine = Q(contact__in=[contact.pk for contact in contacts])
        return self.filter(mine | Q(contact=None, email_key__in=keys))

    def addressed(self, email: str):
        return self.filter(email_key=identity_key(tidy_email(email)))

    def end(self) -> int:
        return self.filter(ended=None).update(ended=timezone.now())

    def revoke(self) -> int:
        """Makes their links dead for good. They stay pending: whoever invited somebody does not
        learn from it that the vendor knows the address."""
        return self.filter(revoked=None).update(revoked=timezone.now())

    def of_key(self, key: str):
        """The invitation of a link's key; None if it is altered, too old or used, or for somebody who
        may not log on any longer."""
        pk, _, secret = key.partition(".")
        if not (pk.isascii() and pk.isdigit()) or len(pk) > 18:
            return None
        invitation = self.open().filter(pk=pk).first()
        if invitation is None or not constant_time_compare(invitation.digest, digest_of(secret)):
            return None
        return invitation if invitation.may_be_accepted() else None


def new_invitation_expiry():
    return timezone.now() + INVITATION_VALID


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


class Invitation(models.Model):
    """A link by mail with which somebody gets in: to choose a password, or to join a customer.

    Of its key only a digest is kept.
    """

    contact = models.ForeignKey(Contact, models.SET_NULL, related_name="invitations", null=True, blank=True)
    email = EmailField("Email")
    language = models.CharField("Language", max_length=10, choices=installed_languages, default="en")
    is_offer = models.BooleanField(default=False, help_text="It offers an association, too.")
    digest = models.CharField(max_length=64)
    sent_by = models.CharField(max_length=255, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(default=new_invitation_expiry)
    ended = models.DateTimeField(null=True, blank=True)
    revoked = models.DateTimeField(null=True, blank=True)
    email_key = IdentityKeyField(of="email", unique=False, db_index=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        default_permissions = ()

    def __str__(self):
        return f"invitation of {self.email}"

    def renew_key(self) -> str:
        """A new key for the link; the invitation has to be saved afterwards."""
        secret = secrets.token_urlsafe(32)
        self.digest = digest_of(secret)
        return secret

    def recipient(self) -> Contact | None:
        """Whose it is, for one that began without a contact, too."""
        return self.contact or Contact.objects.addressed(self.email).first()

    def needs_password(self) -> bool:
        """Whoever has a password keeps it, and cannot be given another by an invitation."""
        contact = self.recipient()
        return contact is None or not contact.has_password()

    def may_be_accepted(self) -> bool:
        """Whoever it is for may be let in, and whoever offers an association may still do so."""
        contact = self.recipient()
        if self.revoked:
            return False
        if contact is not None and not (contact.is_enabled() and contact.may_use_log_on()):
            return False
        if self.is_offer:
            offer = getattr(self, "offer", None)
            return offer is not None and offer.stands()
        return contact is not None and contact.may_log_on() and not contact.has_password()
