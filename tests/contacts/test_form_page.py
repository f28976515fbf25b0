"""The Add Contact and Edit Contact pages, what two people do to one contact at a time included."""

import pytest

from contacts import actions
from contacts.models import Contact
from ems_site.accounts.models import User
from ems_site.audit.models import Entry
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db

ADD = "/contacts/add/"
EVERYTHING = {
    "email": "Anna@Example.com",
    "name": "Änna Müller",
    "ref_id1": "R-1",
    "ref_id2": "R-2",
    "phone": "+49 30 1",
    "language": "de",
}


@pytest.fixture
def client(manager, signed_in):
    return signed_in(manager)


@pytest.fixture
def colleague(db):
    return UserFactory(username="colleague")


@pytest.fixture
def anna():
    return ContactFactory(**EVERYTHING)


def edit_of(contact):
    return f"/contacts/{contact.pk}/edit/"


def form_at(client, address):
    """What the form would post if nothing were touched."""
    return Served(client.get(address)).form("email").data


def post(client, contact, data, **values):
    return client.post(edit_of(contact), data | values | {"save": ""})


def save(contact, by, **values):
    """What the other person does meanwhile."""
    theirs = Contact.objects.get(pk=contact.pk)
    for name, value in values.items():
        setattr(theirs, name, value)
    actions.save(theirs, by=by)


# Adding and changing


def test_the_fields_stand_in_the_order_of_the_guide(client):
    data = form_at(client, ADD)
    assert [name for name in data if name in EVERYTHING] == list(EVERYTHING)
    assert {name: values[0] for name, values in data.items() if name in EVERYTHING} == {
        **dict.fromkeys(EVERYTHING, ""),
        "language": "en",
    }


def test_add_with_every_attribute(client, manager):
    answer = client.post(ADD, form_at(client, ADD) | EVERYTHING | {"save": ""}, follow=True)
    contact = Contact.objects.get()
    assert {name: getattr(contact, name) for name in Contact.ATTRIBUTES} == EVERYTHING
    assert answer.redirect_chain == [(f"/contacts/{contact.pk}/", 302)]
    page = Served(answer)
    assert "Änna Müller <Anna@Example.com> added." in page.text
    assert ("Send an invitation", f"/contacts/{contact.pk}/invite/") in page.links
    assert ("Add another contact", ADD) in page.links
    assert Entry.objects.get().actor_key == manager.pk


def test_whoever_may_only_add_gets_no_address_of_the_contact(signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed("contacts.add_contact"))
    client = signed_in(user)
    answer = client.post(ADD, form_at(client, ADD) | {"email": "new@example.com", "save": ""}, follow=True)
    assert answer.redirect_chain == [(ADD, 302)]
    assert f"/contacts/{Contact.objects.get().pk}/" not in answer.content.decode()


def test_edit(anna, client):
    answer = post(client, anna, form_at(client, edit_of(anna)), phone=" 2 ", ref_id1="")
    assert (answer.status_code, answer.url) == (302, f"/contacts/{anna.pk}/")
    anna.refresh_from_db()
    assert (anna.phone, anna.ref_id1, anna.version) == ("2", "", 2)


def test_the_served_form_posted_back_writes_nothing(anna, client):
    before = everything()
    answer = client.post(edit_of(anna), form_at(client, edit_of(anna)) | {"save": ""}, follow=True)
    assert everything() == before
    assert "Nothing was changed in Änna Müller <Anna@Example.com>." in Served(answer).text


# Another e-mail address

HELP = "Changing it signs the person out and tells both addresses; the password stays."


def test_the_help_says_what_another_email_does(anna, client):
    assert HELP not in Served(client.get(ADD)).text
    assert HELP not in Served(client.get(edit_of(anna))).text
    UserFactory(username=anna.email, is_staff=False, contact=anna)
    assert HELP in Served(client.get(edit_of(anna))).text


def test_another_email_moves_the_log_on(anna, client, signed_in):
    user = UserFactory(username=anna.email, is_staff=False, contact=anna, password="argon2$x")
    signed_in(user)
    CustomerFactory(people=[anna])
    data = form_at(client, edit_of(anna))
    answer = client.post(edit_of(anna), data | {"email": "new@example.com", "save": ""}, follow=True)
    assert "the person is signed out, and both addresses are told" in Served(answer).text
    user.refresh_from_db()
    assert (user.username, user.password, user.sessions.count()) == ("new@example.com", "argon2$x", 0)


def test_another_email_of_somebody_without_a_log_on(anna, client):
    data = form_at(client, edit_of(anna))
    answer = client.post(edit_of(anna), data | {"email": "new@example.com", "save": ""}, follow=True)
    assert "saved." in Served(answer).text
    assert "signed out" not in Served(answer).text


def test_only_the_case_of_the_email(anna, client):
    post(client, anna, form_at(client, edit_of(anna)), email="ANNA@example.com")
    anna.refresh_from_db()
    assert anna.email == "ANNA@example.com"


