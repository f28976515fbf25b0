"""The Customers page: what stands in it, and for whom."""

import time

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.listing import COLUMNS, CustomerList
from customers.models import Customer
from ems_site.lists import counting, listing
from ems_site.lists.time_limits import TooSlow
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(manager, signed_in):
    return signed_in(manager)


def shown(client, asked=""):
    response = client.get(f"/customers/{asked}")
    assert response.status_code == 200
    return Served(response)


def ids(page):
    """The Customer IDs in the order of the rows."""
    return page.column("Customer ID") if page.tables else []


def cell(page, title):
    (text,) = page.column(title)
    return text


# Columns


def test_columns(client):
    customer = CustomerFactory(
        name="Ökonom AG",
        customer_id="OEK-1",
        crm_id="CRM-7",
        external_id="EXT-7",
        time_zone="Asia/Tokyo",
        people=[ContactFactory(), ContactFactory()],
    )
    EntitlementFactory(customer=customer)
    EntitlementFactory(customer=customer, state="closed")
    EntitlementFactory(customer=customer, state="complete")
    page = shown(client)
    assert cell(page, "Status") == "Enabled"
    assert "Ökonom AG" in cell(page, "Name")
    assert cell(page, "Customer ID") == "OEK-1"
    assert cell(page, "CRM ID") == "CRM-7"
    assert cell(page, "External ID") == "EXT-7"
    assert "Asia/Tokyo" in cell(page, "Time Zone")
    assert "UTC+09:00" in cell(page, "Time Zone")
    assert cell(page, "Contacts") == "2"
    assert ("2", f"/contacts/?customer={customer.pk}") in page.links
    assert cell(page, "Entitlements") == "3"
    today = timezone.now()
    assert f"{today.day} {today:%b %Y}" in cell(page, "Created")
    assert f"{today.day} {today:%b %Y}" in cell(page, "Changed")


def test_the_name_leads_to_the_customer(client):
    customer = CustomerFactory(name="Acme")
    assert ("Acme", f"/customers/{customer.pk}/") in shown(client).links


def test_none_yet(client):
    page = shown(client)
    assert "No customers yet" in page.text
    assert any(address == "/customers/add/" for _, address in page.links)
    assert not page.tables


def test_none_yet_for_a_viewer(viewer, signed_in):
    assert not any(address == "/customers/add/" for _, address in shown(signed_in(viewer)).links)


# Search


@pytest.fixture
def many():
    CustomerFactory(name="Straßenbau Öst", customer_id="DE-1", description="Brücken\nund Tunnel")
    CustomerFactory(name="株式会社 東京", customer_id="JP-1", crm_id="100%_sure")
    CustomerFactory(name="Δέλτα ΑΕ", customer_id="GR-1", external_id="x/y", ref_id='O\'Brien "Q"')
    person = ContactFactory(email="Jürgen.Größe@example.com")
    CustomerFactory(name="Plain", customer_id="PL-1", status="disabled", people=[person])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("STRASSENBAU", ["DE-1"]),
        ("straßenbau", ["DE-1"]),
        ("ost", ["DE-1"]),
        ("ÖST", ["DE-1"]),
        ("brucken", ["DE-1"]),
        ("und   tunnel", ["DE-1"]),
        ("東京", ["JP-1"]),
        ("ＪＰ－１", ["JP-1"]),
        ("δελτα", ["GR-1"]),
        ("ΔΈΛΤΑ", ["GR-1"]),
        ("jurgen.grosse", ["PL-1"]),
        ("JÜRGEN.GRÖSSE@EXAMPLE", ["PL-1"]),
        ("%", []),
        ("_", []),
        ("p", ["PL-1"]),
        ("pl", ["PL-1"]),
        ("100%_", ["JP-1"]),
        ("o'brien", ["GR-1"]),
        ('"q"', ["GR-1"]),
        ("x/y", ["GR-1"]),
        ("\\", []),
        ("nothing like this", []),
        ("' OR 1=1 --", []),
        ("  de-1  ", ["DE-1"]),
    ],
)
def test_search(text, found, many, client):
    page = Served(client.get("/customers/", {"q": text}))
    assert ids(page) == found


