"""Batches in threads of their own, on the running database: workers, people who save, people who stop."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connections
from django.http import QueryDict
from django.utils import timezone

from customers import actions
from customers.listing import CustomerList
from customers.models import Customer
from customers.views.verbs import VERBS
from ems_site.audit.models import Entry
from ems_site.errors import Conflict
from ems_site.lists import running
from ems_site.lists.actions import batches
from ems_site.lists.models import Batch
from entitlements.models import Entitlement
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory

pytestmark = pytest.mark.django_db(transaction=True)

VERB = VERBS.verbs


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch):
    monkeypatch.setattr(batches, "PART", 5)
    monkeypatch.setattr(running, "PAUSE", 0.01)


@pytest.fixture
def by(superuser, transactional_db):
    return superuser


def begun(by, number=20, verb="disable", query="", **values) -> Batch:
    CustomerFactory.create_batch(number, **values)
    batch = batches.plan(CustomerList(QueryDict(query), by), VERB[verb], by=by)
    batches.start(batch, by=by)
    return Batch.objects.get(pk=batch.pk)


def ended(batch) -> Batch:
    """The batch, once nobody works on it any more."""
    for _ in range(1_000):
        found = Batch.objects.get(pk=batch.pk)
        if found.status != "running" and running._thread is None:
            return found
        time.sleep(0.02)
    raise AssertionError("It does not end.")


def test_in_a_thread_of_its_own(by):
    batch = begun(by)
    running.begin(batch)
    batch = ended(batch)
    assert (batch.status, batch.done, batch.left_out) == ("finished", 20, 0)
    assert Customer.objects.disabled().count() == 20
    assert Entry.objects.filter(code="customer.disabled").count() == 20


def test_of_many_workers_one_works(by, at_once):
    for _ in range(5):
        batch = begun(by)
        assert not any(
            isinstance(error, Exception) for error in at_once(*[lambda b=batch: running.work(b.pk)] * 4)
        )
        batch = Batch.objects.get(pk=batch.pk)
        assert (batch.status, batch.done + batch.left_out) == ("finished", batch.total)
        assert batch.done == 20
    entries = Entry.objects.filter(code="customer.disabled")
    assert entries.count() == entries.values("subject_key").distinct().count() == 100
    assert Entry.objects.filter(code="customer.batch_finished").count() == 5


def test_one_takes_it_up_at_a_time(by, at_once):
    for _ in range(15):
        batch = begun(by, 1)
        taken = at_once(*[lambda b=batch: batches.take_up(b.pk)] * 3)
        assert sorted(found is not None for found in taken) == [False, False, True]


def test_whoever_was_taken_for_dead_does_nothing_more(by):
    batch = begun(by)
    slow = batches.do_part(batches.take_up(batch.pk), VERBS)
    Batch.objects.update(heartbeat=slow.heartbeat - timedelta(seconds=31))
    slow.heartbeat -= timedelta(seconds=31)
    other = batches.take_up(batch.pk)
    assert other is not None
    assert batches.take_up(batch.pk) is None
    assert batches.do_part(slow, VERBS) is None
    assert batches.do_part(other, VERBS) is not None
    assert Customer.objects.disabled().count() == 10


def test_a_part_is_done_as_a_whole_or_not_at_all(by, monkeypatch):
    """The process dies within a part: what it did of it is taken back, and done by whoever takes it up."""
    batch = begun(by)
    disable = VERBS.acts["disable"]

    def die(records, **given):
        disable(records, **given)
        raise SystemExit

    monkeypatch.setitem(VERBS.acts, "disable", die)
    with pytest.raises(SystemExit):
        running.work(batch.pk)
    assert not Customer.objects.disabled().exists()
    assert not Entry.objects.filter(code="customer.disabled").exists()
    monkeypatch.undo()
    running.work(batch.pk)
    assert not Customer.objects.disabled().exists(), "somebody may still be at it"
    Batch.objects.update(heartbeat=timezone.now() - batches.SILENCE)
    running.work(batch.pk)
    assert Customer.objects.disabled().count() == 20
    assert Entry.objects.filter(code="customer.disabled").count() == 20


def test_stop_and_resume_again_and_again(by):
    batch = begun(by, 60)
    running.begin(batch)
    for _ in range(6):
        time.sleep(0.1)
        if batches.stop(batch, by=by):
            here = Customer.objects.disabled().count()
            time.sleep(0.1)
            assert Customer.objects.disabled().count() == here, "it goes on after it was stopped"
        if batches.resume(batch, by=by):
            running.begin(batch)
    batch = ended(batch)
    assert (batch.status, batch.done) == ("finished", 60)
    assert Entry.objects.filter(code="customer.disabled").count() == 60


def test_others_save_meanwhile(by, at_once):
    """Edits of the same customers wait for a part at most, and none is lost."""
    batch = begun(by, 40)
    keys = list(Customer.objects.order_by("pk").values_list("pk", flat=True))

    def edit():
        waited = 0.0
        for number, key in enumerate(keys):
            customer = Customer.objects.get(pk=key)
            customer.crm_id = f"crm {number}"
            before = time.monotonic()
            try:
                actions.save(customer, by=by)
            except Conflict:
                customer = Customer.objects.get(pk=key)
                customer.crm_id = f"crm {number}"
                actions.save(customer, by=by)
            waited = max(waited, time.monotonic() - before)
        return waited

    worked, waited = at_once(lambda: running.work(batch.pk), edit)
    assert worked is None, worked
    assert isinstance(waited, float), waited
    batch = Batch.objects.get(pk=batch.pk)
    assert (batch.done, batch.left_out, batch.status) == (40, 0, "finished")
    assert {row.crm_id for row in Customer.objects.all()} == {f"crm {number}" for number in range(40)}


def test_delete_against_new_entitlements(by, at_once):
    """Whoever gets an entitlement first is left out, and nobody's entitlement loses its customer."""
    for _ in range(4):
        batch = begun(by, 20, verb="delete")
        keys = list(Customer.objects.order_by("-pk").values_list("pk", flat=True))

        def create(keys=keys):
            made = 0
            for key in keys[::3]:
                try:
                    Entitlement(customer_id=key, start_date="2026-01-01").save()
                    made += 1
                except Exception:
                    connections.close_all()
            return made

        worked, made = at_once(lambda b=batch: running.work(b.pk), create)
        assert worked is None, worked
        batch = Batch.objects.get(pk=batch.pk)
        assert batch.status == "finished", batch.why
        assert batch.done + batch.left_out == 20
        kept = set(Customer.objects.values_list("pk", flat=True))
        assert kept == set(Entitlement.objects.values_list("customer", flat=True))
        assert len(kept) == made == batch.left_out
        Entitlement.objects.all().delete()
        Customer.objects.all().delete()


