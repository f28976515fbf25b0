"""The demo keeps its mails for superusers; production knows nothing of it."""

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.test import Client

from ems_site.demo import mail
from tests.test_settings import OURS, PRODUCTION

BACKEND = "ems_site.demo.mail.EmailBackend"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.EMAIL_BACKEND = BACKEND
    settings.VAR_DIR = tmp_path
    settings.BASE_URL = "http://127.0.0.1:8000"
    settings.PORTAL_URL = "http://localhost:8000"
    return tmp_path / "mail"


def send(body="Hello", html="", to="anna@example.com", subject="A subject"):
    message = EmailMultiAlternatives(subject, body, to=[to], headers={"Content-Language": "de"})
    if html:
        message.attach_alternative(html, "text/html")
    get_connection(BACKEND).send_messages([message])
    return mail.names()[0]


@pytest.fixture
def shown(superuser, signed_in):
    """What a superuser sees of the mails, or of the one of this name."""

    def shown(name=""):
        answer = signed_in(superuser).get(f"/mail/{name}/" if name else "/mail/")
        assert answer.status_code == 200
        return answer.content.decode()

    return shown


# Keeping


def test_a_mail_is_printed_and_kept_for_its_owner_alone(folder, capsys):
    name = send("Hello Zoë")
    assert "Hello Zoë" in capsys.readouterr().out
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = mail.read(name)
    assert (kept.to(), kept.subject(), kept.text()) == ("anna@example.com", "A subject", "Hello Zoë")
    assert kept.at().tzinfo


def test_the_newest_are_kept(folder, monkeypatch):
    monkeypatch.setattr(mail, "KEPT", 3)
    for number in range(5):
        send(subject=f"Number {number}")
    assert [kept.subject() for kept in mail.newest()] == ["Number 4", "Number 3", "Number 2"]
    assert len(list(folder.iterdir())) == 3


def test_many_at_once_lose_and_break_nothing(folder, monkeypatch):
    monkeypatch.setattr(mail, "KEPT", 20)

    def work(number):
        mail.keep(EmailMessage(f"Number {number}", "Hello", to=["anna@example.com"]).message().as_bytes())
        return [kept.subject() for kept in mail.newest()]

    with ThreadPoolExecutor(8) as threads:
        seen = list(threads.map(work, range(60)))
    assert all(subject.startswith("Number ") for subjects in seen for subject in subjects)
    assert len(mail.names()) == len(list(folder.iterdir())) == 20


def test_a_mail_that_another_process_removed_is_not_there(folder):
    name = send()
    (folder / f"{name}.eml").unlink()
    assert mail.read(name) is None
    assert mail.newest() == []


# The page


@pytest.mark.django_db
def test_the_list_names_each_mail_newest_first(shown):
    send(subject="First", to="<script>@example.com")
    last = send(subject="<b>Last</b>", to="otto@example.com")
    page = shown()
    assert page.index("&lt;b&gt;Last") < page.index("First")
    assert "otto@example.com" in page
    assert f'href="/mail/{last}/"' in page
    assert "<script>@" not in page
    assert "<b>Last" not in page


@pytest.mark.django_db
def test_without_a_mail_the_page_says_how_to_get_one(shown):
    assert "No mail yet" in shown()


@pytest.mark.django_db
def test_a_mail_shows_its_headers_and_text(shown):
    page = shown(send("Line <1>\n\nÄrger", html="<p onclick=x()>Rich</p>"))
    for text in ("anna@example.com", "A subject", "Content-Language", "Line &lt;1&gt;", "Ärger"):
        assert text in page
    assert "&lt;p onclick=x()&gt;Rich&lt;/p&gt;" in page
    assert "<p onclick" not in page


@pytest.mark.django_db
def test_a_mail_without_html_says_so(shown):
    assert '<dt>HTML</dt><dd><span class="none">None</span>' in shown(send("Plain"))


@pytest.mark.parametrize(
    ("text", "links"),
    [
        (
            "at http://127.0.0.1:8000/password-reset/confirm/?key=1.a-b&x=<2>",
            ["/password-reset/confirm/?key=1.a-b&x="],
        ),
        ("http://localhost:8000/portal/\nhttp://127.0.0.1:8000/login/", ["/portal/", "/login/"]),
        ("http://127.0.0.1:8000", []),
        ("http://127.0.0.1:8000//evil.example/", []),
        ("http://127.0.0.1:8000/\\evil.example/", []),
        ("http://127.0.0.1:8000.evil.example/", []),
        ("http://127.0.0.1:80001/", []),
        ("http://evil.example/ https://127.0.0.1:8000/", []),
        ("javascript:alert(1) anna@example.com www.example.com", []),
    ],
)
def test_only_addresses_of_this_site_become_links(text, links):
    parts = mail.read(send(text)).parts()
    assert "".join(part.text for part in parts) == text
    assert [part.link for part in parts if part.link] == links


def test_a_portal_with_a_host_of_its_own_is_linked_there(settings):
    settings.PORTAL_HOST = "localhost"
    address = "http://localhost:8000/portal/"
    assert [part.link for part in mail.read(send(address)).parts()] == ["", address, ""]


@pytest.mark.django_db
def test_a_link_in_a_mail_can_be_followed(shown):
    page = shown(send("Here: http://127.0.0.1:8000/login/?next=/history/"))
    assert '<a href="/login/?next=/history/">http://127.0.0.1:8000/login/?next=/history/</a>' in page


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["nothing", "..", "%2e%2e", "..%2fsecret-key", "0" * 20 + "-12345678"])
def test_there_are_no_other_files(name, superuser, signed_in, folder):
    folder.mkdir()
    (folder.parent / "secret-key.eml").write_text("Subject: secret\n\n")
    (folder / "..eml").write_text("Subject: secret\n\n")
    assert signed_in(superuser).get(f"/mail/{name}/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("person", ["clerk", "viewer", "manager", "contact_user"])
def test_the_mails_are_for_superusers(person, request, signed_in):
    client = signed_in(request.getfixturevalue(person))
    for address in ("/mail/", f"/mail/{send()}/"):
        answer = client.get(address)
        assert answer.status_code == 403
        assert b"A subject" not in answer.content


@pytest.mark.django_db
def test_strangers_are_asked_to_log_on():
    assert Client().get("/mail/").url.startswith("/login/?next=")


@pytest.mark.django_db
def test_the_navigation_leads_there(superuser, manager, signed_in):
    assert 'href="/mail/"' in signed_in(superuser).get("/customers/").content.decode()
    assert 'href="/mail/"' not in signed_in(manager).get("/customers/").content.decode()


# In production

PROGRAM = """
import json, django
from django.conf import settings
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
django.setup()
from django.template.loader import render_to_string
from django.urls import get_resolver
from ems_site.accounts.models import User
print("FOUND" + json.dumps({
    "backend": settings.EMAIL_BACKEND,
    "apps": list(settings.INSTALLED_APPS),
    "routes": [str(pattern.pattern) for pattern in get_resolver().url_patterns],
    "navigation": render_to_string("components/_nav.html", {"user": User(is_staff=True, is_superuser=True)}),
}))
"""


def test_production_has_neither_page_nor_files():
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    environment |= PRODUCTION | {"DJANGO_SETTINGS_MODULE": "ems_site.settings"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.partition("FOUND")[2])
    assert found["backend"].endswith("smtp.EmailBackend")
    assert "ems_site.demo" not in found["apps"]
    assert "mail/" not in found["routes"]
    assert "admin/" in found["routes"]
    assert "/admin/" in found["navigation"]
    assert "/mail/" not in found["navigation"]
