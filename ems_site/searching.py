"""Finding records by their search keys: by an attribute or any, in any place, exactly, or by the beginning.

A text of three signs or more is found anywhere. Two find the words that begin with them, and one finds
the records that are called something with this beginning: shorter texts are in nearly every record, and
no index could help. Case, accents, width and surrounding blanks do not count, in any script.
"""

import re
from collections.abc import Iterable
from functools import reduce
from operator import or_

from django.db import models
from django.db.models import Lookup, Q

from ems_site.folding import (
    LINE_END,
    WORD_START,
    line_start,
    mark_of,
    search_term,
    sort_key,
)
from ems_site.keys import IdentityKeyField, SearchKeyField
from ems_site.trigrams import full_text_table

ANY = "any"
EXACT = "exact"
STARTS = "starts"
PATTERNS = {ANY: "Any place", EXACT: "Exact", STARTS: "Starts with"}
# Nothing that is searched folds to a longer line, and SQLite refuses much longer patterns.
LONGEST_TERM = 10_000
# So many signs leave few rows in SQLite; the rest of a longer text is looked for in those.
LONGEST_PHRASE = 32
LAST_PLAIN_SIGN, LAST_SIGN = "\x7f", "\U0010ffff"


def matching(
    rows: models.QuerySet,
    text: str,
    criterion: str = ANY,
    pattern: str = ANY,
    *,
    keys: Iterable[str] = ("search_key",),
    by_index: bool = True,
) -> models.QuerySet:
    """The rows in whose search keys the text is found; all of them for a blank text.

    criterion is one of the model's SEARCHED, or ANY. by_index asks the trigram index; otherwise each row
    is looked into, which is quicker where the rows are few, or most of them match.
    """
    condition = _condition(rows.model, text, criterion, pattern, by_index)
    if condition is None:
        return rows
    if criterion == pattern == ANY and (named := _named(rows.model, text)):
        return rows.filter(named)
    return rows.filter(reduce(or_, (_of_key(condition, key) for key in keys)))


def _condition(model, text, criterion, pattern, by_index):
    """What a key has to fulfil, as pairs of lookup and value, of which each has to hold one of several."""
    term = search_term(text)
    if not term:
        return None
    if len(term) > LONGEST_TERM:
        return [[("in", [])]]
    has = "found" if by_index else "holds"
    numbers = {name: number for number, name in enumerate(model.SEARCHED)}
    if pattern == ANY and len(term) == 1:
        named = model.NAMED_BY if criterion == ANY else [criterion]
        return [[(has, mark_of(numbers[name]) + line_start(term)) for name in named]]
    if pattern == ANY:
        part = term if len(term) > 2 else WORD_START + term
        if criterion == ANY:
            return [[(has, part)]]
        return [
            [(has, part)],
            [("line", mark_of(numbers[criterion]) + LINE_END + "[^\n]*" + re.escape(part))],
        ]
    mark = "" if criterion == ANY else mark_of(numbers[criterion])
    return [[(has, mark + line_start(term) + (LINE_END if pattern == EXACT else ""))]]


def _named(model, text) -> Q | None:
    """Being called something that begins with this one letter or digit, by the columns that are sorted by it,
    or having it as an identity: among the lines of a search key nearly every row has one."""
    sign = sort_key(text)
    if len(sign) != 1 or sign != search_term(text) or not all(model.NAMED_BY.values()):
        return None
    named = [Q(**{f"{name}__gte": sign, f"{name}__lt": sign + LAST_SIGN}) for name in model.NAMED_BY.values()]
    numbers = {name: number for number, name in enumerate(model.SEARCHED)}
    for criterion, name in model.NAMED_BY.items():
        if isinstance(model._meta.get_field(name), IdentityKeyField):
            # Accents stand in it, so those that begin with one are looked into.
            holds = mark_of(numbers[criterion]) + line_start(sign)
            named.append(Q(**{f"{name}__gt": LAST_PLAIN_SIGN, "search_key__holds": holds}))
    if identified := list(model._default_manager.identified(text).values_list("pk", flat=True)):
        named.append(Q(pk__in=identified))
    return reduce(or_, named)


def _of_key(condition, key):
    wanted = Q()
    for choices in condition:
        wanted &= reduce(or_, (Q(**{f"{key}__{lookup}": value}) for lookup, value in choices))
    return wanted


class _KeyLookup(Lookup):
    """Text as it stands in a search key: without wildcards, and never from outside as it is."""

    prepare_rhs = False

    def _column(self, compiler, connection):
        return self.process_lhs(compiler, connection)


@SearchKeyField.register_lookup
class Holds(_KeyLookup):
    """The key has this text in it; looks into each row."""

    lookup_name = "holds"

    def as_sql(self, compiler, connection):
        column, parameters = self._column(compiler, connection)
        return f"INSTR({column}, %s) > 0", [*parameters, self.rhs]

    def as_postgresql(self, compiler, connection):
        column, parameters = self._column(compiler, connection)
        return f"STRPOS({column}, %s) > 0", [*parameters, self.rhs]


@SearchKeyField.register_lookup
class Found(Holds):
    """The same by the trigram index."""

    lookup_name = "found"

    def as_sql(self, compiler, connection):
        quote = connection.ops.quote_name
        table = quote(full_text_table(self.lhs.target.model._meta.db_table, self.lhs.target.column))
        row = f"{quote(self.lhs.alias)}.{quote(self.lhs.target.model._meta.pk.column)}"
        phrase = '"' + self.rhs[:LONGEST_PHRASE].replace('"', '""') + '"'
        # The names are the model's own.
        found = f"{row} IN (SELECT rowid FROM {table} WHERE {table} MATCH %s)"  # noqa: S608
        if len(self.rhs) <= LONGEST_PHRASE:
            return found, [phrase]
        looked_at, parameters = super().as_sql(compiler, connection)
        return f"({found} AND {looked_at})", [phrase, *parameters]

    def as_postgresql(self, compiler, connection):
        column, parameters = self._column(compiler, connection)
        return f"{column} LIKE %s", [*parameters, f"%{connection.ops.prep_for_like_query(self.rhs)}%"]


@SearchKeyField.register_lookup
class Line(_KeyLookup):
    """A line of the key has what this regular expression describes."""

    lookup_name = "line"

    def as_sql(self, compiler, connection):
        column, parameters = self._column(compiler, connection)
        return f"{column} REGEXP %s", [*parameters, self.rhs]

    def as_postgresql(self, compiler, connection):
        # Not as an operator, which the planner would look for in the index, too.
        column, parameters = self._column(compiler, connection)
        return f"SUBSTRING({column} FROM %s) IS NOT NULL", [*parameters, self.rhs]
