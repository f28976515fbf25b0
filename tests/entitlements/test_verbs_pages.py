"""Complete, Disable, Enable, Close and Delete on the pages: one entitlement, and those ticked."""

from datetime import date

import pytest
from django.utils import timezone

from customers import actions as customer_actions
from customers.models import Customer
from ems_site.accounts import password_again
from ems_site.audit.models import Entry
from entitlements import actions
from entitlements.models import Entitlement
from entitlements.views.verbs import VERBS
from tests.conftest import allowed
from tests.factories import (
    ActivationFactory,
    ContactFactory,
    CustomerFactory,
    EntitlementFactory,
    ProductKeyFactory,
    UserFactory,
)
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db

NAMES = ["complete", "disable", "enable", "close", "delete"]
every = pytest.mark.parametrize("verb", NAMES)
DONE = {
    "complete": ("draft", "complete", "completed"),
    "disable": ("complete", "disabled", "disabled"),
    "enable": ("disabled", "complete", "enabled"),
    "close": ("complete", "closed", "closed"),
}


@pytest.fixture
def client(licenser, signed_in):
    return signed_in(licenser)


@pytest.fixture
def acme():
    return CustomerFactory(name="Acme", customer_id="A-1", time_zone="Europe/Berlin")


def make(state="draft", **values):
    return EntitlementFactory(**{"state": state, "products": [{"product": "Suite"}], **values})


def at(entitlement, verb):
    return f"/entitlements/{entitlement.pk}/{verb}/"


def opened(client, entitlement, verb):
    answer = client.get(at(entitlement, verb))
    assert answer.status_code == 200
    return Served(answer)


def agree(client, page, **more):
    form = page.form("plan")
    return client.post(form.action, form.data | more)


def ask(client, verb, entitlements, status=200):
    keys = [getattr(entitlement, "pk", entitlement) for entitlement in entitlements]
    answer = client.post(f"/entitlements/ticked/{verb}/", {"pk": keys})
    assert answer.status_code == status
    return Served(answer)


def test_all_that_there_are():
    assert list(VERBS.verbs) == list(VERBS.acts) == NAMES


# One


@pytest.mark.parametrize("verb", DONE)
def test_done_with_a_reason(verb, client, licenser):
    before, after, done = DONE[verb]
    entitlement = make(before)
    page = opened(client, entitlement, verb)
    assert f"{verb.capitalize()} {entitlement.eid}?" in page.text
    assert f"{verb.capitalize()} entitlement" in page.text
    answer = agree(client, page, comment="As\r\nordered")
    assert (answer.status_code, answer.url) == (302, f"/entitlements/{entitlement.pk}/")
    entitlement.refresh_from_db()
    assert (entitlement.state, entitlement.version) == (after, 2)
    entry = Entry.objects.get(code=f"entitlement.{done}")
    assert (entry.actor_key, entry.comment) == (licenser.pk, "As\nordered")
    said = Served(client.get(answer.url))
    assert f"{entitlement.eid} {done}." in said.text
    way_back = {"disable": "enable", "enable": "disable"}.get(verb)
    links = [(text, address) for text, address in said.links if text.endswith(" again")]
    assert links == ([(f"{way_back.capitalize()} again", at(entitlement, way_back))] if way_back else [])


def test_deleted(client, licenser):
    entitlement = make()
    answer = agree(client, opened(client, entitlement, "delete"), comment="Twice here")
    assert (answer.status_code, answer.url) == (302, "/entitlements/")
    assert f"{entitlement.eid} deleted." in Served(client.get(answer.url)).text
    assert not Entitlement.objects.exists()
    entry = Entry.objects.get(code="entitlement.deleted")
    assert (entry.actor_key, entry.comment) == (licenser.pk, "Twice here")


POSSIBLE = {
    "draft": {"complete", "delete"},
    "complete": {"disable", "close"},
    "disabled": {"enable", "close"},
    "closed": set(),
}


@every
@pytest.mark.parametrize("state", POSSIBLE)
def test_each_verb_in_each_state(state, verb, client):
    """What is not possible says why, on the page and for a post without one."""
    entitlement = make(state)
    page = opened(client, entitlement, verb)
    if verb in POSSIBLE[state]:
        assert page.form("plan")
        return
    assert not page.form("plan")
    assert f"{entitlement.eid} cannot be {VERBS.verbs[verb].done}" in page.text
    assert f"It {entitlement.why_not(verb)}" in page.text
    rows = everything()
    assert client.post(at(entitlement, verb), {"plan": "x"}).status_code == 422
    assert everything() == rows


