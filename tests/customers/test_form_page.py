"""Add Customer and Edit Customer: what is served, kept, refused and saved."""

import pytest

from customers import actions
from customers.models import Association, Customer
from ems_site.audit.models import Entry
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db

ADD = "/customers/add/"
EVERYTHING = {
    "name": "Müller & Söhne",
    "customer_id": "MS-1",
    "crm_id": "001A-7",
    "description": "First line\r\n\r\nthird line",
    "external_id": "EXT-1",
    "ref_id": "Ref 1",
    "time_zone": "Europe/Berlin",
}
NASTY = ["""'"><img src=x onerror=alert(1)>""", "{{7*7}}", "{% url 'home' %}"]


@pytest.fixture
def client(manager, signed_in):
    return signed_in(manager)


def edit_of(customer):
    return f"/customers/{customer.pk}/edit/"


def form_at(client, address):
    """What the form would post if nothing were touched."""
    return Served(client.get(address)).form("time_zone").data


def first(data):
    return {name: values[0] for name, values in data.items()}


def lines(data):
    return data | {"description": data["description"].replace("\r\n", "\n")}


# Unchanged


@pytest.fixture
def full():
    people = [(ContactFactory(), Association.Kind.ADMINISTRATOR), ContactFactory()]
    return CustomerFactory(**lines(EVERYTHING), people=people)


@pytest.mark.parametrize("time_zone", ["Europe/Berlin", "Asia/Calcutta", "US/Pacific", "Etc/GMT+5"])
def test_the_served_form_posted_back_writes_nothing(time_zone, full, client):
    Customer.objects.update(time_zone=time_zone)
    EntitlementFactory(customer=full, state="complete")
    before = everything()
    answer = client.post(edit_of(full), form_at(client, edit_of(full)) | {"save": ""})
    assert (answer.status_code, answer.url) == (302, f"/customers/{full.pk}/")
    assert everything() == before


def test_line_breaks_survive_the_answer_to_an_error(full, client):
    data = form_at(client, edit_of(full))
    answer = client.post(edit_of(full), data | {"name": "", "save": ""})
    again = Served(answer).form("time_zone").data
    assert again["description"] == [EVERYTHING["description"]]
    before = everything()
    assert client.post(edit_of(full), again | {"name": full.name, "save": ""}).status_code == 302
    assert everything() == before


# Adding


def test_the_form_proposes_utc_and_nothing_else(client):
    data = first(form_at(client, ADD))
    assert data["time_zone"] == "UTC"
    assert not any(data[name] for name in Customer.ATTRIBUTES if name != "time_zone")


def test_add_with_every_attribute(client):
    answer = client.post(ADD, form_at(client, ADD) | EVERYTHING | {"save": ""}, follow=True)
    customer = Customer.objects.get()
    assert {name: getattr(customer, name) for name in Customer.ATTRIBUTES} == lines(EVERYTHING)
    assert customer.is_enabled()
    assert answer.redirect_chain == [(f"/customers/{customer.pk}/", 302)]
    assert "Müller & Söhne (MS-1) added." in Served(answer).text


def test_values_are_trimmed(client):
    client.post(ADD, form_at(client, ADD) | {"name": "  Acme  ", "customer_id": " A-1 ", "save": ""})
    assert (Customer.objects.get().name, Customer.objects.get().customer_id) == ("Acme", "A-1")


def test_whoever_may_only_add_gets_no_address_of_the_customer(signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed("customers.add_customer"))
    client = signed_in(user)
    assert client.post(ADD, form_at(client, ADD) | {"name": "Acme", "save": ""}).status_code == 302
    assert Customer.objects.get().name == "Acme"


# Errors


