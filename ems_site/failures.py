"""Pages for requests that are refused or fail. Each says what the person can do next."""

import logging

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from ems_site import context

security = logging.getLogger("ems.security")


def bad_request(request, exception=None):
    return _plain("400.html", 400)


def forbidden(request, exception=None):
    security.warning("Refused: not permitted", extra={"event": "access.refused"})
    return render(request, "403.html", status=403)


def csrf(request, reason=""):
    security.warning("Refused: no valid form token", extra={"event": "csrf.refused", "reason": reason})
    return _plain("403_csrf.html", 403)


def not_found(request, exception=None):
    return render(request, "404.html", status=404)


def too_large(request):
    return _plain("413.html", 413)


def too_many(request, *, minutes: int):
    response = _plain("429.html", 429, minutes=minutes)
    response["Retry-After"] = str(minutes * 60)
    return response


def method_not_allowed(request, methods):
    response = _plain("405.html", 405)
    response["Allow"] = ", ".join(methods)
    return response


def demo_only_here(request):
    security.warning("Refused: the demo is for this machine only", extra={"event": "demo.refused"})
    return HttpResponse(
        "This is a demo with well-known passwords. It answers only on the machine it runs on.",
        content_type="text/plain",
        status=403,
    )


def server_error(request):
    """Must not fail itself, whatever is broken: not even a template is certain to be there."""
    try:
        return _plain("500.html", 500, request_id=context.request_id.get())
    except Exception:
        return HttpResponse("Something went wrong.", content_type="text/plain", status=500)


def _plain(template: str, status: int, **values) -> HttpResponse:
    """Rendered without the request: no session, no user, no query."""
    return HttpResponse(render_to_string(template, values), status=status)