@pytest.mark.parametrize("raw", ["%00", "%ED%A0%80", "%FF%FE", "%00DE-1%00", "a%00b"])
def test_hostile_terms_are_answered(raw, many, client):
    shown(client, f"?q={raw}")


def test_a_nul_in_a_term_does_not_count(many, client):
    assert ids(shown(client, "?q=DE%00-1")) == ["DE-1"]


def test_only_the_last_of_two_terms_counts(many, client):
    assert ids(shown(client, "?q=DE-1&q=JP-1")) == ["JP-1"]


@pytest.mark.parametrize("text", ["a" * 2**20, "%_" * 2**19, "\0" * 2**20, "ﷺ" * 2**18, '"' * 2**20])
def test_a_megabyte_of_term_is_answered_soon(text, many, manager):
    asked = QueryDict(mutable=True)
    asked["q"] = text
    started = time.monotonic()
    assert CustomerList(asked, manager).rows is not None
    assert time.monotonic() - started < 2


def test_no_match(many, client):
    page = shown(client, "?q=zebra&status=enabled")
    assert "No customer matches" in page.text
    assert "zebra" in page.text
    assert ("Clear all filters", "?view=all") in page.links
    assert ("Search any status", "?q=zebra") in page.links
    page = shown(client, "?q=zebra&how=exact&in=name&status=enabled")
    assert "No enabled customer fits “Name is: zebra”. Try fewer letters, or any status." in page.text
    assert "No customer fits all of this." in shown(client, "?q=zebra&and=name.any.plain").text
    assert "No customer fits all of this." in shown(client, "?created_to=2000-01-01").text


def test_what_was_searched_stays_in_the_box(many, client):
    page = shown(client, '?q="><b>')
    assert ['"><b>'] in [form.data.get("q") for form in page.forms]


# Status


def test_filter_by_status(many, client):
    assert ids(shown(client, "?status=disabled")) == ["PL-1"]
    assert len(ids(shown(client, "?status=enabled"))) == 3
    assert ids(shown(client, "?status=enabled&q=plain")) == []


@pytest.mark.parametrize("status", ["", "ENABLED", "deleted", "'", "%00"])
def test_an_unknown_status_filters_nothing(status, many, client):
    assert len(ids(shown(client, f"?status={status}"))) == 4


# Order


def sorted_by(page):
    """{title: order} of the headings that say so, and where each heading leads."""
    orders = [
        attrs.get("aria-sort") for tag, attrs in page.tags if tag == "th" and attrs.get("scope") == "col"
    ]
    return dict(zip(page.tables[0][0], orders, strict=True)), dict(page.links)


SORTABLE = ["Status", "Name", "Customer ID", "CRM ID", "External ID", "Time Zone", "Created", "Changed"]


@pytest.mark.parametrize("title", SORTABLE)
def test_sort_by_a_heading_and_back(title, many, client):
    page = shown(client, "?in=time_zone&q=utc" if title == "Name" else "?in=time_zone&q=utc&sort=-name")
    _, links = sorted_by(page)
    down = shown(client, links[title])
    orders, links = sorted_by(down)
    first = "descending" if title == "Name" else "ascending"
    assert {key: order for key, order in orders.items() if order} == {title: first}
    turned = shown(client, links[title])
    orders, _ = sorted_by(turned)
    assert orders[title] == ("ascending" if first == "descending" else "descending")
    assert ids(turned) == ids(down)[::-1]
    assert len(ids(turned)) == 4
    assert "q=utc&in=time_zone" in links[title]


def test_order_by_name_forgets_case_and_accents(client):
    for name in ("zebra", "Äpfel", "apple", "Zoo", "Öl"):
        CustomerFactory(name=name, customer_id=name)
    assert ids(shown(client)) == ["Äpfel", "apple", "Öl", "zebra", "Zoo"]


def test_empty_values_stand_first_and_last(client):
    for number, external_id in enumerate(["b", "", "a"]):
        CustomerFactory(customer_id=str(number), external_id=external_id)
    assert ids(shown(client, "?sort=external_id")) == ["1", "2", "0"]
    assert ids(shown(client, "?sort=-external_id")) == ["0", "2", "1"]


