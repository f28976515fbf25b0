"""What makes the lists quick at any size: each query has an index, and none depends on the number of rows."""

import re
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.listing import ContactList
from contacts.models import Contact
from customers.listing import CustomerList
from customers.models import Association, Customer
from ems_site.lists import counting, reading
from ems_site.lists.time_limits import time_limit
from entitlements.listing import EntitlementList
from entitlements.models import Entitlement, ProductKey
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, ProductKeyFactory

pytestmark = pytest.mark.django_db
LISTS = [CustomerList, ContactList, EntitlementList]
BIG = re.compile(r"Seq Scan on (customers_customer|contacts_contact|entitlements_entitlement)\b")
FILTERS = {
    "customers": ["status=disabled", "created_from=2026-01-01&changed_to=2030-01-01"],
    "contacts": ["status=disabled", "customer=none"],
    "entitlements": [
        *("state=draft", "valid_on=2026-06-01", "ends_within=30", "never_expires=1"),
        "customer=C1&valid_on=2026-06-01",
    ],
}
SEARCHES = [
    *(
        "q=acme",
        "q=zz",
        "q=a",
        "q=---",
        "q=株",
        "q=name+7&how=starts",
        "q=acme&how=exact",
        "q=nothing+at+all",
    ),
    "q=name&and=any.any.acme&and=any.starts.name",
]
BOUNDED = re.compile(r'^WITH .*"created", "\w+"\."id"\) <= \(')
# How a search finds its rows, whatever it is for.
WAYS = {
    "followed": {"WALKED": 3, "WALKED_ON": 3, "SAMPLED": 20, "COMMON": 0, "SOON": 1_000},
    "sampled": {"WALKED": 3, "WALKED_ON": 3, "SAMPLED": 20, "COMMON": 1, "FEW": 1, "AMPLE": 1},
    "gathered": {"WALKED": 3, "WALKED_ON": 3, "SAMPLED": 20, "COMMON": 1, "FEW": 10_000},
}


def go(monkeypatch, way):
    for name, value in WAYS[way].items():
        monkeypatch.setattr(reading, name, value)


@pytest.fixture
def hundreds(manager):
    """Enough for the planner to know what is in the tables."""
    customers = Customer.objects.bulk_create(
        Customer(name=f"Name {place} {'Acme' if place % 9 else 'Zebra'}", customer_id=f"C{place}")
        for place in range(900)
    )
    contacts = Contact.objects.bulk_create(
        Contact(email=f"acme{place}@example.com", name=f"Name {place}") for place in range(900)
    )
    Association.objects.bulk_create(
        Association(customer=customer, contact=contact)
        for customer, contact in zip(customers, contacts, strict=True)
    )
    entitlements = Entitlement.objects.bulk_create(
        Entitlement(customer=customer, start_date=date(2026, 1, 1), ref_id1=f"Acme name {place}")
        for place, customer in enumerate(customers)
    )
    ProductKey.objects.bulk_create(
        ProductKey(entitlement=entitlement, product="Studio", quantity=1) for entitlement in entitlements
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return manager


def statements(list_class, query, by):
    """Those that the page asks for rows and their number."""
    with (
        CaptureQueriesContext(
            connection,
        ) as captured,
        time_limit(),
    ):
        found = list_class.of_query(query, by)
        assert found.count is not None
    return [one["sql"] for one in captured if one["sql"].startswith(("SELECT", "WITH"))]


def plan_of(statement):
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + statement.replace("%", "%%"), [])
        return "\n".join(line for (line,) in cursor.fetchall())


def queries_of(list_class):
    for sort in list_class.sorts:
        for way in ("", "-"):
            yield f"sort={way}{sort}"
            yield f"sort={way}{sort}&last=1"
            yield f"sort={way}{sort}&q=acme"
    yield from SEARCHES
    yield from FILTERS[list_class.name]
    for criterion in list_class.model.SEARCHED:
        yield from (f"q=acme&in={criterion}&how={pattern}" for pattern in ("any", "exact", "starts"))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's planner is asked")