def test_disable_and_a_contact_of_two_customers(by, at_once):
    """Of two batches that each take one of a contact's customers, the last signs it out; nobody hangs."""
    for _ in range(4):
        people = ContactFactory.create_batch(6)
        odd = begun(by, 10, query="q=odd", name="Odd", people=people)
        even = begun(by, 10, query="q=even", name="Even", people=people[::-1])
        results = at_once(*[lambda b=batch: running.work(b.pk) for batch in (odd, even)])
        assert results == [None, None]
        assert [Batch.objects.get(pk=batch.pk).done for batch in (odd, even)] == [10, 10]
        Customer.objects.all().delete()


def test_two_batches_wait_for_one_another_in_a_process(by):
    first = begun(by, 15, query="q=first", name="First")
    second = begun(by, 15, query="q=second", name="Second")
    for batch in (first, second, first):
        running.begin(batch)
    assert threading.active_count() >= 2
    assert {ended(batch).status for batch in (first, second)} == {"finished"}
    assert Customer.objects.disabled().count() == 30


def test_the_page_of_a_batch_that_was_left_alone_takes_it_up(by, signed_in):
    """Another process had it, and died."""
    batch = begun(by)
    batches.do_part(batches.take_up(batch.pk), VERBS)
    client, page = signed_in(by), f"/customers/batches/{batch.uuid}/"
    assert client.get(page).status_code == 200
    time.sleep(0.2)
    assert Customer.objects.disabled().count() == 5, "it was alive a moment ago"
    Batch.objects.update(heartbeat=timezone.now() - batches.SILENCE)
    assert client.get(page).status_code == 200
    assert ended(batch).done == 20


def test_entitlements_keep_their_blocked_customers(by):
    blocked = EntitlementFactory().customer
    batch = begun(by, 10, verb="delete")
    running.begin(batch)
    batch = ended(batch)
    assert (batch.done, batch.left_out) == (10, 1)
    assert Customer.objects.get() == blocked
