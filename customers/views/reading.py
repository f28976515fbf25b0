"""The Customers page (PAGES), a customer's page and its history."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from customers import time_zones
from customers.listing import CustomerList
from customers.models import Customer, offers_of
from ems_site.audit.models import Entry, withhold_links
from ems_site.lists.pages import ListPages
from ems_site.paging import Pages

LATEST = 10


PAGES = ListPages(CustomerList)


@require_safe
@permission_required("customers.view_customer", raise_exception=True)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    entries = Entry.objects.of(customer)
    deletable = customer.may_be_deleted()
    context = {
        "customer": customer,
        "associations": customer.associations.select_related("contact"),
        "entries": withhold_links(entries[:LATEST], request.user),
        "entry_count": entries.count(),
        "invitations": offers_of(customer).pending(),
        "deletable": deletable,
        "zone_now": time_zones.label_now(customer.time_zone),
    }
    if request.user.has_perm("entitlements.view_entitlement"):
        context |= {"sees_entitlements": True, **_entitlements(customer)}
    return render(request, "customers/detail.html", context)


def _entitlements(customer):
    rows = customer.entitlements.select_related("customer").prefetch_related("product_keys")
    return {"entitlements": rows.order_by("-pk")[:LATEST], "entitlement_count": rows.count()}


@require_safe
@permission_required("customers.view_customer", raise_exception=True)
def history(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    pages = Pages(Entry.objects.of(customer), request.GET, {})
    withhold_links(pages.page.object_list, request.user)
    context = {"customer": customer, "pages": pages}
    return render(request, "customers/history.html", context)