@pytest.mark.parametrize("list_class", LISTS)
@pytest.mark.parametrize("way", WAYS)
def test_no_query_reads_a_whole_table(list_class, hundreds, monkeypatch, way):
    go(monkeypatch, way)
    monkeypatch.setattr(counting, "COUNT_WALKED", 100)
    for query in queries_of(list_class):
        asked = statements(list_class, query, hundreds)
        assert asked
        if query == "sort=created&q=acme":
            assert any(BOUNDED.search(one) for one in asked) == (way == "sampled")
        for statement in asked:
            with time_limit():
                plan = plan_of(statement)
            assert not BIG.search(plan), f"{query}\n{statement}\n{plan}"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's planner is asked")
@pytest.mark.parametrize("list_class", LISTS)
@pytest.mark.parametrize("query", ["q=acme", "q=zz", "q=---", "q=株", "q=acme&in=ref_id1"])
def test_matches_are_gathered_by_the_trigram_index(list_class, query, hundreds, monkeypatch):
    go(monkeypatch, "gathered")
    gathering = [one for one in statements(list_class, query, hundreds) if one.startswith("WITH")]
    if list_class is CustomerList and "ref_id1" in query:
        return
    assert gathering
    for statement in gathering:
        with time_limit():
            plan = plan_of(statement)
        assert f"Bitmap Index Scan on {list_class.model._meta.db_table}_search" in plan, plan


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's planner is asked")
@pytest.mark.parametrize("list_class", LISTS)
def test_a_page_is_read_in_the_order_of_its_index(list_class, hundreds):
    """Neither sorted nor counted first: whatever the page, it costs the same."""
    for sort in list_class.sorts:
        for query in (f"sort={sort}", f"sort=-{sort}", f"sort={sort}&last=1"):
            asked = [one for one in statements(list_class, query, hundreds) if "LIMIT 51" in one]
            page = next(one for one in asked if "COUNT(*)" not in one)
            with time_limit():
                plan = plan_of(page)
            assert not re.search(r"^ *(->)? *Sort\b", plan, re.MULTILINE), f"{query}\n{plan}"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's planner is asked")
@pytest.mark.parametrize("list_class", LISTS)
@pytest.mark.parametrize("way", WAYS)
def test_sqlite_reads_no_table_as_a_whole(list_class, hundreds, monkeypatch, way):
    go(monkeypatch, way)
    table = list_class.model._meta.db_table
    for query in queries_of(list_class):
        for statement in statements(list_class, query, hundreds):
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN QUERY PLAN " + statement.replace("%", "%%"), [])
                plan = "\n".join(row[3] for row in cursor.fetchall())
            # In the order of the primary key, and no further than the page needs, is no scan.
            is_walk = "LIMIT" in statement and "TEMP B-TREE" not in plan
            # Neither is an index that is gathered from: contacts without a customer have none of their own.
            other = "(?!_| USING)" if statement.startswith("WITH") else "(?!_)"
            scans = [one for one in plan.splitlines() if re.match(f"SCAN {table}{other}", one)]
            assert is_walk or not scans, f"{query}\n{statement}\n{plan}"


@pytest.mark.parametrize("query", ["", "q=customer", "last=1", "sort=-changed", "columns=name,created"])
@pytest.mark.parametrize("address", ["/customers/", "/contacts/", "/entitlements/"])
def test_as_many_queries_at_30_rows_as_at_3(address, query, manager, signed_in):
    def add(count):
        for _ in range(count):
            contact = ContactFactory()
            customer = CustomerFactory(people=[contact])
            ProductKeyFactory(entitlement=EntitlementFactory(customer=customer, state="complete"))

    client = signed_in(manager)
    numbers = []
    for count in (3, 27):
        add(count)
        client.get(f"{address}?{query}")
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"{address}?{query}").status_code == 200
        numbers.append(len(captured))
    assert numbers[0] == numbers[1]
