"""Queries that take too long end by themselves, are told, and harm nothing that follows."""

import threading
import time

import pytest
from django.db import connection, transaction

from customers.models import Customer
from ems_site.lists import pages
from ems_site.lists.time_limits import TooSlow, time_limit
from tests.conftest import events
from tests.endless import ENDLESS
from tests.factories import CustomerFactory


def ask_endlessly():
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {ENDLESS}")


@pytest.mark.django_db(transaction=True)
def test_an_endless_query_ends_and_the_next_is_unharmed():
    started = time.monotonic()
    with pytest.raises(TooSlow), time_limit(0.3):
        ask_endlessly()
    assert time.monotonic() - started < 20
    assert Customer.objects.count() == 0
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout'), current_setting('enable_seqscan')")
            assert cursor.fetchone() == ("0", "on")


@pytest.mark.django_db
def test_within_a_transaction_the_limit_ends_with_its_block():
    with time_limit(0.5):
        assert Customer.objects.count() == 0
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.7), current_setting('enable_seqscan')")
            assert cursor.fetchone()[1] == "on"
    with transaction.atomic(), pytest.raises(TooSlow), time_limit(0.2):
        ask_endlessly()
    assert Customer.objects.count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "headers", [{}, {"HX-Request": "true", "HX-Target": "results"}], ids=["page", "part"]
)
@pytest.mark.parametrize("address", ["/customers/", "/contacts/", "/entitlements/"])
def test_a_page_says_so_and_the_next_request_is_unharmed(
    address, headers, manager, signed_in, monkeypatch, caplog
):
    CustomerFactory(name="Acme")
    client = signed_in(manager)
    real = pages.time_limit
    with monkeypatch.context() as patch:
        patch.setattr(pages, "time_limit", lambda: real(0.2))
        patch.setattr("ems_site.lists.listing.Listing.narrow", lambda *given, **by: ask_endlessly())
        response = client.get(f"{address}?q=acme&created_to=2030-01-01", headers=headers)
    assert response.status_code == 503
    page = response.content.decode()
    assert "takes too long" in page
    assert ("<html" in page) == (not headers)
    assert "query.ended" in events(caplog)
    for way_out in ("?view=all", "?q=acme", "?created_to=2030-01-01"):
        assert f'href="{way_out}"' in page
    if not headers:
        assert f'href="{address}?view=all"' in page
    assert client.get("/customers/?q=acme").status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite waits for one writer at a time")
def test_who_waits_for_a_lock_is_told(manager, signed_in, monkeypatch):
    row = CustomerFactory()
    client = signed_in(manager)
    held, done = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            Customer.objects.select_for_update().get(pk=row.pk)
            held.set()
            done.wait(30)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("20s",)
        cursor.execute("SET lock_timeout = '200ms'")
    try:
        page = client.get(f"/customers/{row.pk}/disable/")
        token = page.context["plan"].token
        answer = client.post(f"/customers/{row.pk}/disable/", {"plan": token})
    finally:
        done.set()
        thread.join()
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    assert answer.status_code == 503
    assert "Somebody else is at it" in answer.content.decode()
    row.refresh_from_db()
    assert row.is_enabled()
