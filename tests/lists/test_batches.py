"""A verb for all that match a list: what it does, and that it narrows, never widens."""

import pytest

from contacts.models import Contact
from customers import actions
from customers.models import Customer
from ems_site.audit.models import Entry
from ems_site.lists import matching
from ems_site.lists.actions import batches
from ems_site.lists.models import Batch, Part
from entitlements.models import Entitlement
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, ProductKeyFactory
from tests.lists.batching import begin, customers, plan, planned, token
from tests.pages import Served, everything

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("worked_at_once")]


# What is planned and done


def test_disable_all_that_match(manager, client):
    customers(3)
    customers(2, name="Other")
    off = CustomerFactory(name="Acme off", status="disabled")
    before = everything()
    page = planned(client, "disable", token(manager, query="q=acme"))
    assert "Disable 3 of the 4 customers that match?" in page.text
    assert "1 Is disabled already" in page.text
    assert "Any attribute: acme" in page.text
    assert everything() == before
    done = Served(begin(client, page, comment="Clean-up"))
    assert "3 of 4 customers disabled" in done.text
    assert "1 left out: Is disabled already" in done.text
    assert str(off) in done.text
    assert Customer.objects.enabled().count() == 2
    entries = Entry.objects.filter(code="customer.disabled")
    assert entries.count() == 3
    assert {(entry.comment, entry.actor_name) for entry in entries} == {("Clean-up", "manager")}


def test_the_history_says_that_it_began_and_what_came_of_it(manager, client):
    customers(2)
    CustomerFactory(name="Acme off", status="disabled")
    begin(client, planned(client, "disable", token(manager)), comment="Clean-up")
    entries = Entry.objects.filter(code__startswith="customer.batch_").order_by("pk")
    assert [(entry.code, entry.subject_name, entry.comment, entry.actor_name) for entry in entries] == [
        ("customer.batch_started", "Disable 3 customers", "Clean-up", "manager"),
        ("customer.batch_finished", "Disable 3 customers: 2 done, 1 left out", "Clean-up", "manager"),
    ]


def test_delete_leaves_out_what_has_entitlements(manager, client):
    free = customers(2)
    blocked = CustomerFactory(name="Blocked")
    EntitlementFactory.create_batch(2, customer=blocked)
    page = planned(client, "delete", token(manager))
    assert "Delete 2 of the 3 customers that match?" in page.text
    assert "1 Has entitlements" in page.text
    assert "They are gone for good." in page.text
    done = Served(begin(client, page))
    assert "1 left out: Has entitlements" in done.text
    assert list(Customer.objects.all()) == [blocked]
    assert Entry.objects.filter(code="customer.deleted").count() == len(free)


def test_enable(manager, client):
    customers(2, status="disabled")
    page = planned(client, "enable", token(manager, query="status=disabled"))
    assert "Enable 2 customers?" in page.text
    assert "2 customers enabled" in Served(begin(client, page)).text
    assert Customer.objects.enabled().count() == 2


def test_contacts(manager, client):
    anna, bert = ContactFactory(email="anna@example.com"), ContactFactory(email="bert@example.com")
    EntitlementFactory(contact=bert)
    page = planned(client, "delete", token(manager, "contacts"), "contacts")
    assert "Delete 1 of the 2 contacts that match?" in page.text
    assert "1 left out: Has entitlements" in Served(begin(client, page)).text
    assert Contact.objects.get() == bert
    assert Entry.objects.get(code="contact.deleted").subject_key == anna.pk


@pytest.mark.parametrize(
    ("verb", "changed", "reason"),
    [
        ("disable", {"complete": "disabled"}, "Is a draft. Only completed entitlements are disabled."),
        ("enable", {"disabled": "complete"}, "Is a draft. Only disabled entitlements are enabled."),
        ("close", {"complete": "closed", "disabled": "closed"}, "Is a draft. It can be deleted instead."),
        ("delete", {"draft": None}, "Was completed and cannot be deleted."),
    ],
)
def test_entitlements(verb, changed, reason, licenser, signed_in):
    rows = {state: EntitlementFactory(state=state) for state in Entitlement.State.values}
    for row in rows.values():
        ProductKeyFactory(entitlement=row)
    client = signed_in(licenser)
    page = planned(client, verb, token(licenser, "entitlements"), "entitlements")
    assert f"{len(changed)} of the 4 entitlements that match?" in page.text
    assert reason in page.text
    done = Served(begin(client, page))
    assert reason in done.text
    states = dict(Entitlement.objects.values_list("pk", "state"))
    assert states == {
        row.pk: changed.get(state, state) for state, row in rows.items() if changed.get(state, state)
    }


def test_what_is_seen_of_each_is_not_done_to_all(licenser, signed_in):
    EntitlementFactory()
    posted = {"matching": token(licenser, "entitlements")}
    answer = signed_in(licenser).post("/entitlements/matching/complete/", posted)
    assert answer.status_code == 422
    assert "tick them" in Served(answer).text


