"""Entitlements in Django admin."""

import pytest
from django.contrib.admin.models import LogEntry

from customers.models import Customer
from ems_site.audit.models import Entry
from entitlements import actions
from entitlements.models import Entitlement
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db

LIST = "/admin/entitlements/entitlement/"
ADD = f"{LIST}add/"


@pytest.fixture
def client(superuser, signed_in):
    return signed_in(superuser)


@pytest.fixture
def anna():
    return ContactFactory(email="anna@example.com")


@pytest.fixture
def customer(anna):
    return CustomerFactory(name="Acme", customer_id="ACME-1", people=[anna])


@pytest.fixture
def draft(customer):
    return EntitlementFactory(customer=customer, ref_id1="R-1", external_id="EXT-1")


def change_of(entitlement):
    return f"{LIST}{entitlement.pk}/change/"


def form_at(client, address):
    return Served(client.get(address)).form("start_date").data


def save(client, address, **typed):
    return client.post(address, form_at(client, address) | {"_save": "Save"} | typed)


def errors_of(answer):
    assert answer.status_code == 200
    return dict(answer.context["adminform"].form.errors)


def choose(client, name, *entitlements, **more):
    keys = [entitlement.pk for entitlement in entitlements]
    return Served(client.post(LIST, {"action": name, "_selected_action": keys} | more, follow=True))


# Add and change


def test_add(customer, anna, client, superuser):
    typed = {
        "customer": customer.pk,
        "contact": anna.pk,
        "ref_id1": "a",
        "ref_id2": "b",
        "external_id": "E",
        "start_date": "2026-01-01",
        "end_date": "2026-12-31",
    }
    assert save(client, ADD, **typed).status_code == 302
    added = Entitlement.objects.get()
    assert (added.customer, added.contact, added.state) == (customer, anna, "draft")
    assert added.eid
    entry = Entry.objects.get()
    assert (entry.code, entry.actor_key) == ("entitlement.added", superuser.pk)
    assert entry.client_address == "127.0.0.1"
    assert not LogEntry.objects.exists()


def test_a_draft_may_still_be_without_customer_and_end(client):
    assert save(client, ADD, start_date="2026-01-01").status_code == 302
    assert Entitlement.objects.get().customer is None


def test_change(draft, client):
    assert save(client, change_of(draft), ref_id2="R-2").status_code == 302
    draft.refresh_from_db()
    assert (draft.ref_id2, draft.version) == ("R-2", 2)
    assert Entry.objects.get().changes == {"ref_id2": ["", "R-2"]}


def test_the_served_form_posted_back_writes_nothing(draft, client):
    before = everything()
    assert save(client, change_of(draft)).status_code == 302
    assert everything() == before


BAD = [
    ("start_date", "", "required"),
    ("start_date", "2026-02-30", "valid date"),
    ("start_date", "10000-01-01", "valid date"),
    ("start_date", "a\0", "valid date"),
    ("customer", "4711", "valid choice"),
    ("ref_id1", "n" * 101, "at most 100"),
    ("ref_id2", "n" * 101, "at most 100"),
    ("external_id", "n" * 101, "at most 100"),
    ("external_id", "ext-1", "Another entitlement has this External ID"),
    ("external_id", "ＥＸＴ-1", "Another entitlement has this External ID"),
    ("ref_id1", "a\0b", "Null characters"),
]


@pytest.mark.parametrize(("name", "value", "message"), BAD, ids=lambda value: ascii(value)[:24])
def test_a_message_at_the_field(name, value, message, draft, client):
    before = everything()
    errors = errors_of(save(client, ADD, **({"start_date": "2026-01-01"} | {name: value})))
    assert list(errors) == [name]
    assert message in " ".join(errors[name])
    assert everything() == before


def test_the_end_is_not_before_the_start(draft, client):
    before = everything()
    answer = save(client, change_of(draft), start_date="2026-02-01", end_date="2026-01-31")
    assert "The end date is before the start date" in Served(answer).text
    assert everything() == before


def test_the_contact_is_one_of_the_customer(draft, client):
    before = everything()
    errors = errors_of(save(client, change_of(draft), contact=ContactFactory().pk))
    assert errors == {"contact": ["Choose a contact of this customer."]}
    assert Entitlement.objects.get().contact is None
    assert everything()["Entry"] == before["Entry"]


@pytest.mark.parametrize("name", ["customer", "contact"])
@pytest.mark.parametrize("key", ["abc", "9" * 20, "1.5", "\0"])
def test_a_choice_that_cannot_be(name, key, client):
    errors = errors_of(save(client, ADD, start_date="2026-01-01", **{name: key}))
    assert list(errors) == [name]


def test_a_change_meanwhile_is_not_overwritten(draft, client):
    data = form_at(client, change_of(draft))
    theirs = Entitlement.objects.get()
    theirs.ref_id2 = "theirs"
    actions.save(theirs, by=UserFactory())
    before = everything()
    answer = client.post(change_of(draft), data | {"ref_id1": "mine", "_save": "Save"})
    assert "meanwhile" in Served(answer).text
    assert everything() == before


def test_what_changed_meanwhile_is_shown_before_it_can_be_overwritten(draft, client):
    data = form_at(client, change_of(draft))
    theirs = Entitlement.objects.get()
    theirs.ref_id2 = "REF OF THEIRS"
    actions.save(theirs, by=UserFactory())
    answer = client.post(change_of(draft), data | {"ref_id1": "mine", "_save": "Save"})
    assert "REF OF THEIRS" in Served(answer).text