def test_the_buttons_say_how_grave_it_is(client):
    classes = {}
    for verb, state in [*((verb, DONE[verb][0]) for verb in DONE), ("delete", "draft")]:
        tags = opened(client, make(state), verb).tags
        (classes[verb],) = [
            attrs["class"] for tag, attrs in tags if tag == "button" and "btn-" in attrs.get("class", "")
        ]
    danger = {"close", "delete"}
    assert classes == {verb: "btn btn-danger" if verb in danger else "btn btn-primary" for verb in NAMES}


@every
@pytest.mark.parametrize("key", ["4711", "9" * 19, "abc"])
def test_gone(verb, key, client):
    assert client.get(f"/entitlements/{key}/{verb}/").status_code == 404
    assert client.post(f"/entitlements/{key}/{verb}/").status_code == 404


def test_no_other_verb(client, acme, manager, signed_in):
    entitlement = make()
    for verb in ("activated", "reopen", "Complete", "complete%20"):
        assert client.get(at(entitlement, verb)).status_code == 404
    for verb in ("complete", "close"):
        assert signed_in(manager).get(f"/customers/{acme.pk}/{verb}/").status_code == 404


@every
def test_rights(verb, signed_in):
    entitlement = make()
    right = VERBS.verbs[verb].right
    assert right == ("delete" if verb == "delete" else "change")
    for names, status in [
        (["view"], 403),
        ([right], 403),
        (["view", "add", "delete" if right == "change" else "change"], 403),
        (["view", right], 200),
    ]:
        user = UserFactory()
        user.user_permissions.set(allowed(*(f"entitlements.{name}_entitlement" for name in names)))
        client = signed_in(user)
        assert client.get(at(entitlement, verb)).status_code == status, names
        ticked = client.post(f"/entitlements/ticked/{verb}/", {"pk": entitlement.pk})
        assert ticked.status_code == status, names


def test_the_customer_management_role_changes_none(manager, signed_in):
    client, before = signed_in(manager), everything()
    for verb in NAMES:
        assert client.get(at(make(), verb)).status_code == 403
    assert everything()["Entry"] == before["Entry"]


# What is shown


def test_complete_shows_the_customer_and_what_will_be_stored(acme, client):
    anna = ContactFactory(name="Anna", email="anna@example.com")
    customer_actions.associate(acme, anna, "standard", by=None)
    entitlement = make(customer=acme, contact=anna, products=[], start_date=date(2026, 1, 1))
    ProductKeyFactory(entitlement=entitlement, product="Suite", product_version="2.0", quantity=7)
    ProductKeyFactory(entitlement=entitlement, product="Viewer", end_date=date(2026, 6, 30))
    page = opened(client, entitlement, "complete")
    assert "Acme (A-1) · Anna <anna@example.com>" in page.text
    rows = page.tables[0][1:]
    assert [row[:2] for row in rows] == [["Suite 2.0", "7"], ["Viewer", "10"]]
    assert rows[0][2].startswith("1 Jan 2026 – never expires Europe/Berlin")
    assert "1 Jan 2026, 00:00 (UTC+01:00) until 1 Jul 2026, 00:00 (UTC+02:00)" in rows[1][2]
    assert "It becomes final" in page.text
    agree(client, page)
    stored = [(str(key.valid_from), str(key.valid_until)) for key in entitlement.product_keys.all()]
    assert stored == [
        ("2025-12-31 23:00:00+00:00", "None"),
        ("2025-12-31 23:00:00+00:00", "2026-06-30 22:00:00+00:00"),
    ]


def test_why_a_draft_cannot_be_completed_yet(client, signed_in):
    nobodys, empty = make(customer=None), make(products=[])
    page = opened(client, nobodys, "complete")
    assert "It has no customer yet. Choose one before completing it." in page.text
    assert ("Edit the draft", f"/entitlements/{nobodys.pk}/edit/") in page.links
    assert "It has no product yet." in opened(client, empty, "complete").text
    user = UserFactory()
    names = "entitlements.view_entitlement", "entitlements.change_entitlement"
    user.user_permissions.set(allowed(*names))
    assert "Edit the draft" not in dict(opened(signed_in(user), empty, "complete").links)


