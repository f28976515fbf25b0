"""Two people edit the same customer: who saved what, and a choice for each field."""

import pytest

from customers import actions
from customers.models import Customer
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(manager, signed_in):
    return signed_in(manager)


@pytest.fixture
def colleague(db):
    return UserFactory(username="colleague")


@pytest.fixture
def anna():
    return ContactFactory(email="anna@example.com")


@pytest.fixture
def customer(anna):
    values = {"name": "Acme", "customer_id": "ACME-1", "crm_id": "crm", "ref_id": "ref", "description": "d"}
    return CustomerFactory(**values, people=[anna])


def edit_of(customer):
    return f"/customers/{customer.pk}/edit/"


def opened(client, customer):
    return Served(client.get(edit_of(customer))).form("time_zone").data


def save(customer, by, associates=None, **values):
    """What the other person does meanwhile."""
    theirs = Customer.objects.get(pk=customer.pk)
    for name, value in values.items():
        setattr(theirs, name, value)
    actions.save(theirs, by=by, associates=associates)


def conflict(client, data, customer, **values):
    answer = client.post(edit_of(customer), data | values | {"save": ""})
    assert answer.status_code == 409
    return Served(answer)


def choose(client, page, button="save", **choices):
    form = next(form for form in page.forms if any(name.startswith("choice-") for name in form.data))
    chosen = {f"choice-{name}".replace("__", ":"): value for name, value in choices.items()}
    return client.post(form.action, form.data | chosen | {button: "1"})


def differences(page):
    """{field: (before, theirs, yours)} as they are shown."""
    return {
        row[0].partition(" changed by")[0]: tuple(clean(cell) for cell in row[1:])
        for row in page.tables[0][1:]
    }


def clean(cell):
    return cell.rpartition(": ")[2]


def preset(page):
    form = next(form for form in page.forms if any(name.startswith("choice-") for name in form.data))
    return {name.removeprefix("choice-"): v[0] for name, v in form.data.items() if name.startswith("choice-")}


def test_the_page_says_who_saved_what(customer, client, colleague):
    data = opened(client, customer)
    save(customer, colleague, crm_id="theirs", ref_id="both")
    before = everything()
    page = conflict(client, data, customer, name="Mine", ref_id="mine too")
    assert "colleague changed Acme (ACME-1)" in page.text
    assert "Nothing of yours is saved yet" in page.text
    assert differences(page) == {
        "Name": ("Acme", "Acme", "Mine"),
        "CRM ID": ("crm", "theirs", "crm"),
        "Ref ID": ("ref", "both", "mine too"),
    }
    assert everything() == before


def test_by_default_each_keeps_what_only_they_changed(customer, client, colleague):
    data = opened(client, customer)
    save(customer, colleague, crm_id="theirs", ref_id="both")
    page = conflict(client, data, customer, name="Mine", ref_id="mine too")
    assert preset(page) == {"name": "mine", "crm_id": "theirs", "ref_id": "mine"}
    assert choose(client, page).status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.crm_id, customer.ref_id) == ("Mine", "theirs", "mine too")
    assert customer.version == 3


@pytest.mark.parametrize("crm_id", ["mine", "theirs"])
@pytest.mark.parametrize("ref_id", ["mine", "theirs"])
def test_a_choice_for_each_field(crm_id, ref_id, customer, client, colleague):
    data = opened(client, customer)
    save(customer, colleague, crm_id="theirs", ref_id="theirs")
    page = conflict(client, data, customer, crm_id="mine", ref_id="mine")
    assert choose(client, page, crm_id=crm_id, ref_id=ref_id).status_code == 302
    customer.refresh_from_db()
    assert (customer.crm_id, customer.ref_id) == (crm_id, ref_id)


def test_choosing_theirs_everywhere_writes_nothing(customer, client, colleague):
    data = opened(client, customer)
    save(customer, colleague, crm_id="theirs")
    page = conflict(client, data, customer, crm_id="mine")
    before = everything()
    assert choose(client, page, crm_id="theirs").status_code == 302
    assert everything() == before


def test_lines_are_kept(customer, client, colleague):
    data = opened(client, customer)
    save(customer, colleague, crm_id="theirs")
    page = conflict(client, data, customer, description="One\r\nTwo")
    choose(client, page)
    customer.refresh_from_db()
    assert customer.description == "One\nTwo"


def test_contacts_are_chosen_like_fields(customer, anna, client, colleague):
    bert, carl = ContactFactory(email="bert@example.com"), ContactFactory(email="carl@example.com")
    data = opened(client, customer)
    save(customer, colleague, [(anna, "administrator"), (bert, "standard")])
    mine = {
        "contacts-TOTAL_FORMS": "3",
        "contacts-1-contact": str(carl.pk),
        "contacts-1-kind": "standard",
        "contacts-2-contact": "",
        "contacts-2-email": "new@example.com",
        "contacts-2-kind": "standard",
        "contacts-2-language": "en",
    }
    page = conflict(client, data, customer, **mine)
    assert differences(page) == {
        "Contact anna@example.com": ("Standard", "Administrator", "Standard"),
        "Contact bert@example.com": ("Not associated", "Standard", "Not associated"),
        "Contact carl@example.com": ("Not associated", "Not associated", "Standard"),
    }
    who = {name: f"contact:{person.pk}" for name, person in (("a", anna), ("b", bert), ("c", carl))}
    assert preset(page) == {who["a"]: "theirs", who["b"]: "theirs", who["c"]: "mine"}
    assert choose(client, page).status_code == 302
    kinds = dict(customer.associations.values_list("contact__email", "kind"))
    assert kinds == {
        "anna@example.com": "administrator",
        "bert@example.com": "standard",
        "carl@example.com": "standard",
        "new@example.com": "standard",
    }


