"""Handing out a list as a file leaves an entry in the history."""

from django.db import transaction

from ems_site.accounts.models import User
from ems_site.audit import actions as audit
from ems_site.labels import noun
from ems_site.lists.columns import Column
from ems_site.lists.counting import Count
from ems_site.lists.history import narrowing_of
from ems_site.lists.listing import Listing


@transaction.atomic
def export(listing: Listing, *, by: User, number: Count, columns: list[Column], file_format: str) -> None:
    """Writes down who gets which rows and columns of the list."""
    changes = {
        **narrowing_of(listing),
        "columns": ["", ", ".join(column.title for column in columns)],
        "format": ["", file_format],
    }
    name = f"{number} {noun(listing.model, number.number)}"
    audit.record(
        f"{listing.model._meta.model_name}.exported", listing.model, by=by, name=name, changes=changes
    )