def test_parts(manager, client, monkeypatch):
    monkeypatch.setattr(batches, "PART", 2)
    customers(5)
    begin(client, planned(client, "disable", token(manager)))
    batch = Batch.objects.get()
    assert [len(part.keys) for part in batch.parts.all()] == [2, 2, 1]
    assert (batch.status, batch.done, batch.left_out, batch.total) == ("finished", 5, 0, 5)
    assert not Customer.objects.enabled().exists()


def test_nobody_is_counted_above_a_thousand(manager, client, monkeypatch):
    monkeypatch.setattr("ems_site.lists.reports.LOOKED_AT", 1)
    people = [ContactFactory()]
    CustomerFactory(people=people)
    assert "1 contact cannot log on" in planned(client, "disable", token(manager)).text
    CustomerFactory(people=people)
    page = planned(client, "disable", token(manager))
    assert "For so many it is not counted beforehand whom it hits." in page.text
    assert "Contacts of theirs who have no other enabled customer cannot log on" in page.text


def test_nothing_can_be_done(manager, client):
    customers(2, status="disabled")
    page = planned(client, "disable", token(manager))
    assert "None of the 2 customers that match can be disabled" in page.text
    assert not page.form("comment")


# It narrows, never widens


def test_rows_added_meanwhile_are_not_touched(manager, client):
    customers(2)
    page = planned(client, "disable", token(manager, query="q=acme"))
    late = CustomerFactory(name="Acme late")
    begin(client, page)
    assert Customer.objects.enabled().get() == late


def test_rows_that_do_not_match_any_longer_are_left_out(manager, client):
    second = customers(3)[1]
    page = planned(client, "disable", token(manager, query="q=acme"))
    second.name = "Other"
    second.save()
    done = Served(begin(client, page))
    assert "1 left out: Does not match the list any longer Other" in done.text
    assert Customer.objects.enabled().get() == second


def test_a_planned_batch_is_told_anew_when_its_page_is_loaded_again(manager, client):
    _, second, _ = customers(3)
    answer = plan(client, "disable", token(manager, query="q=acme"))
    second.name = "Other"
    second.save()
    page = Served(client.get(answer.url))
    assert "Disable 2 of the 3 customers that match?" in page.text
    assert "1 Does not match the list any longer" in page.text


def test_rows_deleted_meanwhile_are_left_out_by_the_name_they_had(manager, client):
    gone, kept = customers(2)
    page = planned(client, "disable", token(manager))
    actions.delete(Customer.objects.filter(pk=gone.pk), by=None)
    done = Served(begin(client, page))
    assert f"1 left out: Was deleted meanwhile {gone}" in done.text
    assert Customer.objects.disabled().get() == kept


def test_the_page_says_when_more_or_fewer_match(manager, client):
    customers(3)
    assert "The list said 7. Meanwhile 3 match." in planned(client, "disable", token(manager, number=7)).text
    assert "The list said" not in planned(client, "disable", token(manager)).text


@pytest.mark.parametrize("change", ["", "x", "another person", "another list", "old", "\0"])
def test_a_selection_that_was_tampered_with(change, manager, client, superuser, monkeypatch):
    customers(2)
    good = token(manager)
    posted = {
        "": "",
        "x": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "another person": token(superuser),
        "another list": token(manager, "contacts"),
        "old": good,
        "\0": "\0",
    }[change]
    if change == "old":
        monkeypatch.setattr(matching, "PLAN_SECONDS", -1)
    before = everything()
    answer = client.post("/customers/matching/disable/", {"matching": posted})
    assert answer.status_code == 422
    assert "Nothing was changed" in Served(answer).text
    assert everything() == before
    assert not Batch.objects.exists()


def test_who_may_not_filter_like_that_any_longer_does_not_widen_it(viewer, signed_in, monkeypatch):
    """Without the right to view customers, contacts are not found by them, and all would match."""
    viewer.user_permissions.add(*allowed("contacts.change_contact"))
    posted = token(viewer, "contacts", "in=customer&q=acme")
    viewer.user_permissions.remove(*allowed("customers.view_customer"))
    ContactFactory()
    answer = signed_in(viewer).post("/contacts/matching/disable/", {"matching": posted})
    assert answer.status_code == 422
    assert "You may not filter the list like this any longer" in Served(answer).text


def test_more_than_it_can_take(manager, client, monkeypatch):
    monkeypatch.setattr(batches, "MOST", 2)
    customers(3)
    answer = client.post("/customers/matching/disable/", {"matching": token(manager)})
    assert answer.status_code == 422
    assert "Narrow the list" in Served(answer).text


def test_none_matches_any_longer(manager, client):
    answer = client.post("/customers/matching/disable/", {"matching": token(manager, query="q=acme")})
    assert answer.status_code == 422
    assert "None of the customers matches any longer." in Served(answer).text


def test_of_many_plans_the_newest_stay(manager, client):
    customers(1)
    for _ in range(7):
        planned(client, "disable", token(manager))
    assert Batch.objects.count() == 5
    assert Part.objects.count() == 5
