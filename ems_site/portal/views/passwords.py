"""A new password for somebody who forgot theirs, or wants another."""

from django.contrib.auth.decorators import login_not_required
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from ems_site.accounts import doors
from ems_site.accounts.middleware import allows_old_password
from ems_site.portal.acting import Acting
from ems_site.portal.pages import portal_page
from ems_site.portal.views.log_on import PORTAL


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request):
    return doors.password_reset(request, PORTAL)


@login_not_required
@require_safe
def reset_done(request):
    return PORTAL.show(request, "password_reset_done.html")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def reset_confirm(request):
    return doors.password_reset_confirm(request, PORTAL)


@allows_old_password
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@portal_page
def change(request):
    return doors.password_change(request, PORTAL, {"section": "profile", "acting": Acting(request)})
