"""Who must log on, and for how long that holds."""

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from ems_site.accounts.addresses import safe_path

STARTED = "started_at"


class SessionLimit:
    """Ends a session some hours after its log-on, however busy it is."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        now = int(timezone.now().timestamp())
        if now - request.session.get(STARTED, now) >= settings.SESSION_LIMIT.total_seconds():
            request.session.flush()
        response = self.get_response(request)
        if SESSION_KEY in request.session:
            request.session.setdefault(STARTED, now)
        return response


class LogOnRequired(LoginRequiredMiddleware):
    """Every page asks for a log-on unless it says login_not_required, and afterwards the person is back."""

    def handle_no_permission(self, request, view_func):
        if request.method in {"GET", "HEAD"} and not request.htmx:
            return redirect_to_login(request.get_full_path(), reverse("login"))
        if request.method == "POST" and (request.htmx or "X-Dialog" in request.headers):
            # A redirect would take what was typed off the screen.
            return HttpResponse(status=401)
        page = safe_path(request, request.htmx.current_url_abs_path or request.META.get("HTTP_REFERER", ""))
        answer = redirect_to_login(page or reverse("home"), reverse("login"))
        if not request.htmx:
            return answer
        return HttpResponse(status=204, headers={"HX-Redirect": answer.url})
