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
        with time_limit():
            page.object_list = list(page.object_list)
        return page


class LimitedChangeList(ChangeList):
    """Raises TooSlow, also for a list of one page, for which the paginator is not asked."""

    def get_results(self, request):
        super().get_results(request)
        with time_limit():
            self.result_list = list(self.result_list)
