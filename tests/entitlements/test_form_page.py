"""Add Entitlement and Edit Entitlement: what is served, kept, refused and saved."""

from datetime import date

import pytest

from ems_site.audit.models import Entry
from entitlements import actions
from entitlements.models import Entitlement, ProductKey
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db

ADD = "/entitlements/add/"
NASTY = ["""'"><img src=x onerror=alert(1)>""", "{{7*7}}", "{% url 'home' %}"]
LINE = ("id", *ProductKey.ATTRIBUTES)
KEPT = "ref_id1", "ref_id2", "external_id"


@pytest.fixture
def client(licenser, signed_in):
    return signed_in(licenser)


def edit_of(entitlement):
    return f"/entitlements/{entitlement.pk}/edit/"


def form_at(client, address=ADD):
    """What the form would post if nothing were touched."""
    return Served(client.get(address)).form("start_date").data


def line(place=0, **values):
    return {f"products-{place}-{name}": str(value) for name, value in values.items()}


def dated(**values):
    return {"start_date": "2026-01-01", "end_date": "2026-12-31", "save": ""} | values


@pytest.fixture
def full():
    anna = ContactFactory(name="Anna")
    customer = CustomerFactory(name="Acme", time_zone="Europe/Berlin", people=[anna])
    return EntitlementFactory(
        customer=customer,
        contact=anna,
        ref_id1="R1",
        ref_id2="R2",
        external_id="X1",
        end_date=date(2026, 12, 31),
        products=[
            {"product": "Suite", "product_version": "2.0", "quantity": 5},
            {"product": "Tool", "start_date": date(2026, 6, 1), "never_expires": True},
            {"product": "Extra", "end_date": date(2026, 3, 31)},
        ],
    )


# Unchanged


def test_the_served_form_posted_back_writes_nothing(full, client):
    before = everything()
    answer = client.post(edit_of(full), form_at(client, edit_of(full)) | {"save": ""})
    assert (answer.status_code, answer.url) == (302, f"/entitlements/{full.pk}/")
    assert everything() == before


@pytest.mark.parametrize("products", [[], [{"product": "Suite"}]])
def test_one_that_never_expires_posted_back_writes_nothing(products, client):
    draft = EntitlementFactory(customer=None, products=products)
    data = form_at(client, edit_of(draft))
    assert (data["end_date"], data["never_expires"]) == ([""], ["on"])
    before = everything()
    assert client.post(edit_of(draft), data | {"save": ""}).status_code == 302
    assert everything() == before


# Adding


def test_the_form_proposes_no_dates_and_one_blank_line(client):
    data = form_at(client)
    assert (data["start_date"], data["end_date"], "never_expires" in data) == ([""], [""], False)
    assert (data["customer"], data["contact"]) == ([""], [""])
    assert data["products-TOTAL_FORMS"] == ["1"]
    assert {name: data.get(f"products-0-{name}") for name in LINE} == {
        **{name: [""] for name in LINE},
        "quantity": ["1"],
        "never_expires": None,
    }


def test_add_with_everything(client, licenser):
    anna = ContactFactory()
    customer = CustomerFactory(people=[anna])
    typed = dated(customer=customer.pk, contact=anna.pk, ref_id1=" R1 ", ref_id2="R2", external_id="X1")
    typed |= line(product=" Suite ", product_version="2.0", quantity="7")
    typed |= line(1, id="", product="Tool", quantity="1", start_date="2026-06-01", never_expires="on")
    answer = client.post(ADD, form_at(client) | typed | {"products-TOTAL_FORMS": "2"})
    draft = Entitlement.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/entitlements/{draft.pk}/")
    assert (draft.state, draft.version, draft.customer, draft.contact) == ("draft", 1, customer, anna)
    assert (draft.start_date, draft.end_date) == (date(2026, 1, 1), date(2026, 12, 31))
    assert [getattr(draft, name) for name in KEPT] == ["R1", "R2", "X1"]
    assert list(draft.product_keys.values_list(*ProductKey.ATTRIBUTES)) == [
        ("Suite", "2.0", 7, None, None, False),
        ("Tool", "", 1, date(2026, 6, 1), None, True),
    ]
    assert Entry.objects.get(code="entitlement.added").actor_key == licenser.pk


def test_add_with_next_to_nothing(client):
    typed = {"start_date": "2026-01-01", "never_expires": "on", "save": ""}
    assert client.post(ADD, form_at(client) | typed).status_code == 302
    draft = Entitlement.objects.get()
    assert (draft.customer, draft.contact, draft.end_date, draft.product_keys.count()) == (
        None,
        None,
        None,
        0,
    )


