"""Numbered pages of a list, each with an address."""

from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.http import QueryDict
from django.utils.functional import cached_property

from ems_site.parameters import whole_number

PAGE_SIZE = 50


class Pages:
    """The pages of these rows. `kept` is what else shapes the list, for the addresses of pages."""

    def __init__(self, rows, asked: QueryDict, kept: dict[str, str]):
        self.rows, self.kept = rows, kept
        self.number = whole_number(asked.get("page"), at_most=10**9) or 1

    @cached_property
    def page(self) -> Page:
        """The page asked for, or the nearest there is."""
        page = Paginator(self.rows, PAGE_SIZE).get_page(self.number)
        page.object_list = list(page.object_list)
        return page

    @property
    def total(self) -> int:
        return self.page.paginator.count

    def links(self) -> list[tuple[int | str, str]]:
        """(number, or an ellipsis without an address; address) around the current page."""
        numbers = self.page.paginator.get_elided_page_range(self.page.number, on_each_side=2)
        return [(n, self._address(n) if isinstance(n, int) else "") for n in numbers]

    def previous(self) -> str:
        return self._address(self.page.number - 1) if self.page.has_previous() else ""

    def next(self) -> str:
        return self._address(self.page.number + 1) if self.page.has_next() else ""

    def _address(self, number):
        return address(self.kept | ({"page": str(number)} if number > 1 else {}))


def address(parameters: dict[str, str]) -> str:
    """The query string of these parameters; empty ones are left out."""
    return "?" + urlencode({name: value for name, value in parameters.items() if value})
