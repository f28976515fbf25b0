"""The Contacts page: what stands in it, and for whom."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contacts.models import Contact
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(manager, signed_in):
    return signed_in(manager)


def someone(signed_in, *rights):
    user = UserFactory()
    user.user_permissions.set(allowed("contacts.view_contact", *rights))
    return signed_in(user)


def shown(client, asked=""):
    response = client.get(f"/contacts/{asked}")
    assert response.status_code == 200
    return Served(response)


def emails(page):
    """The e-mail addresses in the order of the rows, without their hosts."""
    return [text.partition("@")[0] for text in page.column("Email")] if page.tables else []


def cell(page, title):
    (text,) = page.column(title)
    return text


# Columns


def test_columns(client):
    anna = ContactFactory(email="anna@example.com", name="Änna", phone="+49 30 1", language="de")
    UserFactory(
        username=anna.email,
        is_staff=False,
        contact=anna,
        last_login=timezone.now() - timedelta(days=3),
    )
    CustomerFactory(name="Acme", people=[(anna, "administrator")])
    page = shown(client)
    assert cell(page, "Status") == "Enabled"
    assert cell(page, "Name").startswith("Änna")
    assert cell(page, "Email") == "anna@example.com"
    assert cell(page, "Phone") == "+49 30 1"
    assert cell(page, "Language") == "German"
    assert cell(page, "Customers").startswith("Acme")
    assert cell(page, "Kind") == "Administrator"
    day = timezone.now() - timedelta(days=3)
    assert cell(page, "Last log-on") == f"{day.day} {day:%b %Y}"
    assert ("time", True) in [(tag, "data-relative" in attrs) for tag, attrs in page.tags]


@pytest.mark.parametrize("has_user", [True, False])
def test_never_logged_on(has_user, client):
    contact = ContactFactory(phone="")
    if has_user:
        UserFactory(username=contact.email, is_staff=False, contact=contact)
    page = shown(client)
    assert cell(page, "Last log-on") == "never"
    assert (cell(page, "Phone"), cell(page, "Customers"), cell(page, "Kind")) == ("–", "–", "–")


def test_the_name_leads_to_the_contact(client):
    anna, nameless = ContactFactory(name="Anna"), ContactFactory(name="", email="nameless@example.com")
    links = shown(client).links
    assert ("Anna", f"/contacts/{anna.pk}/") in links
    assert ("No name: nameless@example.com", f"/contacts/{nameless.pk}/") in links


def test_the_first_two_customers_and_how_many_more(client):
    anna = ContactFactory(name="Anna")
    customers = [CustomerFactory(name=name, people=[anna]) for name in ("Delta", "bolt", "Acme", "Cargo")]
    page = shown(client)
    text, links = cell(page, "Customers"), page.links
    assert text.index("Acme") < text.index("bolt")
    assert "Cargo" not in text
    assert "Delta" not in text
    assert "+2 more" in text
    assert ("Acme", f"/customers/{customers[2].pk}/") in links
    assert (f"Only contacts of {customers[2]}", f"?customer={customers[2].pk}") in links
    assert [address for text, address in links if text.startswith("+2 more")] == [
        f"/contacts/{anna.pk}/customers/"
    ]


def test_the_chosen_customer_stands_first(client):
    anna = ContactFactory()
    *_, last = [CustomerFactory(name=name, people=[(anna, kind)]) for name, kind in NAMES_AND_KINDS]
    page = shown(client, f"?customer={last.pk}")
    assert cell(page, "Customers").startswith("Zeta")
    assert cell(page, "Kind").startswith("Administrator")
    assert f"Only contacts of {last}" not in [text for text, _ in page.links]


NAMES_AND_KINDS = [("Acme", "standard"), ("Bolt", "standard"), ("Zeta", "administrator")]


def test_none_yet(client, viewer, signed_in):
    # The user of a contact that the fixtures bring is none here.
    page = shown(client)
    assert "No contacts yet" in page.text
    assert any(address == "/contacts/add/" for _, address in page.links)
    assert not page.tables
    assert not any(address == "/contacts/add/" for _, address in shown(signed_in(viewer)).links)


def test_a_name_is_escaped_everywhere(client):
    nasty = '"><script>alert(1)</script>'
    anna = ContactFactory(name=nasty, phone=nasty)
    customer = CustomerFactory(name=nasty, people=[anna])
    for asked in ("", f"?customer={customer.pk}", f"?q={nasty}"):
        text = client.get(f"/contacts/{asked}").content.decode()
        assert "<script>alert" not in text


# Search


@pytest.fixture
def many():
    jurgen = ContactFactory(email="Jürgen.Größe@example.com", name="Jürgen Größe", ref_id1="R/1")
    ContactFactory(email="tanaka@example.com", name="田中", phone="+81 3 100%", ref_id2="O'Brien")
    ContactFactory(email="dora@example.com", name="Δώρα", status="disabled")
    CustomerFactory(name="Straßenbau Öst", customer_id="DE-1", people=[jurgen])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("jurgen.grosse", ["Jürgen.Größe"]),
        ("JÜRGEN GRÖSSE", ["Jürgen.Größe"]),
        ("田中", ["tanaka"]),
        ("+81 3", ["tanaka"]),
        ("100%", ["tanaka"]),
        ("o'brien", ["tanaka"]),
        ("r/1", ["Jürgen.Größe"]),
        ("ΔΏΡΑ", ["dora"]),
        ("strassenbau", ["Jürgen.Größe"]),
        ("de-1", ["Jürgen.Größe"]),
        ("%", []),
        ("t", ["tanaka"]),
        ("_", []),
        ("\\", []),
        ("' OR 1=1 --", []),
        ("  dora@  ", ["dora"]),
    ],
)
def test_search(text, found, many, client):
    assert emails(Served(client.get("/contacts/", {"q": text}))) == found


@pytest.mark.parametrize("raw", ["%00", "%ED%A0%80", "%FF%FE", "a%00b", "%F0%9F%98%80"])
def test_hostile_terms_are_answered(raw, many, client):
    shown(client, f"?q={raw}")


def test_a_viewer_of_contacts_alone_finds_nobody_by_a_customer(many, signed_in):
    client = someone(signed_in)
    assert emails(shown(client, "?q=strassenbau")) == []
    assert emails(shown(client, "?q=jurgen")) == ["Jürgen.Größe"]


def test_no_match(many, client):
    page = shown(client, "?q=zebra&status=enabled")
    assert "No contact matches" in page.text
    assert "zebra" in page.text
    assert ("Clear all filters", "?view=all") in page.links
    assert ("Search any status", "?q=zebra") in page.links


def test_no_match_of_one_filter_says_why(client):
    anna, empty = ContactFactory(), CustomerFactory(name="Empty")
    assert "No contact is associated with Empty" in shown(client, f"?customer={empty.pk}").text
    assert "No contact is disabled" in shown(client, "?status=disabled").text
    CustomerFactory(people=[anna])
    assert "Every contact has a customer" in shown(client, "?customer=none").text
    assert "No contact fits all these filters" in shown(client, "?customer=none&status=disabled").text


def test_what_was_searched_stays_in_the_box(many, client):
    page = shown(client, '?q="><b>')
    assert ['"><b>'] in [form.data.get("q") for form in page.forms]


# Filters


def test_filter_by_status(many, client):
    assert emails(shown(client, "?status=disabled")) == ["dora"]
    assert len(emails(shown(client, "?status=enabled"))) == 2


def test_filter_by_customer(many, client):
    anna = ContactFactory(email="anna@example.com")
    customer = CustomerFactory(name="Acme", customer_id="ACME-1", people=[anna])
    page = shown(client, f"?customer={customer.pk}&q=anna")
    assert emails(page) == ["anna"]
    assert "Customer: Acme (ACME-1)" in page.text
    assert ("Remove the filter Customer: Acme (ACME-1)", "?q=anna") in chips(page)
    chosen = [form.data for form in page.forms if form.method == "get" and "customer" in form.data]
    assert [data["customer"] for data in chosen] == [[str(customer.pk)]]


def chips(page):
    return [(attrs.get("aria-label"), attrs.get("href")) for tag, attrs in page.tags if tag == "a"]


def test_filter_by_no_customer(many, client):
    page = shown(client, "?customer=none")
    assert emails(page) == ["dora", "tanaka"]
    assert ("Remove the filter Customer: None", "?view=all") in chips(page)


@pytest.mark.parametrize("customer", ["", "4711", "0", "-1", "abc", "NONE", "%00", "9" * 20, "1e3", "１"])
def test_an_unknown_customer_filters_nothing(customer, many, client):
    assert len(emails(shown(client, f"?customer={customer}"))) == 3


# Order


def headings(page):
    titles = [attrs for tag, attrs in page.tags if tag == "th" and attrs.get("scope") == "col"]
    orders = dict(zip(page.tables[0][0], (attrs.get("aria-sort") for attrs in titles), strict=True))
    return orders, dict(page.links)


@pytest.mark.parametrize("title", ["Status", "Name", "Email", "Phone", "Language", "Last log-on"])
def test_sort_by_a_heading_and_back(title, many, client):
    page = shown(client, "?q=example" if title == "Email" else "?q=example&sort=email")
    links = dict(page.links)
    first = "descending" if title == "Email" else "ascending"
    down = shown(client, links[title])
    orders, links = headings(down)
    assert {key: order for key, order in orders.items() if order} == {title: first}
    turned = shown(client, links[title])
    assert headings(turned)[0][title] == ("ascending" if first == "descending" else "descending")
    assert emails(turned) == emails(down)[::-1]
    assert "q=example" in links[title]


# Rights


def test_nothing_of_customers_without_the_right_to_see_them(signed_in):
    client, anna = someone(signed_in), ContactFactory(email="anna@example.com")
    before = without_tokens(client)
    customer = CustomerFactory(name="Secret Ltd", customer_id="SECRET-1", people=[anna])
    assert without_tokens(client) == before
    page = shown(client)
    assert not {"Customers", "Kind"} & set(page.tables[0][0])
    assert not [form for form in page.forms if "customer" in form.data]
    for asked in (f"?customer={customer.pk}", "?customer=none"):
        filtered = shown(client, asked)
        assert emails(filtered) == ["anna"]
        assert "Secret" not in filtered.text
    for text in ("secret", "SECRET-1"):
        assert emails(shown(client, f"?q={text}")) == []


def test_nothing_of_entitlements_without_the_right_to_see_them(signed_in):
    client = someone(signed_in, "contacts.delete_contact")
    contact = ContactFactory()
    before = without_tokens(client)
    entitlement = EntitlementFactory(contact=contact, external_id="SECRET")
    assert without_tokens(client) == before
    assert emails(shown(client, f"?q={entitlement.eid}")) == []


def without_tokens(client):
    lines = client.get("/contacts/").content.decode().splitlines()
    return [line for line in lines if "csrfmiddlewaretoken" not in line]


def actions_of(page):
    return {text.partition(" ")[0] for text, address in page.links if address.count("/") == 4}


@pytest.mark.parametrize(
    ("permissions", "status", "offered"),
    [
        ([], "enabled", set()),
        (["change"], "enabled", {"Edit", "Disable"}),
        (["change"], "disabled", {"Edit", "Enable"}),
        (["delete"], "enabled", {"Delete"}),
        (["change", "delete"], "disabled", {"Edit", "Enable", "Delete"}),
    ],
)
def test_row_actions_by_state_and_rights(permissions, status, offered, signed_in):
    client = someone(signed_in, *(f"contacts.{verb}_contact" for verb in permissions))
    ContactFactory(status=status)
    page = shown(client)
    assert actions_of(page) == offered
    bulk = {"change": {"/contacts/ticked/enable/", "/contacts/ticked/disable/"}}
    bulk["delete"] = {"/contacts/ticked/delete/"}
    expected = set().union(*(bulk[verb] for verb in permissions))
    assert {attrs["formaction"] for _, attrs in page.tags if "formaction" in attrs} == expected
    boxes = [attrs for tag, attrs in page.tags if tag == "input" and attrs.get("name") == "pk"]
    assert bool(boxes) == bool(permissions)
    assert ("Actions" in page.tables[0][0]) == bool(permissions)


def test_a_delete_that_is_not_possible_says_so(client):
    EntitlementFactory(contact=ContactFactory())
    page = shown(client)
    assert any("not possible, has 1 entitlement" in text for text, _ in page.links)
    assert "Has 1 entitlement" in [attrs.get("data-tip") for _, attrs in page.tags]


def test_the_navigation_leads_here(client, clerk, signed_in):
    assert ("Contacts", "/contacts/") in shown(client).links
    answer = signed_in(clerk).get("/password-change/").content.decode()
    assert 'href="/contacts/"' not in answer


# Cost


@pytest.mark.parametrize("asked", ["", "?q=example&status=enabled&sort=-last_log_on", "?customer=none"])
def test_as_many_queries_for_thirty_rows_as_for_three(asked, client):
    def queries(rows):
        while Contact.objects.count() < rows:
            contact = ContactFactory()
            UserFactory(username=contact.email, is_staff=False, contact=contact)
            EntitlementFactory(contact=contact, customer=None)
            if not asked.endswith("none"):
                for _ in range(3):
                    CustomerFactory(people=[contact])
        with CaptureQueriesContext(connection) as captured:
            assert len(emails(shown(client, asked))) == rows
        return len(captured)

    queries(3)
    few, more = queries(3), queries(30)
    # The time limit takes six of them in PostgreSQL.
    assert few == more <= 22