def told(client):
    """The messages that the next page shows."""
    page = Served(client.get(ADD))
    return page.text, dict(page.links)


def test_the_message_names_the_eid_and_what_to_do_next(client):
    client.post(ADD, form_at(client) | dated())
    draft = Entitlement.objects.get()
    text, links = told(client)
    assert f"{draft.eid} added." in text
    assert links["Add another"] == ADD
    assert "Complete it" not in links


def test_the_message_leads_to_completing(client):
    customer = CustomerFactory()
    client.post(ADD, form_at(client) | dated(customer=customer.pk) | line(product="Suite"))
    assert told(client)[1]["Complete it"] == f"/entitlements/{Entitlement.objects.get().pk}/complete/"


def test_whoever_may_only_add_is_led_back_to_the_form(signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed("entitlements.add_entitlement", "customers.view_customer"))
    client = signed_in(user)
    page = Served(client.get(ADD))
    assert ("save_and_complete", "1") not in page.form("start_date").buttons
    answer = client.post(ADD, form_at(client) | dated(save_and_complete="1"))
    assert (answer.status_code, answer.url) == (302, ADD)
    assert Entitlement.objects.get().is_draft()
    assert "Complete it" not in told(client)[1]


# Save and go to complete


def test_save_and_go_to_complete(full, client):
    data = form_at(client, edit_of(full)) | {"ref_id1": "new", "save_and_complete": "1"}
    answer = client.post(edit_of(full), data)
    assert (answer.status_code, answer.url) == (302, f"/entitlements/{full.pk}/complete/")
    full.refresh_from_db()
    assert (full.ref_id1, full.state) == ("new", "draft")


def test_unchanged_it_goes_on_to_complete_all_the_same(full, client):
    before = everything()
    answer = client.post(edit_of(full), form_at(client, edit_of(full)) | {"save_and_complete": "1"})
    assert (answer.status_code, answer.url) == (302, f"/entitlements/{full.pk}/complete/")
    assert everything() == before


def test_in_error_it_goes_nowhere(full, client):
    data = form_at(client, edit_of(full)) | {"start_date": "", "save_and_complete": "1"}
    assert client.post(edit_of(full), data).status_code == 422


# Errors

FINDING = ("customer_q", "customer_in", "customer_how")


def errors_of(page):
    """Where the list of errors on top leads to."""
    return {address.removeprefix("#id_") for _, address in page.links if address.startswith("#")} - {"#main"}


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({"start_date": ""}, "start_date", "This field is required"),
        ({"end_date": ""}, "end_date", "Give an end date, or tick “Never expires”."),
        ({"never_expires": "on"}, "end_date", "Give an end date or tick “Never expires”, not both."),
        ({"end_date": "2025-12-31"}, "end_date", "The end date is before the start date."),
        ({"external_id": "taken"}, "external_id", "Another entitlement has this External ID"),
        ({"ref_id1": "x" * 101}, "ref_id1", "at most 100 characters"),
        ({"ref_id2": "a\tb"}, "ref_id2", "cannot be used"),
    ],
)
def test_an_error_stands_at_its_field_and_nothing_is_lost(typed, field, message, client):
    EntitlementFactory(external_id="TAKEN")
    anna = ContactFactory()
    customer = CustomerFactory(people=[anna])
    posted = form_at(client) | dated(customer=str(customer.pk), contact=str(anna.pk), ref_id1="R")
    posted |= line(product="Suite", product_version="1", quantity="3", start_date="2026-02-01") | typed
    before = everything()
    answer = client.post(ADD, posted)
    page = Served(answer)
    assert answer.status_code == 422
    assert everything() == before
    assert errors_of(page) == {field}
    assert message in page.text
    kept = page.form("start_date").data
    for name, value in (posted | typed).items():
        if name not in {"save", "csrfmiddlewaretoken", *FINDING}:
            assert kept[name] == (value if isinstance(value, list) else [value]), name


def test_the_date_that_stood_there_is_not_held_against_the_person(client):
    """The end date is taken out and the start moved behind it: that is one mistake, not two."""
    draft = EntitlementFactory(end_date=date(2026, 12, 31), products=[{"product": "Suite"}])
    typed = {"start_date": "2027-06-01", "end_date": "", "save": ""}
    page = Served(client.post(edit_of(draft), form_at(client, edit_of(draft)) | typed))
    assert "Give an end date, or tick" in page.text
    assert "The end date is before" not in page.text


def test_all_errors_at_once(client):
    typed = dated(start_date="x", external_id="a\0") | line(product="", quantity="0")
    page = Served(client.post(ADD, form_at(client) | typed))
    assert errors_of(page) == {"start_date", "external_id", "products-0-product", "products-0-quantity"}


