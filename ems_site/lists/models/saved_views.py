from django.conf import settings
from django.db import models
from django.db.models import Q

from ems_site.fields import LineField
from ems_site.folding import identity_key
from ems_site.keys import IdentityKeyField, is_storable


class SavedViewQuerySet(models.QuerySet):
    def visible_to(self, user, listing: str):
        """This person's views of this list, and those that others share."""
        return self.filter(Q(owner=user) | Q(is_shared=True), listing=listing).order_by("name_key", "pk")

    def default_of(self, user, listing: str) -> "SavedView | None":
        """With which this list opens for the person; one that is not shared any more does for nobody else."""
        return self.visible_to(user, listing).filter(defaults__person=user).first()


class SavedView(models.Model):
    """A named address of a list: filters, columns, order and page size, and nothing else."""

    listing = models.CharField(max_length=20)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    name = LineField("Name", max_length=60)
    is_shared = models.BooleanField("Shared", default=False)
    query = models.TextField(blank=True)
    name_key = IdentityKeyField(of="name", unique=False)

    objects = SavedViewQuerySet.as_manager()

    ATTRIBUTES = ("name", "is_shared", "query")

    class Meta:
        default_permissions = ()
        verbose_name = "view"
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "listing", "name_key"],
                name="one_view_of_a_name",
                violation_error_message="You have a view of this name already.",
            )
        ]

    def __str__(self):
        return self.name

    def clean(self):
        super().clean()
        # Of one's own names for this list alone, see the constraint.
        key = identity_key(self.name)
        self.name_key = key if is_storable(key) else None

    def may_be_changed_by(self, user) -> bool:
        """By its owner, and by a superuser where it is shared."""
        return self.owner_id == user.pk or (self.is_shared and user.is_superuser)


class DefaultView(models.Model):
    """With which view a list opens for a person."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="default_views")
    listing = models.CharField(max_length=20)
    view = models.ForeignKey(SavedView, models.CASCADE, related_name="defaults")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["person", "listing"], name="one_default_view")]

    def __str__(self):
        return f"{self.view} of {self.person}"
