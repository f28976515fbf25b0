from datetime import date
from functools import lru_cache
from typing import Any

from django import template
from django.template import NodeList
from django.template.loader import get_template
from django.utils.formats import date_format

from ems_site.lists import places

register = template.Library()


@register.tag
def cells(parser, token):
    """{% cells list "cell" %}: the partials cell-<column> of the list's _columns.html, in their order."""
    _name, listing, kind = token.split_contents()
    return Cells(parser.compile_filter(listing), kind.strip('"'))


class Cells(template.Node):
    def __init__(self, listing, kind):
        self.listing, self.kind = listing, kind

    def render(self, context):
        if self not in context.render_context:
            context.render_context[self] = self._partials(self.listing.resolve(context))
        return "".join([nodes.render(context) for nodes in context.render_context[self]])

    def _partials(self, listing) -> list[NodeList]:
        names = (f"{listing.name}/_columns.html#{self.kind}-{one.name}" for one in listing.columns)
        templates: list[Any] = [get_template(name) for name in names]
        return [one.template.nodelist for one in templates]


@register.filter
def day(at: date | None) -> str:
    """`3 Jan 2026`; the same few days stand in many cells."""
    return _day(at.year, at.month, at.day) if at else ""


@lru_cache(maxsize=4096)
def _day(year, month, of_month):
    return date_format(date(year, month, of_month), "j M Y")


@register.simple_tag(takes_context=True)
def list_address(context, name: str) -> str:
    """The address of this list as the person left it."""
    return places.address(context["request"], name)
