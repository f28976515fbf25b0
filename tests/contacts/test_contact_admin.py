"""Contacts in Django admin."""

from datetime import UTC, datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts import actions
from contacts.admin import ContactAdmin
from contacts.models import Contact
from customers.models import Customer
from ems_site.audit.models import Entry
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db

LIST = "/admin/contacts/contact/"
ADD = f"{LIST}add/"


@pytest.fixture
def client(manager, signed_in):
    return signed_in(manager)


@pytest.fixture
def anna():
    return ContactFactory(email="anna@example.com", name="Anna", ref_id1="R-1")


def change_of(contact):
    return f"{LIST}{contact.pk}/change/"


def form_at(client, address):
    return Served(client.get(address)).form("email").data


def save(client, address, **typed):
    return client.post(address, form_at(client, address) | {"_save": "Save"} | typed)


def errors_of(answer):
    assert answer.status_code == 200
    return dict(answer.context["adminform"].form.errors)


def test_add(client, manager):
    typed = {"email": " New@Example.com ", "name": "New", "phone": "1", "ref_id1": "a", "ref_id2": "b"}
    assert save(client, ADD, **typed, language="de").status_code == 302
    added = Contact.objects.get()
    assert (added.email, added.name, added.phone, added.language) == ("New@Example.com", "New", "1", "de")
    entry = Entry.objects.get()
    assert (entry.code, entry.actor_key, entry.client_address) == ("contact.added", manager.pk, "127.0.0.1")
    assert not LogEntry.objects.exists()


def test_change(anna, client):
    assert save(client, change_of(anna), phone="2").status_code == 302
    anna.refresh_from_db()
    assert (anna.phone, anna.version) == ("2", 2)
    assert Entry.objects.get().changes == {"phone": ["", "2"]}


def test_the_served_form_posted_back_writes_nothing(anna, client):
    before = everything()
    assert save(client, change_of(anna)).status_code == 302
    assert everything() == before


def test_customers_are_found_by_the_new_address(anna, client):
    customer = CustomerFactory(people=[anna])
    save(client, change_of(anna), email="renamed@example.com")
    assert Customer.objects.search("RENAMED@").get() == customer
    assert not Customer.objects.search("anna@").exists()


BAD = [
    ("email", "", "required"),
    ("email", "nobody", "valid email"),
    ("email", "ANNA@example.com", "Another contact has this Email"),
    ("email", "ａｎｎａ@example.com", "Another contact has this Email|valid email"),
    ("email", "an\u200bna@example.com", "invisible|valid email"),
    ("email", "a\0@example.com", "Null characters"),
    ("email", "a" * 250 + "@example.com", "at most 254|valid email"),
    ("name", "n" * 101, "at most 100"),
    ("name", "a\tb", "cannot be used"),
    ("ref_id1", "r-1", "Another contact has this Ref ID 1"),
    ("ref_id1", "n" * 101, "at most 100"),
    ("ref_id2", "n" * 101, "at most 100"),
    ("phone", "n" * 101, "at most 100"),
    ("language", "xx", "valid choice"),
    ("language", "", "required"),
]


@pytest.mark.parametrize(("name", "value", "message"), BAD, ids=lambda value: ascii(value)[:24])
def test_a_message_at_the_field(name, value, message, anna, client):
    before = everything()
    errors = errors_of(save(client, ADD, **({"email": "fine@example.com"} | {name: value})))
    assert list(errors) == [name]
    assert any(words in " ".join(errors[name]) for words in message.split("|")), errors
    assert everything() == before


def test_a_change_meanwhile_is_not_overwritten(anna, client):
    data = form_at(client, change_of(anna))
    theirs = Contact.objects.get()
    theirs.phone = "theirs"
    actions.save(theirs, by=UserFactory())
    before = everything()
    answer = client.post(change_of(anna), data | {"name": "Mine", "_save": "Save"})
    assert "meanwhile" in Served(answer).text
    assert everything() == before


def test_what_changed_meanwhile_is_shown_before_it_can_be_overwritten(anna, client):
    data = form_at(client, change_of(anna))
    theirs = Contact.objects.get()
    theirs.phone = "+49 theirs"
    actions.save(theirs, by=UserFactory())
    answer = client.post(change_of(anna), data | {"name": "Mine", "_save": "Save"})
    assert "+49 theirs" in Served(answer).text


# Delete, Enable and Disable


def choose(client, name, contacts, **posted):
    data = {"action": f"{name}_selected", "_selected_action": [row.pk for row in contacts]}
    return client.post(LIST, data | posted, follow=True)


