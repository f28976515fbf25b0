"""How log lines look: JSON for machines, one readable line for a person trying the demo.

Both say which request a line belongs to, and neither lets what a stranger typed forge or hide a line.
"""

import json
import logging
import unicodedata
from contextvars import ContextVar
from datetime import UTC, datetime

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from ems_site import context

current_request: ContextVar[HttpRequest | None] = ContextVar("current_request", default=None)

EXTRAS = ("event", "status", "duration_ms", "subject_id", "reason")
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def user_id(request: HttpRequest) -> int | None:
    """Who asked, when that is known already: a log line must not start a query."""
    user = request.__dict__.get("_cached_user") or request.__dict__.get("user")
    return None if user is None or type(user) is SimpleLazyObject else user.pk


def fields(record: logging.LogRecord) -> dict:
    """What both formats say. The path stands without its query, which may hold e-mails and tokens."""
    found: dict[str, object] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        "message": record.getMessage(),
    }
    if request_id := context.request_id.get():
        found |= {"request_id": request_id, "client_address": context.client_address.get()}
    if request := current_request.get():
        found |= {"user_id": user_id(request), "method": request.method, "path": request.path}
    return found | {name: value for name in EXTRAS if (value := getattr(record, name, None)) is not None}


def visible(text: str) -> str:
    """Line breaks, control characters and marks that turn text around are written out."""
    return "".join(
        mark.encode("unicode_escape").decode() if unicodedata.category(mark) in INVISIBLE else mark
        for mark in text
    )


class JsonFormatter(logging.Formatter):
    """One line of ASCII for each record, the traceback within it."""

    def format(self, record):
        found = fields(record)
        if record.exc_info:
            found["error"] = self.formatException(record.exc_info)
        return json.dumps(found, ensure_ascii=True, default=str)


class TextFormatter(logging.Formatter):
    """Short, for a console; a traceback follows on lines of its own."""

    def format(self, record):
        found = fields(record)
        line = visible(f"{found['time'][11:19]} {found['level']:7} {found['message']}")
        if request_id := found.get("request_id"):
            line += f"  [{request_id}]"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line
