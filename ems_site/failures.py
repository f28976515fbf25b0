"""Pages for requests that are refused or fail. Each says what the person can do next.

Contacts get them in the portal's look and in their language: templates/portal/ has the same names.
"""

import logging

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from ems_site import audience, context
from ems_site.lists.links import PLAIN
from ems_site.lists.listing import LISTS

security = logging.getLogger("ems.security")


def bad_request(request, exception=None):
    return _plain(request, "400.html", 400)


def forbidden(request, exception=None):
    security.warning("Refused: not permitted", extra={"event": "access.refused"})
    return _personal(request, "403.html", 403)


def csrf(request, reason=""):
    security.warning("Refused: no valid form token", extra={"event": "csrf.refused", "reason": reason})
    return _plain(request, "403_csrf.html", 403, ask=True)


def not_found(request, exception=None):
    return _personal(request, "404.html", 404)


def too_large(request):
    return _plain(request, "413.html", 413)


def too_many(request, *, minutes: int):
    response = _plain(request, "429.html", 429, minutes=minutes)
    response["Retry-After"] = str(minutes * 60)
    return response


def too_slow(request, listing=None, *, is_part=False):
    """A query was ended, see ems_site/lists/time_limits.py. The filters of a listing can be taken away."""
    security.warning("Refused: the query took too long", extra={"event": "query.ended"})
    name = request.resolver_match.namespace if request.resolver_match else ""
    address = f"{reverse(f'{name}:list')}?{PLAIN}" if name in LISTS else ""
    template = "lists/_too_slow.html" if is_part else "too_slow.html"
    return render(request, template, {"list_address": address, "list": listing}, status=503)


def busy(request):
    """Somebody else holds what this was to change."""
    security.warning("Refused: locked for too long", extra={"event": "lock.waited"})
    return _plain(request, "busy.html", 503, ask=True)


def method_not_allowed(request, methods):
    response = _plain(request, "405.html", 405)
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
        return _plain(request, "500.html", 500, request_id=context.request_id.get())
    except Exception:
        return HttpResponse("Something went wrong.", content_type="text/plain", status=500)


def _personal(request, template: str, status: int) -> HttpResponse:
    """Tells staff who they are; a contact gets the portal's page."""
    if audience.is_for_contacts(request, ask=True):
        return _plain(request, template, status, ask=True)
    return render(request, template, status=status)


def _plain(request, template: str, status: int, *, ask: bool = False, **values) -> HttpResponse:
    """Rendered without the request; unless ask, without session, user and query, too."""
    if not audience.is_for_contacts(request, ask=ask):
        return HttpResponse(render_to_string(template, values), status=status)
    with translation.override(audience.language(request, ask=ask)):
        return HttpResponse(render_to_string(f"portal/{template}", values), status=status)
