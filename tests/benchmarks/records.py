"""Rows as the product would store them: its own defaults and keys, without a database behind each."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import FunctionType, MethodType
from typing import Any
from unittest import mock

from django.db import models

from ems_site import folding, keys

REMEMBERED = 100_000


class Record:
    """The values of a row, which answers what its model would answer from them."""

    def __init__(self, model: type[models.Model], **values: Any) -> None:
        self.__dict__.update(values, model=model)

    def __getattr__(self, name: str) -> Any:
        model = self.__dict__["model"]
        found = getattr(model, name)
        if isinstance(found, property):
            return found.__get__(self, model)
        if isinstance(found, FunctionType):
            return MethodType(found, self)
        if hasattr(found, "field"):
            raise AttributeError(f"{model.__name__} has no {name} yet.")
        return found


class Related(list):
    """Records on the other side of a relation, in the order of their keys."""

    def all(self) -> "Related":
        return self

    def order_by(self, name: str) -> "Related":
        assert name == "pk", name
        return self

    def values_list(self, *names: str, flat: bool = False) -> list:
        if flat:
            return [getattr(record, names[0]) for record in self]
        return [tuple(getattr(record, name) for name in names) for record in self]


class Columns:
    """The columns of a model's table, and what a record has in them."""

    def __init__(self, model: type[models.Model]) -> None:
        self.table = model._meta.db_table
        self.fields = model._meta.concrete_fields
        self.names = [field.column for field in self.fields]
        self._made = [(one.attname, getattr(one, "key", None), one.get_default) for one in self.fields]

    def values(self, record: Record) -> list:
        """In the order of the names; what the record does not have is the field's default."""
        given = record.__dict__
        return [
            key(record) if key else given[name] if name in given else default()
            for name, key, default in self._made
        ]


@contextmanager
def remembered_folding() -> Iterator[None]:
    """The same words come again and again: what they fold to is pure, and remembered. A search key is made
    line by line."""
    remember = lru_cache(REMEMBERED)
    sort_key, identity_key = remember(folding.sort_key), remember(folding.identity_key)
    in_one, line = folding.search_key, remember(lambda line: in_one([line]))
    with (
        mock.patch.multiple(folding, sort_key=sort_key, search_term=remember(folding.search_term)),
        mock.patch.multiple(
            keys,
            sort_key=sort_key,
            identity_key=identity_key,
            search_key=lambda lines: "".join(map(line, lines)),
        ),
    ):
        yield
