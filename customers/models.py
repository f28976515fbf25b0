import secrets
import uuid

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.urls import reverse

from contacts.models import Contact, Invitation, InvitationQuerySet
from customers import time_zones
from ems_site.fields import IdentifierField, LineField, LinesField, validate_alphanumeric
from ems_site.folding import identity_key
from ems_site.keys import (
    BytewiseCharField,
    IdentityKeyField,
    SearchKeyField,
    SortKeyField,
    clean_identities,
    is_storable,
    with_keys,
)
from ems_site.searching import ANY, matching
from ems_site.status import Status, StatusQuerySet

# Without characters that are mistaken for one another: 0 O, 1 I L, 2 Z, 5 S, 8 B, U V.
READABLE = "34679ACDEFGHJKMNPQRTWXY"


def new_customer_id() -> str:
    return "C-" + "".join(secrets.choice(READABLE) for _ in range(6))


class CustomerQuerySet(StatusQuerySet):
    def deletable(self):
        """Customers for whom no entitlement has been generated, drafts included."""
        return self.filter(entitlements=None)

    def search(self, text: str, criterion: str = ANY, pattern: str = ANY):
        """Customers with this text in an attribute or a contact's e-mail, see ems_site/searching.py."""
        return matching(self, text, criterion, pattern)

    def identified(self, text: str):
        """The customer whose Customer ID or External ID this is."""
        return self.with_identity(text, "customer_id_key", "external_id_key")

    def named(self, name: str):
        """Customers of this name, however it is written."""
        return self.filter(name_key=SortKeyField.fold(name)) if is_storable(name) else self.none()

    def refresh_search_keys(self) -> None:
        """Writes the search keys anew, for customers whose contacts changed."""
        for customer in self.select_for_update(no_key=True).order_by("pk"):
            customer.save(update_fields=["search_key"])


