"""The pages of a list: the list itself, its count, its columns."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_safe

from ems_site import failures
from ems_site.lists import choosing, places
from ems_site.lists.counting import Count
from ems_site.lists.listing import Listing
from ems_site.lists.matching import token_of
from ems_site.lists.models import SavedView
from ems_site.lists.reports import running_of
from ems_site.lists.time_limits import TooSlow, time_limit
from ems_site.lists.views import batches, saved_views
from ems_site.lists.views.exports import export
from ems_site.requests import Request
from ems_site.rights import right_to

# In the menu; all of them stand on the page of views.
VIEWS_SHOWN = 50

# The part of the page that follows what is typed.
RESULTS = "results"


@dataclass(frozen=True)
class ListPages:
    """The addresses of a list, and who may see it. Its templates are in the folder of its name.

    verb is the converter of its verbs in addresses.
    """

    listing: type[Listing]
    verb: str = "verb"

    @property
    def name(self) -> str:
        return self.listing.name

    @property
    def model(self) -> Any:
        return self.listing.model

    def urls(self) -> list:
        return [
            path("", self._page(self.index), name="list"),
            path("count/", self._page(self.count), name="count"),
            path("columns/", self._page(self.columns), name="columns"),
            path("export/", export, {"lists": self.listing}, name="export"),
            *saved_views.urls(self.listing),
            *batches.urls(self.listing, self.verb),
        ]

    def _page(self, view: Callable) -> Callable:
        """The view for those who may see the records."""

        @require_safe
        @wraps(view)
        def page(request, *args, **kwargs):
            self.require(request.user, "view")
            return view(request, *args, **kwargs)

        return page

    def require(self, user, right: str) -> None:
        """Raises PermissionDenied for those who may not do this to the records."""
        if not user.has_perm(right_to(right, self.model)):
            raise PermissionDenied

    def index(self, request: Request) -> HttpResponse:
        """The page; to htmx its results alone, with their address."""
        is_plain = not (request.GET or request.htmx)
        if is_plain and (view := SavedView.objects.default_of(request.user, self.name)):
            return redirect(saved_views.address_of(view))
        listing = self.listing(request.GET, request.user)
        if "add" in request.GET:
            return redirect(f"{self.address}{listing.links.with_typed_kept()}#id_q")
        is_part = request.htmx.target == RESULTS
        try:
            with time_limit():
                context = self._context(request, listing)
        except TooSlow:
            return failures.too_slow(request, listing, is_part=is_part)
        places.remember(request, listing)
        part = f"#{RESULTS}" if is_part else ""
        response = render(request, f"{self.name}/index.html{part}", context | {"is_part": is_part})
        here = self.address + listing.address()
        if is_part and request.htmx.current_url_abs_path != here:
            response["HX-Push-Url"] = here
        return response

    def _context(self, request, listing):
        count = listing.count
        has_others = listing.page.first or listing.page.last
        return {
            "list": listing,
            "none_at_all": not count.number and not listing.is_filtered() and not self.model.objects.exists(),
            "running": running_of(request.user),
            "matching_token": token_of(listing, count) if has_others else "",
            "may_export": request.user.has_perm(right_to("export", self.model)),
            **self._views(request, listing),
        }

    def _views(self, request, listing):
        visible = SavedView.objects.visible_to(request.user, self.name).select_related("owner")
        views = list(visible[:VIEWS_SHOWN])
        view = next((one for one in views if str(one.pk) == listing.view), None)
        if listing.view and not view and len(views) == VIEWS_SHOWN:
            view = visible.filter(pk=listing.view).first()
        if view is None:
            return {"views": views}
        return {
            "views": views,
            "view": view,
            "is_changed": self.listing.of_query(view.query, request.user).query != listing.query,
            "may_change_view": view.may_be_changed_by(request.user),
        }

    @property
    def address(self) -> str:
        return f"/{self.name}/"

    def count(self, request: Request) -> HttpResponse:
        """Exactly how many there are, for a page that did not wait for it."""
        listing = self.listing(request.GET, request.user)
        if not request.htmx:
            return redirect(self.address + listing.address())
        try:
            with time_limit():
                count = Count(listing.exact_count(), True)
        except TooSlow:
            return HttpResponse(status=204)
        return render(request, "lists/count.html", {"count": count})

    def columns(self, request: Request) -> HttpResponse:
        """Which columns there are, to choose from; with `choose` it leads to the list that shows them."""
        listing = self.listing(request.GET, request.user)
        if "choose" in request.GET:
            return redirect(self.address + choosing.chosen(request.GET, listing).address())
        context = {
            "list": listing,
            "columns": choosing.offered(listing),
            "kept": choosing.kept(listing),
            "sorted_by": listing.sort.removeprefix("-"),
            "descending": listing.sort.startswith("-"),
            "default": listing.address(sort="", columns="", size=""),
            "nouns": self.model._meta.verbose_name_plural,
        }
        return render(request, "lists/columns.html", context)