def test_delete(anna, client, manager):
    CustomerFactory(people=[anna])
    page = Served(client.get(f"{LIST}{anna.pk}/delete/"))
    assert "Are you sure" in page.text
    answer = client.post(f"{LIST}{anna.pk}/delete/", {"post": "yes"}, follow=True)
    assert "was deleted successfully" in Served(answer).text
    assert not Contact.objects.exists()
    assert Entry.objects.get(code="contact.deleted").actor_key == manager.pk
    assert not LogEntry.objects.exists()


def test_what_goes_along_is_not_shown(anna, client, signed_in):
    """A session is named by its key, which opens it; and who may delete may not view everything."""
    user = UserFactory(username=anna.email, is_staff=False, contact=anna)
    key = signed_in(user).session.session_key
    CustomerFactory(name="Acme", people=[anna])
    for answer in (client.get(f"{LIST}{anna.pk}/delete/"), choose(client, "delete", [anna])):
        page = Served(answer)
        assert "anna@example.com" in page.text
        assert key not in answer.content.decode()
        assert "Acme" not in page.text


def test_the_refusal_of_a_delete_gives_the_true_reason(anna, client, signed_in):
    eid = EntitlementFactory(contact=anna).eid
    blind = UserFactory()
    blind.user_permissions.set(allowed("contacts.view_contact", "contacts.delete_contact"))
    before = everything()
    for person, shown in ((client, True), (signed_in(blind), False)):
        address = f"{LIST}{anna.pk}/delete/"
        for answer in (person.get(address), choose(person, "delete", [anna])):
            text = Served(answer).text
            assert "protected" in text
            assert (eid in text) is shown
        assert "successfully" not in Served(choose(person, "delete", [anna], post="yes")).text
    assert everything() == before


def test_an_entitlement_that_the_page_overlooked(anna, client, monkeypatch):
    """Made in the instant before: the action still refuses, and the admin says so."""
    EntitlementFactory(contact=anna)
    nothing = [], {}, set(), []
    monkeypatch.setattr(ContactAdmin, "get_deleted_objects", lambda *given: nothing)
    before = everything()
    for answer in (
        client.post(f"{LIST}{anna.pk}/delete/", {"post": "yes"}, follow=True),
        choose(client, "delete", [anna], post="yes"),
    ):
        text = Served(answer).text
        assert "has entitlements and cannot be deleted" in text
        assert "uccessfully" not in text
    assert everything() == before


def confirm(client, answer, **typed):
    """Posts the page between choosing and disabling."""
    return client.post(LIST, Served(answer).form("plan").data | typed, follow=True)


def test_disable_shows_whom_it_hits_and_takes_a_reason(anna, client, signed_in):
    signed_in(UserFactory(username=anna.email, is_staff=False, contact=anna))
    off = ContactFactory(email="off@example.com", name="", status="disabled")
    before = everything()
    asked = choose(client, "disable", [anna, off])
    assert everything() == before
    page = Served(asked)
    assert "Disable 1 of the 2 ticked contacts?" in page.text
    assert "1 contact cannot log on" in page.text
    assert "it is signed in now and is out at the next request" in page.text
    assert "Will be disabled: 1 Anna <anna@example.com> Will be left out: 1 off@example.com" in page.text
    assert "off@example.com · Is disabled already" in page.text
    assert "1 contact disabled." in Served(confirm(client, asked, comment="Left\r\nin May")).text
    assert Entry.objects.get().comment == "Left\nin May"
    assert not Contact.objects.enabled().exists()


def test_enable_acts_at_once(anna, client):
    off = ContactFactory(status="disabled")
    text = Served(choose(client, "enable", [anna, off], comment="none is taken")).text
    assert "1 contact enabled. 1 left out: enabled already." in text
    assert Entry.objects.get().comment == ""


def test_actions_by_rights(anna, viewer, signed_in):
    page = Served(signed_in(viewer).get(LIST))
    assert not any("_selected" in str(attrs) for tag, attrs in page.tags if tag == "option")
    user = UserFactory()
    user.user_permissions.set(allowed("contacts.view_contact", "contacts.change_contact"))
    page = Served(signed_in(user).get(LIST))
    offered = {attrs["value"] for tag, attrs in page.tags if tag == "option" and attrs.get("value")}
    assert offered == {"enable_selected", "disable_selected"}


def test_the_last_log_on(anna, client):
    assert "never" in Served(client.get(LIST)).text
    last = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
    UserFactory(username=anna.email, is_staff=False, contact=anna, last_login=last)
    text = Served(client.get(LIST)).text
    assert "never" not in text
    assert "March 4, 2026, 5:06 a.m." in text


