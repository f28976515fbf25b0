from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from ems_site.portal.acting import Acting
from ems_site.portal.pages import portal_page, show
from entitlements.models import Entitlement


@require_safe
@portal_page
def detail(request, pk: int):
    """Acts for the entitlement's customer, whichever the session remembers."""
    entitlement = get_object_or_404(Entitlement.objects.visible_to(request.user.contact), pk=pk)
    acting = Acting(request, entitlement.customer_id)
    return show(request, "entitlement.html", {"entitlement": entitlement}, section="home", acting=acting)
