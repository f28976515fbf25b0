"""Two addresses for whoever watches over the processes. They ask for no log-on, session or host name."""

from functools import cache

from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpResponse, HttpResponseNotAllowed


class Health:
    """Answers /healthz and /readyz itself, before anything that needs the database."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        answer = {"/healthz": alive, "/readyz": ready}.get(request.path_info)
        if answer is None:
            return self.get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return answer()


def alive() -> HttpResponse:
    return HttpResponse("alive", content_type="text/plain")


def ready() -> HttpResponse:
    """Whether requests can be served: the database answers and knows every migration of this release."""
    try:
        is_ready = _migrations() <= set(MigrationRecorder(connection).applied_migrations())
    except Error:
        is_ready = False
    return HttpResponse(
        "ready" if is_ready else "not ready", content_type="text/plain", status=200 if is_ready else 503
    )


@cache
def _migrations() -> frozenset[tuple[str, str]]:
    """The migrations that this code has; they do not change while it runs."""
    return frozenset(MigrationLoader(None).disk_migrations)
