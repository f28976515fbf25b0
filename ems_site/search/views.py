"""The search over everything: a page, and its results for the dialog in the top bar."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ems_site.lists.time_limits import time_limit
from ems_site.parameters import LONGEST_SEARCH
from ems_site.search import finding


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """`q` is looked for; the dialog asks for the `part` with the results alone."""
    if not finding.visible_lists(request.user):
        raise PermissionDenied
    text = request.GET.get("q", "").strip()[:LONGEST_SEARCH].strip()
    is_part = "HX-Request" in request.headers or request.GET.get("part") == "1"
    with time_limit():
        found = finding.find(text, request.user)
    return render(request, "search/_results.html" if is_part else "search/index.html", {"found": found})
