"""The portal's first page, and the switch to another customer."""

from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from ems_site.paging import Pages
from ems_site.parameters import whole_number
from ems_site.portal import acting as acts
from ems_site.portal.acting import Acting
from ems_site.portal.pages import portal_page, show
from entitlements.models import Entitlement


@require_safe
@portal_page
def home(request):
    acting = Acting(request)
    if acting.customer is None:
        return show(request, "no_customer.html", section="home", acting=acting)
    visible = Entitlement.objects.visible_to(request.user.contact).filter(customer=acting.customer)
    pages = Pages(visible.order_by("-pk").prefetch_related("product_keys"), request.GET, {})
    rows = [_row(entitlement) for entitlement in pages.page.object_list]
    return show(request, "home.html", {"pages": pages, "rows": rows}, section="home", acting=acting)


def _row(entitlement):
    """(entitlement, what its products are called, how it stands)"""
    validity = entitlement.validity()
    products = dict.fromkeys(key.called() for key in entitlement.product_keys.all())
    return entitlement, list(products), validity and validity.standing()


@require_POST
@portal_page
def switch(request):
    """Chooses the default for pages that name no customer. No other post trusts it."""
    acting = Acting(request, whole_number(request.POST.get("customer")) or 0)
    acts.remember(request, acting.customer.pk)
    return redirect("portal:home")
