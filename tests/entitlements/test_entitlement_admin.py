"""Entitlements in Django admin: the same rules, through the admin's own pages."""

from datetime import date
from itertools import takewhile

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.text import capfirst

from customers.models import Customer
from ems_site.audit import actions as audit
from ems_site.audit.models import Entry
from ems_site.errors import Gone
from entitlements import actions
from entitlements.models import Entitlement, ProductKey
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

LIST = "/admin/entitlements/entitlement/"
ADD = f"{LIST}add/"
FINAL = ["complete", "disabled", "closed"]

as_both = pytest.mark.parametrize("person", ["licenser", "superuser"], indirect=True)


@pytest.fixture
def person(request):
    return request.getfixturevalue(getattr(request, "param", "licenser"))


@pytest.fixture
def client(person, signed_in):
    return signed_in(person)


@pytest.fixture
def anna():
    return ContactFactory(email="anna@example.com")


@pytest.fixture
def customer(anna):
    return CustomerFactory(name="Acme", customer_id="ACME-1", people=[anna])


@pytest.fixture
def draft(customer):
    """With a product."""
    products = [{"product": "Suite", "product_version": "2.0", "quantity": 5}]
    return EntitlementFactory(customer=customer, ref_id1="R-1", external_id="EXT-1", products=products)


@pytest.fixture
def suite(draft):
    return draft.product_keys.get()


def change_of(entitlement):
    return f"{LIST}{entitlement.pk}/change/"


def form_at(client, address):
    return Served(client.get(address)).form("start_date").data


def row(place, key=None, total=None, **values):
    """What a row of the products posts."""
    values = {"id": key.pk if key else ""} | values
    posted = {f"product_keys-{place}-{name}": value for name, value in values.items()}
    return posted | {"product_keys-TOTAL_FORMS": str(total or place + 1)}


def save(client, address, **typed):
    return client.post(address, form_at(client, address) | {"_save": "Save"} | typed)


def errors_of(answer):
    assert answer.status_code == 200
    return dict(answer.context["adminform"].form.errors)


def choose(client, name, *entitlements, **more):
    keys = [entitlement.pk for entitlement in entitlements]
    return Served(client.post(LIST, {"action": name, "_selected_action": keys} | more, follow=True))


def carry_out(client, page, **typed):
    """Posts the page in between, if there is one."""
    form = page.form("plan")
    return Served(client.post(LIST, form.data | typed, follow=True)) if form else page


def lines(entitlement):
    return [f"{key}, {key.summary()}" for key in entitlement.product_keys.all()]


def picked_from(page, name):
    """Whether this field is a picker, and the keys that stand in it to choose from."""
    (attrs,) = [attrs for tag, attrs in page.tags if tag == "select" and attrs.get("name") == name]
    start = page.tags.index(("select", attrs)) + 1
    options = list(takewhile(lambda tag: tag[0] == "option", page.tags[start:]))
    keys = [attrs["value"] for _tag, attrs in options if attrs["value"]]
    return "admin-autocomplete" in attrs.get("class", ""), keys


def entry_of(entitlement):
    """The one entry that was written about it."""
    return Entry.objects.of(entitlement).get()


# Add and change


@as_both
def test_add(customer, anna, client, person):
    typed = {
        "customer": customer.pk,
        "contact": anna.pk,
        "ref_id1": "a",
        "ref_id2": "b",
        "external_id": "E",
        "start_date": "2026-01-01",
        "end_date": "2026-12-31",
    }
    products = row(0, product="Suite", product_version="2.0", quantity="5")
    products |= row(1, product="Base", quantity="1", start_date="2026-02-01", never_expires="on")
    assert save(client, ADD, **typed, **products).status_code == 302
    added = Entitlement.objects.get()
    assert (added.customer, added.contact, added.state) == (customer, anna, "draft")
    assert added.eid
    assert lines(added) == ["Suite 2.0 × 5, 5", "Base × 1, 1, from 2026-02-01, never expires"]
    assert Entitlement.objects.search("suite 2.0").get() == added
    entry = entry_of(added)
    assert (entry.code, entry.actor_key) == ("entitlement.added", person.pk)
    assert entry.client_address == "127.0.0.1"
    first, second = added.product_keys.all()
    assert entry.changes[f"productkey:{first.pk}:Suite 2.0"] == ["", "5"]
    assert entry.changes[f"productkey:{second.pk}:Base"] == ["", "1, from 2026-02-01, never expires"]
    told = entry_of(customer)
    assert told.changes == {f"entitlement:{added.pk}:{added.eid}": ["", "Draft"]}
    assert Entry.objects.count() == 2
    assert not LogEntry.objects.exists()


