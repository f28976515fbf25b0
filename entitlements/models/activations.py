import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from contacts.models import Contact
from ems_site.fields import LinesField
from ems_site.keys import BytewiseCharField
from entitlements.fields import QuantityField
from entitlements.validity import Validity


class ActivationQuerySet(models.QuerySet):
    def in_force(self):
        """Not revoked."""
        return self.filter(revoked=None)


class Activation(models.Model):
    """One use of part of a product key's quantity, with the license that it generated.

    It keeps the time zone and the window it was issued with, whatever becomes of the customer's. Who
    did it stands as a plain key and name, which outlive the user.
    """

    uuid = models.UUIDField("UUID", default=uuid.uuid4, unique=True, editable=False)
    product_key = models.ForeignKey("entitlements.ProductKey", models.PROTECT, related_name="activations")
    quantity = QuantityField("Quantity", default=1)
    activatee = models.ForeignKey(Contact, models.PROTECT, related_name="activations", null=True, blank=True)
    time_zone = BytewiseCharField("Time Zone", max_length=64, editable=False)
    valid_from = models.DateTimeField("Valid from", editable=False)
    valid_until = models.DateTimeField("Valid until", null=True, editable=False)
    license = models.TextField("License", editable=False)
    activated = models.DateTimeField("Activated", default=timezone.now, editable=False)
    activated_by_key = models.BigIntegerField(null=True, editable=False)
    activated_by = models.CharField("Activated by", max_length=254, blank=True, editable=False)
    revoked = models.DateTimeField("Revoked", null=True, editable=False)
    revoked_by = models.CharField("Revoked by", max_length=254, blank=True, editable=False)
    reason = LinesField("Reason", max_length=500, blank=True, editable=False)

    objects = ActivationQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        default_permissions = ()
        verbose_name = "activation"
        constraints = [
            models.CheckConstraint(name="activation_quantity", condition=Q(quantity__gte=1)),
            models.CheckConstraint(
                name="activation_has_window",
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
            ),
        ]

    def __str__(self):
        return f"{self.quantity} × {self.product_key.called()}"

    def is_revoked(self) -> bool:
        return self.revoked is not None

    def summary(self) -> str:
        """In the words of the history."""
        person = f" for {self.activatee.email}" if self.activatee else ""
        return f"{self.quantity}{person}, {self.validity()}"

    def validity(self) -> Validity:
        key = self.product_key
        return Validity(key.starts_on(), key.ends_on(), self.time_zone, self.valid_from, self.valid_until)
