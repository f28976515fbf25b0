"""What SQLite's planner knows of the tables. PostgreSQL keeps it up to date by itself.

Without it, SQLite takes being enabled for something that few are. To see whether a contact has an enabled
customer, it then goes through all enabled customers, and not through the contact's own.
"""

from django.db import connection

from ems_site.lists.listing import LISTS

# What is known of a small table misleads once it has grown.
LARGE = 10_000


def refresh() -> None:
    """Takes some milliseconds, however many records there are; nothing where there are few."""
    if connection.vendor == "sqlite" and any(map(_is_large, LISTS.values())):
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA analysis_limit = 1000")
            cursor.execute("ANALYZE")


def _is_large(listing):
    return listing.model.objects.order_by("pk").values("pk")[LARGE:].exists()
