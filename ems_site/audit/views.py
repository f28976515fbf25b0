"""The History page: everything that happened to what the person may see."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ems_site.audit.models import Entry, attach_addresses, withhold_links
from ems_site.paging import Pages
from ems_site.parameters import LONGEST_SEARCH


@require_safe
@permission_required("audit.view_entry", raise_exception=True)
def index(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    entries = Entry.objects.visible_to(request.user).search(text)
    pages = Pages(entries, request.GET, {"q": text})
    withhold_links(pages.page.object_list, request.user)
    attach_addresses(pages.page.object_list)
    return render(request, "audit/index.html", {"pages": pages, "text": text})
