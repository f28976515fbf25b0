"""Old and new values of a model's ATTRIBUTES, in the form in which history keeps them."""

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.text import capfirst

from ems_site.labels import label

Changes = dict[str, list]

# What histories tell besides the fields of a record.
NOT_FIELDS = {
    "password": "Password",
    "sessions": "Sessions",
    "copied_from": "Copied from",
    "productkey": "Product",
    "filters": "Filters",
    "columns": "Columns",
    "format": "Format",
}


def attributes(model: models.Model) -> tuple[str, ...]:
    """What people write down about it, by the names of the fields."""
    return model.ATTRIBUTES  # type: ignore[attr-defined]


def differences(old: models.Model, new: models.Model) -> Changes:
    """Attributes whose values differ, as {name: [old value, new value]}."""
    return {
        name: [_plain(old, name), _plain(new, name)]
        for name in attributes(new)
        if getattr(old, name) != getattr(new, name)
    }


def first_values(added: models.Model) -> Changes:
    return {name: ["", value] for name, value in _values(added)}


def last_values(deleted: models.Model) -> Changes:
    return {name: [value, ""] for name, value in _values(deleted)}


def _values(instance):
    return [(name, _plain(instance, name)) for name in attributes(instance) if getattr(instance, name)]


def _plain(instance, name):
    field = instance._meta.get_field(name)
    if field.choices:
        return str(instance._get_FIELD_display(field))
    value = getattr(instance, name)
    return "" if value is None else str(value)


def link_name(subject: models.Model, label: str) -> str:
    """The name in a history entry of a link to something else: `contact:17:anna@example.com`."""
    return f"{subject._meta.model_name}:{subject.pk or ''}:{label}"


def change_lines(model: type[models.Model] | None, changes: Changes) -> list[tuple[str, str, str]]:
    """(label, old, new) for people. A link reads `Contact`, `anna@example.com (Standard)`."""
    return [
        (_label(model, name), *(_shown(name, value) for value in values)) for name, values in changes.items()
    ]


def _label(model, name):
    if ":" in name:
        kind = name.partition(":")[0]
        return NOT_FIELDS.get(kind, kind.capitalize())
    try:
        return capfirst(label(model, name)) if model else name
    except FieldDoesNotExist:
        return NOT_FIELDS.get(name, name)


def _shown(name, value):
    text = "" if value is None else str(value)
    if ":" not in name or not text:
        return text
    return f"{name.split(':', 2)[2]} ({capfirst(text)})"
