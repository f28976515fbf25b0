"""Batches: the page of progress, the report, the file."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ems_site.accounts.models import Session
from ems_site.audit.models import Entry
from ems_site.lists.actions import statistics
from ems_site.lists.models import Batch, Part
from ems_site.lists.reports import running_of
from tests.conftest import allowed
from tests.lists.batching import customers, plan, running_batch, token
from tests.pages import Served

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("worked_at_once")]


# The page and the report


def test_progress(manager, client):
    batch = running_batch(manager, done=4_000, left_out=900)
    page = f"/customers/batches/{batch.uuid}/"
    served = Served(client.get(page))
    assert "Disabling 12,000 customers" in served.text
    assert "4,000 disabled 900 left out 7,100 to go" in served.text
    (bar,) = [attributes for tag, attributes in served.tags if tag == "progress"]
    assert (bar["value"], bar["max"], bar["aria-labelledby"]) == ("4900", "12000", "batch-title")
    assert [str(report) for report in running_of(manager)] == ["Disabling 12,000 customers: 40 %"]
    part = client.get(page, {"said": "40"}, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "Disabling" not in Served(part).text, "what was read out already is not read out again"
    assert "Disabling" in Served(client.get(page, {"said": "30"}, headers={"HX-Request": "true"})).text
    Batch.objects.update(status="finished")
    assert client.get(page, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert running_of(manager) == []


def test_looking_by_itself_keeps_no_session_alive(manager, client):
    page = f"/customers/batches/{running_batch(manager).uuid}/"
    client.get(page)
    soon = timezone.now() + timedelta(seconds=30)
    Session.objects.update(expire_date=soon)
    client.get(page, headers={"HX-Request": "true"})
    assert Session.objects.get().expire_date == soon
    client.get(page)
    assert Session.objects.get().expire_date > soon


@pytest.mark.parametrize("status", ["planned", "running"])
def test_nothing_to_download_before_it_ended(status, exporter, signed_in):
    batch = running_batch(exporter, status=status)
    answer = signed_in(exporter).post(f"/customers/batches/{batch.uuid}/left-out/")
    assert answer.status_code == 302
    assert not Entry.objects.filter(code="customer.batch_downloaded").exists()


def test_the_first_hundred_names(manager, client, monkeypatch):
    monkeypatch.setattr("ems_site.lists.left_out.NAMES_SHOWN", 2)
    monkeypatch.setattr("ems_site.lists.left_out.GROUPS_SHOWN", 2)
    batch = running_batch(manager, status="finished", total=9, left_out=9)
    rows = [[number, f"Acme {number}", reason] for number, reason in enumerate("aaaabbbcd")]
    Part.objects.create(batch=batch, number=0, keys=list(range(9)), is_done=True, left_out=rows)
    text = Served(client.get(f"/customers/batches/{batch.uuid}/")).text
    assert "4 left out: a Acme 0 Acme 1 and 2 more" in text
    assert "3 left out: b Acme 4 Acme 5 and 1 more" in text
    assert "2 left out: Other reasons Acme 7 Acme 8" in text


@pytest.fixture
def exporter(manager):
    manager.user_permissions.add(*allowed("customers.export_customer"))
    return manager


def test_all_that_were_left_out_as_a_file(exporter, signed_in):
    batch = running_batch(exporter, status="finished", total=2, left_out=2)
    rows = [[1, '=1+1 "x"', "Is disabled already"], [2, "Müller", "Has entitlements"]]
    Part.objects.create(batch=batch, number=0, keys=[1, 2], is_done=True, left_out=rows)
    answer = signed_in(exporter).post(f"/customers/batches/{batch.uuid}/left-out/")
    assert answer["Content-Disposition"] == 'attachment; filename="customers-not-disabled.csv"'
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert list(csv.reader(StringIO(text))) == [
        ["key", "name", "reason"],
        ["1", '\'=1+1 "x"', "Is disabled already"],
        ["2", "Müller", "Has entitlements"],
    ]
    assert Entry.objects.get().code == "customer.batch_downloaded"


def test_the_file_needs_the_right_to_export(viewer, signed_in):
    batch = running_batch(viewer, status="finished", left_out=1)
    client = signed_in(viewer)
    assert client.post(f"/customers/batches/{batch.uuid}/left-out/").status_code == 403
    assert "CSV" not in Served(client.get(f"/customers/batches/{batch.uuid}/")).text


@pytest.mark.parametrize(
    ("status", "days", "stays"),
    [
        ("planned", 0, True),
        ("planned", 2, False),
        ("finished", 29, True),
        ("finished", 31, False),
        ("running", 31, False),
    ],
)
def test_old_batches_go(status, days, stays, manager):
    batch = running_batch(manager, status=status)
    Part.objects.create(batch=batch, number=0, keys=[1])
    Batch.objects.update(created=timezone.now() - timedelta(days=days))
    said = StringIO()
    call_command("clean_up", stdout=said)
    assert f"{0 if stays else 1} batches deleted" in said.getvalue()
    assert Batch.objects.exists() == Part.objects.exists() == stays


def test_equal_queries_however_many_match(manager, client):
    counts = []
    for number in (3, 30):
        customers(number)
        page = plan(client, "disable", token(manager)).url
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(page)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("large", [0, 10])
def test_sqlite_looks_at_large_tables(large, manager, client, monkeypatch):
    """Before it goes through all of them; tables that are small would mislead it once they have grown."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL does so by itself.")
    monkeypatch.setattr(statistics, "LARGE", large)
    customers(5)
    client.post(plan(client, "disable", token(manager)).url + "start/")
    assert Batch.objects.get().status == "finished"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_stat1'")
        assert cursor.fetchone()[0] == (0 if large else 1)
