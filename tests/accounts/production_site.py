"""Run as a program: starts the product under production settings, asks it, and prints its answers as JSON."""

import json
import sys
from typing import Any

import django
from django.conf import settings

ASKED = [
    ("GET", "/login/", {}),
    ("GET", "/password-reset/", {}),
    ("GET", "/portal/login/", {}),
    ("GET", "/portal/nowhere/", {}),
    ("GET", "/nowhere/", {}),
    ("GET", "/static/css/app.css", {}),
    ("GET", "/static/nowhere.css", {}),
    ("GET", "/healthz", {}),
    ("GET", "/readyz", {}),
    ("GET", "/.git/config", {}),
    ("GET", "/settings.py", {}),
    ("GET", "/", {}),
    ("GET", "/admin/", {}),
    ("POST", "/login/", {}),
    ("TRACE", "/login/", {}),
    ("PUT", "/login/", {}),
    ("BREW", "/login/", {}),
    ("POST", "/login/", {"CONTENT_LENGTH": "100000000"}),
    ("POST", "/login/", {"CONTENT_LENGTH": "ten"}),
    ("POST", "/login/", {"CONTENT_LENGTH": "-1"}),
    ("POST", "/login/", {"CONTENT_LENGTH": "0" * 30 + "9" * 5000}),
    ("GET", "/login/", {"HTTP_HOST": "evil.example"}),
    ("GET", "/login/", {"wsgi.url_scheme": "http"}),
    ("GET", "/login/", {"wsgi.url_scheme": "http", "HTTP_X_FORWARDED_PROTO": "https"}),
    ("GET", "/login/", {"HTTP_X_FORWARDED_HOST": "evil.example"}),
]


def main():
    settings.STATIC_ROOT = sys.argv[1]
    django.setup()
    from django.core.management import call_command
    from django.test import Client

    from ems_site.accounts.models import User

    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    person = User.objects.create_user("anna", password="seven unrelated marmots")
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    answers = {}
    for method, path, extra in ASKED:
        environ: dict[str, Any] = {"HTTP_HOST": "ems.example.com", "wsgi.url_scheme": "https", **extra}
        answers[" ".join([method, path, *extra, *map(str, extra.values())])] = described(
            strict.generic(method, path, **environ)
        )
    friendly = Client()
    typed = {"username": "anna", "password": "seven unrelated marmots"}
    https: dict[str, Any] = {"HTTP_HOST": "ems.example.com", "wsgi.url_scheme": "https"}
    answers["log-on"] = described(friendly.post("/login/", typed, **https))
    answers["language"] = described(friendly.post("/portal/language/", {"language": "de"}, **https))
    answers["session"] = {"user": person.pk, "is_in": bool(friendly.session.get("_auth_user_id"))}
    print("ANSWERS" + json.dumps(answers))


def described(response):
    return {
        "status": response.status_code,
        "headers": {name.lower(): value for name, value in response.items()},
        "cookies": {name: morsel.OutputString() for name, morsel in response.cookies.items()},
    }


if __name__ == "__main__":
    main()
