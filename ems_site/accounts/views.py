"""Log-on, log-out, passwords and sessions of staff."""

from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ems_site.accounts import doors
from ems_site.accounts.addresses import next_page
from ems_site.accounts.forms import LogOnForm
from ems_site.accounts.middleware import allows_old_password

STAFF = doors.Door(
    for_contacts=False, namespace="", folder="registration", log_on_form=LogOnForm, next_page=next_page
)


def staff_page(view):
    """Contacts have the like in the portal."""

    @wraps(view)
    def wrapper(request, *args, **kwargs):
        if request.user.is_contact():
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return wrapper


@require_safe
def home(request):
    """Sends each person to where their work is."""
    path = "/portal/" if request.user.is_contact() else "/customers/"
    try:
        resolve(path)
    except Resolver404:
        raise PermissionDenied from None
    return redirect(path)


@login_not_required
@sensitive_post_parameters()
def log_on(request):
    if request.method != "POST" and request.user.is_authenticated:
        return redirect(next_page(request))
    return doors.log_on(request, STAFF)


@login_not_required
@require_POST
def log_out(request):
    return doors.log_out(request, STAFF)


@login_not_required
@require_safe
def admin_log_on(request):
    """Django admin has no log-on of its own. Whoever is logged on and comes here has no rights there."""
    if request.user.is_authenticated and not request.user.is_staff:
        raise PermissionDenied
    return redirect(reverse("login", query={"next": next_page(request)}))


@login_not_required
def password_reset(request):
    return doors.password_reset(request, STAFF)


@login_not_required
@require_safe
def password_reset_done(request):
    return STAFF.show(request, "password_reset_done.html")


@login_not_required
@sensitive_post_parameters()
def password_reset_confirm(request):
    return doors.password_reset_confirm(request, STAFF)


@allows_old_password
@sensitive_post_parameters()
@staff_page
def password_change(request):
    return doors.password_change(request, STAFF)


@require_safe
@staff_page
def sessions(request):
    return STAFF.show(request, "sessions.html", {"sessions": request.user.sessions.open()})


@require_POST
@staff_page
def end_sessions(request):
    return doors.end_sessions(request, STAFF)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@staff_page
def end_session(request, public_id: str):
    return doors.end_session(request, STAFF, public_id, back="sessions")