def errors_of(page):
    """The ids of the fields that the list of errors on top leads to."""
    return {address.removeprefix("#id_") for _, address in page.links if address.startswith("#id_")}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", ""),
        ("name", "?!"),
        ("name", "x" * 256),
        ("customer_id", "taken-1"),
        ("customer_id", "x" * 101),
        ("crm_id", "x" * 256),
        ("description", "x" * 511),
        ("external_id", "taken-ext"),
        ("external_id", "x" * 61),
        ("ref_id", "x" * 256),
        ("time_zone", "localtime"),
    ],
)
def test_an_error_stands_at_its_field_and_nothing_is_lost(name, value, client):
    CustomerFactory(customer_id="TAKEN-1", external_id="TAKEN-EXT")
    person = ContactFactory()
    rows = {
        "contacts-TOTAL_FORMS": "2",
        "contacts-INITIAL_FORMS": "0",
        "contacts-0-contact": str(person.pk),
        "contacts-0-kind": "administrator",
        "contacts-1-kind": "standard",
        "contacts-1-email": "new@example.com",
        "contacts-1-name": "New Person",
        "contacts-1-phone": "+49 30 1",
        "contacts-1-language": "de",
        "contacts-1-ref_id1": "R1",
        "contacts-1-ref_id2": "R2",
    }
    typed = EVERYTHING | rows | {name: value}
    before = everything()
    answer = client.post(ADD, typed | {"version": "", "save": ""})
    assert answer.status_code == 422
    assert everything() == before
    page = Served(answer)
    assert errors_of(page) == {name}
    kept = first(page.form("time_zone").data)
    if name == "time_zone":
        del typed[name]  # A list cannot offer what is not in it.
    assert {key: kept[key] for key in typed} == typed


def test_all_errors_at_once(client):
    answer = client.post(ADD, form_at(client, ADD) | {"external_id": "--", "ref_id": "x" * 256, "save": ""})
    assert errors_of(Served(answer)) == {"name", "external_id", "ref_id"}


def test_an_edit_in_error_keeps_the_name_it_is_known_by(full, client):
    answer = client.post(edit_of(full), form_at(client, edit_of(full)) | {"name": "", "save": ""})
    assert "Edit Müller & Söhne (MS-1)" in Served(answer).text


def test_an_identity_taken_meanwhile_stands_at_its_field(full, client, monkeypatch):
    """The check of the form passes, the database refuses."""
    data = form_at(client, ADD) | {"name": "Second", "customer_id": "RACE-1", "save": ""}
    save = actions.save

    def overtaken(customer, **kwargs):
        CustomerFactory(customer_id="race-1")
        return save(customer, **kwargs)

    monkeypatch.setattr(actions, "save", overtaken)
    answer = client.post(ADD, data)
    assert answer.status_code == 422
    assert "Another customer has this Customer ID" in Served(answer).text
    assert not Customer.objects.filter(name="Second").exists()


# Time zones


def test_an_alias_is_kept_through_an_edit_of_something_else(client):
    customer = CustomerFactory(time_zone="Asia/Calcutta")
    data = form_at(client, edit_of(customer))
    assert data["time_zone"] == ["Asia/Calcutta"]
    client.post(edit_of(customer), data | {"crm_id": "7", "save": ""})
    customer.refresh_from_db()
    assert (customer.crm_id, customer.time_zone) == ("7", "Asia/Calcutta")


def test_aliases_are_not_offered(client):
    page = client.get(ADD).content.decode()
    assert 'value="Asia/Kolkata"' in page
    assert 'value="Asia/Calcutta"' not in page


# The hint at a name that is there already


def hint(client, **asked):
    response = client.get("/customers/same-name/", asked)
    assert response.status_code == 200
    return Served(response)


def test_the_hint_names_customers_of_that_name(client):
    customer = CustomerFactory(name="Müller", customer_id="M-1", time_zone="Europe/Berlin")
    page = hint(client, name=" MÜLLER ")
    assert page.links == [("M-1", f"/customers/{customer.pk}/")]
    assert "Another customer has this name" in page.text
    assert "Europe/Berlin" in page.text
    assert hint(client, name="Muller").links == []


