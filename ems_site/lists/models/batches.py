import uuid

from django.conf import settings
from django.db import models


class Batch(models.Model):
    """A verb done to all records that matched a list when somebody said so, part by part."""

    class Status(models.TextChoices):
        PLANNED = "planned", "Planned"
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"
        FINISHED = "finished", "Finished"
        REFUSED = "refused", "Refused"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    listing = models.CharField(max_length=20)
    query = models.TextField(blank=True)
    verb = models.CharField(max_length=20)
    comment = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="batches")
    status = models.CharField(max_length=10, choices=Status, default=Status.PLANNED)
    why = models.CharField(max_length=300, blank=True, help_text="Why it was refused.")
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)
    heartbeat = models.DateTimeField(null=True, blank=True)
    epoch = models.PositiveIntegerField(default=0, help_text="The person's session epoch when it began.")

    class Meta:
        default_permissions = ()
        ordering = ["-pk"]
        verbose_name_plural = "batches"

    def __str__(self):
        return f"{self.verb} {self.total} {self.listing}"


class Part(models.Model):
    """Keys of some of a batch's records, done in one transaction."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    keys = models.JSONField()
    spared = models.JSONField(default=list, help_text="Keys to which it could not be done when planned.")
    is_done = models.BooleanField(default=False)
    left_out = models.JSONField(default=list, help_text="[key, name, reason] of each.")

    class Meta:
        default_permissions = ()
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="one_part_of_a_number")]

    def __str__(self):
        return f"part {self.number} of {self.batch}"
