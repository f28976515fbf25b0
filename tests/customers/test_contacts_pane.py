"""The Associate Contacts pane: every button keeps everything typed, and saves nothing."""

import pytest

from contacts.models import Contact
from customers.models import Association, Customer
from ems_site.audit.models import Entry
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db

ADD = "/customers/add/"
TYPED = {
    "name": "Half an",
    "customer_id": "",
    "crm_id": "x" * 300,
    "description": "One\r\nTwo",
    "external_id": "!!",
    "ref_id": " R ",
    "time_zone": "Asia/Tokyo",
    "version": "",
}
HTMX = {"HX-Request": "true", "HX-Target": "contacts-pane"}
FINDING = {"HX-Request": "true", "HX-Target": "contact-results"}
both = pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])


@pytest.fixture
def client(manager, signed_in):
    return signed_in(manager)


def rows(*people):
    """The posted rows: a contact, a (contact, kind), or the attributes of a new one."""
    posted = {"contacts-TOTAL_FORMS": str(len(people)), "contacts-INITIAL_FORMS": "0"}
    for place, person in enumerate(people):
        if isinstance(person, Contact):
            person = person, "standard"
        if isinstance(person, tuple):
            contact, kind = person
            person = {"contact": getattr(contact, "pk", contact), "kind": kind}
        row = {"kind": "standard"} | person
        posted |= {f"contacts-{place}-{name}": value for name, value in row.items()}
    return posted


def new(email="new@example.com", **values):
    return {"email": email, "name": "New Person", "language": "en"} | values


def typed_contact(**values):
    values = {"email": "", "name": "", "phone": "", "language": "en", "ref_id1": "", "ref_id2": ""} | values
    return {f"new-{name}": value for name, value in values.items()}


def in_list(page):
    """What stands in the rows, as they would be posted again."""
    names = ["contact", "kind", *Contact.ATTRIBUTES]
    data = posted_by(page)
    found = []
    for place in range(int(data["contacts-TOTAL_FORMS"][0])):
        row = {name: data.get(f"contacts-{place}-{name}", [""])[0] for name in names}
        found.append({name: value for name, value in row.items() if value})
    return found


class Pane(Served):
    """The pane alone, as it comes to htmx, in a form to post it with."""

    def __init__(self, text):
        self.status_code, self.content = 200, f'<form method="post">{text}</form>'.encode()
        super().__init__(self)


def posted_by(page):
    return page.form("contacts-TOTAL_FORMS").data


def pressed(client, button, *people, headers, **more):
    """The rows and the text of the answer, with everything typed still there."""
    value = more.pop("value", "1")
    answer = client.post(ADD, TYPED | rows(*people) | {button: value} | more, headers=headers)
    page = Pane(answer.content.decode()) if headers else Served(answer)
    page.status = answer.status_code
    if not headers:
        assert {name: page.form("time_zone").data[name][0] for name in TYPED} == TYPED
    return page


# Find


@pytest.mark.parametrize("headers", [{}, FINDING], ids=["plain", "htmx"])
def test_find(headers, client):
    anna = ContactFactory(name="Änna Öst", email="anna@example.com")
    ContactFactory(name="Bert", email="bert@example.com")
    page = pressed(client, "find_contacts", headers=headers, contact_q="ANNA ost")
    assert page.status == 200
    assert "Änna Öst" in page.text
    assert "Bert" not in page.text
    assert "1 contact matches" in page.text
    assert [value for tag, value in buttons(page) if tag == "associate"] == [str(anna.pk)]


def buttons(page):
    return [(attrs.get("name"), attrs.get("value")) for tag, attrs in page.tags if tag == "button"]


def test_find_leaves_out_those_in_the_list(client):
    anna, bert = ContactFactory(name="Anna"), ContactFactory(name="Bert")
    page = pressed(client, "find_contacts", anna, headers={}, contact_q="example.com")
    assert [value for name, value in buttons(page) if name == "associate"] == [str(bert.pk)]


def test_find_offers_eight_and_says_that_there_are_more(client):
    for _ in range(12):
        ContactFactory()
    page = pressed(client, "find_contacts", headers={}, contact_q="example.com")
    assert len([name for name, _ in buttons(page) if name == "associate"]) == 8
    assert "type more to narrow down" in page.text


@pytest.mark.parametrize("text", ["\0", "%", "'\"><b>", "x" * 100_000, "no such person", " "])
def test_find_answers_anything(text, client):
    ContactFactory()
    assert pressed(client, "find_contacts", headers={}, contact_q=text).status == 200