def test_the_hint_leaves_out_the_customer_itself(client):
    customer = CustomerFactory(name="Acme")
    assert not hint(client, name="Acme", other_than=customer.pk).text
    assert hint(client, name="Acme", other_than=customer.pk + 1).text


def test_the_hint_shows_three_at_most(client):
    for number in range(5):
        CustomerFactory(name="Acme", customer_id=f"A-{number}")
    page = hint(client, name="acme")
    assert len(page.links) == 3
    assert "More than 3" in page.text


def test_the_hint_stands_on_the_form_as_well(full, client):
    CustomerFactory(name=full.name, customer_id="TWIN-1")
    assert "TWIN-1" in Served(client.get(edit_of(full))).text


def test_the_hint_escapes(client):
    CustomerFactory(name=NASTY[0], customer_id=NASTY[0])
    assert "<img" not in client.get("/customers/same-name/", {"name": NASTY[0]}).content.decode()


@pytest.mark.parametrize(
    "raw", ["", "name=", "name=%20", "name=%00", "name=a%00b", "name=%ED%A0%80", "name=" + "x" * 100_000]
)
def test_the_hint_answers_hostile_input(raw, client):
    CustomerFactory(name="ab")
    for other in ("", "abc", "-1", "9" * 20):
        assert client.get(f"/customers/same-name/?{raw}&other_than={other}").status_code == 200


def test_the_hint_is_for_those_who_may_see_customers(signed_in):
    CustomerFactory(name="Acme", customer_id="SECRET-1")
    user = UserFactory()
    user.user_permissions.set(allowed("customers.add_customer"))
    client = signed_in(user)
    assert client.get("/customers/same-name/", {"name": "Acme"}).status_code == 403
    answer = client.post(ADD, form_at(client, ADD) | {"name": "Acme", "external_id": "--", "save": ""})
    assert "SECRET-1" not in answer.content.decode()


# Deleted meanwhile


def test_an_edit_of_a_deleted_customer_keeps_what_was_typed(full, client, manager):
    data = form_at(client, edit_of(full))
    actions.delete(Customer.objects.filter(pk=full.pk), by=UserFactory(username="colleague"))
    answer = client.post(edit_of(full), data | {"crm_id": "typed", "save": ""})
    assert answer.status_code == 409
    page = Served(answer)
    assert "colleague deleted Müller & Söhne (MS-1) meanwhile" in page.text
    form = page.form("time_zone")
    assert form.action == ADD
    assert form.data["crm_id"] == ["typed"]
    assert form.data["description"] == data["description"]
    assert client.post(form.action, form.data | {"save": ""}).status_code == 302
    saved = Customer.objects.get()
    assert (saved.crm_id, saved.customer_id, saved.pk != full.pk) == ("typed", "MS-1", True)
    assert sorted(saved.associations.values_list("kind", flat=True)) == ["administrator", "standard"]


def test_edit_of_a_customer_that_never_was(client):
    assert client.get("/customers/4711/edit/").status_code == 404
    assert client.post("/customers/4711/edit/", {"name": "x"}).status_code == 404


def test_a_deleted_customer_has_no_form(full, client, manager):
    actions.delete(Customer.objects.filter(pk=full.pk), by=manager)
    assert client.get(edit_of(full)).status_code == 404


# Nobody sets what the form does not offer


def test_mass_assignment(full, client):
    forged = {
        "status": "disabled",
        "search_key": "forged",
        "name_key": "forged",
        "customer_id_key": "forged",
        "uuid": "00000000-0000-0000-0000-000000000000",
        "created": "2000-01-01",
        "is_staff": "on",
        "pk": "4711",
        "id": "4711",
        "session_epoch": "9",
    }
    before = everything()
    client.post(edit_of(full), form_at(client, edit_of(full)) | forged | {"save": ""})
    assert everything() == before
    client.post(ADD, form_at(client, ADD) | forged | {"version": "7", "name": "Acme", "save": ""})
    added = Customer.objects.get(name="Acme")
    assert (added.status, added.version) == ("enabled", 1)
    assert "forged" not in added.search_key + added.name_key + added.customer_id_key
    assert str(added.uuid) != forged["uuid"]
    assert added.created.year != 2000


