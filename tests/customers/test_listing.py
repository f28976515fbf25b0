"""The list of customers as an address describes it: order, pages, counts, and number of queries."""

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from customers import counts, listing
from customers.listing import CustomerList
from customers.models import Customer
from ems_site import paging
from ems_site.parameters import whole_number
from ems_site.status import Status
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory

pytestmark = pytest.mark.django_db


def listed(address="", *, with_entitlements=True):
    return CustomerList(QueryDict(address), with_entitlements=with_entitlements)


def names(address=""):
    return [customer.name for customer in listed(address).rows]


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(paging, "PAGE_SIZE", 2)


@pytest.mark.parametrize(
    "address",
    [
        "sort=password",
        "sort=-",
        "sort=--name",
        "sort=name_key",
        "sort=contacts__email",
        "sort=name;drop",
        "sort=%00",
        "status=deleted",
        "status=Enabled",
        "status=%00",
        "page=",
        "page=x",
        "unknown=1",
        "q=%00",
        "q=%20%20",
    ],
)
def test_the_unknown_falls_back(address):
    for name in ("B", "a"):
        CustomerFactory(name=name, status=Status.DISABLED if name == "B" else Status.ENABLED)
    assert names(address) == ["a", "B"]


@pytest.mark.parametrize(
    ("page", "number"),
    [
        *((page, 1) for page in ("-1", "0", "9e99", "１２", "٢", "1.0", "²", "0x2", "9" * 19, "9" * 20, "1")),
        *(("2", 2), ("02", 2), ("3", 3), ("4", 3), ("999999999", 3), ("1" + "0" * 9, 3)),
    ],
)
def test_any_page_number_shows_a_page(page, number, small_pages):
    for _ in range(5):
        CustomerFactory()
    pages = CustomerList(QueryDict(mutable=True) | {"page": page}, with_entitlements=False).pages
    assert (pages.page.number, pages.total) == (number, 5)


def test_each_customer_stands_on_one_page(small_pages):
    for _ in range(5):
        CustomerFactory(name="Same", time_zone="UTC")
    for sort in [*listing.SORTED_BY, *(f"-{name}" for name in listing.SORTED_BY)]:
        shown = [row.pk for page in (1, 2, 3) for row in listed(f"sort={sort}&page={page}").rows]
        assert sorted(shown) == sorted(Customer.objects.values_list("pk", flat=True)), sort


def test_an_empty_list_has_a_page():
    assert (names("q=none"), listed("q=none").pages.total) == ([], 0)


NAMES_IN_ORDER = [
    *(".net", "1st", "2nd", "acme", "Acme Ltd", "ACME-X", "Ärger", "arm", "Łódź", "Müller", "mulm"),
    *(
        "O'Hara",
        "Oak",
        "Ökonom",
        "olive",
        "Straße",
        "strasse 2",
        "Zebra",
        "Ωμέγα",
        "Жук",
        "アクメ",
        "株式会社",
    ),
]


@pytest.mark.parametrize("sort", ["name", "crm_id"])
def test_case_and_accents_do_not_count_in_the_order(sort):
    for name in reversed(NAMES_IN_ORDER):
        CustomerFactory(name=name, crm_id=name)
    assert names(f"sort={sort}") == NAMES_IN_ORDER
    assert names(f"sort=-{sort}") == NAMES_IN_ORDER[::-1]


@pytest.mark.parametrize("sort", ["customer_id", "external_id"])
def test_ids_sort_by_their_folded_characters(sort):
    ids = ["A-1", "a_1", "A1", "ａb", "B", "c", "É", "株"]
    ids = sorted(ids, key=lambda text: text.replace("ａ", "a").casefold())
    for text in reversed(ids):
        CustomerFactory(name=text, **{sort: text})
    assert names(f"sort={sort}") == ids


@pytest.mark.parametrize("sort", ["crm_id", "external_id"])
def test_the_empty_come_first_and_turned_round_last(sort):
    for text in ("b", "", "A"):
        CustomerFactory(name=text or "none", **{sort: text})
    assert names(f"sort={sort}") == ["none", "A", "b"]
    assert names(f"sort=-{sort}") == ["b", "A", "none"]


