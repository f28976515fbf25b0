"""What the history tells of how a list was narrowed."""

from ems_site.audit.changes import Changes
from ems_site.lists.listing import Listing


def narrowing_of(listing: Listing) -> Changes:
    """What customer the list is narrowed to is a link, which is withheld from those who may not view it."""
    criteria = [(one.name, one.label(listing.searched), one.value) for one in listing.criteria]
    filters = [(one.name, one.label, one.shown) for one in listing.filters()]
    lines, links = [], {}
    for name, label, shown in [*criteria, *filters]:
        value = shown.replace("\0", "")
        if name == "customer":
            links[f"customer::{value}"] = ["", "filter"]
        else:
            lines.append(f"{label}: {value}")
    return links | ({"filters": ["", "; ".join(lines)]} if lines else {})
