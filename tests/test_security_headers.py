"""What stands around every answer. Production is started for real once; the rest is asked in the demo."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.http import HttpResponse

from ems_site import context
from ems_site.accounts import doors
from ems_site.proxies import client_address
from tests.test_settings import OURS, PRODUCTION

ROOT = Path(__file__).resolve().parent.parent
POLICY = {
    "default-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "form-action": "'self'",
}


@pytest.fixture(scope="module")
def production(tmp_path_factory):
    """Answers of the product under production settings, by method and path."""
    folder = tmp_path_factory.mktemp("production")
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    environment |= PRODUCTION | {"DATABASE_URL": f"sqlite:///{folder}/ems.sqlite3", "LOG_LEVEL": "ERROR"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.accounts.production_site", str(folder / "static")],
        cwd=ROOT,
        env=environment | {"DJANGO_SETTINGS_MODULE": "ems_site.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.partition("ANSWERS")[2])


def policy(headers):
    return dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))


def test_every_answer_has_the_headers(production):
    for asked, answer in production.items():
        if asked == "session":
            continue
        headers = answer["headers"]
        assert policy(headers) == POLICY, asked
        assert headers["x-content-type-options"] == "nosniff", asked
        assert headers["referrer-policy"] == "same-origin", asked
        assert headers["cross-origin-opener-policy"] == "same-origin", asked
        assert headers["cross-origin-resource-policy"] == "same-origin", asked
        assert headers["x-frame-options"] == "DENY", asked
        assert headers["x-request-id"], asked
        assert "access-control-allow-origin" not in headers, asked
        assert "server" not in headers, asked
        if "wsgi.url_scheme" not in asked:
            assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains", asked


def test_the_policy_allows_nothing_unsafe(production):
    assert "unsafe" not in json.dumps(production)


def test_nothing_but_static_files_is_kept_by_caches(production):
    for asked, answer in production.items():
        if asked == "session":
            continue
        kept = "no-store" not in answer["headers"]["cache-control"]
        assert kept == (asked == "GET /static/css/app.css"), asked


def test_expected_states(production):
    states = {asked: answer["status"] for asked, answer in production.items() if asked != "session"}
    huge = "POST /login/ CONTENT_LENGTH " + "0" * 30 + "9" * 5000
    assert states == {
        "GET /login/": 200,
        "GET /password-reset/": 200,
        "GET /portal/login/": 200,
        "GET /portal/nowhere/": 404,
        "GET /nowhere/": 404,
        "GET /static/css/app.css": 200,
        "GET /static/nowhere.css": 404,
        "GET /healthz": 200,
        "GET /readyz": 200,
        "GET /.git/config": 404,
        "GET /settings.py": 404,
        "GET /": 302,
        "GET /admin/": 302,
        "POST /login/": 403,
        "TRACE /login/": 405,
        "PUT /login/": 405,
        "BREW /login/": 405,
        "POST /login/ CONTENT_LENGTH 100000000": 413,
        "POST /login/ CONTENT_LENGTH ten": 400,
        "POST /login/ CONTENT_LENGTH -1": 400,
        huge: 413,
        "GET /login/ HTTP_HOST evil.example": 400,
        "GET /login/ wsgi.url_scheme http": 301,
        "GET /login/ wsgi.url_scheme HTTP_X_FORWARDED_PROTO http https": 301,
        "GET /login/ HTTP_X_FORWARDED_HOST evil.example": 200,
        "log-on": 302,
        "language": 302,
    }


def test_cookies_are_bound_to_the_host(production):
    cookies = {
        name: text for answer in production.values() for name, text in answer.get("cookies", {}).items()
    }
    assert set(cookies) == {"__Host-csrftoken", "__Host-sessionid", "__Host-language"}
    for text in cookies.values():
        for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
            assert word in text
        assert "Domain" not in text
    assert production["session"]["is_in"]


def test_redirects_to_https_stay_on_the_host(production):
    assert (
        production["GET /login/ wsgi.url_scheme http"]["headers"]["location"]
        == "https://ems.example.com/login/"
    )


# In the demo


def test_the_demo_answers_this_machine_only(client):
    for address in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]:
        assert client.get("/login/", REMOTE_ADDR=address).status_code == 200
    for address in ["192.0.2.1", "10.0.0.1", "2001:db8::1", "", "unknown"]:
        answer = client.get("/login/", REMOTE_ADDR=address)
        assert answer.status_code == 403
        assert "answers only on the machine it runs on" in answer.content.decode()


def test_a_forged_address_does_not_open_the_demo(client):
    answer = client.get("/login/", REMOTE_ADDR="192.0.2.1", headers={"x-forwarded-for": "127.0.0.1"})
    assert answer.status_code == 403


def test_a_big_body_is_not_read(client, settings):
    """Not one byte: the body here cannot be read at all."""

    class Unreadable:
        def read(self, *args):
            raise AssertionError("the body was read")

        readline = read

    environ = {"CONTENT_LENGTH": str(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1), "wsgi.input": Unreadable()}
    answer = client.generic("POST", "/login/", content_type="multipart/form-data; boundary=x", **environ)
    assert answer.status_code == 413
    assert "make it shorter" in answer.content.decode()


def test_methods_that_nothing_here_takes(client):
    for method in ["TRACE", "OPTIONS", "PUT", "DELETE", "PATCH", "CONNECT", "FOO"]:
        answer = client.generic(method, "/login/")
        assert answer.status_code == 405, method
        assert answer["Allow"] == "GET, HEAD, POST"


@pytest.mark.django_db
def test_pages_for_mistakes_have_a_way_on(client):
    page = client.get("/nowhere/")
    assert page.status_code == 404
    assert 'href="/"' in page.content.decode()
    assert client.get("/login/", headers={"host": "evil.example"}).status_code == 400


# Addresses behind proxies


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "expected"),
    [
        (0, "192.0.2.1", None, "192.0.2.1"),
        (0, "192.0.2.1", "198.51.100.7", "192.0.2.1"),
        (1, "10.0.0.1", "198.51.100.7", "198.51.100.7"),
        (1, "10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        (2, "10.0.0.1", "203.0.113.9, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        (2, "10.0.0.1", "198.51.100.7", "198.51.100.7"),
        (1, "10.0.0.1", None, "10.0.0.1"),
        (1, "10.0.0.1", "", "10.0.0.1"),
        (1, "10.0.0.1", "rubbish", "10.0.0.1"),
        (1, "10.0.0.1", "198.51.100.7, ", "198.51.100.7"),
        (1, "10.0.0.1", "198.51.100.7:4711", "198.51.100.7"),
        (1, "10.0.0.1", "[2001:DB8:0::7]:4711", "2001:db8::7"),
        (1, "", "2001:0db8:0000::7", "2001:db8::7"),
        (0, "::ffff:192.0.2.1", None, "192.0.2.1"),
        (0, "fe80::1%eth0", None, "fe80::1"),
        (0, "", None, ""),
    ],
)
def test_whose_address_it_is(rf, settings, proxies, peer, forwarded, expected):
    settings.TRUSTED_PROXIES = proxies
    extra = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    assert client_address(rf.get("/", REMOTE_ADDR=peer, **extra)) == expected


@pytest.mark.django_db
def test_the_address_is_known_during_the_request_only(client, monkeypatch):
    seen = []

    def render(request, *args, **kwargs):
        seen.append(context.client_address.get())
        return HttpResponse()

    monkeypatch.setattr(doors, "render", render)
    client.get("/login/", REMOTE_ADDR="127.0.0.9")
    assert seen == ["127.0.0.9"]
    assert context.client_address.get() == ""
