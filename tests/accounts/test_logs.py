import io
import json
import logging

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from ems_site import context, logs
from ems_site.accounts import doors, views

pytestmark = pytest.mark.django_db


@pytest.fixture
def stream():
    """Everything logged during the test, as JSON lines."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logs.JsonFormatter())
    logging.getLogger().addHandler(handler)
    yield out
    logging.getLogger().removeHandler(handler)


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def events(stream):
    return [line["event"] for line in lines(stream) if "event" in line]


def test_one_line_for_each_request(client, user, stream):
    client.force_login(user)
    answer = client.get("/password-change/?q=anna@example.com")
    (line,) = [line for line in lines(stream) if line["logger"] == "ems.request"]
    assert line["request_id"] == answer["X-Request-ID"]
    assert line["user_id"] == user.pk
    assert line["client_address"] == "127.0.0.1"
    assert (line["method"], line["path"], line["status"]) == ("GET", "/password-change/", 200)
    assert line["level"] == "INFO"
    assert line["time"].endswith("+00:00")
    assert "anna@example.com" not in stream.getvalue()


def test_nothing_of_a_request_outlives_it(client):
    client.get("/login/")
    assert context.request_id.get() == ""
    assert context.client_address.get() == ""
    assert logs.current_request.get() is None


def test_events_stand_once_each(client, log_on, user, administrator, stream):
    log_on(password="wrong")
    log_on()
    client.get("/admin/", follow=True)
    client.post("/logout/")
    Client(enforce_csrf_checks=True).post("/login/")
    assert events(stream) == ["log_on.refused", "log_on.good", "access.refused", "log_out", "csrf.refused"]


def test_locked_disabled_and_throttled_log_ons(client, log_on, user, settings, stream):
    user.is_active = False
    user.save()
    log_on()
    assert events(stream) == ["log_on.disabled"]
    for _ in range(8):
        log_on(password="wrong")
    log_on(password="wrong")
    assert events(stream)[-2:] == ["log_on.refused", "log_on.locked"]
    settings.LOG_ON_FAILURES_PER_HOUR = 1
    log_on()
    assert events(stream)[-1] == "log_on.throttled"
    client.post("/password-reset/", {"email": "a@example.com"})
    for _ in range(3):
        client.post("/password-reset/", {"email": "nobody@example.com"})
    assert events(stream)[-1] == "password_reset.throttled"


def test_a_password_reset_link_leaves_no_key_in_the_log(client, user, stream):
    from ems_site.accounts.tokens import reset_tokens

    key = reset_tokens.key(user)
    client.get(f"/password-reset/confirm/?key={key}", follow=True)
    assert key not in stream.getvalue()
    assert key.partition(".")[2] not in stream.getvalue()


def test_a_failure_says_its_number_and_nothing_else(client, stream, monkeypatch):
    client.raise_request_exception = False

    def broken(*args, **kwargs):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(doors, "render", broken)
    answer = client.get("/login/")
    assert answer.status_code == 500
    page = answer.content.decode()
    assert answer["X-Request-ID"] in page
    assert "secret detail" not in page
    assert "RuntimeError" not in page
    (error,) = [line for line in lines(stream) if line["level"] == "ERROR"]
    assert "RuntimeError" in error["error"]
    assert error["request_id"] == answer["X-Request-ID"]


def test_a_failure_page_needs_no_database(client, monkeypatch):
    client.raise_request_exception = False

    def broken(*args, **kwargs):
        raise ConnectionError

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", broken)
    client.cookies["sessionid"] = "x" * 32
    assert client.get("/").status_code == 500


@pytest.mark.parametrize(
    "typed", ["a\r\nforged line", "x\u202egnp.exe", "\x1b[31mred", "\x00", "line\u2028break", "a\x85b"]
)
def test_what_strangers_write_forges_and_hides_nothing(client, stream, typed):
    client.get(f"/nowhere/{typed}".replace("\x00", "%00"))
    client.get("/nowhere/", headers={"user-agent": "x"})
    for line in stream.getvalue().splitlines():
        assert json.loads(line)
        assert line.isascii()
        assert line.isprintable()
    record = logging.LogRecord("x", logging.INFO, "", 0, "typed %s", (typed,), None)
    shown = logs.TextFormatter().format(record)
    assert shown.isprintable()
    assert "typed" in shown


@pytest.mark.parametrize(
    ("proxies", "foreign", "is_kept"),
    [
        (0, "abc-123", False),
        (1, "abc-123", True),
        (1, "a" * 64, True),
        (1, "a" * 65, False),
        (1, "a b", False),
        (1, "a\u00e9", False),
        (1, "", False),
    ],
)
def test_a_foreign_request_id_is_kept_from_a_proxy_only(client, settings, proxies, foreign, is_kept):
    settings.TRUSTED_PROXIES = proxies
    answer = client.get("/login/", HTTP_X_REQUEST_ID=foreign)
    assert (answer["X-Request-ID"] == foreign) == is_kept
    assert answer["X-Request-ID"]


def test_refusals_are_kind(client, user, monkeypatch):
    def refuse(request):
        raise PermissionDenied("internal reason")

    client.force_login(user)
    monkeypatch.setattr(views, "resolve", lambda path: refuse(path))
    page = client.get("/").content.decode()
    assert "Anna" in page
    assert "ask an administrator" in page
    assert "internal reason" not in page
