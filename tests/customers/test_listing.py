"""The list of customers as an address describes it: order, pages, counts, and number of queries."""

from types import SimpleNamespace

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from customers import counts
from customers.listing import CustomerList
from customers.models import Customer
from ems_site.lists import listing
from ems_site.parameters import whole_number
from ems_site.status import Status
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory

pytestmark = pytest.mark.django_db


def listed(address="", *, with_entitlements=True):
    by = SimpleNamespace(pk=1, has_perm=lambda right: with_entitlements)
    return CustomerList(QueryDict(address), by)


def names(address=""):
    return [customer.name for customer in listed(address).rows]


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(listing, "DEFAULT_SIZE", 2)


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
        "page=7",
        "size=7",
        "size=٢٥",
        "in=password",
        "how=regex",
        "columns=",
        "columns=password,,%00",
        "view=x",
        "after=x",
        "before=%00",
        "last=2",
        "created_from=x",
        "and=",
        "unknown=1",
        "q=%00",
        "q=%20%20",
    ],
)
def test_the_unknown_falls_back(address):
    for name in ("B", "a"):
        CustomerFactory(name=name, status=Status.DISABLED if name == "B" else Status.ENABLED)
    assert names(address) == ["a", "B"]


def pages(address):
    """The rows of each page from the first on, as their links lead."""
    found, shown = [], listed(address)
    while True:
        found.append(shown.rows)
        if not shown.page.next:
            return found
        shown = listed(shown.page.next.removeprefix("?"))


def test_each_customer_stands_on_one_page(small_pages):
    for _ in range(5):
        CustomerFactory(name="Same", time_zone="UTC")
    for sort in [*CustomerList.sorts, *(f"-{name}" for name in CustomerList.sorts)]:
        shown = [row.pk for rows in pages(f"sort={sort}") for row in rows]
        assert sorted(shown) == sorted(Customer.objects.values_list("pk", flat=True)), sort


def test_an_empty_list_has_a_page():
    assert (names("q=none"), listed("q=none").count.number) == ([], 0)


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
    sorts = [name for sort in CustomerList.sorts.values() for name in sort.columns]
    columns = [name for name in sorts if name.endswith("_key") or name == "time_zone"]
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
    assert listed("q=acme").count.number == 2


def test_headings_turn_the_order_and_keep_the_filter():
    headings = listed("q=x&sort=crm_id&last=1").links.headings()
    assert (headings["crm_id"].order, headings["crm_id"].address) == ("ascending", "?q=x&sort=-crm_id")
    assert (headings["name"].order, headings["name"].address) == ("", "?q=x")
    turned = listed("sort=-crm_id").links.headings()["crm_id"]
    assert (turned.order, turned.address) == ("descending", "?sort=crm_id")
    assert set(headings) == set(CustomerList.sorts)


def test_chips_take_one_filter_off():
    chips = listed("q=a%26b&status=disabled").links.chips()
    assert chips == [("Any attribute", "a&b", "?status=disabled"), ("Status", "Disabled", "?q=a%26b")]
    assert not listed().is_filtered()
    assert listed("q=x").is_filtered()


def test_links_to_the_pages_around(small_pages):
    for number in range(5):
        CustomerFactory(name=f"Customer {number}")
    first = listed("q=customer&sort=-name")
    second = listed(first.page.next.removeprefix("?"))
    third = listed(second.page.next.removeprefix("?"))
    assert [[row.name[-1] for row in one.rows] for one in (first, second, third)] == [
        *(["4", "3"], ["2", "1"], ["0"]),
    ]
    assert (first.page.first, first.page.previous, third.page.next, third.page.last) == ("", "", "", "")
    assert second.page.first == "?q=customer&sort=-name"
    assert second.page.last == "?q=customer&sort=-name&last=1"
    assert [row.name[-1] for row in listed(third.page.previous.removeprefix("?")).rows] == ["2", "1"]
    assert [row.name[-1] for row in listed("q=customer&sort=-name&last=1").rows] == ["1", "0"]


def test_an_exact_id_comes_first_and_once(small_pages):
    for number in range(4):
        CustomerFactory(name=f"A{number}", ref_id="x-1 and more")
    one = CustomerFactory(name="Zebra", customer_id="X-1", status=Status.DISABLED)
    shown = pages("q=x-1")
    assert [row.name for rows in shown for row in rows] == ["Zebra", "A0", "A1", "A2", "A3"]
    assert len(shown[0]) == 2
    assert str(listed("q=x-1").count) == "5"
    assert [row.name for row in listed("q=X-1&last=1").rows] == ["A2", "A3"]
    assert names("q=x-1&status=enabled")[0] == "A0"
    assert next(row.pk for rows in listed("q=x-1").chunks(3) for row in rows) == one.pk


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
    # PostgreSQL counts the transaction of the time limit, too.
    assert many <= 20


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
