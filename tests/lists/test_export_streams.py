"""What happens while a file is written: memory, rights that are lost, one at a time."""

import csv
import io
import tracemalloc
from functools import partialmethod

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.core.cache.backends.db import DatabaseCache
from django.test import Client

from customers.models import Customer
from ems_site.accounts import actions as accounts
from ems_site.accounts.models import User
from ems_site.audit.models import Entry
from ems_site.lists.exports import TURN_SECONDS, Turn
from ems_site.lists.listing import Listing
from ems_site.lists.spreadsheets import write_csv, write_xlsx
from tests.factories import CustomerFactory
from tests.lists.workbooks import workbook_of
from tests.pages import Served

pytestmark = pytest.mark.django_db
PATH = "/customers/export/?columns=name"
CSV = {"file_format": "csv", "columns": "shown"}
XLSX = {"file_format": "xlsx", "columns": "shown"}


@pytest.fixture
def client(exporter, signed_in):
    return signed_in(exporter)


@pytest.fixture
def in_twos(monkeypatch):
    """Six customers, read two at a time."""
    for number in range(6):
        CustomerFactory(name=f"Customer {number}")
    monkeypatch.setattr(Listing, "chunks", partialmethod(Listing.chunks, size=2))


def rows_of(parts):
    return [row[0] for row in csv.reader(io.StringIO(b"".join(parts).decode("utf-8-sig"), newline=""))]


def break_off(answer):
    """What a server does when the browser goes away, but for the connection, which the test needs."""
    answer._resource_closers[0]()


# Memory


def peak_of(parts) -> tuple[int, int]:
    """The most memory that is held at once while these parts are made, and how much they are together."""
    tracemalloc.start()
    try:
        size = sum(map(len, parts))
        return tracemalloc.get_traced_memory()[1], size
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_list(client, monkeypatch):
    monkeypatch.setattr(Listing, "chunks", partialmethod(Listing.chunks, size=500))
    customers = [Customer(name=f"Customer {number}", customer_id=f"C-{number}") for number in range(20_000)]
    for customer in customers[:2_000]:
        customer.ref_id = "few"
    Customer.objects.bulk_create(customers, batch_size=500)
    del customers

    def peak(query):
        answer = client.post(f"/customers/export/?columns=name,customer_id&{query}", CSV)
        return peak_of(answer.streaming_content)

    peak("q=nobody")
    (peak_of_few, few), (peak_of_many, many) = peak("q=few"), peak("")
    assert many > 8 * few
    assert peak_of_many < 1.5 * peak_of_few


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_memory_does_not_grow_with_the_file(write):
    def chunks(rows):
        for start in range(0, rows, 500):
            yield [[f"Customer {number}", "x"] for number in range(start, start + 500)]

    peak_of_few, few = peak_of(write("Customers", ["a", "b"], chunks(2_000)))
    peak_of_many, many = peak_of(write("Customers", ["a", "b"], chunks(20_000)))
    assert many > 5 * few
    assert peak_of_many < 1.5 * peak_of_few


# Rights that are lost meanwhile


def lose_the_role(user):
    user.groups.remove(Group.objects.get(name="Export"))


def lose_the_view(user):
    user.groups.remove(Group.objects.get(name="Customer Management"))


def be_disabled(user):
    User.objects.filter(pk=user.pk).update(is_active=False)


def be_signed_out(user):
    accounts.end_sessions(User.objects.filter(pk=user.pk), by=None)


def be_deleted(user):
    User.objects.filter(pk=user.pk).delete()


LOSSES = [lose_the_role, lose_the_view, be_disabled, be_signed_out, be_deleted]


@pytest.mark.parametrize("lose", LOSSES)
def test_it_stops_and_says_where(client, in_twos, exporter, lose, caplog):
    parts = iter(client.post(PATH, CSV).streaming_content)
    head, first = next(parts), next(parts)
    lose(exporter)
    rows = rows_of([head, first, *parts])
    assert rows[:3] == ["Name", "Customer 0", "Customer 1"]
    assert len(rows) == 4
    assert rows[3].startswith("This export stopped after 2 rows, it is not complete: You ")
    (line,) = [record for record in caplog.records if getattr(record, "event", "") == "export.stopped"]
    assert line.reason in rows[3]


def test_a_disabled_and_enabled_person_does_not_get_the_rest(client, in_twos, exporter):
    parts = iter(client.post(PATH, CSV).streaming_content)
    head = next(parts)
    be_signed_out(exporter)
    assert rows_of([head, *parts])[1].startswith("This export stopped after 0 rows")