def test_an_identity_taken_meanwhile_stands_at_its_field(client, monkeypatch):
    """The check of the form passes, the database refuses."""
    data = form_at(client) | dated(external_id="RACE-1") | line(product="Suite")
    save = actions.save

    def overtaken(entitlement, **kwargs):
        EntitlementFactory(external_id="race-1")
        return save(entitlement, **kwargs)

    monkeypatch.setattr(actions, "save", overtaken)
    answer = client.post(ADD, data)
    assert answer.status_code == 422
    assert "Another entitlement has this External ID" in Served(answer).text
    assert Entitlement.objects.count() == 1


# Editing


def test_edit(full, client):
    data = form_at(client, edit_of(full))
    typed = {"ref_id1": "new", "start_date": "2026-02-01", "products-0-quantity": "6", "save": ""}
    assert client.post(edit_of(full), data | typed).status_code == 302
    full.refresh_from_db()
    assert (full.version, full.ref_id1, full.start_date) == (2, "new", date(2026, 2, 1))
    assert list(full.product_keys.values_list("quantity", flat=True)) == [6, 10, 10]
    changes = Entry.objects.get(code="entitlement.changed").changes
    assert {name.split(":")[0] for name in changes} == {"ref_id1", "start_date", "productkey"}


@pytest.mark.parametrize("state", ["complete", "disabled", "closed"])
def test_only_drafts_are_opened(state, client):
    entitlement = EntitlementFactory(state=state)
    answer = client.get(edit_of(entitlement))
    assert (answer.status_code, answer.url) == (302, f"/entitlements/{entitlement.pk}/")
    assert f"{entitlement} is {state}: only drafts are edited." in told(client)[0]


def test_completed_while_somebody_typed(full, client, superuser):
    data = form_at(client, edit_of(full)) | {"ref_id1": "typed", "products-0-quantity": "77", "save": ""}
    actions.complete(Entitlement.objects.filter(pk=full.pk), by=superuser)
    before = everything()
    answer = client.post(edit_of(full), data)
    page = Served(answer)
    assert answer.status_code == 409
    assert "admin completed" in page.text
    assert "It is complete now, and only drafts are edited: nothing of yours was saved." in page.text
    assert page.tables[0][1:3] == [
        ["Ref ID 1", "R1", "typed"],
        [
            "Products",
            "Suite 2.0 × 5 (2 others are the same)",
            "Suite 2.0 × 77 (2 others are the same)",
        ],
    ]
    assert everything() == before


def test_what_was_typed_wrongly_is_shown_as_well(full, client, superuser):
    typed = {"start_date": "x", "products-0-quantity": "１２", "products-1-id": "abc", "version": "abc"}
    data = form_at(client, edit_of(full)) | typed | {"save": ""}
    actions.complete(Entitlement.objects.filter(pk=full.pk), by=superuser)
    answer = client.post(edit_of(full), data)
    assert answer.status_code == 409
    assert "Suite 2.0 × １２" in Served(answer).text


def test_completed_in_the_moment_of_saving(full, client, superuser, monkeypatch):
    data = form_at(client, edit_of(full)) | {"ref_id1": "typed", "save": ""}
    save = actions.save

    def overtaken(entitlement, **kwargs):
        actions.complete(Entitlement.objects.filter(pk=full.pk), by=superuser)
        return save(entitlement, **kwargs)

    monkeypatch.setattr(actions, "save", overtaken)
    answer = client.post(edit_of(full), data)
    assert answer.status_code == 409
    assert "only drafts are edited" in Served(answer).text
    full.refresh_from_db()
    assert (full.ref_id1, full.state) == ("R1", "complete")


# Deleted meanwhile


def test_an_edit_of_a_deleted_draft_keeps_what_was_typed(full, client):
    data = form_at(client, edit_of(full)) | {"ref_id1": "typed", "products-0-quantity": "6"}
    actions.delete(Entitlement.objects.filter(pk=full.pk), by=UserFactory(username="colleague"))
    answer = client.post(edit_of(full), data | {"save": ""})
    assert answer.status_code == 409
    page = Served(answer)
    assert f"colleague deleted {full.eid} meanwhile" in page.text
    form = page.form("start_date")
    assert form.action == ADD
    assert client.post(form.action, form.data | {"save": ""}).status_code == 302
    saved = Entitlement.objects.get()
    assert (saved.ref_id1, saved.customer, saved.contact) == ("typed", full.customer, full.contact)
    assert list(saved.product_keys.values_list("product", "quantity")) == [
        ("Suite", 6),
        ("Tool", 10),
        ("Extra", 10),
    ]


