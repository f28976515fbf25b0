from datetime import date

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q, Sum

from ems_site.audit.changes import link_name
from ems_site.fields import LineField, validate_alphanumeric
from ems_site.keys import BytewiseCharField
from entitlements import spans
from entitlements.fields import QuantityField
from entitlements.models.activations import Activation
from entitlements.validity import Validity, clean_window


class ProductKeyQuerySet(models.QuerySet):
    def placed(self):
        """Those of completed entitlements: their windows are stored."""
        return self.filter(valid_from__isnull=False)

    def not_activated(self):
        """Without an activation in force."""
        return self.exclude(pk__in=Activation.objects.in_force().values("product_key"))

    def with_activated(self):
        """Each has `activated`: the quantity of its activations in force."""
        in_force = Q(activations__revoked=None)
        counted = self.annotate(activated=Sum("activations__quantity", filter=in_force, default=0))
        # Sets that are grouped lose the order of their model.
        return counted.order_by("pk")


class ProductKey(models.Model):
    """One line of an entitlement: so many of a product, for a time.

    Empty dates are the entitlement's. Of a draft the window follows from them and the customer's time
    zone; once it is completed, the window is stored with the zone it was computed in.
    """

    entitlement = models.ForeignKey("entitlements.Entitlement", models.CASCADE, related_name="product_keys")
    product = LineField("Product", max_length=100, validators=[validate_alphanumeric])
    product_version = LineField("Version", max_length=50, blank=True)
    quantity = QuantityField("Quantity", default=1)
    start_date = models.DateField("Start date", null=True, blank=True)
    end_date = models.DateField("End date", null=True, blank=True)
    never_expires = models.BooleanField("Never expires", default=False)
    time_zone = BytewiseCharField("Time Zone", max_length=64, blank=True, editable=False)
    valid_from = models.DateTimeField(null=True, editable=False)
    valid_until = models.DateTimeField(null=True, editable=False)
    span = models.SmallIntegerField(null=True, editable=False)

    objects = ProductKeyQuerySet.as_manager()

    ATTRIBUTES = ("product", "product_version", "quantity", "start_date", "end_date", "never_expires")
    WINDOW = ("time_zone", "valid_from", "valid_until", "span")

    class Meta:
        ordering = ["pk"]
        default_permissions = ()
        verbose_name = "product key"
        indexes = [
            models.Index(fields=["span", "valid_from", "valid_until"], name="product_key_window"),
            models.Index(fields=["valid_until"], name="product_key_end"),
            models.Index(
                fields=["entitlement"],
                condition=Q(span=None, valid_from__isnull=False),
                name="product_key_endless",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="product_key_quantity",
                condition=Q(quantity__gte=1),
                violation_error_message="The quantity is 1 or more.",
            ),
            models.CheckConstraint(
                name="product_key_never_or_end",
                condition=Q(never_expires=False) | Q(end_date=None),
                violation_error_message="Give an end date or “never expires”, not both.",
            ),
            models.CheckConstraint(
                name="product_key_has_window",
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
            ),
        ]

    def __str__(self):
        return f"{self.called()} × {self.quantity}"

    def clean(self):
        super().clean()
        if self.never_expires and self.end_date:
            raise ValidationError({"end_date": "Give an end date or “never expires”, not both."})
        own = bool(self.start_date or self.end_date or self.never_expires)
        # Dates that are the entitlement's are told there, once.
        if own and self.starts_on():
            clean_window(self.starts_on(), self.ends_on(), self.entitlement.time_zone())

    def link(self) -> str:
        """Its name in the history of the entitlement."""
        return link_name(self, self.called())

    def called(self) -> str:
        """Product and version."""
        return f"{self.product} {self.product_version}".strip()

    def summary(self) -> str:
        """Quantity and dates, in the words of the history."""
        start = f"from {self.start_date}" if self.start_date else ""
        end = "never expires" if self.never_expires else f"to {self.end_date}" if self.end_date else ""
        return ", ".join(text for text in [str(self.quantity), start, end] if text)

    def starts_on(self) -> date:
        return self.start_date or self.entitlement.start_date

    def ends_on(self) -> date | None:
        """None: it never expires."""
        if self.never_expires:
            return None
        return self.end_date or self.entitlement.end_date

    def validity_in(self, time_zone: str) -> Validity:
        """Raises ValueError with a sentence for people where there is no such window."""
        return Validity.of(self.starts_on(), self.ends_on(), time_zone)

    def validity(self) -> Validity | None:
        """As stored or, of a draft, as it would be now; None where there is no such window."""
        if self.valid_from:
            return Validity(
                self.starts_on(), self.ends_on(), self.time_zone, self.valid_from, self.valid_until
            )
        try:
            return self.validity_in(self.entitlement.time_zone())
        except ValueError:
            return None

    def place(self, validity: Validity) -> None:
        """Takes this window; it is saved by whoever calls."""
        self.time_zone = validity.time_zone
        self.valid_from, self.valid_until = validity.starts, validity.until
        self.span = spans.span_of(validity.starts, validity.until)

    def activated_quantity(self) -> int:
        return self.activations.in_force().aggregate(sum=Sum("quantity", default=0))["sum"]

    def available(self) -> int:
        """What is left to activate."""
        activated = getattr(self, "activated", None)
        return self.quantity - (self.activated_quantity() if activated is None else activated)