@pytest.mark.parametrize("state", ["complete", "disabled", "closed"])
def test_only_drafts_are_edited(state, draft, client):
    data = form_at(client, change_of(draft))
    Entitlement.objects.update(state=state)
    before = everything()
    assert not Served(client.get(change_of(draft))).form("start_date")
    assert client.post(change_of(draft), data | {"ref_id1": "mine"}).status_code == 403
    assert everything() == before


def test_mass_assignment(draft, client):
    forged = {
        "state": "complete",
        "eid": "forged",
        "search_key": "forged",
        "uuid": "0",
        "created": "2000-01-01",
    }
    before = everything()
    assert save(client, change_of(draft), **forged).status_code == 302
    assert everything() == before


# States


MAY_GO = {
    "complete_selected": ({"draft"}, "complete", "entitlement.completed"),
    "disable_selected": ({"complete"}, "disabled", "entitlement.disabled"),
    "enable_selected": ({"disabled"}, "complete", "entitlement.enabled"),
    "close_selected": ({"complete", "disabled"}, "closed", "entitlement.closed"),
}


@pytest.mark.parametrize("state", Entitlement.State.values)
@pytest.mark.parametrize("name", MAY_GO)
def test_each_action_from_each_state(name, state, draft, client, superuser):
    allowed_from, result, code = MAY_GO[name]
    Entitlement.objects.update(state=state)
    before = everything()
    page = choose(client, name, draft)
    if state not in allowed_from:
        assert "cannot be done" in page.text
        assert everything() == before
        return
    draft.refresh_from_db()
    assert (draft.state, draft.version) == (result, 2)
    entry = Entry.objects.get()
    assert (entry.code, entry.actor_key) == (code, superuser.pk)
    assert not LogEntry.objects.exists()


def test_what_cannot_be_done_is_named_and_the_rest_is_done(draft, client):
    nobody = EntitlementFactory(customer=None)
    page = choose(client, "complete_selected", draft, nobody)
    assert "1 entitlement completed." in page.text
    assert f"{nobody.eid}: Choose a customer before completing the entitlement." in page.text
    assert set(Entitlement.objects.values_list("pk", "state")) == {
        (draft.pk, "complete"),
        (nobody.pk, "draft"),
    }


def test_completing_makes_the_customer_ask_for_confirmations(draft, customer, client):
    assert not customer.edit_needs_confirmation()
    choose(client, "complete_selected", draft)
    assert Customer.objects.get().edit_needs_confirmation()


# Delete


def test_delete_a_draft(draft, client):
    client.post(f"{LIST}{draft.pk}/delete/", {"post": "yes"})
    assert not Entitlement.objects.exists()
    assert Customer.objects.exists()
    assert Entry.objects.get().code == "entitlement.deleted"
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("state", ["complete", "disabled", "closed"])
def test_nothing_else_is_deleted(state, draft, customer, client):
    other = EntitlementFactory(customer=customer, state=state)
    before = everything()
    assert client.post(f"{LIST}{other.pk}/delete/", {"post": "yes"}).status_code == 403
    posted = {"action": "delete_selected", "_selected_action": [draft.pk, other.pk], "post": "yes"}
    assert client.post(LIST, posted).status_code in {200, 403}
    assert everything() == before


def test_bulk_delete_of_drafts(draft, customer, client):
    choose(client, "delete_selected", draft, EntitlementFactory(customer=customer), post="yes")
    assert not Entitlement.objects.exists()
    assert Entry.objects.filter(code="entitlement.deleted").count() == 2


# Search, filter, rights


@pytest.mark.parametrize("text", ["r-1", "EXT-1", "ext"])
def test_search(text, draft, client):
    EntitlementFactory()
    assert [row.pk for row in client.get(LIST, {"q": text}).context["cl"].result_list] == [draft.pk]


def test_search_by_eid_and_filter(draft, client):
    EntitlementFactory(state="closed")
    found = client.get(LIST, {"q": draft.eid.upper()}).context["cl"].result_list
    assert [row.pk for row in found] == [draft.pk]
    found = client.get(LIST, {"state__exact": "draft"}).context["cl"].result_list
    assert [row.pk for row in found] == [draft.pk]


@pytest.mark.parametrize(
    "lookup",
    ["search_key__startswith", "eid__startswith", "contact__user__password__startswith", "customer__name"],
)
def test_forbidden_lookups(lookup, draft, client):
    assert client.get(f"{LIST}?{lookup}=a").status_code == 400


def test_history(draft, client):
    choose(client, "complete_selected", draft)
    page = Served(client.get(f"{LIST}{draft.pk}/history/"))
    assert "Entitlement completed" in page.text
    assert "Draft → Complete" in page.text


@pytest.mark.parametrize("person", ["viewer", "manager"])
def test_those_who_may_only_look(person, draft, signed_in, request):
    client = signed_in(request.getfixturevalue(person))
    before = everything()
    assert draft.eid in Served(client.get(change_of(draft))).text
    assert client.post(change_of(draft), {"ref_id1": "mine"}).status_code == 403
    assert client.post(ADD, {"start_date": "2026-01-01"}).status_code == 403
    assert client.post(f"{LIST}{draft.pk}/delete/", {"post": "yes"}).status_code == 403
    for name in [*MAY_GO, "delete_selected"]:
        choose(client, name, draft, post="yes")
    assert everything() == before


def test_the_picker_is_for_those_who_may_see_customers(draft, signed_in, client):
    asked = {
        "app_label": "entitlements",
        "model_name": "entitlement",
        "field_name": "customer",
        "term": "ACME",
    }
    found = client.get("/admin/autocomplete/", asked).json()["results"]
    assert [row["id"] for row in found] == [str(draft.customer_id)]
    assert signed_in(UserFactory()).get("/admin/autocomplete/", asked).status_code == 403