def test_as_many_queries_for_ten_rows_as_for_one(anna, client):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(LIST)
        return len(captured)

    queries()
    few = queries()
    for _ in range(9):
        contact = ContactFactory()
        UserFactory(username=contact.email, is_staff=False, contact=contact)
    assert queries() == few


@pytest.mark.parametrize("text", ["ANNA", "änna", "r-1", "example.COM"])
def test_search(text, anna, client):
    ContactFactory(email="bert@other.org", name="Bert")
    assert [row.pk for row in client.get(LIST, {"q": text}).context["cl"].result_list] == [anna.pk]


@pytest.fixture
def clerk_of_contacts():
    """May not view customers."""
    user = UserFactory()
    user.user_permissions.set(allowed("contacts.view_contact", "contacts.change_contact"))
    return user


def found(client, **asked):
    return [row.pk for row in client.get(LIST, asked, follow=True).context["cl"].result_list]


def test_search_by_customers_is_for_those_who_may_view_them(anna, client, clerk_of_contacts, signed_in):
    CustomerFactory(name="Müller Straße", customer_id="C-77", people=[anna])
    ContactFactory()
    for text in ("muller", "STRASSE", "c-77"):
        assert found(client, q=text) == [anna.pk]
        assert found(signed_in(clerk_of_contacts), q=text) == []


def test_filter_by_customer_is_for_those_who_may_view_them(anna, client, clerk_of_contacts, signed_in):
    alone = ContactFactory(email="zoe@example.com")
    for name in ("Acme", "Beta"):
        CustomerFactory(name=name, people=[anna])
    assert "By Customer" in Served(client.get(LIST)).text
    assert found(client, customer="without") == [alone.pk]
    assert found(client, customer="with") == [anna.pk]
    assert found(client, customer="bogus") == [anna.pk, alone.pk]
    assert "By Customer" not in Served(signed_in(clerk_of_contacts).get(LIST)).text
    assert found(signed_in(clerk_of_contacts), customer="without") == [anna.pk, alone.pk]


def test_the_picker_finds_by_customers_and_offers_enabled_contacts_only(anna, client):
    CustomerFactory(name="Acme", people=[anna, ContactFactory(status="disabled")])
    asked = {"app_label": "customers", "model_name": "association", "field_name": "contact", "term": "acme"}
    answer = client.get("/admin/autocomplete/", asked)
    assert [row["id"] for row in answer.json()["results"]] == [str(anna.pk)]


def test_a_link_leads_to_the_page_of_the_contact(anna, client):
    links = Served(client.get(change_of(anna))).links
    assert ("Open in EMS Customers", f"/contacts/{anna.pk}/") in links
    assert "View on site" not in dict(links)
    assert "Open in EMS Customers" not in dict(Served(client.get(ADD)).links)


@pytest.mark.parametrize(
    "lookup",
    [
        "user__password__startswith",
        "user__session_epoch",
        "search_key__startswith",
        "customers__search_key__contains",
        "email__startswith",
    ],
)
def test_forbidden_lookups(lookup, anna, superuser, signed_in):
    assert signed_in(superuser).get(f"{LIST}?{lookup}=a").status_code == 400


def test_filter_and_history(anna, client):
    save(client, change_of(anna), phone="2")
    assert client.get(LIST, {"status__exact": "enabled"}).context["cl"].result_count == 1
    page = Served(client.get(f"{LIST}{anna.pk}/history/"))
    assert "Contact changed" in page.text
    assert "2" in page.tables[-1][1][3]


def test_mass_assignment(anna, client):
    forged = {
        "status": "disabled",
        "search_key": "forged",
        "email_key": "forged",
        "user": "1",
        "customers": "1",
    }
    before = everything()
    assert save(client, change_of(anna), **forged).status_code == 302
    assert everything() == before


@pytest.mark.parametrize("version", ["", "abc", "-1", "99", "9" * 30])
def test_a_forged_version_saves_nothing(version, anna, client):
    before = everything()
    assert save(client, change_of(anna), phone="forged", version=version).status_code == 200
    assert everything() == before


def test_a_viewer_reads_only(anna, viewer, signed_in):
    client, before = signed_in(viewer), everything()
    assert "anna@example.com" in Served(client.get(change_of(anna))).text
    assert client.post(change_of(anna), {"email": "mine@example.com"}).status_code == 403
    assert client.post(ADD, {"email": "mine@example.com"}).status_code == 403
    assert everything() == before