# Associate


@both
def test_associate(headers, client):
    anna, bert = ContactFactory(), ContactFactory()
    before = everything()
    page = pressed(client, "associate", (anna, "administrator"), value=bert.pk, headers=headers)
    assert in_list(page) == [
        {"contact": str(anna.pk), "kind": "administrator"},
        {"contact": str(bert.pk), "kind": "standard"},
    ]
    assert "associated" in page.text
    assert everything() == before


def test_associate_twice_is_once(client):
    anna = ContactFactory()
    assert len(in_list(pressed(client, "associate", anna, value=anna.pk, headers={}))) == 1


@pytest.mark.parametrize("key", ["abc", "", "-1", str(2**63), "9" * 30, "4711", "\0", "1.5", "１"])
@both
def test_associate_nobody(key, headers, client):
    page = pressed(client, "associate", value=key, headers=headers)
    assert page.status == 200
    assert in_list(page) == []
    assert "has been deleted meanwhile" in page.text


# Remove


@both
def test_remove(headers, client):
    anna, bert = ContactFactory(), ContactFactory()
    page = pressed(client, "remove", anna, new(), bert, value="1", headers=headers)
    assert [row["contact"] for row in in_list(page)] == [str(anna.pk), str(bert.pk)]


@pytest.mark.parametrize("place", ["7", "-1", "abc", "", str(2**63), "9" * 30])
def test_remove_a_row_that_is_not_there(place, client):
    page = pressed(client, "remove", ContactFactory(), value=place, headers={})
    assert page.status == 200
    assert len(in_list(page)) == 1


# Add Contact


def dialog(page):
    return {name: values[0] for name, values in posted_by(page).items() if name.startswith("new-")}


@both
def test_the_dialog(headers, client):
    page = pressed(client, "add_contact", headers=headers)
    assert set(dialog(page)) == {"new-kind"} | {f"new-{name}" for name in Contact.ATTRIBUTES}
    assert dialog(page)["new-language"] == "en"
    assert {"save_contact", "cancel_contact"} <= {name for name, _ in buttons(page)}


@both
def test_cancel_closes_the_dialog_and_keeps_the_list(headers, client):
    more = typed_contact(email="half@")
    page = pressed(client, "cancel_contact", ContactFactory(), headers=headers, **more)
    assert not dialog(page)
    assert len(in_list(page)) == 1


@both
def test_save_contact(headers, client):
    anna = ContactFactory()
    values = {"email": " new@example.com ", "name": "New", "phone": "1", "language": "de"}
    more = typed_contact(**values, ref_id1="a", ref_id2="b")
    before = everything()
    page = pressed(client, "save_contact", anna, headers=headers, **more, **{"new-kind": "administrator"})
    assert page.status == 200
    assert not dialog(page)
    assert in_list(page)[1] == {
        "kind": "administrator",
        "email": "new@example.com",
        "name": "New",
        "phone": "1",
        "language": "de",
        "ref_id1": "a",
        "ref_id2": "b",
    }
    assert "Saved with the customer" in page.text
    assert everything() == before


@both
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"email": ""}, "This field is required"),
        ({"email": "nobody"}, "Enter a valid email address"),
        ({"email": "TAKEN@example.com"}, "Another contact has this Email"),
        ({"email": "listed@EXAMPLE.com"}, "in the list already"),
        ({"email": "new@example.com", "ref_id1": "taken-ref"}, "Another contact has this Ref ID 1"),
        ({"email": "new@example.com", "name": "n" * 101}, "at most 100 characters"),
        ({"email": "new@example.com", "language": "xx"}, "Select a valid choice"),
        ({"email": "n\0@example.com"}, "Null characters are not allowed"),
    ],
)
def test_a_new_contact_in_error(values, message, headers, client):
    ContactFactory(email="taken@example.com", ref_id1="TAKEN-REF")
    more = typed_contact(**({"phone": "+49"} | values)) | {"new-kind": "administrator"}
    page = pressed(client, "save_contact", new("listed@example.com"), headers=headers, **more)
    assert page.status == 422
    assert message in page.text
    kept = dialog(page)
    assert kept["new-phone"] == "+49"
    assert kept["new-kind"] == "administrator"
    assert [row["email"] for row in in_list(page)] == ["listed@example.com"]


def test_an_invalid_kind_in_the_dialog_is_standard(client):
    more = typed_contact(email="new@example.com") | {"new-kind": "owner"}
    page = pressed(client, "save_contact", headers={}, **more)
    assert in_list(page)[0]["kind"] == "standard"


