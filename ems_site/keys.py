"""Database columns that hold the folded key of another field, kept true on every save."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy

from ems_site.folding import identity_key, search_key, sort_key
from ems_site.labels import label

# At four bytes a character the longest key still fits an index entry of PostgreSQL.
KEY_LENGTH = 600


class BytewiseCharField(models.CharField):
    """Sorted alike by every database, whatever language it was set up for."""

    def db_type(self, connection):
        collation = ' COLLATE "C"' if connection.vendor == "postgresql" else ""
        return f"{super().db_type(connection)}{collation}"


class _Computed:
    """A column whose value is computed anew whenever it is saved."""

    attname: str

    def key(self, instance: models.Model) -> str | None:
        raise NotImplementedError

    def pre_save(self, instance: models.Model, add: bool) -> str | None:
        key = self.key(instance)
        setattr(instance, self.attname, key)
        return key


class _KeyField(_Computed, BytewiseCharField):
    def __init__(self, *, of, **kwargs):
        self.of = of
        super().__init__(**{"editable": False, "max_length": KEY_LENGTH, **kwargs})

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "of": self.of}


class IdentityKeyField(_KeyField):
    """Unique over all rows without regard to case or width; empty texts never collide."""

    def __init__(self, *, of, **kwargs):
        super().__init__(of=of, **{"unique": True, "null": True, **kwargs})

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {"unique": False, **kwargs}

    def key(self, instance):
        return identity_key(getattr(instance, self.of)) or None


class SortKeyField(_KeyField):
    """What a list is sorted by: case and accents do not count."""

    @staticmethod
    def fold(text: str) -> str:
        return sort_key(text)[:KEY_LENGTH]

    def key(self, instance):
        return self.fold(getattr(instance, self.of))


class SearchKeyField(_Computed, models.TextField):
    """What a search looks into: the texts that this method of the model returns, each with the criterion
    of the model's SEARCHED that it is found by, folded, a line each. Asked by ems_site/searching.py."""

    def __init__(self, *, of: str = "search_texts", **kwargs):
        self.of = of
        super().__init__(**{"editable": False, "default": "", **kwargs})

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "of": self.of}

    def key(self, instance) -> str:
        numbers = {name: number for number, name in enumerate(instance.SEARCHED)}
        return search_key((numbers[criterion], text) for criterion, text in getattr(instance, self.of)())


def clean_identities(instance: models.Model) -> None:
    """Raises a ValidationError at each field whose identity another row has already."""
    errors = {}
    for field in instance._meta.get_fields():
        if not isinstance(field, IdentityKeyField):
            continue
        key = field.key(instance)
        # Django's own unique check would name the key column, which nobody has heard of.
        setattr(instance, field.attname, None)
        if key and len(key) > KEY_LENGTH:
            errors[field.of] = ValidationError(gettext_lazy("Too long."), code="max_length")
        elif key and is_storable(key) and _others(instance).filter(**{field.name: key}).exists():
            errors[field.of] = ValidationError(
                gettext_lazy(
                    "Another %(model)s has this %(field)s. Letter case and width make no difference."
                ),
                code="unique",
                params={"model": instance._meta.verbose_name, "field": label(instance, field.of)},
            )
    if errors:
        raise ValidationError(errors)


def with_keys(model: type[models.Model], names: Iterable[str] | None) -> list[str] | None:
    """The fields to save, with the keys computed from them; None means all fields."""
    if names is None:
        return None
    saved = set(names)
    fields = model._meta.concrete_fields
    saved |= {field.name for field in fields if isinstance(field, _KeyField) and field.of in saved}
    if saved.intersection(getattr(model, "ATTRIBUTES", ())):
        saved |= {field.name for field in fields if isinstance(field, SearchKeyField)}
    return list(saved)


def is_storable(text: str) -> bool:
    """Whether a database can be asked for it: neither NUL nor half a surrogate pair is in it."""
    return "\0" not in text and not any("\ud800" <= mark <= "\udfff" for mark in text)


def _others(instance):
    return type(instance)._default_manager.exclude(pk=instance.pk)