def test_dates_that_the_zone_does_not_have(client):
    entitlement = make(
        customer=CustomerFactory(time_zone="Pacific/Apia"), start_date=date(2011, 12, 30), products=[{}]
    )
    page = opened(client, entitlement, "complete")
    assert "These dates are not possible in Pacific/Apia." in page.text
    before = everything()
    answer = agree(client, page)
    assert answer.status_code == 422
    assert "did not exist in Pacific/Apia" in Served(answer).text
    assert everything() == before


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("disable", "Nothing of it can be activated or revoked until it is enabled again."),
        ("enable", "Its products can be activated again."),
        ("close", "For good: nothing of it can be activated, revoked or enabled ever again."),
    ],
)
def test_the_consequence_with_numbers(verb, words, client):
    entitlement = make(DONE[verb][0])
    assert f"{words} Nothing has been activated so far." in opened(client, entitlement, verb).text
    key = entitlement.product_keys.get()
    ActivationFactory(product_key=key, revoked=timezone.now())
    ActivationFactory(product_key=key)
    kept = "1 activation stays in force" if verb == "enable" else "1 activation is in force: licenses already"
    assert f"{words} {kept}" in opened(client, entitlement, verb).text
    ActivationFactory(product_key=key)
    kept = (
        "2 activations stay in force" if verb == "enable" else "2 activations are in force: licenses already"
    )
    assert f"{words} {kept}" in opened(client, entitlement, verb).text


def test_what_deleting_takes_along(client):
    text = opened(client, make(products=[{}, {}]), "delete").text
    assert "The draft is gone for good, with 2 products. The history keeps a record." in text
    assert "The draft is gone for good. The history" in opened(client, make(products=[]), "delete").text


def test_a_completed_one_can_be_disabled_instead_of_deleted(client, signed_in):
    entitlement = make("complete")
    page = opened(client, entitlement, "delete")
    assert ("Disable entitlement…", at(entitlement, "disable")) in page.links
    user = UserFactory()
    user.user_permissions.set(allowed("entitlements.view_entitlement", "entitlements.delete_entitlement"))
    for reader, one in [(signed_in(user), entitlement), (client, make("disabled")), (client, make("closed"))]:
        assert at(one, "disable") not in dict(opened(reader, one, "delete").links).values()


# The plan is what was shown


def test_a_plan_is_for_one_person_verb_model_and_version(client, superuser, signed_in):
    entitlement = make("complete")
    customer = CustomerFactory(pk=entitlement.pk + 100)
    mine = opened(client, entitlement, "disable").form("plan").data["plan"]
    others = [
        opened(signed_in(superuser), entitlement, "disable").form("plan").data["plan"],
        opened(client, entitlement, "close").form("plan").data["plan"],
        opened(client, make("complete"), "disable").form("plan").data["plan"],
        Served(signed_in(superuser).get(f"/customers/{customer.pk}/disable/")).form("plan").data["plan"],
    ]
    Entitlement.objects.filter(pk=entitlement.pk).update(version=2)
    before = everything()
    for plan in (*others, mine, "", "x:y", "\0"):
        answer = client.post(at(entitlement, "disable"), {"plan": plan, "comment": "kept"})
        assert answer.status_code == 422
        assert Served(answer).form("plan").data["comment"] == ["kept"]
    assert everything() == before


def edited(entitlement):
    entitlement = Entitlement.objects.get(pk=entitlement.pk)
    entitlement.ref_id1 = "Changed"
    actions.save(entitlement, by=None)


def with_another_quantity(entitlement):
    entitlement = Entitlement.objects.get(pk=entitlement.pk)
    key = entitlement.product_keys.get()
    key.quantity = 99
    actions.save(entitlement, by=None, product_keys=[key])


def with_another_time_zone(entitlement):
    customer = Customer.objects.get(pk=entitlement.customer_id)
    customer.time_zone = "Asia/Tokyo"
    customer_actions.save(customer, by=None)


def with_another_customer_id(entitlement):
    customer = Customer.objects.get(pk=entitlement.customer_id)
    customer.customer_id = "B-2"
    customer_actions.save(customer, by=None)