@pytest.mark.parametrize("button", ["find_contacts", "associate", "remove"])
def test_other_buttons_keep_the_open_dialog(button, client):
    more = typed_contact(email="half@", name="Half")
    page = pressed(client, button, ContactFactory(), value="7", headers={}, **more)
    assert (dialog(page)["new-email"], dialog(page)["new-name"]) == ("half@", "Half")


@pytest.mark.parametrize(("email", "status"), [("new@example.com", 200), ("half@", 422)])
def test_enter_in_the_dialog_loses_nothing(email, status, client):
    """Without JavaScript it presses the form's first button, which saves."""
    before = everything()
    page = pressed(client, "save", headers={}, value="", **typed_contact(email=email, name="Typed"))
    assert page.status == status
    assert everything() == before
    if status == 200:
        assert in_list(page)[0]["name"] == "Typed"
    else:
        assert dialog(page)["new-name"] == "Typed"


def test_a_dialog_left_empty_does_not_hold_up_saving(client):
    data = TYPED | {"name": "Acme", "crm_id": "", "external_id": ""} | rows() | typed_contact()
    assert client.post(ADD, data | {"save": ""}).status_code == 302


# Saving


def save(client, *people, address=ADD, **values):
    valid = TYPED | {"name": "Acme", "customer_id": "ACME-1", "crm_id": "", "external_id": ""}
    return client.post(address, valid | rows(*people) | {"save": ""} | values)


def test_contacts_are_saved_with_the_customer(client):
    anna, bert = ContactFactory(), ContactFactory()
    answer = save(
        client, (anna, "administrator"), bert, new(phone="1", ref_id1="a", ref_id2="b", language="de")
    )
    assert answer.status_code == 302
    customer = Customer.objects.get()
    kinds = dict(customer.associations.values_list("contact__email", "kind"))
    assert kinds == {anna.email: "administrator", bert.email: "standard", "new@example.com": "standard"}
    added = Contact.objects.get(email="new@example.com")
    assert (added.phone, added.ref_id1, added.ref_id2, added.language) == ("1", "a", "b", "de")
    assert Customer.objects.search("NEW@example").get() == customer
    codes = sorted(Entry.objects.values_list("code", flat=True))
    assert codes == ["contact.added", *["contact.changed"] * 3, "customer.added"]


@pytest.mark.parametrize(
    ("people", "message"),
    [
        ([new(), new("NEW@example.com")], "stands in the list twice"),
        ([new("")], "Email: This field is required"),
        ([new("broken")], "Email: Enter a valid email"),
        ([new("taken@example.com")], "Another contact has this Email"),
        ([new(kind="owner")], "Select a valid choice"),
        ([new(language="xx")], "Language: Select a valid choice"),
        ([{"contact": "4711"}], "has been deleted"),
        ([{"contact": "abc"}], "Enter a whole number"),
        ([{"contact": "-1"}], "greater than or equal to 1"),
        ([{"contact": str(2**63)}], "less than or equal to"),
        ([{"contact": "9" * 30}], "less than or equal to"),
        ([{"contact": ""}], "Email: This field is required|has been deleted"),
        ([{"contact": "\0"}], "Enter a whole number"),
    ],
)
def test_a_bad_row_saves_nothing(people, message, client):
    ContactFactory(email="taken@example.com")
    before = everything()
    answer = save(client, *people)
    page = Served(answer)
    assert answer.status_code == 422
    assert any(words in page.text for words in message.split("|")), page.text
    assert len(in_list(page)) == len(people)
    assert everything() == before


def test_a_contact_twice_in_the_list(client):
    anna = ContactFactory()
    before = everything()
    answer = save(client, anna, (anna, "administrator"))
    assert answer.status_code == 422
    assert "stands in the list twice" in Served(answer).text
    assert everything() == before


def test_a_contact_that_is_gone(client):
    anna, bert = ContactFactory(), ContactFactory()
    posted = rows(anna, bert)
    Contact.objects.filter(pk=anna.pk).delete()
    answer = save(client, **posted)
    page = Served(answer)
    assert answer.status_code == 422
    assert "has been deleted. Remove it from the list" in page.text
    assert not Customer.objects.exists()
    removed = client.post(ADD, page.form("time_zone").data | {"remove": "0"})
    assert client.post(ADD, Served(removed).form("time_zone").data | {"save": ""}).status_code == 302
    assert Customer.objects.get().associations.get().contact == bert


