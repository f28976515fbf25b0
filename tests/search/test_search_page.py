"""The search over everything: what is found, by whom, in which order, and what anybody may type."""

import re

import pytest

from ems_site.lists.time_limits import TooSlow
from ems_site.search import finding
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(viewer, signed_in):
    return signed_in(viewer)


@pytest.fixture
def acme(db):
    """A customer, a contact and an entitlement that "acme" finds."""
    anna = ContactFactory(email="anna@acme.example", name="Anna Álvarez")
    customer = CustomerFactory(name="Acme Ltd", customer_id="C-7", external_id="SAP:1", people=[anna])
    return EntitlementFactory(customer=customer, contact=anna, state="complete", external_id="ORD-9")


def find(client, text, **more):
    return client.get("/search/", {"q": text} | more)


def headings(answer):
    return re.findall(r"<h2 id=\"(\w+)-title\"", answer.content.decode())


def links(answer):
    """The records in the order of the page."""
    return [attrs["href"] for tag, attrs in Served(answer).tags if attrs.get("class") == "search-option"]


# What is found


def test_all_three_kinds(client, acme):
    answer = find(client, " ACME ")
    page = Served(answer)
    assert headings(answer) == ["customers", "contacts", "entitlements"]
    assert "Acme Ltd" in page.text
    assert "C-7" in page.text
    assert "anna@acme.example" in page.text
    assert acme.eid in page.text
    assert links(answer) == [one.get_absolute_url() for one in (acme.customer, acme.contact, acme)]
    assert "1 customer, 1 contact, 1 entitlement" in page.text


@pytest.mark.parametrize("text", ["álvarez", "ALVAREZ", "Ａlvarez", "anna al"])
def test_case_accents_and_width_do_not_count(client, acme, text):
    assert acme.contact.get_absolute_url() in links(find(client, text))


def test_five_of_each_and_the_way_to_all(client):
    for number in range(7):
        CustomerFactory(name=f"Acme & Co {number}")
    answer = find(client, "acme & co")
    assert len(links(answer)) == 5
    assert ("All 7 customers with “acme & co”", "/customers/?q=acme+%26+co") in Served(answer).links


def test_no_way_to_all_where_all_are_there(client):
    for number in range(5):
        CustomerFactory(name=f"Acme {number}")
    assert "with “acme”" not in Served(find(client, "acme")).text


def test_very_many_are_not_counted(client, monkeypatch):
    monkeypatch.setattr("ems_site.lists.counting.COUNTED", 6)
    monkeypatch.setattr("ems_site.lists.listing.DEFAULT_SIZE", 5)
    for number in range(9):
        CustomerFactory(name=f"Acme {number}")
    answer = find(client, "acme")
    assert ("More than 6 customers with “acme”", "/customers/?q=acme") in Served(answer).links


def test_what_the_text_identifies_comes_first(client, acme):
    for number in range(6):
        CustomerFactory(name=f"A C-7 {number}")
        ContactFactory(name=f"A anna@acme.example {number}")
        EntitlementFactory(ref_id1=f"ORD-9 {acme.eid}")
    for text, record in [
        ("c-7", acme.customer),
        ("sap:1", acme.customer),
        ("Anna@Acme.example", acme.contact),
        (acme.eid.upper(), acme),
        ("ord-9", acme),
    ]:
        answer = find(client, text)
        assert links(answer)[0] == record.get_absolute_url(), text
        assert len(links(answer)) == len(set(links(answer)))


def test_nothing_found_and_nothing_asked(client, acme):
    assert "Nothing that you may see has “nobody” in it." in Served(find(client, "nobody")).text
    for text in ("", "   "):
        assert "What are you looking for?" in Served(find(client, text)).text


def test_what_is_typed_is_shown_escaped(client):
    CustomerFactory(name="<b>x</b>", customer_id="'\"><img onerror=1>")
    for part in ("", "1"):
        text = find(client, "<b>x</b>", part=part).content.decode()
        assert "<b>x</b>" not in text
        assert "<img onerror" not in text
        assert "<b>" not in find(client, "<b>none</b>", part=part).content.decode()


# The part for the dialog


