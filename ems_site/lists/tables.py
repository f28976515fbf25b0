"""The table of a list. Most values of a page stand in it, and Jinja writes them several times as fast."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from django.template import engines
from django.template.defaultfilters import capfirst, pluralize
from django.templatetags.static import static
from jinja2 import Environment, StrictUndefined

from ems_site.days import day, minute
from ems_site.lists.listing import LISTS, Listing
from ems_site.rights import right_to


def environment(**options: Any) -> Environment:
    """What settings name for the engine `tables`; Django's options have values escaped."""
    strict = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    made = Environment(**options | strict)  # noqa: S701
    filters: dict[str, Callable] = {
        "capfirst": capfirst,
        "day": day,
        "minute": minute,
        "pluralize": pluralize,
        "quoted": partial(quote, safe=""),
    }
    made.filters |= filters
    return made


def table(listing: Listing) -> str:
    """The rows of the page with their headings, by the list's own _table.jinja."""
    context = {
        "list": listing,
        "headings": listing.links.headings(),
        "unfiltered": listing.links.unfiltered(),
        "chosen": listing.has_chosen_columns(),
        "icons": static("img/icons.svg"),
        "may": lambda verb, name: listing.by.has_perm(right_to(verb, LISTS[name].model)),
        "may_change": listing.by.has_perm(right_to("change", listing.model)),
        "may_delete": listing.by.has_perm(right_to("delete", listing.model)),
    }
    return engines["tables"].get_template(f"{listing.name}/_table.jinja").render(context)
