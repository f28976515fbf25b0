"""Cut off at one process, out at the other at the very next request, every time: people and their links."""

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from types import SimpleNamespace
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

import contacts.actions
import customers.actions
from contacts.models import Contact
from customers.models import Association, Customer
from ems_site.accounts.models import User
from ems_site.accounts.tokens import reset_tokens
from tests.factories import ContactFactory, CustomerFactory, UserFactory
from tests.pages import Served

pytestmark = pytest.mark.django_db(transaction=True)

EMAIL = "carla@example.org"
LINKS = 20
OPENS, IS_DEAD = (302, 200), (410, 410)


# The processes


def database_url() -> str:
    """Of the database that the tests use."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    who = f"{quote(values['USER'])}:{quote(values['PASSWORD'])}"
    host = quote(values["HOST"] or "", safe="")
    return f"postgresql://{who}@{host}:{values['PORT']}/{values['NAME']}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def process():
    """A process of its own that serves the product; its port."""
    port = free_port()
    environment = os.environ | {
        "EMS_DEMO": "1",
        "DATABASE_URL": database_url(),
        "SECRET_KEY": settings.SECRET_KEY,
        "EMAIL_URL": "dummymail://",
        "LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "gunicorn", "ems_site.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "1", "--threads", "2", "--config", os.devnull]
    server = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, stderr=subprocess.DEVNULL)
    try:
        give_up = time.monotonic() + 60
        while not answers(port):
            assert server.poll() is None, "The process ended."
            assert time.monotonic() < give_up, "The process does not answer."
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def answers(port):
    try:
        return ask(port, "/readyz").status_code == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def ports(django_db_setup):
    """Of the process that contacts ask, and of the one where staff cut them off."""
    with process() as first, process() as second:
        yield first, second


# What is asked there


def ask(port, path, cookies=None, data=None):
    """The answer to one request on a connection of its own."""
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())}
    body = None
    if data is not None:
        body = urlencode(data, doseq=True)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        line.request("GET" if body is None else "POST", path, body, headers)
        answer = line.getresponse()
        return SimpleNamespace(status_code=answer.status, headers=answer.headers, content=answer.read())
    finally:
        line.close()


def cookie(answer, name):
    return {name: re.search(f"{name}=([^;]+)", str(answer.headers))[1]}


def cookies_of(user) -> dict[str, str]:
    client = Client()
    client.force_login(user)
    return {"sessionid": client.cookies["sessionid"].value}


def text_of(answer) -> str:
    return Served(answer).text


def is_served(port, cookies) -> bool:
    answer = ask(port, "/portal/", cookies)
    status, leads_to = answer.status_code, answer.headers.get("Location", "")
    assert status == 200 or (status == 302 and leads_to.startswith("/portal/login/"))
    return status == 200


def send_form(port, path, cookies, name, **typed):
    """Opens the page and posts its form that has this name."""
    page = ask(port, path, cookies)
    assert page.status_code == 200
    cookies = cookies | cookie(page, "csrftoken")
    return ask(port, path, cookies, Served(page).form(name).data | typed)


# What cuts off the one contact there is, on a page, and what undoes it


def staff_disable(port, staff, record):
    path = f"/{record._meta.app_label}/{record.pk}/disable/"
    assert send_form(port, path, staff, "plan", comment="Now.").status_code == 302


def customer_disabled(port, staff):
    staff_disable(port, staff, Customer.objects.get())


def customer_enabled(manager):
    customers.actions.enable(Customer.objects.all(), by=manager)


def contact_disabled(port, staff):
    staff_disable(port, staff, Contact.objects.get())


def contact_enabled(manager):
    contacts.actions.enable(Contact.objects.all(), by=manager)


def contact_deleted(port, staff):
    path = f"/contacts/{Contact.objects.get().pk}/delete/"
    assert send_form(port, path, staff, "plan").status_code == 302


def another_of_that_address(manager):
    somebody()


def last_customer_removed(port, staff):
    """It may log on anew, as a contact without a customer."""
    path = f"/contacts/{Contact.objects.get().pk}/customers/"
    reason = send_form(port, path, staff, "csrfmiddlewaretoken", remove=Customer.objects.get().pk)
    data = Served(reason).form("comment").data | {"comment": "Left."}
    assert ask(port, path, staff | cookie(reason, "csrftoken"), data).status_code == 302


def customer_associated(manager):
    customers.actions.associate(Customer.objects.get(), Contact.objects.get(), "standard", by=manager)


def email_changed(port, staff):
    path = f"/contacts/{Contact.objects.get().pk}/edit/"
    assert send_form(port, path, staff, "email", email=f"moved.{EMAIL}", save="1").status_code == 302


def email_changed_back(manager):
    contact = Contact.objects.get()
    contact.email = EMAIL
    contacts.actions.save(contact, by=manager)


CUTS = [
    (100, customer_disabled, customer_enabled),
    (100, contact_disabled, contact_enabled),
    (10, contact_deleted, another_of_that_address),
    (20, last_customer_removed, customer_associated),
    (10, email_changed, email_changed_back),
]


def somebody():
    contact = ContactFactory(email=EMAIL)
    Association.objects.create(customer=Customer.objects.get(), contact=contact)
    return UserFactory(username=EMAIL, email=EMAIL, is_staff=False, contact=contact, password="argon2$x")


@pytest.fixture
def manager(transactional_db):
    return UserFactory(is_superuser=True)


@pytest.fixture
def staff(manager):
    return cookies_of(manager)


@pytest.fixture
def acme(transactional_db):
    return CustomerFactory(name="Acme Ltd")


@pytest.mark.parametrize(("tries", "cut", "undo"), CUTS, ids=lambda value: getattr(value, "__name__", None))
def test_out_at_the_next_request_and_never_revived(tries, cut, undo, ports, acme, manager, staff):
    first, second = ports
    counted = {"in before": 0, "out at once": 0, "out after undoing": 0, "in again": 0}
    somebody()
    for _ in range(tries):
        cookies = cookies_of(User.objects.get(username=EMAIL))
        counted["in before"] += is_served(first, cookies)
        cut(second, staff)
        counted["out at once"] += not is_served(first, cookies)
        undo(manager)
        counted["out after undoing"] += not is_served(first, cookies)
    counted["in again"] += is_served(first, cookies_of(User.objects.get(username=EMAIL)))
    assert counted == {"in before": tries, "out at once": tries, "out after undoing": tries, "in again": 1}


def test_a_shared_contact_loses_that_customer_only(ports, acme, staff):
    first, second = ports
    user = somebody()
    kept = CustomerFactory(name="Kept Ltd", people=[user.contact])
    cookies = cookies_of(user)
    assert "Acme Ltd" in text_of(ask(first, "/portal/", cookies))
    staff_disable(second, staff, acme)
    answer = ask(first, "/portal/", cookies)
    assert answer.status_code == 200
    assert kept.name in text_of(answer)
    assert "Acme Ltd" not in text_of(answer)


# Links


def invitation(manager, mails):
    """The newest one's address and key; a new one for each try."""
    contacts.actions.invite(Contact.objects.get(), by=manager)
    return "/portal/invitation/", mails[-1][1][1]


def reset(manager, mails):
    return "/portal/password-reset/confirm/", reset_tokens.key(User.objects.get(username=EMAIL))


def looks(port, path, key, cookies=None):
    """What the link answers, and what its page answers to whoever has it open already."""
    linked = ask(port, f"{path}?{urlencode({'key': key})}")
    cookies = cookies or cookie(linked, "sessionid")
    return cookies, (linked.status_code, ask(port, path, cookies).status_code)


@pytest.mark.parametrize("new_link", [invitation, reset], ids=lambda link: link.__name__)
def test_a_link_is_dead_at_once_and_for_good(new_link, ports, acme, manager, staff, mails):
    first, second = ports
    user = somebody()
    if new_link is invitation:
        user.delete()
    seen = []
    for number in range(LINKS):
        _, cut, undo = CUTS[number % 2]
        path, key = new_link(manager, mails)
        opened, before = looks(first, path, key)
        cut(second, staff)
        _, after = looks(first, path, key, opened)
        undo(manager)
        _, later = looks(first, path, key, opened)
        seen.append((before, after, later))
    assert seen == [(OPENS, IS_DEAD, IS_DEAD)] * LINKS