class Customer(models.Model):
    """An organisation that owns an entitlement, or a current or possible buyer of one."""

    uuid = models.UUIDField("UUID", default=uuid.uuid4, unique=True, editable=False)
    name = LineField("Name", max_length=255, validators=[validate_alphanumeric])
    customer_id = IdentifierField(
        "Customer ID", max_length=100, blank=True, help_text="Left empty, one is made up."
    )
    crm_id = LineField("CRM ID", max_length=255, blank=True)
    description = LinesField("Description", max_length=510, blank=True, validators=[validate_alphanumeric])
    external_id = IdentifierField(
        "External ID", max_length=60, blank=True, validators=[validate_alphanumeric]
    )
    ref_id = LineField("Ref ID", max_length=255, blank=True, validators=[validate_alphanumeric])
    time_zone = BytewiseCharField(
        "Time Zone", max_length=64, default="UTC", validators=[time_zones.validate_time_zone]
    )
    status = models.CharField("Status", max_length=10, choices=Status, default=Status.ENABLED, editable=False)
    contacts: models.ManyToManyField = models.ManyToManyField(
        Contact, through="Association", related_name="customers"
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    created = models.DateTimeField("Created", auto_now_add=True)
    changed = models.DateTimeField("Changed", auto_now=True)
    name_key = SortKeyField(of="name")
    crm_id_key = SortKeyField(of="crm_id")
    customer_id_key = IdentityKeyField(of="customer_id")
    external_id_key = IdentityKeyField(of="external_id")
    search_key = SearchKeyField()

    objects = CustomerQuerySet.as_manager()

    ATTRIBUTES = (
        "name",
        "customer_id",
        "crm_id",
        "description",
        "external_id",
        "ref_id",
        "time_zone",
    )
    # What it is found by, and what people call it. The place of each is part of the search keys: append only.
    SEARCHED = {
        "name": "Name",
        "customer_id": "Customer ID",
        "crm_id": "CRM ID",
        "description": "Description",
        "external_id": "External ID",
        "ref_id": "Ref ID",
        "time_zone": "Time Zone",
        "email": "Contact e-mail",
    }
    # What a single sign finds by its beginning, and where that is sorted by it.
    NAMED_BY = {"name": "name_key"}

    class Meta:
        ordering = ["name_key", "pk"]
        verbose_name = "customer"
        permissions = [("export_customer", "Can export customers")]
        indexes = [
            models.Index(fields=["name_key", "id"], name="customer_by_name"),
            models.Index(fields=["status", "name_key", "id"], name="customer_by_status"),
            models.Index(fields=["crm_id_key", "id"], name="customer_by_crm_id"),
            models.Index(
                fields=["id"], condition=Q(external_id_key__isnull=True), name="customer_without_external_id"
            ),
            models.Index(fields=["time_zone", "id"], name="customer_by_time_zone"),
            models.Index(fields=["created", "id"], name="customer_by_created"),
            models.Index(fields=["changed", "id"], name="customer_by_changed"),
        ]

    def __str__(self):
        return f"{self.name} ({self.customer_id})"

    def save(self, *args, update_fields=None, **kwargs):
        """Makes up a Customer ID where none is given; a clash is retried. Keys are saved along."""
        saved = with_keys(Customer, update_fields)
        while not self.customer_id:
            self.customer_id = new_customer_id()
            try:
                with transaction.atomic():
                    return super().save(*args, update_fields=saved, **kwargs)
            except IntegrityError:
                if not self._customer_id_is_taken():
                    raise
                self.customer_id = ""
        return super().save(*args, update_fields=saved, **kwargs)

    def get_absolute_url(self):
        return reverse("customers:detail", args=[self.pk])

    def clean(self):
        super().clean()
        clean_identities(self)

    def _customer_id_is_taken(self):
        others = Customer.objects.exclude(pk=self.pk)
        return others.filter(customer_id_key=identity_key(self.customer_id)).exists()

    def is_enabled(self) -> bool:
        return self.status == Status.ENABLED

    def utc_offset(self) -> str:
        """Now, in its time zone: `UTC+01:00`."""
        return time_zones.utc_offset(self.time_zone)

    def edit_needs_confirmation(self) -> bool:
        """A completed entitlement belongs to the customer."""
        return self.entitlements.completed().exists()

    def may_be_deleted(self) -> bool:
        """No entitlement has been generated for the customer, drafts included."""
        return not self.entitlements.exists()

    def is_last_enabled_of(self, contact: Contact) -> bool:
        """The contact has no other enabled customer."""
        others = contact.customers.exclude(pk=self.pk)
        return self.is_enabled() and not others.filter(status=Status.ENABLED).exists()

    def search_texts(self) -> list[tuple[str, str]]:
        """Every attribute, and the contacts' e-mails."""
        emails = self.contacts.order_by("pk").values_list("email", flat=True) if self.pk else []
        attributes = [(name, getattr(self, name)) for name in self.ATTRIBUTES]
        return attributes + [("email", email) for email in emails]


class Association(models.Model):
    """A contact's part in a customer."""

    class Kind(models.TextChoices):
        STANDARD = "standard", "Standard"
        ADMINISTRATOR = "administrator", "Administrator"

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="associations")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="associations")
    kind = models.CharField("Kind", max_length=20, choices=Kind, default=Kind.STANDARD)

    class Meta:
        ordering = ["contact__email_key"]
        constraints = [models.UniqueConstraint(fields=["customer", "contact"], name="one_association_each")]

    def __str__(self):
        return f"{self.contact} ({self.get_kind_display()})"


class AssociationOffer(models.Model):
    """What an open invitation offers: to become the customer's contact. It counts once accepted."""

    invitation = models.OneToOneField(Invitation, models.CASCADE, related_name="offer")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="offers")
    kind = models.CharField(
        "Kind", max_length=20, choices=Association.Kind, default=Association.Kind.STANDARD
    )

    offered_by = models.ForeignKey(Contact, models.CASCADE, related_name="offers", null=True, blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"{self.invitation} to {self.customer}"

    def stands(self) -> bool:
        """The customer is enabled, and the contact who offered it is still its Administrator and enabled."""
        if not self.customer.is_enabled():
            return False
        links = self.customer.associations.filter(kind=Association.Kind.ADMINISTRATOR)
        return (
            self.offered_by is None
            or links.filter(contact=self.offered_by, contact__status=Status.ENABLED).exists()
        )


def offers_of(customer: Customer) -> InvitationQuerySet:
    """The invitations to become a contact of this customer."""
    return Invitation.objects.filter(offer__customer=customer)