@pytest.mark.parametrize("version", ["", "abc", "-1", "0", "2", "99", str(2**31), str(2**63), "9" * 30])
def test_a_forged_version_saves_nothing(version, full, client):
    before = everything()
    data = form_at(client, edit_of(full)) | {"version": version, "crm_id": "forged", "save": ""}
    assert client.post(edit_of(full), data).status_code in {409, 422}
    assert everything() == before


def test_doubled_fields_count_once(client):
    data = form_at(client, ADD) | {"name": ["First", "Second"], "save": ""}
    client.post(ADD, data)
    assert Entry.objects.get().changes["name"] == ["", Customer.objects.get().name]


# Nothing typed is ever markup or a template


@pytest.mark.parametrize("nasty", NASTY)
def test_everything_is_shown_escaped_on_every_page(nasty, superuser, signed_in):
    client = signed_in(superuser)
    person = ContactFactory(name=nasty, phone=nasty, ref_id1=nasty)
    values = {name: nasty for name in Customer.ATTRIBUTES if name != "time_zone"}
    customer = CustomerFactory(**values, people=[person])
    twin = CustomerFactory(name=nasty)
    EntitlementFactory(customer=twin, state="complete", external_id=nasty)
    chosen = Customer.objects.filter(pk=customer.pk)
    actions.disable(chosen, by=superuser, comment=nasty)
    changed = form_at(client, edit_of(twin)) | {"description": nasty, "crm_id": nasty, "save": ""}
    stale = form_at(client, edit_of(customer)) | {"ref_id": f"mine {nasty}", "save": ""}
    customer.refresh_from_db()
    customer.ref_id = f"theirs {nasty}"
    actions.save(customer, by=superuser)
    in_admin = f"/admin/customers/customer/{customer.pk}"
    answers = {
        "list": client.get("/customers/", {"q": nasty}),
        "no match": client.get("/customers/", {"q": nasty * 2}),
        "customer": client.get(f"/customers/{customer.pk}/"),
        "its history": client.get(f"/customers/{customer.pk}/history/"),
        "edit": client.get(edit_of(customer)),
        "error": client.post(ADD, changed | {"time_zone": nasty}),
        "contact": client.post(ADD, changed | {"save_contact": "1", "new-email": nasty, "new-name": nasty}),
        "find": client.post(ADD, changed | {"find_contacts": "1", "contact_q": nasty}),
        "confirmation": client.post(edit_of(twin), changed),
        "conflict": client.post(edit_of(customer), stale),
        "delete": client.get(f"/customers/{customer.pk}/delete/"),
        "no delete": client.get(f"/customers/{twin.pk}/delete/"),
        "enable": client.get(f"/customers/{customer.pk}/enable/"),
        "already": client.get(f"/customers/{customer.pk}/disable/"),
        "ticked": client.post("/customers/ticked/delete/", {"pk": [customer.pk, twin.pk]}),
        "history": client.get("/history/", {"q": nasty}),
        "admin list": client.get("/admin/customers/customer/"),
        "admin search": client.get("/admin/customers/customer/", {"q": nasty}),
        "admin form": client.get(f"{in_admin}/change/"),
        "admin history": client.get(f"{in_admin}/history/"),
        "admin delete": client.get(f"{in_admin}/delete/"),
        "admin contact": client.get(f"/admin/contacts/contact/{person.pk}/change/"),
        "admin entitlements": client.get("/admin/entitlements/entitlement/"),
    }
    for name, answer in answers.items():
        page = answer.content.decode()
        assert answer.status_code in {200, 409, 422}, name
        assert "<img src=x" not in page, name
        shown = page.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&#x27;", "'")
        assert nasty in shown, name