# Errors


def errors_of(page):
    """The ids of the fields that the list of errors on top leads to."""
    return {address.removeprefix("#id_") for _, address in page.links if address.startswith("#id_")}


def test_errors_stand_at_their_fields_and_on_top_and_nothing_is_lost(client):
    ContactFactory(email="taken@example.com", ref_id1="taken")
    typed = EVERYTHING | {"email": "TAKEN@example.com", "ref_id1": "TAKEN", "phone": "p" * 101}
    before = everything()
    answer = client.post(ADD, typed | {"version": "", "save": ""})
    assert answer.status_code == 422
    page = Served(answer)
    assert "The contact was not saved." in page.text
    assert errors_of(page) == {"email", "ref_id1", "phone"}
    kept = page.form("email").data
    assert {name: kept[name][0] for name in typed} == typed
    assert everything() == before


def test_an_edit_in_error_keeps_the_name_it_is_known_by(anna, client):
    answer = post(client, anna, form_at(client, edit_of(anna)), email="")
    assert "Edit Änna Müller <Anna@Example.com>" in Served(answer).text
    assert answer.status_code == 422


def test_the_user_name_of_staff(client, manager):
    UserFactory(username="boss@example.com")
    answer = client.post(ADD, EVERYTHING | {"email": "BOSS@example.com", "version": "", "save": ""})
    assert (answer.status_code, errors_of(Served(answer))) == (422, {"email"})


def test_an_email_taken_meanwhile_stands_at_its_field(client, monkeypatch):
    """The check of the form passes, the database refuses."""
    action = actions.save

    def overtaken(contact, **kwargs):
        ContactFactory(email="ANNA@example.com")
        return action(contact, **kwargs)

    monkeypatch.setattr(actions, "save", overtaken)
    answer = client.post(ADD, EVERYTHING | {"version": "", "save": ""})
    assert (answer.status_code, errors_of(Served(answer))) == (422, {"email"})
    assert Contact.objects.count() == 1


@pytest.mark.parametrize("version", ["", "abc", "-1", "0", "2", "99", str(2**31), str(2**63), "9" * 30])
def test_a_forged_version_saves_nothing(version, anna, client):
    before = everything()
    answer = post(client, anna, form_at(client, edit_of(anna)), version=version, phone="forged")
    assert answer.status_code in {409, 422}
    assert everything() == before


def test_mass_assignment(anna, client):
    customer = CustomerFactory()
    forged = {
        "status": "disabled",
        "search_key": "forged",
        "email_key": "forged",
        "uuid": "0" * 32,
        "pk": "4711",
        "id": "4711",
        "user": "1",
        "customers": str(customer.pk),
        "is_staff": "on",
        "session_epoch": "9",
        "created": "2000-01-01",
        "choice-status": "theirs",
        "choice-": "theirs",
        "choice-version": "theirs",
        "choice-email": "neither",
    }
    before = everything()
    assert post(client, anna, form_at(client, edit_of(anna)), **forged).status_code == 302
    assert everything() == before


NASTY = ["""'"><img src=x onerror=alert(1)>""", "{{7*7}}", "{% url 'home' %}"]


@pytest.mark.parametrize("nasty", NASTY)
def test_everything_is_shown_escaped(nasty, superuser, signed_in):
    client = signed_in(superuser)
    anna = ContactFactory(name=nasty, phone=nasty, ref_id1=nasty, ref_id2=nasty)
    CustomerFactory(name=nasty, customer_id=nasty, people=[anna])
    CustomerFactory(name=f"Free {nasty}")
    stale = form_at(client, edit_of(anna)) | {"phone": f"mine {nasty}", "save": ""}
    save(anna, superuser, phone=f"theirs {nasty}")
    at = f"/contacts/{anna.pk}"
    answers = {
        "page": client.get(f"{at}/"),
        "history": client.get(f"{at}/history/"),
        "edit": client.get(f"{at}/edit/"),
        "error": client.post(ADD, EVERYTHING | {"name": nasty, "email": nasty, "version": ""}),
        "conflict": client.post(f"{at}/edit/", stale),
        "invite": client.get(f"{at}/invite/"),
        "password": client.get(f"{at}/password/"),
        "customers": client.get(f"{at}/customers/", {"q": nasty}),
    }
    for name, answer in answers.items():
        page = answer.content.decode()
        assert answer.status_code in {200, 409, 422}, name
        assert "<img src=x" not in page, name
        shown = page.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&#x27;", "'")
        assert nasty in shown, name


# Two people at once


def choose(client, page, button="save", **choices):
    form = next(form for form in page.forms if any(name.startswith("choice-") for name in form.data))
    chosen = {f"choice-{name}": value for name, value in choices.items()}
    return client.post(form.action, form.data | chosen | {button: "1"})


def conflict(client, data, contact, **values):
    answer = post(client, contact, data, **values)
    assert answer.status_code == 409
    return Served(answer)