@pytest.mark.parametrize(
    "change", [edited, with_another_quantity, with_another_time_zone, with_another_customer_id]
)
@pytest.mark.parametrize("ticked", [False, True])
def test_complete_does_what_was_shown_or_nothing(ticked, change, acme, client):
    entitlement = make(customer=acme)
    page = ask(client, "complete", [entitlement]) if ticked else opened(client, entitlement, "complete")
    change(entitlement)
    before = everything()
    answer = agree(client, page)
    assert answer.status_code == 422
    again = Served(answer)
    assert "Something changed since. Look again." in again.text
    assert everything() == before
    assert agree(client, again).status_code == 302
    entitlement.refresh_from_db()
    assert entitlement.is_complete()


def test_what_was_not_shown_may_change(acme, client):
    entitlement = make(customer=acme)
    page = opened(client, entitlement, "complete")
    acme.crm_id = "X"
    customer_actions.save(acme, by=None)
    assert agree(client, page).status_code == 302


@pytest.mark.parametrize("verb", DONE)
def test_done_by_somebody_else_meanwhile(verb, client):
    entitlement = make(DONE[verb][0])
    page = opened(client, entitlement, verb)
    getattr(actions, verb)(Entitlement.objects.all(), by=None)
    before = everything()
    answer = agree(client, page)
    assert answer.status_code == 422
    text = Served(answer).text
    assert "Something changed since. Look again." in text
    assert f"cannot be {VERBS.verbs[verb].done}" in text
    assert everything() == before


def test_a_bad_reason_keeps_what_was_typed(client):
    entitlement = make("complete")
    before = everything()
    answer = agree(client, opened(client, entitlement, "close"), comment="x" * 501)
    assert answer.status_code == 422
    assert "at most 500 characters" in Served(answer).text
    assert everything() == before


# Ticked


@pytest.fixture
def mixed(acme):
    return {state: make(state, customer=acme, ref_id1=state) for state in POSSIBLE}


@every
def test_the_plan_says_what_will_happen_and_why_not(verb, mixed, client):
    before = everything()
    will, _, left_out = ask(client, verb, mixed.values()).text.partition("Will be left out")
    for state, entitlement in mixed.items():
        possible = verb in POSSIBLE[state]
        assert ((entitlement.eid in will), (entitlement.eid in left_out)) == (possible, not possible)
        why = entitlement.why_not(verb)
        assert not why or why[0].upper() + why[1:] in left_out
    assert "Acme (A-1)" in will
    assert everything() == before


@every
def test_then_exactly_that_is_done(verb, mixed, client):
    answer = agree(client, ask(client, verb, mixed.values()), comment="Because")
    assert (answer.status_code, answer.url) == (302, "/entitlements/")
    done = {state for state in POSSIBLE if verb in POSSIBLE[state]}
    entries = Entry.objects.filter(code=f"entitlement.{VERBS.verbs[verb].done}")
    assert {entry.subject_key for entry in entries} == {mixed[state].pk for state in done}
    assert {entry.comment for entry in entries} == {"Because"}
    left = {row.ref_id1: row for row in Entitlement.objects.all()}
    assert set(left) == (set(POSSIBLE) - done if verb == "delete" else set(POSSIBLE))
    assert {name for name in left if left[name].version == 2} == done & set(left)


def test_in_numbers(client):
    drafts = [make() for _ in range(2)]
    page = ask(client, "complete", drafts)
    assert "Complete 2 entitlements?" in page.text
    assert "They become final" in page.text
    assert not page.tables
    assert "The drafts are gone for good, with 2 products." in ask(client, "delete", drafts).text
    finals = [make("complete") for _ in range(2)]
    for entitlement in finals:
        ActivationFactory(product_key=entitlement.product_keys.get())
    assert "2 activations are in force" in ask(client, "disable", [*finals, *drafts]).text
    assert "None of these entitlements can be enabled" in ask(client, "enable", finals).text


def test_those_without_customer_or_product_are_left_out(client):
    ready, nobodys, empty = make(), make(customer=None), make(products=[])
    left_out = ask(client, "complete", [ready, nobodys, empty]).text.partition("Will be left out")[2]
    assert "Has no customer yet" in left_out
    assert "Has no product yet" in left_out
    assert ready.eid not in left_out


def test_deleting_many_asks_for_the_password_where_it_was_given_long_ago(client, monkeypatch):
    drafts = [make(), make()]
    page = ask(client, "delete", drafts)
    monkeypatch.setattr(password_again, "_is_recent", lambda request: False)
    answer = agree(client, page)
    assert answer.status_code == 422
    assert "old_password" in answer.content.decode()
    assert Entitlement.objects.count() == 2


