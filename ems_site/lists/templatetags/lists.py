from django import template

from ems_site.lists import places, tables

register = template.Library()


@register.tag
def table(parser, token):
    """{% table list %}"""
    _name, listing = token.split_contents()
    return Table(parser.compile_filter(listing))


class Table(template.Node):
    def __init__(self, listing):
        self.listing = listing

    def render(self, context):
        return tables.table(self.listing.resolve(context))


@register.simple_tag(takes_context=True)
def list_address(context, name: str) -> str:
    """The address of this list as the person left it."""
    return places.address(context["request"], name)
