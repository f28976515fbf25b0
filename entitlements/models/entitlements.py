import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts.models import Contact
from customers.models import Association, Customer
from ems_site.audit.changes import Changes
from ems_site.fields import IdentifierField, LineField
from ems_site.keys import BytewiseCharField, IdentityKeyField, SearchKeyField, SortKeyField, clean_identities
from ems_site.searching import ANY, matching
from ems_site.status import Status, VersionedQuerySet
from entitlements import moves, spans
from entitlements.models.activations import Activation, ActivationQuerySet
from entitlements.models.product_keys import ProductKey
from entitlements.validity import Validity, clean_window, leading
from entitlements.windows import day_window, local_date


def new_eid() -> str:
    """Thirty-two hexadecimal digits in groups of eight."""
    return "-".join(secrets.token_hex(4) for _ in range(4))


class EntitlementQuerySet(VersionedQuerySet):
    def completed(self):
        """Complete once, whatever came after: every state but Draft."""
        return self.exclude(state=Entitlement.State.DRAFT)

    def that_may(self, verb: str):
        """Those of which why_not says nothing against this verb."""
        rows = self.filter(state__in=Entitlement.STATES_FOR[verb])
        if verb != "complete":
            return rows
        return rows.filter(customer__isnull=False, pk__in=ProductKey.objects.values("entitlement"))

    def visible_to(self, contact: Contact):
        """What a contact sees in the portal: completed entitlements of its enabled customers, those
        addressed to it, or all of them where it is an Administrator."""
        links = Association.objects.filter(contact=contact, customer__status=Status.ENABLED)
        all_of = links.filter(kind=Association.Kind.ADMINISTRATOR)
        return self.completed().filter(
            Q(customer__in=all_of.values("customer"))
            | Q(contact=contact, customer__in=links.values("customer"))
        )

    def search(self, text: str, criterion: str = ANY, pattern: str = ANY):
        """Entitlements with this text in their EID, a Ref ID, the External ID, a product, or what their
        customer or contact is called, see ems_site/searching.py."""
        return matching(self, text, criterion, pattern)

    def identified(self, text: str):
        """The entitlement whose EID or External ID this is."""
        return self.with_identity(text, "eid", "external_id_key")

    def valid_during(self, starts: datetime, until: datetime, *, by_index: bool = True):
        """With a product key that is valid at some instant of this time, the end left out."""
        if not by_index:
            has_end = Q(valid_until=None) | Q(valid_until__gt=starts)
            return self._with_key(has_end & Q(valid_from__lt=until), by_index=False)
        return self._with_key(*spans.overlapping(starts, until))

    def ending_within(self, days: int, time_zone: str = "UTC", *, by_index: bool = True):
        """With a product key that is valid now or later, and ends today in this zone or on one of so many
        days after it. Raises ValueError for more days than the calendar has."""
        now = timezone.now()
        until = day_window(local_date(now, time_zone) + timedelta(days=days), time_zone)[1]
        return self._with_key(Q(valid_until__gt=now, valid_until__lte=until), by_index=by_index)

    def never_expiring(self, *, by_index: bool = True):
        """With a product key that never expires."""
        return self._with_key(Q(span=None, valid_from__isnull=False), by_index=by_index)

    def _with_key(self, *conditions, by_index=True):
        """With a product key that fulfils one of these conditions. by_index finds the product keys first;
        otherwise those of each entitlement are looked at, which is quicker where the entitlements are few."""
        if not by_index:
            return self.filter(Exists(ProductKey.objects.filter(*conditions, entitlement=OuterRef("pk"))))
        first, *others = (
            ProductKey.objects.filter(one).values("entitlement").order_by() for one in conditions
        )
        return self.filter(pk__in=first.union(*others) if others else first)

    def refresh_search_keys(self) -> None:
        """Writes the search keys anew, for entitlements whose customer or contact is called otherwise."""
        held = self.select_for_update(no_key=True, of=("self",)).order_by("pk")
        rows = list(held.select_related("customer", "contact").prefetch_related("product_keys"))
        for row in rows:
            for name in ("search_key", "customer_key"):
                field: Any = Entitlement._meta.get_field(name)
                field.pre_save(row, add=False)
        Entitlement.objects.bulk_update(rows, ["search_key", "customer_key"], batch_size=500)

    def moves_to(self, time_zone: str) -> list[moves.Move]:
        """What happens to the product keys not yet activated when their customer's time zone becomes this.

        Raises moves.NoWindow, a ValueError, where one of them has none there.
        """
        keys = ProductKey.objects.filter(entitlement__in=self.order_by()).placed().not_activated()
        return moves.to(time_zone, keys.select_related("entitlement").order_by("pk"))

    def move(self, planned: list[moves.Move]) -> dict["Entitlement", Changes]:
        """Stores these windows, and returns for the history what changed in which entitlement."""
        changes = moves.carry_out(planned)
        keys = [move.key for move in planned]
        ProductKey.objects.bulk_update(keys, ProductKey.WINDOW, batch_size=500)
        return changes