@pytest.mark.parametrize("sort", ["password", "--name", "name,pk", "contacts__email", "?", "-", "%00"])
def test_an_unknown_order_is_the_default(sort, many, client):
    page = shown(client, f"?sort={sort}")
    assert sorted_by(page)[0]["Name"] == "ascending"


# Pages


@pytest.fixture
def pages_of_three(monkeypatch):
    monkeypatch.setattr(listing, "DEFAULT_SIZE", 3)
    for number in range(8):
        CustomerFactory(name="Same", customer_id=f"N{number}")


ALL = [f"N{number}" for number in range(8)]


def turned(page):
    """Where the links to other pages lead: {rel: address}."""
    return {attrs["rel"]: attrs["href"] for tag, attrs in page.tags if tag == "a" and "rel" in attrs}


def test_forwards_and_backwards(pages_of_three, client):
    page, seen = shown(client), []
    while True:
        assert "of 8 customers" in page.text
        seen += ids(page)
        if "next" not in turned(page):
            break
        page = shown(client, turned(page)["next"])
    assert seen == ALL
    assert set(turned(page)) == {"first", "prev"}
    page = shown(client, turned(page)["prev"])
    assert ids(page) == ALL[3:6]
    assert set(turned(page)) == {"first", "prev", "next", "last"}
    assert ids(shown(client, turned(page)["prev"])) == ALL[:3]


def test_first_and_last(pages_of_three, client):
    page = shown(client, turned(shown(client))["last"])
    assert ids(page) == ALL[-3:]
    assert "3 of 8 customers" in page.text
    page = shown(client, turned(page)["first"])
    assert ids(page) == ALL[:3]
    assert set(turned(page)) == {"next", "last"}


def test_one_page_has_no_others(client):
    CustomerFactory()
    page = shown(client)
    assert turned(page) == {}
    assert "1 customer " in page.text


def test_the_record_count_stands_at_the_heading(pages_of_three, client):
    assert "Customers 8 records" in shown(client).text
    assert "Customers 1 record " in shown(client, "?q=N3").text


def test_pages_keep_search_order_and_columns(pages_of_three, client):
    asked = "?q=same&in=name&how=starts&and=any.any.same&sort=-name&columns=customer_id%2Cname"
    for address in turned(shown(client, asked)).values():
        assert address.startswith(asked)


@pytest.mark.parametrize("key", ["-1", "", "abc", "%00", "²", "9" * 30, "WyIwIl0:x"])
@pytest.mark.parametrize("name", ["after", "before"])
def test_a_page_that_is_not_known_is_the_first(name, key, pages_of_three, client):
    page = shown(client, f"?{name}={key}")
    assert ids(page) == ALL[:3]
    assert ("The page of this address is not known any more." in page.text) == bool(key)


def test_the_size_of_a_page_keeps_the_place(pages_of_three, client):
    CustomerFactory.create_batch(20, name="Same as well")
    page = shown(client, turned(shown(client))["next"])
    sizes = {text.partition(" ")[0]: href for text, href in page.links if "rows on a page" in text}
    assert list(sizes) == ["25", "50", "100"]
    more = shown(client, sizes["25"])
    assert ids(more)[:3] == ids(page)
    assert len(ids(more)) == 25
    current = [attrs["href"] for _, attrs in more.tags if attrs.get("aria-current") == "true"]
    assert any("size=25" in address for address in current)


# Many


@pytest.fixture
def more_than_counted(monkeypatch):
    monkeypatch.setattr(listing, "DEFAULT_SIZE", 2)
    monkeypatch.setattr(counting, "COUNTED", 3)
    CustomerFactory.create_batch(5, name="Same")


COUNTING = {"HX-Request": "true"}


def test_the_exact_count_comes_after_the_page(more_than_counted, client):
    page = shown(client, "?and=name.any.same&sort=-name")
    assert "2 of more than 3 customers" in page.text
    (address,) = [attrs["hx-get"] for tag, attrs in page.tags if tag == "span" and "hx-get" in attrs]
    assert address == "/customers/count/?and=name.any.same&sort=-name"
    answer = client.get(address, headers=COUNTING)
    assert answer.status_code == 200
    assert Served(answer).text == "55 records"


