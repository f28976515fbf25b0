"""The portal's log-on and log-out."""

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from ems_site.accounts import doors
from ems_site.portal.addresses import next_page
from ems_site.portal.forms import PortalLogOnForm

PORTAL = doors.Door(
    for_contacts=True,
    namespace="portal:",
    folder="portal",
    log_on_form=PortalLogOnForm,
    next_page=next_page,
)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def log_on(request):
    is_inside = request.user.is_authenticated and request.user.is_contact()
    if request.method != "POST" and is_inside:
        return redirect(next_page(request))
    return doors.log_on(request, PORTAL)


@login_not_required
@require_POST
def log_out(request):
    return doors.log_out(request, PORTAL)
