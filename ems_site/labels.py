"""What people call the attributes of a record."""

from django.db import models

Kind = models.Model | type[models.Model]


def label(model: Kind, name: str) -> str:
    """The attribute's label in forms, lists and history. Raises FieldDoesNotExist."""
    return str(getattr(model._meta.get_field(name), "verbose_name", name))


def noun(model: Kind, number: int) -> str:
    """The name of so many of them."""
    return str(model._meta.verbose_name if number == 1 else model._meta.verbose_name_plural)


def counted(number: int, model: Kind) -> str:
    """`1,204 customers`"""
    return f"{number:,} {noun(model, number)}"
