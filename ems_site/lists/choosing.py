"""What a person chooses to see in a list: which columns in which order, how many rows, sorted how."""

from django.http import QueryDict

from ems_site.lists.columns import SEPARATOR, Column
from ems_site.lists.links import SHAPE
from ems_site.lists.listing import Listing
from ems_site.parameters import whole_number

DESCENDING = "descending"


def offered(listing: Listing) -> list[tuple[Column, bool]]:
    """All columns, and whether each is shown: those shown in their order, then the others."""
    others = [one for one in listing.all_columns.values() if one not in listing.columns]
    return [*((one, True) for one in listing.columns), *((one, False) for one in others)]


def kept(listing: Listing) -> list[tuple[str, str]]:
    """What is not chosen here, for hidden fields."""
    return [(name, value) for name, value in listing.parameters() if name not in SHAPE]


def chosen(asked: QueryDict, listing: Listing) -> Listing:
    """The list with what was chosen: the columns ticked, by the position that was given to each."""
    order = [column.name for column, _ in offered(listing)]
    wanted = {name: whole_number(asked.get(f"at_{name}"), at_most=1000) for name in order}
    ticked = [name for name in order if name in asked.getlist("column")]
    ticked.sort(key=lambda name: _rank(order.index(name) + 1, wanted[name]))
    data = asked.copy()
    data["columns"] = SEPARATOR.join(ticked)
    data["sort"] = ("-" if asked.get("order") == DESCENDING else "") + asked.get("sort", "")
    return type(listing)(data, listing.by)


def _rank(place, wanted):
    """Whoever moves up comes before the one that is there, whoever moves down after it."""
    if wanted is None or wanted == place:
        return place, 1
    return (wanted, 0) if wanted < place else (wanted, 2)
