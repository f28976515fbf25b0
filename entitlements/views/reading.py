"""The Entitlements page (PAGES), an entitlement's page and its history."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from ems_site.audit.models import Entry, withhold_links
from ems_site.lists.pages import ListPages
from ems_site.paging import Pages
from entitlements import activating
from entitlements.listing import EntitlementList
from entitlements.models import Entitlement

LATEST = 10


PAGES = ListPages(EntitlementList, verb="transition")


@require_safe
@permission_required("entitlements.view_entitlement", raise_exception=True)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The activations have pages of their own."""
    entitlement = get_object_or_404(Entitlement.objects.select_related("customer", "contact"), pk=pk)
    stock = activating.Stock(entitlement)
    entries = Entry.objects.of(entitlement)
    context = {
        "entitlement": entitlement,
        "product_keys": stock.keys.values(),
        "pages": Pages(activating.activations_of(entitlement), request.GET, {}),
        "may_revoke": entitlement.is_complete() and request.user.has_perm("entitlements.change_entitlement"),
        "why_not_completed": entitlement.why_not("complete"),
        "why_not_activated": stock.obstacle,
        "entries": withhold_links(entries[:LATEST], request.user),
        "entry_count": entries.count(),
    }
    return render(request, "entitlements/detail.html", context)


@require_safe
@permission_required("entitlements.view_entitlement", raise_exception=True)
def history(request: HttpRequest, pk: int) -> HttpResponse:
    entitlement = get_object_or_404(Entitlement, pk=pk)
    pages = Pages(Entry.objects.of(entitlement), request.GET, {})
    withhold_links(pages.page.object_list, request.user)
    return render(request, "entitlements/history.html", {"entitlement": entitlement, "pages": pages})