def test_an_xlsx_that_stops_is_whole_and_says_so(client, in_twos, exporter):
    parts = iter(client.post(PATH, XLSX).streaming_content)
    data = [next(parts)]
    lose_the_role(exporter)
    sheet = workbook_of(b"".join([*data, *parts])).active
    assert [cell.value for cell in sheet["A"]][-1].startswith("This export stopped after 2 rows")


def test_a_right_that_decides_on_columns_counts_too(client, in_twos, exporter):
    """Whoever may not see entitlements any longer gets no further counts of them."""
    exporter.groups.set([Group.objects.get(name="Export")])
    exporter.user_permissions.set(_views("customer", "entitlement"))
    parts = iter(client.post("/customers/export/?columns=name,entitlements", CSV).streaming_content)
    got = [next(parts), next(parts)]
    exporter.user_permissions.set(_views("customer"))
    assert rows_of([*got, *parts])[-1].startswith("This export stopped after 2 rows")


def _views(*models):
    from django.contrib.auth.models import Permission

    return Permission.objects.filter(codename__in=[f"view_{model}" for model in models])


def test_other_rights_may_come_and_go(client, in_twos, exporter):
    exporter.groups.add(Group.objects.get(name="Entitlement Management"))
    parts = iter(client.post(PATH, CSV).streaming_content)
    got = [next(parts)]
    exporter.groups.remove(Group.objects.get(name="Entitlement Management"))
    assert len(rows_of([*got, *parts])) == 7


# One at a time


def test_a_second_one_waits_for_the_first(client, in_twos, exporter, signed_in):
    first = client.post(PATH, CSV)
    again = signed_in(exporter).post(PATH, XLSX)
    assert again.status_code == 429
    assert again["Retry-After"] == str(TURN_SECONDS)
    page = Served(again)
    assert "Another export of yours is still under way." in page.text
    assert page.form("file_format").data["file_format"] == ["xlsx"]
    assert Entry.objects.filter(code="customer.exported").count() == 1
    assert len(rows_of(first.streaming_content)) == 7
    break_off(client.post(PATH, CSV))


def test_the_turn_comes_back_when_the_browser_goes_away(client, in_twos):
    """Before the first part, and in the middle."""
    break_off(client.post(PATH, CSV))
    answer = client.post(PATH, CSV)
    next(iter(answer.streaming_content))
    break_off(answer)
    assert len(rows_of(client.post(PATH, CSV).streaming_content)) == 7


def test_the_turn_comes_back_when_writing_fails(client, in_twos, monkeypatch):
    def broken(self, **options):
        yield [next(iter(Customer.objects.all()))]
        raise RuntimeError("broken")

    with monkeypatch.context() as patched:
        patched.setattr(Listing, "chunks", broken)
        answer = client.post(PATH, CSV)
        with pytest.raises(RuntimeError):
            list(answer.streaming_content)
    break_off(client.post(PATH, CSV))


def test_the_turn_comes_back_when_it_cannot_be_recorded(client, in_twos, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("broken")

    with monkeypatch.context() as patched:
        patched.setattr("ems_site.lists.views.exports.actions.export", broken)
        with pytest.raises(RuntimeError):
            client.post(PATH, CSV)
    break_off(client.post(PATH, CSV))


def test_colleagues_do_not_wait(client, in_twos, superuser, signed_in):
    first = client.post(PATH, CSV)
    break_off(signed_in(superuser).post(PATH, CSV))
    break_off(first)


def test_all_processes_take_turns_together(exporter):
    """The default cache is a table: what one process took, others do not get."""
    assert isinstance(cache._connections[cache._alias], DatabaseCache)
    turn = Turn(exporter)
    assert turn.take()
    elsewhere = DatabaseCache(settings.CACHES["default"]["LOCATION"], {})
    assert elsewhere.get(turn.key) == turn.mark
    assert not elsewhere.add(turn.key, "x", 60)
    turn.give_back()
    assert elsewhere.get(turn.key) is None


def test_a_turn_that_expired_does_not_end_another(exporter):
    late, now = Turn(exporter), Turn(exporter)
    assert late.take()
    cache.delete(late.key)
    assert now.take()
    late.give_back()
    assert not Turn(exporter).take()


def test_a_post_without_its_token_takes_no_turn(exporter, in_twos):
    client = Client(enforce_csrf_checks=True)
    client.force_login(exporter)
    assert client.post(PATH, CSV).status_code == 403
    assert Turn(exporter).take()
