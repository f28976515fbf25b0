"""Django admin's own lists and pickers: no full count, and no query that takes longer than a list's may."""

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

from ems_site.lists.time_limits import time_limit


class CappedPaginator(Paginator):
    """Counts, and leads to, so many rows at most: whoever wants others searches or filters.

    Raises TooSlow.
    """

    MOST = 10_000

    @cached_property
    def count(self):
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        with time_limit():
            return rows.order_by()[: self.MOST].count()

    def page(self, number):
        page = super().page(number)
        page.object_list = _read(page.object_list)
        return page


class LimitedChangeList(ChangeList):
    """Raises TooSlow, also for a list of one page, for which the paginator is not asked."""

    def get_results(self, request):
        super().get_results(request)
        self.result_list = _read(self.result_list)


def _read(rows):
    """The rows, read once and now: otherwise the page would read them while it is drawn. Raises TooSlow."""
    if not isinstance(rows, QuerySet):
        return rows
    with time_limit():
        return list(rows)