def test_a_draft_may_still_be_without_customer_products_and_end(client):
    assert save(client, ADD, start_date="2026-01-01").status_code == 302
    added = Entitlement.objects.get()
    assert added.customer is None
    assert lines(added) == []


@as_both
def test_change(draft, suite, client):
    typed = row(0, suite, quantity="7") | row(1, product="Base", quantity="1")
    assert save(client, change_of(draft), ref_id2="R-2", **typed).status_code == 302
    draft.refresh_from_db()
    assert (draft.ref_id2, draft.version) == ("R-2", 2)
    assert lines(draft) == ["Suite 2.0 × 7, 7", "Base × 1, 1"]
    base = draft.product_keys.get(product="Base")
    assert entry_of(draft).changes == {
        "ref_id2": ["", "R-2"],
        f"productkey:{suite.pk}:Suite 2.0": ["5", "7"],
        f"productkey:{base.pk}:Base": ["", "1"],
    }


def test_a_ticked_row_is_removed(draft, suite, client):
    ProductKeyFactory(entitlement=draft, product="Base")
    typed = {"product_keys-0-DELETE": "on"}
    assert save(client, change_of(draft), **typed).status_code == 302
    assert lines(draft) == ["Base × 10, 10"]
    assert entry_of(draft).changes == {f"productkey:{suite.pk}:Suite 2.0": ["5", ""]}


def test_the_served_form_posted_back_writes_nothing(draft, client):
    ProductKeyFactory(entitlement=draft, start_date=date(2026, 2, 1), never_expires=True)
    before = everything()
    assert save(client, change_of(draft)).status_code == 302
    assert everything() == before