def test_the_panes_of_a_deleted_draft_still_work(full, client):
    data = form_at(client, edit_of(full))
    actions.delete(Entitlement.objects.filter(pk=full.pk), by=UserFactory())
    headers = {"HX-Request": "true", "HX-Target": "products-pane"}
    answer = client.post(edit_of(full), data | {"add_product": "1"}, headers=headers)
    assert answer.status_code == 200
    assert 'name="products-3-product"' in answer.content.decode()


def test_edit_of_a_draft_that_never_was(client):
    assert client.get("/entitlements/4711/edit/").status_code == 404
    assert client.post("/entitlements/4711/edit/", {"start_date": "x"}).status_code == 404


# Rights


@pytest.mark.parametrize(
    ("rights", "adds", "edits"),
    [
        (["entitlements.add_entitlement"], 403, 403),
        (["entitlements.add_entitlement", "customers.view_customer"], 200, 403),
        (["entitlements.change_entitlement", "entitlements.view_entitlement"], 403, 403),
        (["entitlements.change_entitlement", "customers.view_customer"], 403, 403),
        (
            [
                "entitlements.change_entitlement",
                "entitlements.view_entitlement",
                "customers.view_customer",
            ],
            403,
            200,
        ),
    ],
)
def test_who_may(rights, adds, edits, full, signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed(*rights))
    client = signed_in(user)
    before = everything()
    for method in (client.get, client.post):
        assert method(ADD).status_code == (422 if adds == 200 and method == client.post else adds)
        assert method(edit_of(full)).status_code == (422 if edits == 200 and method == client.post else edits)
    assert everything() == before


# Nobody sets what the form does not offer


def test_mass_assignment(full, client):
    forged = {
        "state": "complete",
        "eid": "forged",
        "uuid": "00000000-0000-0000-0000-000000000000",
        "search_key": "forged",
        "external_id_key": "forged",
        "pk": "4711",
        "products-0-entitlement": "4711",
        "products-0-time_zone": "UTC",
        "products-0-valid_from": "2026-01-01",
        "products-0-span": "1",
    }
    before = everything()
    client.post(edit_of(full), form_at(client, edit_of(full)) | forged | {"save": ""})
    assert everything() == before
    client.post(ADD, form_at(client) | forged | dated(version="7") | line(product="Suite"))
    added = Entitlement.objects.latest("pk")
    assert (added.state, added.version, added.pk != 4711) == ("draft", 1, True)
    assert "forged" not in added.eid + added.search_key
    assert added.product_keys.get().valid_from is None


@pytest.mark.parametrize("version", ["", "abc", "-1", "0", "2", "99", str(2**31), str(2**63), "9" * 30])
def test_a_forged_version_saves_nothing(version, full, client):
    before = everything()
    data = form_at(client, edit_of(full)) | {"version": version, "ref_id1": "forged", "save": ""}
    assert client.post(edit_of(full), data).status_code in {409, 422}
    assert everything() == before


# Nothing typed is ever markup or a template


@pytest.mark.parametrize("nasty", NASTY)
def test_everything_is_shown_escaped(nasty, client, licenser):
    anna = ContactFactory(name=nasty)
    customer = CustomerFactory(name=nasty, customer_id=nasty, people=[anna])
    draft = EntitlementFactory(
        customer=customer,
        contact=anna,
        ref_id1=nasty,
        products=[{"product": nasty, "product_version": nasty}],
    )
    data = form_at(client, edit_of(draft))
    stale = data | {"ref_id1": f"mine {nasty}", "products-0-product": f"mine {nasty}", "save": ""}
    current = Entitlement.objects.get(pk=draft.pk)
    current.ref_id1 = f"theirs {nasty}"
    actions.save(current, by=licenser)
    answers = {
        "edit": client.get(edit_of(draft)),
        "error": client.post(edit_of(draft), data | {"products-0-quantity": nasty, "start_date": nasty}),
        "find": client.post(ADD, form_at(client) | {"find_customers": "1", "customer_q": nasty}),
        "choose": client.post(ADD, form_at(client) | {"choose_customer": str(customer.pk), "ref_id1": nasty}),
        "pane": client.post(edit_of(draft), data | {"add_product": "1"}, headers={"HX-Request": "true"}),
        "conflict": client.post(edit_of(draft), stale),
    }
    actions.complete(Entitlement.objects.filter(pk=draft.pk), by=licenser)
    answers["final"] = client.post(edit_of(draft), stale)
    for name, answer in answers.items():
        page = answer.content.decode()
        assert answer.status_code in {200, 409, 422}, name
        assert "<img src=x" not in page, name
        shown = page.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&#x27;", "'")
        assert nasty in shown, name