def part_of(client, text):
    answer = find(client, text, part="1")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_part_holds_options_alone(client, acme):
    for number in range(6):
        CustomerFactory(name=f"Acme {number}")
    text = part_of(client, "acme")
    assert "<html" not in text
    assert 'data-announce="7 customers, 1 contact, 1 entitlement"' in text
    assert "data-empty" not in text
    assert text.count('role="option"') == 5 + 1 + 1 + 1
    assert len(set(re.findall(r' id="([^"]+)"', text))) == text.count('role="option"')
    assert client.get("/search/?q=acme", headers={"HX-Request": "true"}).content.decode() == text


def test_the_part_says_that_nothing_was_found(client):
    text = part_of(client, "nobody")
    assert 'data-announce="Nothing found"' in text
    assert 'data-empty="Nothing with “nobody”.' in text


def test_a_search_that_takes_too_long(client, monkeypatch):
    def too_slow(text, by):
        raise TooSlow

    monkeypatch.setattr(finding, "find", too_slow)
    assert find(client, "acme").status_code == 503
    assert find(client, "acme", part="1").status_code == 503


# Who finds what

KINDS = {
    "customers": "customers.view_customer",
    "contacts": "contacts.view_contact",
    "entitlements": "entitlements.view_entitlement",
}


@pytest.mark.parametrize(
    "kinds", [["customers"], ["contacts"], ["entitlements"], ["customers", "entitlements"]]
)
def test_each_kind_is_for_those_who_may_view_it(signed_in, acme, kinds):
    user = UserFactory()
    user.user_permissions.set(allowed(*(KINDS[kind] for kind in kinds)))
    answer = find(signed_in(user), "anna@acme.example")
    assert headings(answer) == kinds
    placeholder = next(attrs["placeholder"] for _, attrs in Served(answer).tags if attrs.get("id") == "id_q")
    assert placeholder == " and ".join(kinds).capitalize()


def test_contacts_are_not_found_by_customers_one_may_not_view(signed_in, acme):
    user = UserFactory()
    user.user_permissions.set(allowed("contacts.view_contact"))
    client = signed_in(user)
    assert links(find(client, "anna")) == [acme.contact.get_absolute_url()]
    for text in ("C-7", "acme ltd"):
        assert links(find(client, text)) == []


def test_who_may_see_nothing_gets_no_search(clerk, contact_user, signed_in, acme):
    for user in (clerk, contact_user):
        assert find(signed_in(user), "acme").status_code == 403
        assert find(signed_in(user), "acme", part="1").status_code == 403
    page = signed_in(clerk).get("/password-change/").content.decode()
    assert "search" not in page.replace("js/search.js", "")


def test_who_may_see_something_gets_it_on_every_page(client, acme):
    page = Served(client.get("/password-change/"))
    assert any(form.action == "/search/" and form.method == "get" for form in page.forms)
    assert any("data-search-dialog" in attrs for _, attrs in page.tags)


def test_strangers_are_told_so_without_a_redirect_of_the_script(db, client):
    client.logout()
    assert client.get("/search/?q=a").status_code == 302
    assert client.get("/search/?q=a&part=1", headers={"HX-Request": "true"}).status_code == 401


# Bad input


@pytest.mark.parametrize(
    "text", ["\0", "a\0b", "%", "_", "*", "\"'", "(", "\\", "x" * 1_000_000, "\U0010ffff", "\ue000", "-", "‮"]
)
@pytest.mark.parametrize("part", ["", "1"])
def test_anything_may_be_typed(client, acme, text, part):
    before = everything()
    answer = find(client, text, part=part)
    assert answer.status_code == 200
    assert len(answer.content) < 100_000
    assert everything() == before


@pytest.mark.parametrize(
    "query", ["q=%ED%A0%80", "q=%00", "q=%FF%FE", "q[]=x", "q=a&q=acme", "part=2&q=acme"]
)
def test_odd_addresses(client, acme, query):
    assert client.get(f"/search/?{query}").status_code == 200


def test_queries_do_not_grow_with_what_is_found(client, acme, django_assert_max_num_queries):
    for number in range(30):
        contact = ContactFactory(name=f"Acme {number}")
        customer = CustomerFactory(name=f"Acme {number}", people=[contact])
        EntitlementFactory(customer=customer, contact=contact)
    find(client, "acme")
    with django_assert_max_num_queries(30):
        find(client, "acme", part="1")
