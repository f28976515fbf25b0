"""Two people changed the same draft: what differs, its products included, and who chose what."""

import re
from collections import Counter

from django.forms.models import model_to_dict
from django.http import QueryDict
from django.utils.text import capfirst

from ems_site import conflicts
from ems_site.audit.models import Entry
from ems_site.conflicts import Difference
from entitlements import panes
from entitlements.models import Entitlement, ProductKey

PRODUCTS = "products"
NEVER = "Never expires"
# How the history tells a line: ProductKey.summary(), behind the old name where it was renamed.
TOLD = re.compile(r"(?:(.*), )?(\d+(?:, from [\d-]+)?(?:, to [\d-]+|, never expires)?)", re.DOTALL)


def differences(
    mine: Entitlement, keys: list[ProductKey], current: Entitlement, entries: list[Entry]
) -> list[Difference]:
    rows = conflicts.differences(mine, current, conflicts.values_before(entries))
    return [_worded(row) for row in rows] + _products(keys, current, entries)


def _worded(row):
    row.label = capfirst(row.label)
    if row.name == "end_date":
        row.before, row.theirs, row.mine = (text or NEVER for text in (row.before, row.theirs, row.mine))
    return row


def _products(keys, current, entries):
    """One row for all lines: those that are the same in each of its cells are only counted."""
    their_keys = list(current.product_keys.all())
    mine, theirs, before = _lines(keys), _lines(their_keys), _lines_before(current, entries)
    if mine == theirs and [key.pk for key in keys] == [key.pk for key in their_keys]:
        return []
    same = Counter(mine) & Counter(theirs) & Counter(before)
    cells = (_without(lines, same) for lines in (before, theirs, mine))
    return [Difference(PRODUCTS, "Products", *cells)]


def _lines(keys):
    return [_line(key.called(), key.summary()) for key in keys]


def _without(lines, same):
    left, shown = Counter(same), []
    for line in lines:
        if left[line]:
            left[line] -= 1
        else:
            shown.append(line)
    if same:
        shown.append(f"({same.total()} other{'s are' if same.total() > 1 else ' is'} the same)")
    return "\n".join(shown)


def _line(called, summary):
    return f"{called} × {summary}"


def _lines_before(current, entries):
    """What the lines were before these entries: the first that changed a line tells what stood there."""
    told = {key.pk: _line(key.called(), key.summary()) for key in current.product_keys.all()}
    seen = set()
    for entry in entries:
        for name, (old, new) in entry.changes.items():
            kind, _, number = conflicts.short_name(name).partition(":")
            # Of a completed line the history tells windows.
            is_line = kind == ProductKey._meta.model_name and TOLD.fullmatch(old or new)
            if number in seen or not is_line:
                continue
            seen.add(number)
            told[int(number)] = _line_before(name.split(":", 2)[2], old)
    return [told[number] for number in sorted(told) if told[number]]


def _line_before(called, old):
    """Empty where there was none."""
    found = TOLD.fullmatch(old)
    return _line(found[1] or called, found[2]) if found else ""


def resolve(data: QueryDict, current: Entitlement) -> QueryDict:
    """What was posted, with the current values or lines wherever the person chose theirs.

    Lines of mine that somebody removed meanwhile are added anew.
    """
    resolved, theirs = conflicts.resolve(data, current), conflicts.chosen_theirs(data)
    for name, value in model_to_dict(current, fields=theirs).items():
        resolved[name] = "" if value is None else str(value)
    if "end_date" in theirs:
        _put(resolved, "never_expires", current.end_date is None)
    if PRODUCTS in theirs:
        return panes.write(resolved, panes.rows_of(current))
    if data.get(f"{conflicts.CHOICE}{PRODUCTS}"):
        return panes.write(resolved, _added_anew(panes.values(data)))
    return resolved


def _put(data, name, ticked):
    if ticked:
        data[name] = "on"
    elif name in data:
        del data[name]


def _added_anew(rows):
    numbers = panes.numbers(rows)
    there = set(ProductKey.objects.filter(pk__in=numbers).values_list("pk", flat=True))
    pairs = zip(rows, numbers, strict=True)
    return [row if number in there else row | {"id": ""} for row, number in pairs]