@pytest.mark.parametrize("sort", ["created", "changed"])
def test_times_sort(sort):
    for name in ("first", "second"):
        CustomerFactory(name=name)
    assert names(f"sort={sort}") == ["first", "second"]
    assert names(f"sort=-{sort}") == ["second", "first"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite always compares bytes")
def test_no_order_depends_on_the_language_of_the_database():
    columns = [name for name in listing.SORTED_BY.values() if name not in {"created", "changed", "status"}]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, collname FROM pg_attribute JOIN pg_collation ON pg_collation.oid = attcollation "
            "WHERE attrelid = 'customers_customer'::regclass AND attname = ANY(%s)",
            [columns],
        )
        collations = dict(cursor.fetchall())
    assert collations == dict.fromkeys(columns, "C")


def test_status_and_search_filter():
    CustomerFactory(name="Acme one", status=Status.DISABLED)
    CustomerFactory(name="Acme two")
    CustomerFactory(name="Bolt")
    assert names("status=disabled") == ["Acme one"]
    assert names("status=enabled") == ["Acme two", "Bolt"]
    assert names("q=ACME&status=enabled") == ["Acme two"]
    assert listed("q=acme").pages.total == 2


def test_headings_turn_the_order_and_keep_the_filter():
    headings = listed("q=x&sort=crm_id&page=3").headings()
    assert (headings["crm_id"].order, headings["crm_id"].address) == ("ascending", "?q=x&sort=-crm_id")
    assert (headings["name"].order, headings["name"].address) == ("", "?q=x")
    turned = listed("sort=-crm_id").headings()["crm_id"]
    assert (turned.order, turned.address) == ("descending", "?sort=crm_id")
    assert set(headings) == set(listing.SORTED_BY)


def test_chips_take_one_filter_off():
    chips = listed("q=a%26b&status=disabled").chips()
    assert chips == [("Any attribute", "a&b", "?status=disabled"), ("Status", "Disabled", "?q=a%26b")]
    assert not listed().is_filtered()
    assert listed("q=x").is_filtered()


def test_links_to_the_pages_around(small_pages):
    for _ in range(5):
        CustomerFactory()
    pages = listed("q=customer&page=2&sort=-name").pages
    assert pages.previous() == "?q=customer&sort=-name"
    assert pages.next() == "?q=customer&sort=-name&page=3"
    assert [number for number, _ in pages.links()] == [1, 2, 3]


def test_counts_are_right():
    anna, bert = ContactFactory(), ContactFactory()
    full, half, bare = CustomerFactory(people=[anna, bert]), CustomerFactory(people=[anna]), CustomerFactory()
    for state in ("draft", "complete", "closed"):
        EntitlementFactory(customer=full, state=state)
    EntitlementFactory(customer=half)
    EntitlementFactory(customer=None)
    rows = {row.pk: (row.contact_count, row.entitlement_count) for row in listed().rows}
    assert rows == {full.pk: (2, 3), half.pk: (1, 1), bare.pk: (0, 0)}
    assert not hasattr(listed(with_entitlements=False).rows[0], "entitlement_count")


def test_counting_nothing_asks_nothing():
    counts.attach_contacts([])


@pytest.mark.parametrize(
    "address", ["", "?q=customer&sort=-external_id&status=enabled", "?sort=created", "?q=nothing+like+this"]
)
def test_many_rows_take_as_many_queries_as_few(address, signed_in, manager):
    client = signed_in(manager)

    def queries(rows):
        while Customer.objects.count() < rows:
            customer = CustomerFactory(people=[ContactFactory(), ContactFactory()])
            EntitlementFactory(customer=customer)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/customers/{address}").status_code == 200
        return len(captured)

    queries(3)
    few, many = queries(3), queries(30)
    assert few == many
    assert many <= 12


def test_a_page_costs_the_same_wherever_it_is(small_pages, signed_in, viewer):
    client = signed_in(viewer)
    for _ in range(9):
        CustomerFactory(people=[ContactFactory()])
    client.get("/customers/")
    found = set()
    for page in ("1", "3", "99"):
        with CaptureQueriesContext(connection) as captured:
            client.get("/customers/", {"page": page})
        found.add(len(captured))
    assert len(found) == 1


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("0", 0), ("7", 7), ("007", 7), (7, 7), (str(2**63 - 1), 2**63 - 1)),
        *(
            (str(2**63), None),
            ("-1", None),
            ("", None),
            (None, None),
            ("1e3", None),
            ("１", None),
            (" 1", None),
        ),
        *(("9" * 20, None), ("9" * 5000, None), ("1\0", None), ("²", None), (True, None), (1.0, None)),
    ],
)
def test_whole_numbers(text, number):
    assert whole_number(text) == number
    assert whole_number(text, at_most=3) == (number if number is not None and number <= 3 else None)