WHY_NOT = {
    ("draft", "disable"): "is a draft. Only completed entitlements are disabled.",
    ("draft", "enable"): "is a draft. Only disabled entitlements are enabled.",
    ("draft", "close"): "is a draft. It can be deleted instead.",
    ("complete", "complete"): "is complete already.",
    ("complete", "enable"): "is enabled already.",
    ("complete", "delete"): "was completed and cannot be deleted.",
    ("disabled", "complete"): "was completed already. It can be enabled again.",
    ("disabled", "disable"): "is disabled already.",
    ("disabled", "delete"): "was completed and cannot be deleted.",
    ("closed", "complete"): "is closed for good.",
    ("closed", "disable"): "is closed for good.",
    ("closed", "enable"): "is closed for good.",
    ("closed", "close"): "is closed already.",
    ("closed", "delete"): "was completed and cannot be deleted.",
}


class Entitlement(models.Model):
    """What a customer has bought."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        COMPLETE = "complete", "Complete"
        DISABLED = "disabled", "Disabled"
        CLOSED = "closed", "Closed"

    uuid = models.UUIDField("UUID", default=uuid.uuid4, unique=True, editable=False)
    eid = BytewiseCharField("EID", max_length=35, unique=True, default=new_eid, editable=False)
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
    customer_key = SortKeyField(of="customer_name")
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
    # See Customer.SEARCHED.
    SEARCHED = {
        "eid": "EID",
        "customer": "Customer",
        "contact": "Contact",
        "product": "Product",
        "ref_id1": "Ref ID 1",
        "ref_id2": "Ref ID 2",
        "external_id": "External ID",
    }
    NAMED_BY = {"eid": "eid", "customer": "customer_key"}
    # Verb: the states in which it is done.
    STATES_FOR = {
        "complete": {State.DRAFT},
        "disable": {State.COMPLETE},
        "enable": {State.DISABLED},
        "close": {State.COMPLETE, State.DISABLED},
        "delete": {State.DRAFT},
    }

    class Meta:
        ordering = ["-pk"]
        verbose_name = "entitlement"
        permissions = [("export_entitlement", "Can export entitlements")]
        indexes = [
            models.Index(fields=["state", "created", "id"], name="entitlement_by_state"),
            models.Index(fields=["customer_key", "id"], name="entitlement_by_customer"),
            models.Index(fields=["start_date", "id"], name="entitlement_by_start_date"),
            models.Index(fields=["end_date", "id"], name="entitlement_by_end_date"),
            models.Index(fields=["created", "id"], name="entitlement_by_created"),
            models.Index(fields=["changed", "id"], name="entitlement_by_changed"),
        ]
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
        return reverse("entitlements:detail", args=[self.pk])

    def clean(self):
        super().clean()
        clean_identities(self)
        if not self.is_draft():
            return
        self._clean_contact()
        clean_window(self.start_date, self.end_date, self.time_zone())

    def _clean_contact(self):
        """Asked of drafts only: whoever leaves a customer later does not block what was completed."""
        if self.contact is None:
            return
        if self.customer is None:
            refusal = "Choose the customer first: the contact is one of the customer’s."
            raise ValidationError({"contact": refusal})
        if not self.customer.contacts.contains(self.contact):
            raise ValidationError({"contact": "Choose a contact of this customer."})

    @property
    def customer_name(self) -> str:
        return self.customer.name if self.customer else ""

    def search_texts(self) -> list[tuple[str, str]]:
        """What identifies it, what its customer and its contact are called, and its products."""
        texts = [(name, getattr(self, name)) for name in ("eid", "ref_id1", "ref_id2", "external_id")]
        if self.customer:
            texts += [("customer", self.customer.name), ("customer", self.customer.customer_id)]
        if self.contact:
            texts += [("contact", self.contact.email), ("contact", self.contact.name)]
        keys = self.product_keys.all() if self.pk else ()
        return texts + [("product", called) for called in dict.fromkeys(key.called() for key in keys)]

    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    def is_complete(self) -> bool:
        return self.state == self.State.COMPLETE

    def why_not(self, verb: str) -> str:
        """Why this cannot be done to it now, to be read after its EID; empty where it can."""
        if self.state not in self.STATES_FOR[verb]:
            return WHY_NOT[self.State(self.state), verb]
        if verb != "complete":
            return ""
        if self.customer_id is None:
            return "has no customer yet. Choose one before completing it."
        return "" if self.product_keys.exists() else "has no product yet. Add one before completing it."

    def why_not_activated(self) -> str:
        """Why nothing of it can be activated now, whatever is left; empty where something can."""
        if self.is_draft():
            return _("This entitlement is a draft: it cannot be activated before it is completed.")
        if self.state == self.State.DISABLED:
            return _("This entitlement is disabled: nothing of it can be activated.")
        if self.state == self.State.CLOSED:
            return _("This entitlement is closed: nothing of it can be activated any more.")
        if self.customer and not self.customer.is_enabled():
            return _("The customer is disabled: nothing can be activated.")
        return ""

    def time_zone(self) -> str:
        """The customer's, or UTC as long as there is none."""
        return self.customer.time_zone if self.customer else "UTC"

    def validity(self) -> Validity | None:
        """How the whole stands: the window of the product that ends next among those valid now, else of
        the one that starts next, else of the last that ended. None for drafts, whose windows may change."""
        keys = () if self.is_draft() else self.product_keys.all()
        return leading(key.validity() for key in keys if key.valid_from)

    def activations(self) -> "ActivationQuerySet":
        return Activation.objects.filter(product_key__entitlement=self)