def test_what_differs_is_shown_field_by_field(anna, client, colleague):
    data = form_at(client, edit_of(anna))
    save(anna, colleague, phone="theirs", ref_id2="both", language="en")
    before = everything()
    page = conflict(client, data, anna, name="Mine", ref_id2="mine too")
    assert "colleague changed Änna Müller <Anna@Example.com>" in page.text
    assert "Nothing of yours is saved yet" in page.text
    rows = {row[0].partition(" changed by ")[::2]: row[1:] for row in page.tables[0][1:]}
    assert {name: [cell.rpartition(": ")[2] for cell in cells] for name, cells in rows.items()} == {
        ("Name", "you"): ["Änna Müller", "Änna Müller", "Mine"],
        ("Ref ID 2", "both"): ["R-2", "both", "mine too"],
        ("Phone", "them"): ["+49 30 1", "theirs", "+49 30 1"],
        ("Language", "them"): ["German", "English", "German"],
    }
    assert everything() == before
    assert choose(client, page).status_code == 302
    anna.refresh_from_db()
    assert (anna.name, anna.phone, anna.ref_id2, anna.language) == ("Mine", "theirs", "mine too", "en")


def test_back_keeps_the_choices(anna, client, colleague):
    data = form_at(client, edit_of(anna))
    save(anna, colleague, phone="theirs", ref_id2="theirs")
    page = conflict(client, data, anna, phone="mine", ref_id2="mine", name="Mine")
    before = everything()
    answer = choose(client, page, "back", phone="theirs")
    assert answer.status_code == 200
    form = Served(answer).form("email").data
    names = ("name", "phone", "ref_id2", "version")
    assert [form[name][0] for name in names] == ["Mine", "theirs", "mine", "2"]
    assert everything() == before
    assert client.post(edit_of(anna), form | {"save": ""}).status_code == 302


def test_a_third_change_conflicts_again(anna, client, colleague):
    data = form_at(client, edit_of(anna))
    save(anna, colleague, phone="second")
    page = conflict(client, data, anna, name="Mine")
    save(anna, UserFactory(username="third"), ref_id2="third")
    before = everything()
    answer = choose(client, page)
    assert answer.status_code == 409
    assert "third changed" in Served(answer).text
    assert everything() == before
    assert choose(client, Served(answer)).status_code == 302
    anna.refresh_from_db()
    assert (anna.name, anna.phone, anna.ref_id2) == ("Mine", "second", "third")


def test_choosing_theirs_everywhere_writes_nothing(anna, client, colleague):
    data = form_at(client, edit_of(anna))
    save(anna, colleague, phone="theirs")
    page = conflict(client, data, anna, phone="mine")
    before = everything()
    assert choose(client, page, phone="theirs").status_code == 302
    assert everything() == before


def test_an_unchanged_form_does_not_conflict_with_a_disabling(anna, client, colleague):
    data = form_at(client, edit_of(anna))
    actions.disable(Contact.objects.filter(pk=anna.pk), by=colleague)
    before = everything()
    assert post(client, anna, data).status_code == 302
    assert everything() == before


# Deleted meanwhile


def test_an_edit_of_a_deleted_contact_keeps_what_was_typed(anna, client, colleague):
    data = form_at(client, edit_of(anna))
    actions.delete(Contact.objects.filter(pk=anna.pk), by=colleague)
    answer = post(client, anna, data, phone="typed")
    assert answer.status_code == 409
    page = Served(answer)
    assert "colleague deleted Änna Müller <Anna@Example.com> meanwhile" in page.text
    form = page.form("email")
    assert (form.action, form.data["phone"], form.data["email"]) == (ADD, ["typed"], ["Anna@Example.com"])
    assert client.post(form.action, form.data | {"save": ""}).status_code == 302
    assert (Contact.objects.get().phone, Contact.objects.get().pk != anna.pk) == ("typed", True)


def test_deleted_in_the_instant_of_saving(anna, client, colleague, monkeypatch):
    data, action = form_at(client, edit_of(anna)), actions.save

    def overtaken(contact, **kwargs):
        actions.delete(Contact.objects.filter(pk=anna.pk), by=colleague)
        return action(contact, **kwargs)

    monkeypatch.setattr(actions, "save", overtaken)
    answer = post(client, anna, data, phone="typed")
    assert answer.status_code == 409
    assert Served(answer).form("email").data["phone"] == ["typed"]


def test_deleted_and_not_allowed_to_add(anna, colleague, signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed("contacts.view_contact", "contacts.change_contact"))
    actions.delete(Contact.objects.filter(pk=anna.pk), by=colleague)
    assert signed_in(user).post(edit_of(anna), EVERYTHING).status_code == 404


def test_a_deleted_contact_has_no_form(anna, client, colleague):
    actions.delete(Contact.objects.filter(pk=anna.pk), by=colleague)
    assert client.get(edit_of(anna)).status_code == 404
    assert client.post("/contacts/4711/edit/", EVERYTHING).status_code == 404
    assert not User.objects.filter(contact=anna.pk).exists()
