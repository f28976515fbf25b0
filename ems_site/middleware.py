"""What happens to every request, before any page is chosen and after it has answered."""

import logging
import re
import time
import uuid
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.db import OperationalError
from django.http import HttpResponse

from ems_site import context, failures, logs
from ems_site.lists.time_limits import TooSlow
from ems_site.proxies import client_address, is_loopback

log = logging.getLogger("ems.request")

FOREIGN_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
METHODS = ("GET", "HEAD", "POST")
QUIET_PATHS = ("/healthz", "/readyz")


class RequestContext:
    """Gives the request its id and client address, and logs one line about it."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        started = time.monotonic()
        request_id = _request_id(request)
        with (
            during(context.request_id, request_id),
            during(context.client_address, client_address(request)),
            during(logs.current_request, request),
        ):
            response = self.get_response(request)
            response["X-Request-ID"] = request_id
            _log_line(request, response, time.monotonic() - started)
        return response


@contextmanager
def during(variable: ContextVar, value):
    """The variable has this value within the block, and afterwards the one it had."""
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def _request_id(request) -> str:
    foreign = request.META.get("HTTP_X_REQUEST_ID", "")
    if settings.TRUSTED_PROXIES and FOREIGN_REQUEST_ID.fullmatch(foreign):
        return foreign
    return uuid.uuid4().hex


def _log_line(request, response, seconds) -> None:
    is_quiet = request.path.startswith((settings.STATIC_URL, *QUIET_PATHS))
    log.log(
        logging.DEBUG if is_quiet else logging.INFO,
        "%s %s %s",
        request.method,
        request.path,
        response.status_code,
        extra={"status": response.status_code, "duration_ms": round(seconds * 1000, 1)},
    )


class Headers:
    """Headers that no library sets: nobody else embeds our answers, and nothing but static files is kept."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        is_static = request.path_info.startswith(settings.STATIC_URL) and response.status_code in {
            200,
            206,
            304,
        }
        if not is_static and "no-store" not in response.get("Cache-Control", ""):
            response["Cache-Control"] = "no-store"
        return response


class Gate:
    """Turns away what no page has to see, before a byte of the body is read."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.refusal(request) or self.get_response(request)

    def refusal(self, request) -> HttpResponse | None:
        if settings.DEMO and not is_loopback(context.client_address.get()):
            return failures.demo_only_here(request)
        if request.method not in METHODS:
            return failures.method_not_allowed(request, METHODS)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit()):
            return failures.bad_request(request)
        length = length.lstrip("0") or "0"
        if len(length) > 12 or int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return failures.too_large(request)
        return None


class Patience:
    """Says that a query took too long, or that somebody else holds what it needs, instead of failing."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if isinstance(exception, TooSlow):
            return failures.too_slow(request)
        is_locked = isinstance(exception, OperationalError) and (
            type(exception.__cause__).__name__ == "LockNotAvailable" or "is locked" in str(exception)
        )
        return failures.busy(request) if is_locked else None


class DialogRedirects:
    """Tells a script where its post leads. Following a redirect, it would use up the page's messages."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if "X-Dialog" in request.headers and response.status_code in {301, 302, 303}:
            return HttpResponse(status=204, headers={"X-Location": response["Location"]})
        return response
