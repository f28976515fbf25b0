import secrets
import uuid

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from contacts.models import Contact
from customers.models import Association, Customer
from ems_site.fields import IdentifierField, LineField
from ems_site.keys import IdentityKeyField, SearchKeyField, clean_identities, matching
from ems_site.status import Status


def new_eid() -> str:
    """Thirty-two hexadecimal digits in groups of eight."""
    return "-".join(secrets.token_hex(4) for _ in range(4))


class EntitlementQuerySet(models.QuerySet):
    def completed(self):
        """Complete once, whatever came after: every state but Draft."""
        return self.exclude(state=Entitlement.State.DRAFT)

    def visible_to(self, contact: Contact):
        """What a contact sees in the portal: completed entitlements of its enabled customers, those
        addressed to it, or all of them where it is an Administrator."""
        links = Association.objects.filter(contact=contact, customer__status=Status.ENABLED)
        all_of = links.filter(kind=Association.Kind.ADMINISTRATOR)
        return self.completed().filter(
            Q(customer__in=all_of.values("customer"))
            | Q(contact=contact, customer__in=links.values("customer"))
        )

    def search(self, text: str):
        """Entitlements with this text in their EID, a Ref ID or the External ID."""
        return matching(self, text)


class Entitlement(models.Model):
    """What a customer has bought."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        COMPLETE = "complete", "Complete"
        DISABLED = "disabled", "Disabled"
        CLOSED = "closed", "Closed"

    uuid = models.UUIDField("UUID", default=uuid.uuid4, unique=True, editable=False)
    eid = models.CharField("EID", max_length=35, unique=True, default=new_eid, editable=False)
    state = models.CharField("State", max_length=10, choices=State, default=State.DRAFT, editable=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="entitlements", null=True, blank=True)
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="entitlements", null=True, blank=True)
    ref_id1 = LineField("Ref ID 1", max_length=100, blank=True)
    ref_id2 = LineField("Ref ID 2", max_length=100, blank=True)
    external_id = IdentifierField("External ID", max_length=100, blank=True)
    start_date = models.DateField("Start date")
    end_date = models.DateField("End date", null=True, blank=True, help_text="Left empty, it never expires.")
    version = models.PositiveIntegerField(default=1, editable=False)
    created = models.DateTimeField("Created", auto_now_add=True)
    changed = models.DateTimeField("Changed", auto_now=True)
    external_id_key = IdentityKeyField(of="external_id")
    search_key = SearchKeyField()

    objects = EntitlementQuerySet.as_manager()

    ATTRIBUTES = (
        "state",
        "customer",
        "contact",
        "ref_id1",
        "ref_id2",
        "external_id",
        "start_date",
        "end_date",
    )
    MAY_GO_TO = {
        State.DRAFT: {State.COMPLETE},
        State.COMPLETE: {State.DISABLED, State.CLOSED},
        State.DISABLED: {State.COMPLETE, State.CLOSED},
        State.CLOSED: set(),
    }

    class Meta:
        ordering = ["-pk"]
        verbose_name = "entitlement"
        constraints = [
            models.CheckConstraint(
                name="completed_has_customer",
                condition=Q(state="draft") | Q(customer__isnull=False),
                violation_error_message="Choose a customer before completing the entitlement.",
            ),
            models.CheckConstraint(
                name="end_not_before_start",
                condition=Q(end_date=None) | Q(end_date__gte=F("start_date")),
                violation_error_message="The end date is before the start date.",
            ),
        ]

    def __str__(self):
        return self.eid

    def get_absolute_url(self):
        return reverse("admin:entitlements_entitlement_change", args=[self.pk])

    def clean(self):
        super().clean()
        clean_identities(self)
        if self.state == self.State.DRAFT and not self._contact_fits():
            raise ValidationError({"contact": "Choose a contact of this customer."})

    def _contact_fits(self):
        """Asked of drafts only: whoever leaves a customer later does not block what was completed."""
        if self.contact is None or self.customer is None:
            return True
        return self.customer.contacts.contains(self.contact)

    def search_texts(self) -> list[str]:
        return [self.eid, self.ref_id1, self.ref_id2, self.external_id]

    def may_go_to(self, state: str) -> bool:
        return state in self.MAY_GO_TO[self.State(self.state)]
