"""What people call the attributes of a record."""

from django.db import models


def label(model: models.Model | type[models.Model], name: str) -> str:
    """The attribute's label in forms, lists and history. Raises FieldDoesNotExist."""
    return str(getattr(model._meta.get_field(name), "verbose_name", name))