@every
def test_as_many_queries_for_twenty_ticked_as_for_two(verb, client, django_assert_max_num_queries):
    entitlements = [make(state) for state in POSSIBLE for _ in range(5)]
    with django_assert_max_num_queries(16):
        ask(client, verb, entitlements)


@every
@pytest.mark.parametrize("key", ["9" * 20, "abc", "", "-1", "１", "\0"])
def test_a_key_that_is_none(verb, key, client):
    entitlement = make()
    before = everything()
    page = ask(client, verb, [entitlement, key], status=422)
    assert "Nothing was changed" in page.text
    assert ("Back to the entitlements", "/entitlements/") in page.links
    assert everything() == before


@every
def test_nothing_ticked(verb, client):
    answer = client.post(f"/entitlements/ticked/{verb}/", follow=True)
    assert answer.redirect_chain == [("/entitlements/", 302)]
    assert f"Tick the entitlements to {verb} first" in Served(answer).text


# A contact's activations are in the way of its deletion


def test_activations_that_name_a_contact_are_told(manager, signed_in):
    client = signed_in(manager)
    anna = ContactFactory(name="Anna")
    activations = [ActivationFactory(activatee=anna) for _ in range(6)]
    page = Served(client.get(f"/contacts/{anna.pk}/delete/"))
    assert "Anna cannot be deleted" in page.text
    assert "6 activations name it." in page.text
    assert "entitlements are addressed" not in page.text
    last = activations[-1].product_key.entitlement
    assert (last.eid, f"/entitlements/{last.pk}/") in page.links
    assert ("All 6 activations", f"/contacts/{anna.pk}/") in page.links
    ticked = Served(client.post("/contacts/ticked/delete/", {"pk": anna.pk}))
    assert "Has 6 activations" in ticked.text
    EntitlementFactory(contact=anna)
    ticked = Served(client.post("/contacts/ticked/delete/", {"pk": anna.pk}))
    assert "Has 1 entitlement and 6 activations" in ticked.text
    text = Served(client.get(f"/contacts/{anna.pk}/delete/")).text
    assert "1 entitlement is addressed to it. 6 activations name it." in text


def test_nothing_of_activations_without_the_right_to_see_entitlements(signed_in):
    activation = ActivationFactory(activatee=ContactFactory())
    user = UserFactory()
    user.user_permissions.set(allowed("contacts.view_contact", "contacts.delete_contact"))
    client, contact = signed_in(user), activation.activatee
    for answer in (
        client.get(f"/contacts/{contact.pk}/delete/"),
        client.post("/contacts/ticked/delete/", {"pk": contact.pk}),
    ):
        text = Served(answer).text
        assert activation.product_key.entitlement.eid not in text
        assert "1 activation" not in text
        assert "cannot be deleted" in text or "can be deleted" in text


# Between the look at the plan and the lock


def test_windows_that_nobody_confirmed_are_not_stored(client, acme, monkeypatch, manager):
    draft = make(customer=acme)
    page = opened(client, draft, "complete")

    def after_the_zone_changed(records, **options):
        customer = Customer.objects.get(pk=acme.pk)
        customer.time_zone = "Asia/Tokyo"
        customer_actions.save(customer, by=manager)
        return actions.complete(records, **options)

    monkeypatch.setitem(VERBS.acts, "complete", after_the_zone_changed)
    answer = client.post(at(draft, "complete"), page.form("plan").data)
    assert answer.status_code == 422
    assert "Something changed since. Look again." in Served(answer).text
    assert Entitlement.objects.get().state == "draft"


def test_who_comes_second_is_not_told_of_a_success(client, acme, monkeypatch, manager):
    entitlement = make("complete", customer=acme)
    page = opened(client, entitlement, "disable")

    def after_a_colleague(records, **options):
        actions.disable(Entitlement.objects.filter(pk=entitlement.pk), by=manager)
        return actions.disable(records, **options)

    monkeypatch.setitem(VERBS.acts, "disable", after_a_colleague)
    answer = client.post(at(entitlement, "disable"), page.form("plan").data)
    assert answer.status_code == 422
    assert "is disabled already." in Served(answer).text
    assert Entry.objects.of(entitlement).count() == 1
