"""Batches: once, by whom, as long as they may, and row by row where one is refused."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from customers.models import Customer
from customers.views.verbs import VERBS
from ems_site.accounts import actions as accounts
from ems_site.accounts.models import User
from ems_site.audit.models import Entry
from ems_site.errors import Refused
from ems_site.lists import running
from ems_site.lists.actions import batches
from ems_site.lists.models import Batch
from ems_site.lists.reports import running_of
from tests.conftest import allowed
from tests.lists.batching import begin, customers, planned, token
from tests.pages import Served, everything

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("worked_at_once")]


# Once, and by whom


def test_starting_twice_is_once(manager, client):
    customers(2)
    page = planned(client, "disable", token(manager))
    begin(client, page)
    Customer.objects.update(status="enabled")
    assert "2 customers disabled" in Served(begin(client, page)).text
    assert Customer.objects.enabled().count() == 2
    assert Entry.objects.filter(code="customer.batch_started").count() == 1


def test_the_history_says_how_the_list_was_narrowed(manager, client):
    customers(2)
    begin(client, planned(client, "disable", token(manager, query="q=acme")))
    entry = Entry.objects.get(code="customer.batch_started")
    assert entry.changes == {"filters": ["", "Any attribute: acme"]}


def test_an_old_plan_does_not_start(manager, client, monkeypatch):
    customers(1)
    page = planned(client, "disable", token(manager))
    monkeypatch.setattr(batches, "PLAN_SECONDS", -1)
    form = page.form("comment")
    answer = client.post(form.action, form.data)
    assert answer.status_code == 422
    assert "planned too long ago" in Served(answer).text
    assert Customer.objects.enabled().exists()


def test_a_bad_reason_keeps_the_plan(manager, client):
    customers(1)
    form = planned(client, "disable", token(manager)).form("comment")
    answer = client.post(form.action, form.data | {"comment": "x" * 501})
    assert answer.status_code == 422
    assert "at most 500 characters" in Served(answer).text
    assert begin(client, Served(answer), comment="x").status_code == 200
    assert not Customer.objects.enabled().exists()


def address(client, manager, verb="disable"):
    answer = client.post(f"/customers/matching/{verb}/", {"matching": token(manager)})
    return answer.url


def test_batches_of_others_do_not_exist(manager, client, licenser, viewer, superuser, clerk, signed_in):
    customers(1)
    page = address(client, manager)
    viewer.user_permissions.add(*allowed("customers.change_customer"))
    before = everything()
    for verb in ["", "start/", "stop/", "resume/"]:
        for person, status in [(viewer, 404), (clerk, 403)]:
            other = signed_in(person)
            answer = other.post(page + verb) if verb else other.get(page)
            assert answer.status_code == status, (verb, person)
    assert signed_in(superuser).get(page).status_code == 200
    assert signed_in(superuser).post(page + "start/").status_code == 404
    assert client.get(page.replace("customers", "contacts")).status_code == 404
    assert everything() == before
    assert Batch.objects.get().status == "planned"


def test_delete_asks_for_the_password(manager, client):
    manager.set_password("seven unrelated marmots")
    manager.save()
    client.force_login(manager)
    customers(2)
    page = address(client, manager, "delete")
    session = client.session
    session["password_given_at"] = int((timezone.now() - timedelta(minutes=11)).timestamp())
    session.save()
    asked = client.post(page + "start/", {"comment": "Clean-up"})
    assert asked.status_code == 422
    assert "Your password, please" in Served(asked).text
    assert Customer.objects.count() == 2
    form = Served(asked).form("old_password")
    client.post(form.action, form.data | {"old_password": "wrong"})
    assert Batch.objects.get().status == "planned"
    client.post(form.action, form.data | {"old_password": "seven unrelated marmots"})
    assert not Customer.objects.exists()
    assert {entry.comment for entry in Entry.objects.filter(code="customer.deleted")} == {"Clean-up"}


@pytest.mark.parametrize("right", ["customers.view_customer", "customers.change_customer"])
def test_who_lost_the_right_does_not_plan_or_start(right, viewer, signed_in):
    customers(1)
    viewer.user_permissions.add(*allowed("customers.change_customer"))
    client = signed_in(viewer)
    posted = token(viewer)
    page = client.post("/customers/matching/disable/", {"matching": posted}).url
    viewer.user_permissions.remove(*allowed(right))
    assert client.post(page + "start/").status_code == 403
    assert client.post("/customers/matching/disable/", {"matching": posted}).status_code == 403
    assert Customer.objects.enabled().exists()


@pytest.mark.parametrize(
    "verb", ["matching/disable/", "batches/{}/start/", "batches/{}/stop/", "batches/{}/resume/"]
)
def test_only_by_post(verb, manager, client):
    customers(1)
    uuid = address(client, manager).split("/")[-2]
    assert client.get("/customers/" + verb.format(uuid)).status_code == 405


# Where the right ends midway


def halves(manager, client, monkeypatch, between, verb="disable"):
    """Runs a batch of two parts, with this done between them; returns its page."""
    monkeypatch.setattr(batches, "PART", 2)
    customers(4)
    page = address(client, manager, verb)
    do_part, calls = batches.do_part, []

    def and_then(batch, verbs):
        found = do_part(batch, verbs)
        calls.append(batch)
        if len(calls) == 1:
            between(batch)
        return found

    monkeypatch.setattr(batches, "do_part", and_then)
    client.post(page + "start/", {"comment": ""})
    return page


@pytest.mark.parametrize("how", ["role", "right to see", "inactive"])
def test_who_is_demoted_midway_stops_there(how, viewer, superuser, signed_in, monkeypatch):
    viewer.user_permissions.add(*allowed("customers.change_customer"))

    def demote(batch):
        if how == "inactive":
            viewer.is_active = False
            viewer.save()
        else:
            name = "customers.change_customer" if how == "role" else "customers.view_customer"
            viewer.user_permissions.remove(*allowed(name))

    page = halves(viewer, signed_in(viewer), monkeypatch, demote)
    assert Customer.objects.disabled().count() == 2
    batch = Batch.objects.get()
    assert batch.status == "refused"
    answer = Served(signed_in(superuser).get(page))
    may = "log on" if how == "inactive" else "disable customers"
    assert f"It ended after 2 of 4: viewer may not {may} any longer." in answer.text
    assert "Not reached 2" in answer.text
    assert Entry.objects.get(code="customer.batch_refused").actor_name == ""
    viewer.is_active = True
    viewer.save()
    viewer.user_permissions.add(*allowed("customers.change_customer", "customers.view_customer"))
    signed_in(viewer).post(page + "resume/")
    assert Customer.objects.disabled().count() == 2


def test_stop_and_resume(manager, client, monkeypatch):
    page = halves(manager, client, monkeypatch, lambda batch: batches.stop(batch, by=manager))
    stopped = Served(client.get(page))
    assert "Disabling 4 customers was stopped" in stopped.text
    assert Customer.objects.disabled().count() == 2
    assert "4 customers disabled" in Served(client.post(page + "resume/", follow=True)).text
    assert Customer.objects.disabled().count() == 4
    client.post(page + "resume/")
    codes = list(Entry.objects.filter(code__contains="batch_").order_by("pk").values_list("code", flat=True))
    assert codes == [f"customer.batch_{how}" for how in ("started", "stopped", "resumed", "finished")]


def test_one_that_was_interrupted_goes_on_when_somebody_looks(manager, client, monkeypatch):
    def die(batch):
        raise SystemExit

    with pytest.raises(SystemExit):
        halves(manager, client, monkeypatch, die)
    page = f"/customers/batches/{Batch.objects.get().uuid}/"
    assert "50 %" in Served(client.get(page)).text
    assert Customer.objects.disabled().count() == 2
    monkeypatch.setattr(batches, "SILENCE", batches.SILENCE * 0)
    monkeypatch.setattr("ems_site.lists.reports.SILENCE", batches.SILENCE)
    assert [str(report) for report in running_of(manager)] == ["Disabling 4 customers: interrupted at 50 %"]
    client.get(page)
    assert Customer.objects.disabled().count() == 4


def test_what_was_to_be_left_out_is_left_out(manager, client):
    """However it stands by now: the person read that it stays as it is."""
    first, second = customers(2)
    second.status = "disabled"
    second.save()
    page = planned(client, "disable", token(manager))
    assert "1 Is disabled already" in page.text
    Customer.objects.update(status="enabled")
    again = Served(client.get(page.form("comment").action.removesuffix("start/")))
    assert "1 Was to be left out when this was planned" in again.text
    ended = Served(begin(client, again))
    assert "1 left out: Was to be left out when this was planned" in ended.text
    assert list(Customer.objects.disabled()) == [first]


@pytest.mark.parametrize("how", ["sessions", "disabled and enabled again"])
def test_it_ends_with_the_sessions_of_its_person(how, manager, client, superuser, signed_in, monkeypatch):
    def end(batch):
        if how == "sessions":
            User.objects.filter(pk=manager.pk).end_sessions()
            return
        for is_active in (False, True):
            person = User.objects.get(pk=manager.pk)
            person.is_active = is_active
            person.set_password("correct horse battery staple")
            accounts.save(person, by=superuser)

    page = halves(manager, client, monkeypatch, end)
    assert Batch.objects.get().status == "refused"
    assert Customer.objects.disabled().count() == 2
    assert "was signed out meanwhile" in Served(signed_in(superuser).get(page)).text


def test_what_somebody_else_stopped_is_not_resumed(manager, client, superuser, monkeypatch):
    page = halves(manager, client, monkeypatch, lambda batch: batches.stop(batch, by=superuser))
    stopped = Served(client.get(page))
    assert f"{superuser} stopped it." in stopped.text
    assert "Resume" not in stopped.text
    client.post(page + "resume/")
    assert Customer.objects.disabled().count() == 2


def test_one_that_was_stopped_long_ago_is_planned_anew(manager, client, monkeypatch):
    page = halves(manager, client, monkeypatch, lambda batch: batches.stop(batch, by=manager))
    monkeypatch.setattr(batches, "PLAN_SECONDS", -1)
    answer = client.post(page + "resume/")
    assert answer.status_code == 422
    assert "planned too long ago" in Served(answer).text
    assert Customer.objects.disabled().count() == 2


# Rows that are refused


def refusing(monkeypatch, names, error):
    """Lets the action refuse sets that hold customers of these names."""
    act = VERBS.acts["disable"]

    def refuse(records, **given):
        if found := records.filter(name__in=names).order_by("pk").first():
            raise error(found)
        return act(records, **given)

    monkeypatch.setitem(VERBS.acts, "disable", refuse)


def test_one_row_that_is_refused_does_not_stop_the_others(manager, client, monkeypatch):
    customers(20)
    refusing(monkeypatch, ["Acme 3", "Acme 17"], lambda found: Refused(f"{found.name} is special."))
    done = Served(begin(client, planned(client, "disable", token(manager))))
    assert "18 of 20 customers disabled" in done.text
    assert "1 left out: Acme 3 is special." in done.text
    assert {row.name for row in Customer.objects.enabled()} == {"Acme 3", "Acme 17"}
    assert Entry.objects.filter(code="customer.disabled").count() == 18
    batch = Batch.objects.get()
    assert (batch.done, batch.left_out) == (18, 2)


def test_one_record_at_fault_holds_nothing_up(manager, client, monkeypatch, caplog):
    customers(5)
    refusing(monkeypatch, ["Acme 1"], lambda found: RuntimeError("broken"))
    ended = Served(begin(client, planned(client, "disable", token(manager))))
    assert "1 left out: Something went wrong" in ended.text
    assert "broken" not in ended.text
    assert "A part of a batch failed" in caplog.text
    assert [row.name for row in Customer.objects.enabled()] == ["Acme 1"]


def test_a_failure_of_the_database_stops_it_and_says_so(manager, client, monkeypatch, caplog):
    customers(2)
    # Without trying again, which would take the connection from the test.
    monkeypatch.setattr(running, "_tried", lambda act, *arguments: act(*arguments))
    refusing(monkeypatch, ["Acme 1"], lambda found: OperationalError("gone"))
    stopped = Served(begin(client, planned(client, "disable", token(manager))))
    assert "Something went wrong. Resume it to try again." in stopped.text
    assert "gone" not in stopped.text
    assert "A batch was broken off" in caplog.text
    assert Customer.objects.enabled().count() == 2