BAD = [
    ("start_date", "", "required"),
    ("start_date", "2026-02-30", "date that exists"),
    ("start_date", "10000-01-01", "date that exists"),
    ("start_date", "0001-01-01", "from 1 January 1900"),
    ("start_date", "９９９９-12-31", "date that exists"),
    ("start_date", "9999-12-31", "to 31 December 9998"),
    ("start_date", "a\0", "date that exists"),
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


BAD_ROWS = [
    ({"product": ""}, "required"),
    ({"product": "..."}, "at least one letter or digit"),
    ({"product": "n" * 101}, "at most 100"),
    ({"product_version": "n" * 51}, "at most 50"),
    ({"quantity": ""}, "required"),
    ({"quantity": "0"}, "1 or more"),
    ({"quantity": "-1"}, "1 or more"),
    ({"quantity": str(2**63)}, "at most 2147483647"),
    ({"quantity": "１２"}, "whole number"),
    ({"quantity": "1.5"}, "whole number"),
    ({"start_date": "2026-02-30"}, "date that exists"),
    ({"start_date": "2026-02-01", "end_date": "2026-01-31"}, "before the start date"),
    ({"end_date": "2025-12-31"}, "before the start date"),
    ({"end_date": "2026-12-31", "never_expires": "on"}, "not both"),
]


@pytest.mark.parametrize(("values", "message"), BAD_ROWS, ids=lambda value: ascii(value)[:40])
def test_a_bad_product_saves_nothing(values, message, draft, suite, client):
    before = everything()
    for place, key in ((0, suite), (1, None)):
        given = {"product": "Suite", "quantity": "5"} | values
        page = Served(save(client, change_of(draft), ref_id1="mine", **row(place, key, **given)))
        assert page.status == 200
        assert message in page.text
        assert page.form("start_date").data["ref_id1"] == ["mine"]
        assert page.form("start_date").data[f"product_keys-{place}-id"] == [str(key.pk) if key else ""]
    assert everything() == before


def test_the_day_that_a_customer_does_not_have(draft, suite, client):
    Customer.objects.update(time_zone="Pacific/Apia")
    before = everything()
    errors = errors_of(save(client, change_of(draft), start_date="2011-12-30"))
    assert "did not exist in Pacific/Apia" in errors["start_date"][0]
    page = Served(save(client, change_of(draft), **row(0, suite, start_date="2011-12-30")))
    assert "did not exist in Pacific/Apia" in page.text
    assert everything() == before


STRANGE = ["of another", "of none", "0", "-1", "abc", "9" * 30, "1.5", "１", "\0", "twice"]


@pytest.mark.parametrize("what", STRANGE, ids=ascii)
def test_a_product_key_of_another_entitlement_is_refused(what, draft, suite, client):
    foreign = ProductKeyFactory(entitlement=EntitlementFactory(), product="Foreign").pk
    keys = {"of another": foreign, "of none": foreign + 1, "twice": suite.pk}
    before = everything()
    posted = row(1, product="Taken", quantity="1", id=keys.get(what, what))
    page = Served(save(client, change_of(draft), ref_id1="mine", **posted))
    assert page.status == 200
    assert "does not belong to this entitlement" in page.text
    assert everything() == before
    page = Served(save(client, ADD, start_date="2026-01-01", **row(0, id=foreign, product="Taken")))
    assert "does not belong to this entitlement" in page.text
    assert everything() == before


@pytest.mark.parametrize(("name", "value"), [("TOTAL_FORMS", "0"), ("TOTAL_FORMS", "x"), ("TOTAL_FORMS", "")])
def test_rows_are_not_dropped_by_a_wrong_count(name, value, draft, client):
    before = everything()
    answer = save(client, change_of(draft), **{f"product_keys-{name}": value})
    assert answer.status_code == 200
    assert everything() == before


def test_more_products_than_an_entitlement_has(draft, client, monkeypatch):
    monkeypatch.setattr("entitlements.actions.drafts.MOST_PRODUCT_KEYS", 1)
    before = everything()
    page = Served(save(client, change_of(draft), **row(1, product="Base", quantity="1")))
    assert "at most 1 products" in page.text
    assert everything() == before


def test_a_failure_midway_saves_nothing(draft, suite, client, monkeypatch):
    def failing(code, *args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(audit, "record", failing)
    client.raise_request_exception = False
    before = everything()
    typed = row(0, suite, quantity="7") | row(1, product="Base", quantity="1")
    assert save(client, change_of(draft), ref_id1="mine", **typed).status_code == 500
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
def test_whoever_is_disabled_is_not_chosen(name, draft, customer, anna, client):
    type({"customer": customer, "contact": anna}[name]).objects.update(status="disabled")
    before = everything()
    chosen = {"customer": customer.pk, "contact": anna.pk, "start_date": "2026-01-01"}
    errors = errors_of(save(client, ADD, **chosen))
    assert list(errors) == [name]
    assert "is disabled. Choose another one." in errors[name][0]
    assert everything() == before


@pytest.mark.parametrize("name", ["customer", "contact"])
@pytest.mark.parametrize("key", ["abc", "9" * 20, "1.5", "\0"])
def test_a_choice_that_cannot_be(name, key, client):
    errors = errors_of(save(client, ADD, start_date="2026-01-01", **{name: key}))
    assert list(errors) == [name]


def test_mass_assignment(draft, suite, client):
    forged = {
        "state": "complete",
        "eid": "forged",
        "search_key": "forged",
        "uuid": "0",
        "created": "2000-01-01",
    }
    window = row(0, suite, time_zone="Asia/Tokyo", valid_from="2000-01-01", span="3")
    before = everything()
    assert save(client, change_of(draft), **forged, **window).status_code == 302
    assert everything() == before


@pytest.mark.parametrize("version", ["", "abc", "-1", "0", "99", str(2**31), "9" * 30])
def test_a_forged_version_saves_nothing(version, draft, client):
    before = everything()
    assert save(client, change_of(draft), ref_id1="forged", version=version).status_code == 200
    assert everything() == before


# Contacts, for somebody who may see those of customers only


@pytest.fixture
def seller(signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed(*RIGHTS["add"], *RIGHTS["change"], "customers.view_customer"))
    return signed_in(user)


@pytest.fixture
def stranger():
    """A contact of other customers."""
    contact = ContactFactory(email="stranger@example.com", name="Strange")
    for _ in range(2):
        CustomerFactory(people=[contact])
    return contact


def is_named(contact, answer):
    content = answer.content.decode()
    return contact.email in content or contact.name in content


@pytest.mark.parametrize("more", [{}, {"start_date": ""}, {"customer": ""}, {"customer": "abc"}], ids=str)
@pytest.mark.parametrize("is_new", [True, False])
def test_a_contact_of_somebody_else_is_refused_and_not_named(is_new, more, draft, customer, stranger, seller):
    address = ADD if is_new else change_of(draft)
    typed = {"customer": customer.pk, "start_date": "2026-01-01"} | more
    before = everything()
    answers = [save(seller, address, contact=key, **typed) for key in (stranger.pk, stranger.pk + 1)]
    for answer in answers:
        assert errors_of(answer)["contact"] == ["Choose a contact of this customer."]
        assert not is_named(stranger, answer)
    asked = seller.get(address, {"contact": stranger.pk, "customer": customer.pk})
    assert not is_named(stranger, asked)
    assert everything() == before


def test_a_disabled_contact_of_the_customer_is_not_chosen(draft, anna, seller):
    type(anna).objects.update(status="disabled")
    answer = save(seller, change_of(draft), contact=anna.pk)
    assert errors_of(answer) == {"contact": ["Choose a contact of this customer."]}
    assert picked_from(Served(answer), "contact") == (False, [])


def test_the_contacts_of_the_chosen_customer_are_offered(draft, customer, anna, stranger, seller):
    off = ContactFactory(email="off@example.com", status="disabled")
    other = CustomerFactory(people=[stranger, off])
    assert picked_from(Served(seller.get(ADD)), "contact") == (False, [])
    assert picked_from(Served(seller.get(ADD, {"customer": customer.pk})), "contact") == (
        False,
        [str(anna.pk)],
    )
    assert picked_from(Served(seller.get(change_of(draft))), "contact") == (False, [str(anna.pk)])
    again = Served(save(seller, change_of(draft), customer=other.pk, start_date=""))
    assert picked_from(again, "contact") == (False, [str(stranger.pk)])
    data = again.form("start_date").data | {"contact": stranger.pk, "start_date": "2026-01-01"}
    assert seller.post(change_of(draft), data).status_code == 302
    draft.refresh_from_db()
    assert (draft.customer, draft.contact) == (other, stranger)


def test_the_contact_that_the_draft_has_is_kept(draft, customer, stranger, seller):
    customer.associations.create(contact=stranger)
    type(stranger).objects.update(status="disabled")
    Entitlement.objects.update(contact=stranger)
    assert save(seller, change_of(draft), ref_id1="mine").status_code == 302
    draft.refresh_from_db()
    assert (draft.ref_id1, draft.contact) == ("mine", stranger)
    customer.associations.filter(contact=stranger).delete()
    answer = save(seller, change_of(draft), ref_id1="more")
    assert errors_of(answer) == {"contact": ["Choose a contact of this customer."]}
    assert is_named(stranger, answer)


def test_the_contact_that_a_colleague_chose_stands_as_theirs(draft, customer, stranger, seller):
    customer.associations.create(contact=stranger)
    data = form_at(seller, change_of(draft))
    changed_by_a_colleague(draft, contact=stranger)
    page = Served(seller.post(change_of(draft), data | {"ref_id1": "mine", "_save": "Save"}))
    assert compared(page)["Contact"] == ["–", str(stranger), "–"]
    again = page.form("start_date").data | {"_save": "Save"}
    assert seller.post(change_of(draft), again).status_code == 302
    draft.refresh_from_db()
    assert (draft.ref_id1, draft.contact) == ("mine", stranger)


@pytest.mark.parametrize("key", ["abc", "9" * 20, "1.5", "\0", "-1"])
def test_a_contact_that_cannot_be(key, draft, seller):
    assert list(errors_of(save(seller, change_of(draft), contact=key))) == ["contact"]


def test_those_who_may_see_contacts_pick_and_see_the_refused_one(draft, stranger, client):
    assert picked_from(Served(client.get(change_of(draft))), "contact") == (True, [])
    answer = save(client, change_of(draft), contact=stranger.pk)
    assert errors_of(answer) == {"contact": ["Choose a contact of this customer."]}
    assert picked_from(Served(answer), "contact") == (True, [str(stranger.pk)])


# Two people


def changed_by_a_colleague(draft, **values):
    """Saves these attributes, and a second product, as somebody else."""
    theirs = Entitlement.objects.get(pk=draft.pk)
    for name, value in values.items():
        setattr(theirs, name, value)
    keys = [*theirs.product_keys.all(), ProductKey(product="Theirs")]
    actions.save(theirs, by=UserFactory(username="colleague"), product_keys=keys)


def compared(page):
    """Before, theirs and mine, by what differs."""
    table = next(table for table in page.tables if "Theirs" in table[0])
    return {label: cells for label, *cells in table[1:]}


def test_a_change_meanwhile_is_shown_and_not_overwritten(draft, client):
    data = form_at(client, change_of(draft))
    changed_by_a_colleague(draft, ref_id2="theirs")
    before = everything()
    answer = client.post(change_of(draft), data | {"ref_id1": "mine", "_save": "Save"})
    assert answer.status_code == 200
    page = Served(answer)
    assert "meanwhile" in page.text
    assert "colleague" in page.text
    rows = compared(page)
    assert rows["Ref ID 1"] == ["R-1", "R-1", "mine"]
    assert rows["Ref ID 2"] == ["–", "theirs", "–"]
    assert ["Theirs × 1" in cell for cell in rows["Products"]] == [False, True, False]
    assert everything() == before
    again = page.form("start_date").data | {"_save": "Save"}
    assert client.post(change_of(draft), again).status_code == 302
    draft.refresh_from_db()
    assert (draft.ref_id1, draft.ref_id2, draft.version) == ("mine", "theirs", 3)
    assert lines(draft) == ["Suite 2.0 × 5, 5", "Theirs × 1, 1"]


def test_products_that_both_changed_stand_as_mine(draft, suite, client):
    data = form_at(client, change_of(draft))
    changed_by_a_colleague(draft)
    typed = row(0, suite, quantity="9")
    page = Served(client.post(change_of(draft), data | typed | {"_save": "Save"}))
    assert compared(page)["Products"][2] == "Suite 2.0 × 9"
    again = page.form("start_date").data | {"_save": "Save"}
    assert client.post(change_of(draft), again).status_code == 302
    assert lines(draft) == ["Suite 2.0 × 9, 9"]


def test_a_product_removed_meanwhile_is_no_mistake_of_mine(draft, suite, client):
    data = form_at(client, change_of(draft))
    theirs = Entitlement.objects.get(pk=draft.pk)
    actions.save(theirs, by=UserFactory(), product_keys=[ProductKey(product="Theirs")])
    before = everything()
    typed = row(0, suite, quantity="9")
    page = Served(client.post(change_of(draft), data | typed | {"_save": "Save"}))
    assert compared(page)["Products"] == ["Suite 2.0 × 5", "Theirs × 1", "Suite 2.0 × 9"]
    assert everything() == before
    again = page.form("start_date").data | {"_save": "Save"}
    assert client.post(change_of(draft), again).status_code == 302
    assert lines(draft) == ["Suite 2.0 × 9, 9"]
    assert draft.product_keys.get().pk != suite.pk


def test_deleted_meanwhile(draft, client):
    data = form_at(client, change_of(draft))
    actions.delete(Entitlement.objects.all(), by=UserFactory())
    client.post(change_of(draft), data | {"ref_id1": "mine", "_save": "Save"}, follow=True)
    assert not Entitlement.objects.exists()


# Completed ones


@pytest.mark.parametrize("state", FINAL)
def test_only_drafts_are_edited(state, draft, suite, client):
    data = form_at(client, change_of(draft))
    Entitlement.objects.update(state=state)
    before = everything()
    assert not Served(client.get(change_of(draft))).form("start_date")
    typed = {"ref_id1": "mine"} | row(0, suite, quantity="9") | {"product_keys-0-DELETE": "on"}
    page = Served(client.post(change_of(draft), data | typed, follow=True))
    assert f"{draft} is {state.capitalize()}: only drafts are edited." in page.text
    assert everything() == before


def test_a_completed_one_shows_windows_what_is_left_and_its_activations(draft, anna, client, person):
    key = ProductKeyFactory(entitlement=EntitlementFactory(customer=draft.customer, state="complete"))
    ActivationFactory(product_key=key, quantity=3, activatee=anna, activated_by="somebody")
    revoked = {"revoked": key.valid_from, "revoked_by": "else", "reason": "Lost"}
    ActivationFactory(product_key=key, quantity=4, **revoked)
    page = Served(client.get(change_of(key.entitlement)))
    assert not page.form("start_date")
    assert {"add-row", "deletelink"} & {attrs.get("class") for _tag, attrs in page.tags} == set()
    assert str(key.validity()) in page.text
    (products,) = [
        table for table in page.tables if "License window" in table[0] and "Product" in table[0][1]
    ]
    assert products[1][-2:] == ["7", ""]
    (activations,) = [table for table in page.tables if "Activatee" in table[0]]
    assert [cells[:3] for cells in activations[1:]] == [
        [key.called(), "4", "–"],
        [key.called(), "3", str(anna)],
    ]
    assert activations[1][-1].endswith("by else: Lost")
    assert activations[2][-2].endswith("by somebody")
    page_of = f"/entitlements/{key.entitlement.pk}/"
    assert any(text.startswith("Activate") and to == page_of for text, to in page.links)


def test_a_long_list_of_activations_is_cut(client, monkeypatch):
    monkeypatch.setattr("entitlements.admin.ACTIVATIONS_SHOWN", 2)
    key = ProductKeyFactory()
    for _ in range(3):
        ActivationFactory(product_key=key)
    assert "These are the latest 2 of 3." in Served(client.get(change_of(key.entitlement))).text


# States


MAY_GO = {
    "complete_selected": ({"draft"}, "complete", "entitlement.completed"),
    "disable_selected": ({"complete"}, "disabled", "entitlement.disabled"),
    "enable_selected": ({"disabled"}, "complete", "entitlement.enabled"),
    "close_selected": ({"complete", "disabled"}, "closed", "entitlement.closed"),
}


@pytest.mark.parametrize("state", Entitlement.State.values)
@pytest.mark.parametrize("name", MAY_GO)
def test_each_action_from_each_state(name, state, draft, client, person):
    allowed_from, result, code = MAY_GO[name]
    Entitlement.objects.update(state=state)
    draft.refresh_from_db()
    before = everything()
    asked = choose(client, name, draft)
    assert everything() == before
    if state not in allowed_from:
        why = draft.why_not(name.removesuffix("_selected"))
        assert f"{draft} · Acme (ACME-1) · {capfirst(why)}" in asked.text
        assert asked.form("plan") is None
        return
    carry_out(client, asked, comment="As agreed")
    draft.refresh_from_db()
    assert (draft.state, draft.version) == (result, 2)
    entry = entry_of(draft)
    assert (entry.code, entry.actor_key, entry.comment) == (code, person.pk, "As agreed")
    assert Entry.objects.count() == 2
    assert not LogEntry.objects.exists()


def test_what_cannot_be_done_is_named_and_the_rest_is_done(draft, client):
    nobody = EntitlementFactory(customer=None, products=[{}])
    empty = EntitlementFactory()
    asked = choose(client, "complete_selected", draft, nobody, empty)
    assert "Complete 1 of the 3 ticked entitlements?" in asked.text
    assert f"{nobody.eid} · Has no customer yet" in asked.text
    assert f"{empty.eid} · {empty.customer} · Has no product yet" in asked.text
    assert "1 entitlement completed." in carry_out(client, asked).text
    assert set(Entitlement.objects.values_list("pk", "state")) == {
        (draft.pk, "complete"),
        (nobody.pk, "draft"),
        (empty.pk, "draft"),
    }


def test_a_license_without_a_window_is_told_and_nothing_is_completed(draft, client):
    """The customer's time zone became one that does not have the day."""
    Entitlement.objects.update(start_date=date(2011, 12, 30))
    other = EntitlementFactory(customer=draft.customer, products=[{}])
    Customer.objects.update(time_zone="Pacific/Apia")
    asked = choose(client, "complete_selected", draft, other)
    before = everything()
    page = carry_out(client, asked)
    assert page.status == 422
    assert "did not exist in Pacific/Apia" in page.text
    assert everything() == before


def test_completing_makes_the_customer_ask_for_confirmations(draft, customer, client):
    assert not customer.edit_needs_confirmation()
    carry_out(client, choose(client, "complete_selected", draft))
    assert Customer.objects.get().edit_needs_confirmation()


@pytest.mark.parametrize("name", MAY_GO)
def test_what_changed_since_is_shown_again(name, draft, client):
    allowed_from, _result, _code = MAY_GO[name]
    Entitlement.objects.update(state=min(allowed_from))
    asked = choose(client, name, draft)
    Entitlement.objects.update(version=7)
    before = everything()
    again = carry_out(client, asked)
    assert (again.status, everything()) == (422, before)
    assert "Something changed since. Look again." in again.text
    carry_out(client, again)
    assert Entry.objects.of(draft).count() == 1


def test_too_many_at_once(draft, customer, client, monkeypatch):
    EntitlementFactory(customer=customer)
    monkeypatch.setattr("ems_site.action_admin.MOST_AT_ONCE", 1)
    before = everything()
    for name, done in (("close", "closed"), ("complete", "completed"), ("copy", "copied")):
        page = choose(client, f"{name}_selected", draft, select_across="1")
        assert f"At most 1 entitlements can be {done} at once. Select fewer." in page.text
    assert everything() == before


# Copy


@as_both
@pytest.mark.parametrize("state", Entitlement.State.values)
def test_copy(state, draft, anna, client, person):
    Entitlement.objects.update(state=state, contact=anna)
    page = choose(client, "copy_selected", draft)
    copied = Entitlement.objects.exclude(pk=draft.pk).get()
    assert f"{draft} was copied to the draft {copied}." in page.text
    assert (str(copied), change_of(copied)) in page.links
    assert (copied.state, copied.customer, copied.contact) == ("draft", None, None)
    assert (copied.ref_id1, copied.external_id) == ("R-1", "")
    assert lines(copied) == lines(draft)
    entry = Entry.objects.get()
    assert (entry.code, entry.actor_key) == ("entitlement.added", person.pk)
    assert entry.changes["copied_from"] == ["", draft.eid]


def test_copy_several(draft, client):
    choose(client, "copy_selected", draft, EntitlementFactory(state="closed"))
    assert Entitlement.objects.filter(state="draft", customer=None).count() == 2


def test_copies_that_are_refused_are_told_and_the_others_are_made(draft, customer, client):
    old, new = (EntitlementFactory(customer=customer, state="closed") for _ in range(2))
    Entitlement.objects.filter(pk=old.pk).update(start_date=date(1899, 12, 31))
    page = choose(client, "copy_selected", draft, old, new)
    assert f"Entitlement {old} was not copied: Choose dates from 1 January 1900" in page.text
    for source in (draft, new):
        assert f"Entitlement {source} was copied to the draft" in page.text
    assert Entitlement.objects.count() == 5


def test_what_was_deleted_meanwhile_is_not_copied(draft, client, monkeypatch):
    def copy(entitlement, *, by):
        raise Gone(f"{entitlement} has been deleted meanwhile.")

    monkeypatch.setattr(actions, "copy", copy)
    page = choose(client, "copy_selected", draft)
    assert f"{draft} has been deleted meanwhile." in page.text
    assert "was copied" not in page.text


# Delete


@as_both
def test_delete_a_draft(draft, client, person):
    page = Served(client.get(f"{LIST}{draft.pk}/delete/"))
    assert "Suite 2.0" in page.text
    answer = client.post(f"{LIST}{draft.pk}/delete/", {"post": "yes"}, follow=True)
    assert "was deleted successfully" in Served(answer).text
    assert not Entitlement.objects.exists()
    assert not ProductKey.objects.exists()
    assert Customer.objects.exists()
    entry = entry_of(draft)
    assert (entry.code, entry.actor_key) == ("entitlement.deleted", person.pk)
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("state", FINAL)
def test_nothing_else_is_deleted_and_the_reason_is_told(state, draft, customer, client):
    other = EntitlementFactory(customer=customer, state=state)
    before = everything()
    for page in (
        Served(client.get(f"{LIST}{other.pk}/delete/", follow=True)),
        Served(client.post(f"{LIST}{other.pk}/delete/", {"post": "yes"}, follow=True)),
        choose(client, "delete_selected", draft, other),
        choose(client, "delete_selected", draft, other, post="yes"),
    ):
        assert f"{other} was completed and cannot be deleted." in page.text
        assert "deleted successfully" not in page.text
        assert "uccessfully deleted" not in page.text
    assert everything() == before


def test_bulk_delete_of_drafts(draft, customer, client):
    drafts = draft, EntitlementFactory(customer=customer)
    assert "Are you sure" in choose(client, "delete_selected", *drafts).text
    choose(client, "delete_selected", *drafts, post="yes")
    assert not Entitlement.objects.exists()
    assert Entry.objects.filter(code="entitlement.deleted").count() == 2


# The list


@pytest.mark.parametrize("text", ["r-1", "EXT-1", "ext", "suite 2", "acme-1"])
def test_search(text, draft, client):
    EntitlementFactory()
    assert [row.pk for row in client.get(LIST, {"q": text}).context["cl"].result_list] == [draft.pk]


def test_search_by_eid_and_filter(draft, client):
    EntitlementFactory(state="closed")
    found = client.get(LIST, {"q": draft.eid.upper()}).context["cl"].result_list
    assert [row.pk for row in found] == [draft.pk]
    found = client.get(LIST, {"state__exact": "draft"}).context["cl"].result_list
    assert [row.pk for row in found] == [draft.pk]


def test_columns(draft, anna, client):
    Entitlement.objects.update(contact=anna)
    for place in range(3):
        ProductKeyFactory(entitlement=draft, product=f"P{place}")
    head, cells = Served(client.get(LIST)).tables[-1]
    assert dict(zip(head[1:], cells[1:], strict=True)) == {
        "EID": draft.eid,
        "State": "Draft",
        "Customer": "Acme (ACME-1)",
        "Contact": str(anna),
        "Products": "Suite 2.0 × 5, P0 × 10, P1 × 10, 1 more",
        "Start date": "Jan. 1, 2026",
        "End date": "never expires",
    }


def test_the_list_takes_as_many_queries_for_many(draft, client):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            client.get(LIST)
        return len(captured)

    queries()
    few = queries()
    for _ in range(5):
        EntitlementFactory(state="complete", products=[{}, {}])
    assert queries() == few


def test_the_form_takes_as_many_queries_for_many(client):
    entitlement = EntitlementFactory(state="complete", products=[{}])

    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(change_of(entitlement))
        return len(captured)

    queries()
    ActivationFactory(product_key=entitlement.product_keys.get())
    few = queries()
    for _ in range(4):
        ActivationFactory(product_key=ProductKeyFactory(entitlement=entitlement))
    assert queries() == few


@pytest.mark.parametrize(
    "lookup",
    [
        "search_key__startswith",
        "eid__startswith",
        "contact__user__password__startswith",
        "customer__name",
        "product_keys__product",
        "product_keys__activations__license__startswith",
    ],
)
def test_forbidden_lookups(lookup, draft, client):
    assert client.get(f"{LIST}?{lookup}=a").status_code == 400


def test_history(draft, client):
    carry_out(client, choose(client, "complete_selected", draft))
    page = Served(client.get(f"{LIST}{draft.pk}/history/"))
    assert "Entitlement completed" in page.text
    assert "Draft → Complete" in page.text


# Rights


@pytest.mark.parametrize("person", ["viewer", "manager"], indirect=True)
def test_those_who_may_only_look(person, draft, suite, client):
    before = everything()
    page = Served(client.get(change_of(draft)))
    assert draft.eid in page.text
    assert "Suite" in page.text
    assert not page.form("start_date")
    typed = {"ref_id1": "mine"} | row(0, suite, quantity="9")
    assert client.post(change_of(draft), typed).status_code == 403
    assert client.post(ADD, {"start_date": "2026-01-01"}).status_code == 403
    assert client.post(f"{LIST}{draft.pk}/delete/", {"post": "yes"}).status_code == 403
    for name in [*MAY_GO, "delete_selected", "copy_selected"]:
        carry_out(client, choose(client, name, draft, post="yes"))
    Entitlement.objects.update(state="complete")
    assert client.post(change_of(draft), typed).status_code == 403
    assert client.post(f"{LIST}{draft.pk}/delete/", {"post": "yes"}).status_code == 403
    Entitlement.objects.update(state="draft")
    assert everything() == before


def test_actions_that_are_offered(client, viewer, signed_in, draft):
    def offered(client):
        tags = Served(client.get(LIST)).tags
        values = [attrs.get("value") for tag, attrs in tags if tag == "option"]
        return {value for value in values if value and value.endswith("_selected")}

    assert offered(client) == {*MAY_GO, "copy_selected", "delete_selected"}
    assert offered(signed_in(viewer)) == set()


RIGHTS = {
    "add": ("entitlements.view_entitlement", "entitlements.add_entitlement"),
    "change": ("entitlements.view_entitlement", "entitlements.change_entitlement"),
}


@pytest.mark.parametrize("right", RIGHTS)
def test_the_form_is_for_those_who_may_see_customers(right, draft, signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed(*RIGHTS[right]))
    client = signed_in(user)
    address = ADD if right == "add" else change_of(draft)
    assert client.post(address, {"start_date": "2026-01-01"}).status_code == 403
    user.user_permissions.set(allowed(*RIGHTS[right], "customers.view_customer"))
    assert save(client, address, start_date="2026-03-01").status_code == 302


def test_copying_and_transitions_need_no_right_to_see_customers(draft, signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed(*RIGHTS["add"], *RIGHTS["change"]))
    client = signed_in(user)
    choose(client, "copy_selected", draft)
    carry_out(client, choose(client, "complete_selected", draft))
    assert set(Entitlement.objects.values_list("state", flat=True)) == {"draft", "complete"}


def test_the_pickers_are_for_those_who_may_see_customers_and_offer_enabled_ones(
    draft, anna, signed_in, client
):
    asked = {"app_label": "entitlements", "model_name": "entitlement"}
    CustomerFactory(name="Acme off", status="disabled")
    ContactFactory(email="anna-off@example.com", status="disabled")
    for name, chosen in (("customer", draft.customer), ("contact", anna)):
        look = asked | {"field_name": name, "term": "ACME" if name == "customer" else "anna"}
        found = client.get("/admin/autocomplete/", look).json()["results"]
        assert [row["id"] for row in found] == [str(chosen.pk)]
        assert signed_in(UserFactory()).get("/admin/autocomplete/", look).status_code == 403


def test_nothing_fails_where_entitlements_are_asked_for_as_in_a_picker(draft, client, clerk, signed_in):
    asked = {"app_label": "entitlements", "model_name": "productkey", "field_name": "entitlement"}
    found = client.get("/admin/autocomplete/", asked | {"term": "suite"}).json()["results"]
    assert [row["id"] for row in found] == [str(draft.pk)]
    assert signed_in(clerk).get("/admin/autocomplete/", asked).status_code == 403
