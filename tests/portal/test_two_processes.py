"""A contact signed in at one process, disabled at another: out at the very next request, every time."""

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

import customers.actions
from customers.models import Customer
from ems_site.accounts.models import User
from tests.factories import ContactFactory, CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

TRIES = 100


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
        return ask(port, "/readyz")[0] == 200
    except OSError:
        return False


def ask(port, path, cookies=None, data=None):
    """(status, headers, text) of one request on a connection of its own."""
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())}
    body = None
    if data is not None:
        body = urlencode(data)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        line.request("GET" if body is None else "POST", path, body, headers)
        answer = line.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        line.close()


def cookies_of(user) -> dict[str, str]:
    client = Client()
    client.force_login(user)
    return {"sessionid": client.cookies["sessionid"].value}


def disable_on_the_page(port, customer, cookies):
    path = f"/customers/{customer.pk}/disable/"
    status, headers, page = ask(port, path, cookies)
    assert status == 200
    cookies = cookies | {"csrftoken": re.search("csrftoken=([^;]+)", str(headers))[1]}
    plan = re.search('name="plan" value="([^"]+)"', page)[1]
    token = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    data = {"csrfmiddlewaretoken": token, "plan": plan, "comment": "Now."}
    assert ask(port, path, cookies, data)[0] == 302


def is_served(port, cookies) -> bool:
    status, headers, _ = ask(port, "/portal/", cookies)
    assert status == 200 or (status == 302 and headers["Location"].startswith("/portal/login/"))
    return status == 200


def test_out_at_the_next_request_and_never_revived():
    manager = UserFactory(is_superuser=True)
    contact = ContactFactory()
    user = UserFactory(username=contact.email, email=contact.email, is_staff=False, contact=contact)
    customer = CustomerFactory(people=[contact])
    one = Customer.objects.filter(pk=customer.pk)
    counted = {"in before": 0, "out at once": 0, "out after enabling": 0, "in again": 0}
    with process() as first, process() as second:
        staff = cookies_of(manager)
        for _ in range(TRIES):
            cookies = cookies_of(User.objects.get(pk=user.pk))
            counted["in before"] += is_served(first, cookies)
            disable_on_the_page(second, customer, staff)
            counted["out at once"] += not is_served(first, cookies)
            customers.actions.enable(one, by=manager)
            counted["out after enabling"] += not is_served(first, cookies)
        cookies = cookies_of(User.objects.get(pk=user.pk))
        counted["in again"] += is_served(first, cookies)
    assert counted == {"in before": TRIES, "out at once": TRIES, "out after enabling": TRIES, "in again": 1}


def test_a_shared_contact_loses_that_customer_only():
    manager = UserFactory(is_superuser=True)
    contact = ContactFactory()
    user = UserFactory(username=contact.email, email=contact.email, is_staff=False, contact=contact)
    lost = CustomerFactory(name="Lost Ltd", people=[contact])
    CustomerFactory(name="Kept Ltd", people=[contact])
    with process() as first, process() as second:
        cookies = cookies_of(user)
        assert "Lost Ltd" in ask(first, "/portal/", cookies)[2]
        disable_on_the_page(second, lost, cookies_of(manager))
        status, _, page = ask(first, "/portal/", cookies)
    assert status == 200
    assert "Kept Ltd" in page
    assert "Lost Ltd" not in page