@pytest.mark.parametrize("total", ["", "abc", "1e3", "\0"])
@pytest.mark.parametrize("button", ["save", "find_contacts"])
def test_a_garbled_number_of_rows(total, button, client):
    before = everything()
    answer = save(client, **{"contacts-TOTAL_FORMS": total, button: "1"})
    assert answer.status_code in {200, 422}
    assert everything() == before


def test_no_rows_at_all(client):
    """The list is missing from the post, which is not the same as empty."""
    customer = CustomerFactory(people=[ContactFactory()])
    before = everything()
    address = f"/customers/{customer.pk}/edit/"
    valid = TYPED | {"name": "Acme", "crm_id": "", "external_id": "", "customer_id": "X", "version": "1"}
    assert client.post(address, valid | {"save": ""}).status_code == 422
    assert everything() == before


def test_kinds_and_removals_are_saved_by_an_edit(client):
    anna, bert, carl = ContactFactory(), ContactFactory(), ContactFactory()
    customer = CustomerFactory(people=[anna, bert])
    address = f"/customers/{customer.pk}/edit/"
    assert save(client, (bert, "administrator"), carl, address=address, version="1").status_code == 302
    kinds = dict(customer.associations.values_list("contact", "kind"))
    assert kinds == {bert.pk: "administrator", carl.pk: "standard"}
    changes = Entry.objects.get(code="customer.changed").changes
    assert changes[f"contact:{anna.pk}:{anna.email}"] == ["standard", ""]
    assert changes[f"contact:{bert.pk}:{bert.email}"] == ["standard", "administrator"]
    assert changes[f"contact:{carl.pk}:{carl.email}"] == ["", "standard"]
    assert Contact.objects.filter(pk=anna.pk).exists()


# Rights


def someone(*rights):
    user = UserFactory()
    user.user_permissions.set(allowed("customers.add_customer", "customers.change_customer", *rights))
    return user


@both
@pytest.mark.parametrize("button", ["find_contacts", "associate", "remove", "add_contact", "save_contact"])
def test_without_the_right_to_see_contacts_there_is_no_pane(button, headers, signed_in):
    anna = ContactFactory(name="Anna", email="anna@example.com")
    client = signed_in(someone())
    assert "Associate Contacts" not in Served(client.get(ADD)).text
    more = typed_contact(email="ANNA@example.com")
    data = TYPED | rows((anna, "standard")) | more | {button: str(anna.pk), "contact_q": "anna"}
    answer = client.post(ADD, data, headers=headers).content.decode()
    assert "Anna" not in answer
    assert "anna@example.com" not in answer.replace("ANNA@example.com", "")
    assert "Another contact" not in answer


def test_without_the_right_to_see_contacts_associations_stay(signed_in):
    anna, bert = ContactFactory(), ContactFactory()
    customer = CustomerFactory(name="Old", people=[anna])
    address = f"/customers/{customer.pk}/edit/"
    client = signed_in(someone("customers.view_customer"))
    assert save(client, bert, new(), address=address, version="1").status_code == 302
    customer.refresh_from_db()
    assert customer.name == "Acme"
    assert [link.contact for link in customer.associations.all()] == [anna]
    assert Contact.objects.count() == 2


def test_without_the_right_to_add_contacts_none_is_added(signed_in):
    anna = ContactFactory()
    client = signed_in(someone("contacts.view_contact"))
    assert "add_contact" not in [name for name, _ in buttons(Served(client.get(ADD)))]
    before = everything()
    answer = save(client, anna, new())
    assert answer.status_code == 422
    assert "You may not add contacts" in Served(answer).text
    assert everything() == before
    assert save(client, anna).status_code == 302
    assert Association.objects.get().contact == anna


@pytest.mark.parametrize("rights", [(), ("contacts.view_contact",)], ids=["sees none", "adds none"])
def test_whether_an_email_is_known_is_told_to_nobody_who_may_not_add_contacts(rights, signed_in):
    ContactFactory(email="anna@example.com")
    client = signed_in(someone(*rights))
    answers = {
        client.post(ADD, TYPED | rows() | typed_contact(email=email) | {"save_contact": "1"}).status_code
        for email in ("anna@example.com", "nobody@example.com")
    }
    assert answers == {403}


def test_the_other_button_of_the_same_name_keeps_the_contact_being_typed(client):
    """Without JavaScript the dialog leaves the button behind it within reach."""
    data = TYPED | rows() | typed_contact(email="anna@example.com") | {"add_contact": "1"}
    assert "anna@example.com" in client.post(ADD, data).content.decode()
