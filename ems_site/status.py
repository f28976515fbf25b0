"""Enabled or disabled: the status of customers and contacts alike."""

from django.db import models


class Status(models.TextChoices):
    ENABLED = "enabled", "Enabled"
    DISABLED = "disabled", "Disabled"
