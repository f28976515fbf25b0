"""Who must log on, and for how long that holds."""

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from ems_site.accounts.addresses import safe_path
from ems_site.accounts.session_store import PORTAL, STARTED


def allows_old_password(view):
    """Marks a page that is open to people who have to choose another password first."""
    view.allows_old_password = True
    return view


class SessionLimit:
    """Ends a session some hours after its log-on, however busy it is."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        now = int(timezone.now().timestamp())
        limit = settings.PORTAL_SESSION_LIMIT if request.session.get(PORTAL) else settings.SESSION_LIMIT
        if now - request.session.get(STARTED, now) >= limit.total_seconds():
            request.session.flush()
        response = self.get_response(request)
        if SESSION_KEY in request.session:
            request.session.setdefault(STARTED, now)
        return response


class LogOnRequired(LoginRequiredMiddleware):
    """Every page asks for a log-on unless it says login_not_required, and afterwards the person is back.

    Whoever got their password from somebody else has to choose one of their own before anything else.
    """

    def process_view(self, request, view_func, view_args, view_kwargs):
        refused = super().process_view(request, view_func, view_args, view_kwargs)
        if refused or not request.user.is_authenticated or not request.user.must_change_password:
            return refused
        is_open = not getattr(view_func, "login_required", True)
        if is_open or getattr(view_func, "allows_old_password", False):
            return None
        return redirect("portal:password" if request.user.is_contact() else "password_change")

    def handle_no_permission(self, request, view_func):
        # Django admin's pages name a log-on of their own, which would only lead on.
        in_admin = hasattr(view_func, "admin_site")
        log_on = reverse("login") if in_admin else self.get_login_url(view_func)
        if request.htmx or (request.method == "POST" and "X-Dialog" in request.headers):
            # A redirect would take what was typed off the screen.
            return HttpResponse(status=401)
        if request.method in {"GET", "HEAD"}:
            return redirect_to_login(request.get_full_path(), log_on)
        page = safe_path(request, request.META.get("HTTP_REFERER", ""))
        return redirect_to_login(page or reverse("home"), log_on)