def test_a_contact_that_they_removed_can_be_kept(customer, anna, client, colleague):
    data = opened(client, customer)
    save(customer, colleague, [])
    page = conflict(client, data, customer, name="Mine")
    assert differences(page)["Contact anna@example.com"] == ("Standard", "Not associated", "Standard")
    assert preset(page)[f"contact:{anna.pk}"] == "theirs"
    choose(client, page, **{f"contact__{anna.pk}": "mine"})
    assert customer.contacts.get() == anna


def test_a_third_change_conflicts_again(customer, client, colleague):
    data = opened(client, customer)
    save(customer, colleague, crm_id="second")
    page = conflict(client, data, customer, name="Mine")
    third = UserFactory(username="third")
    save(customer, third, ref_id="third")
    before = everything()
    answer = choose(client, page)
    again = Served(answer)
    assert answer.status_code == 409
    assert "third changed" in again.text
    assert differences(again) == {"Name": ("Acme", "Acme", "Mine"), "Ref ID": ("ref", "third", "ref")}
    assert everything() == before
    assert choose(client, again).status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.crm_id, customer.ref_id) == ("Mine", "second", "third")


def test_a_confirmation_follows_where_it_is_due(customer, client, colleague):
    EntitlementFactory(customer=customer, state="complete")
    data = opened(client, customer)
    actions.disable(Customer.objects.filter(pk=customer.pk), by=colleague)
    page = conflict(client, data, customer, name="Mine", crm_id="mine")
    assert "colleague disabled Acme" in page.text
    answer = choose(client, page, crm_id="theirs")
    assert answer.status_code == 422
    confirm = Served(answer)
    assert [row[0] for row in confirm.tables[0][1:]] == ["Name"]
    form = confirm.form("confirmation")
    assert client.post(form.action, form.data | {"save": "1"}).status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.crm_id, customer.status) == ("Mine", "crm", "disabled")


def test_back_keeps_the_choices(customer, anna, client, colleague):
    data = opened(client, customer)
    save(customer, colleague, [(anna, "administrator")], crm_id="theirs", ref_id="theirs")
    page = conflict(client, data, customer, name="Mine", crm_id="mine", ref_id="mine", description="1\r\n2")
    before = everything()
    answer = choose(client, page, "back", crm_id="theirs", **{f"contact__{anna.pk}": "theirs"})
    assert answer.status_code == 200
    form = Served(answer).form("time_zone").data
    names = ("name", "crm_id", "ref_id", "description", "contacts-0-kind", "version")
    assert [form[name][0] for name in names] == ["Mine", "theirs", "mine", "1\r\n2", "administrator", "2"]
    assert everything() == before
    assert client.post(edit_of(customer), form | {"save": ""}).status_code == 302


def test_an_unchanged_form_does_not_conflict(customer, client, colleague):
    data = opened(client, customer)
    actions.disable(Customer.objects.filter(pk=customer.pk), by=colleague)
    before = everything()
    assert client.post(edit_of(customer), data | {"save": ""}).status_code == 302
    assert everything() == before


def test_the_same_change_twice_is_no_conflict(customer, client, colleague):
    data = opened(client, customer)
    save(customer, colleague, crm_id="same")
    assert client.post(edit_of(customer), data | {"crm_id": "same", "save": ""}).status_code == 302
    customer.refresh_from_db()
    assert customer.version == 2


def test_unknown_choices_change_nothing(customer, client, colleague):
    data = opened(client, customer)
    forged = {
        "choice-status": "theirs",
        "choice-version": "theirs",
        "choice-contact:": "theirs",
        "choice-contact:abc": "theirs",
        f"choice-contact:{'9' * 30}": "theirs",
        "choice-": "theirs",
        "choice-name": "neither",
    }
    assert client.post(edit_of(customer), data | forged | {"crm_id": "mine", "save": ""}).status_code == 302
    customer.refresh_from_db()
    assert (customer.crm_id, customer.status, customer.contacts.count()) == ("mine", "enabled", 1)


def test_deleted_while_choosing(customer, client, colleague):
    data = opened(client, customer)
    save(customer, colleague, crm_id="theirs")
    page = conflict(client, data, customer, name="Mine")
    actions.delete(Customer.objects.filter(pk=customer.pk), by=colleague)
    answer = choose(client, page)
    assert answer.status_code == 409
    assert Served(answer).form("time_zone").data["name"] == ["Mine"]
    assert not Customer.objects.exists()