def test_a_count_is_no_page_of_its_own(more_than_counted, client):
    assert client.get("/customers/count/?q=same").url == "/customers/?q=same"


def test_a_count_that_takes_too_long_changes_nothing(more_than_counted, client, monkeypatch):
    def too_slow(self):
        raise TooSlow

    monkeypatch.setattr(CustomerList, "exact_count", too_slow)
    assert client.get("/customers/count/", headers=COUNTING).status_code == 204


# Columns


def test_chosen_columns_in_their_order(client):
    CustomerFactory(name="Acme", ref_id="R-1", description="One\nTwo")
    page = shown(client, "?columns=description,name,ref_id")
    assert page.tables[0][0] == ["Select", "Description", "Name", "Ref ID", "Actions"]
    assert [cell(page, title) for title in ("Description", "Name", "Ref ID")] == ["One Two", "Acme", "R-1"]


def test_every_column_has_a_head_and_a_cell(client):
    CustomerFactory()
    for name, column in COLUMNS.items():
        page = shown(client, f"?columns={name}")
        assert column.title in page.tables[0][0]
        assert {len(row) for row in page.tables[0]} == {3 if name == "name" else 4}


def test_the_name_is_always_there(client):
    CustomerFactory(name="Acme")
    page = shown(client, "?columns=status,nothing")
    assert page.tables[0][0] == ["Select", "Name", "Status", "Actions"]
    assert "A column was left out" in page.text


# Rights


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
    user = UserFactory()
    names = [f"customers.{verb}_customer" for verb in ["view", *permissions]]
    user.user_permissions.set(allowed(*names))
    CustomerFactory(status=status)
    page = shown(signed_in(user))
    assert actions_of(page) == offered
    bulk = {"change": {"/customers/ticked/enable/", "/customers/ticked/disable/"}}
    bulk["delete"] = {"/customers/ticked/delete/"}
    expected = set().union(*(bulk[verb] for verb in permissions))
    assert {attrs["formaction"] for _, attrs in page.tags if "formaction" in attrs} == expected
    boxes = [attrs for tag, attrs in page.tags if tag == "input" and attrs.get("name") == "pk"]
    assert bool(boxes) == bool(permissions)
    assert ("Actions" in page.tables[0][0]) == bool(permissions)


def test_a_viewer_has_no_actions(viewer, signed_in, many):
    page = shown(signed_in(viewer))
    assert not actions_of(page)
    assert "Actions" not in page.tables[0][0]
    assert "Entitlements" in page.tables[0][0]


def test_nothing_of_entitlements_without_the_right_to_see_them(signed_in):
    user = UserFactory()
    rights = "customers.view_customer", "customers.change_customer", "customers.delete_customer"
    user.user_permissions.set(allowed(*rights))
    customer = CustomerFactory()
    client = signed_in(user)
    before = client.get("/customers/").content.decode()
    entitlement = EntitlementFactory(customer=customer, state="complete", external_id="SECRET")
    page = client.get("/customers/").content.decode()

    def without_tokens(text):
        return [line for line in text.splitlines() if "csrfmiddlewaretoken" not in line]

    assert without_tokens(page) == without_tokens(before)
    for text in (entitlement.eid, "SECRET"):
        assert "No customer matches" in client.get("/customers/", {"q": text}).content.decode()


def test_a_delete_that_is_not_possible_says_so(client):
    EntitlementFactory(customer=CustomerFactory(customer_id="HAS-1"))
    assert any("not possible, has 1 entitlement" in text for text, _ in shown(client).links)


# Cost


@pytest.mark.parametrize("asked", ["", "?q=example&status=enabled&sort=-changed"])
def test_as_many_queries_for_thirty_rows_as_for_three(asked, client):
    def queries(rows):
        while Customer.objects.count() < rows:
            customer = CustomerFactory(people=[ContactFactory(), ContactFactory()])
            EntitlementFactory(customer=customer)
        with CaptureQueriesContext(connection) as captured:
            assert len(ids(shown(client, asked))) == rows
        return len(captured)

    queries(3)
    # The time limit takes six of them in PostgreSQL.
    assert queries(3) == queries(30) <= 18
