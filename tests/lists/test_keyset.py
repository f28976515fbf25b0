"""Pages by key: every row once, in both directions, however the list is narrowed and sorted."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.signing import Signer

from contacts.models import Contact
from customers.listing import CustomerList
from customers.models import Customer
from ems_site.lists import counting, listing, reading
from ems_site.lists.keyset import Keyset, Place, Sort, read, written
from ems_site.lists.reading import Reader, Rows
from ems_site.searching import matching
from tests.factories import ContactFactory, CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db

SORTS = [
    Sort(("name_key",)),
    Sort(("customer_id_key",), is_unique=True),
    Sort(("status", "name_key")),
    Sort(("created",)),
    Sort(("external_id_key",), is_nullable=True),
    Sort(("external_id_key",), is_nullable=True, empty_is_last=True),
]

# How a page comes about; all rows are the sample.
ALL = {"WALKED": 3, "WALKED_ON": 2, "SAMPLED": 100_000, "COMMON": 1, "FEW": 1, "AMPLE": 1}
WAYS = {
    "walked": {},
    "walked on": ALL | {"WALKED_ON": 200, "NEAR": 0},
    "followed": ALL | {"COMMON": 0, "SOON": 100},
    "followed if near": ALL | {"COMMON": 0, "SOON": 2},
    "sampled": ALL,
    "sampled in vain": ALL | {"AMPLE": 0},
    "gathered": ALL | {"FEW": 1_000},
    "too many to gather": ALL | {"FEW": 1_000, "GATHERED": 2},
}


def go(monkeypatch, way):
    for name, value in WAYS[way].items():
        monkeypatch.setattr(reading, name, value)


@pytest.fixture
def forty():
    """Forty customers; many share a name, half of them have an External ID, a third match `red`."""
    return Customer.objects.bulk_create(
        Customer(
            name=f"Name {place % 7}" + (" red" if place % 3 == 0 else ""),
            customer_id=f"C{place}",
            external_id=f"X{place * 7 % 40:02}" if place % 2 else "",
            status="enabled" if place % 5 else "disabled",
        )
        for place in range(40)
    )


def rows_of(text, *, is_few=False):
    every = Customer.objects.all()
    if not text:
        return Rows(every)
    return Rows(every, matching(every, text, by_index=False), matching(every, text), is_few)


def in_order(rows, sort, descending):
    """The keys of the rows, sorted by Python."""
    (first, *others) = sort.columns

    def key(row):
        value = getattr(row, first)
        values = ("" if value is None else value, *(getattr(row, name) for name in others), row.pk)
        return (value is None, *values) if sort.empty_is_last else (value is not None, *values)

    return [row.pk for row in sorted(rows, key=key, reverse=descending)]


def forwards(pages, size):
    found, after = [], None
    while True:
        part = pages.slice(size, after=after)
        found.append([row.pk for row in part.rows])
        if not part.has_next:
            return found
        after = pages.place_of(part.rows[-1])


def backwards(pages, size):
    part = pages.slice(size, last=True)
    found = [[row.pk for row in part.rows]]
    while part.has_previous:
        part = pages.slice(size, before=pages.place_of(part.rows[0]))
        found.insert(0, [row.pk for row in part.rows])
    return found


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(("text", "is_few"), [("", False), ("red", False), ("red", True), ("zzz", False)])
@pytest.mark.parametrize("way", WAYS)
def test_every_row_once_in_order(forty, monkeypatch, text, is_few, sort, descending, way):
    go(monkeypatch, way)
    pages = Keyset(rows_of(text, is_few=is_few), sort, descending=descending)
    found = forwards(pages, 5)
    matches = [row for row in Customer.objects.all() if text in row.name]
    expected = in_order(matches, sort, descending)
    assert [key for page in found for key in page] == expected
    assert all(len(page) == 5 for page in found[:-1])
    seen_back = backwards(pages, 5)
    assert seen_back[-1] == expected[-5:]
    assert list(dict.fromkeys(key for page in seen_back for key in page)) == expected
    assert [row.pk for chunk in pages.chunks(7) for row in chunk] == expected


def test_a_joined_column_with_and_without_a_row():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    contacts = [ContactFactory() for _ in range(9)]
    for place, contact in enumerate(contacts[:6]):
        stamp = start + timedelta(days=place % 2) if place < 4 else None
        UserFactory(username=contact.email, is_staff=False, contact=contact, last_login=stamp)
    sort = Sort(("user__last_login",), is_nullable=True)
    pages = Keyset(Rows(Contact.objects.all()), sort, descending=True)
    one, two, three, four, *others = [contact.pk for contact in contacts]
    assert [key for page in forwards(pages, 2) for key in page] == [four, two, three, one, *others[::-1]]
    seen_back = [key for page in backwards(pages, 2) for key in page]
    assert list(dict.fromkeys(seen_back)) == [four, two, three, one, *others[::-1]]


def test_rows_added_and_removed_meanwhile_neither_repeat_nor_hide_others(forty):
    pages = Keyset(Rows(Customer.objects.all()), Sort(("name_key",)))
    first = pages.slice(10)
    place = pages.place_of(first.rows[-1])
    rest = [key for page in forwards(pages, 10)[1:] for key in page]
    CustomerFactory(name="Aaa, before all")
    Customer.objects.filter(pk__in=[first.rows[0].pk, first.rows[-1].pk]).delete()
    assert [row.pk for row in pages.slice(30, after=place).rows] == rest


def test_a_place_behind_the_end_shows_the_last_rows(forty):
    pages = Keyset(Rows(Customer.objects.all()), Sort(("name_key",)))
    end = pages.slice(5, after=Place(0, ("zzz", 1)))
    assert [row.pk for row in end.rows] == [row.pk for row in pages.slice(5, last=True).rows]
    assert not end.has_next
    start = pages.slice(5, before=Place(0, ("name 0", forty[1].pk)))
    assert [row.pk for row in start.rows] == [row.pk for row in pages.slice(5).rows]
    assert not start.has_previous


def test_a_place_in_an_address_is_signed(forty):
    pages = Keyset(Rows(Customer.objects.all()), Sort(("created",)))
    place = pages.place_of(pages.slice(3).rows[-1])
    text = written(place, "customers:created")
    assert read(text, "customers:created", pages) == place
    for forged in [
        *("", "x", "\0", "\ud800", text[:-1], text + "x", "é" * 2_000),
        Signer(salt="other").sign_object([0, "2026-01-01", 1]),
    ]:
        assert read(forged, "customers:created", pages) is None
    assert read(text, "customers:name", pages) is None


@pytest.mark.parametrize(
    "key", [[], [0], [9, "2026-01-01T00:00:00+00:00", 1], [0, "never", 1], [0, 1, 2, 3], "x", 7, None]
)
def test_an_ancient_place_is_none(forty, key):
    pages = Keyset(Rows(Customer.objects.all()), Sort(("created",)))
    text = Signer(salt="ems_site.lists.place:customers:created").sign_object(key)
    assert read(text, "customers:created", pages) is None


@pytest.mark.parametrize("descending", [False, True])
def test_of_many_those_are_gathered_that_stand_before_a_place_in_a_sample(forty, monkeypatch, descending):
    go(monkeypatch, "sampled")
    pages = Keyset(rows_of("red"), SORTS[0], descending=descending)
    part = pages.slice(2)
    assert [row.pk for row in part.rows] == in_order(
        [row for row in Customer.objects.all() if "red" in row.name], SORTS[0], descending
    )[:2]
    assert part.total is None
    assert part.at_least == 4


@pytest.mark.parametrize(
    ("way", "gathered"),
    [("walked on", False), ("gathered", True), ("followed", False), ("followed if near", True)],
)
def test_which_way_is_taken_for_matches_that_begin_far_away(forty, monkeypatch, way, gathered):
    go(monkeypatch, way)
    part = Keyset(rows_of("name 6"), SORTS[0]).slice(2)
    assert [row.name for row in part.rows] == ["Name 6", "Name 6"]
    assert bool(part.at_least) == gathered


def test_matches_too_many_to_gather_are_gathered_up_to_a_place(forty, monkeypatch):
    go(monkeypatch, "too many to gather")
    monkeypatch.setattr(reading, "GATHERED", 10)
    part = Keyset(rows_of("red"), SORTS[0]).slice(2)
    assert len(part.rows) == 2
    assert part.total is None
    followed = []
    monkeypatch.setattr(reading, "GATHERED", 2)
    monkeypatch.setattr(Reader, "_gathered", lambda *_: followed.append(1))
    assert Keyset(rows_of("red"), SORTS[0]).slice(2).rows == part.rows
    assert len(followed) == 2


def test_a_sample_has_one_key_of_each_so_many(forty, monkeypatch):
    monkeypatch.setattr(reading, "SAMPLED", 9)
    reader = Reader(rows_of("red"), Keyset(rows_of("red"), SORTS[0]).segments[0], None, False)
    sample, every = reader._sample()
    assert every == 40
    assert [(key - forty[0].pk) // 5 for key in sample] == list(range(8))
    Customer.objects.all().delete()
    assert reader._sample() == ([1], 1)


@pytest.mark.parametrize(
    ("counted", "walked", "shown"), [(5, 100, "more than 5"), (1_000, 3, "at least 7"), (1_000, 100, "14")]
)
def test_what_was_gathered_counts(forty, manager, monkeypatch, counted, walked, shown):
    go(monkeypatch, "sampled")
    monkeypatch.setattr(counting, "COUNTED", counted)
    monkeypatch.setattr(counting, "COUNT_WALKED", walked)
    monkeypatch.setattr(listing, "SIZES", (5,))
    assert str(CustomerList.of_query("q=red&size=5", manager).count) == shown


def test_the_total_is_known_where_it_costs_nothing(forty, monkeypatch):
    go(monkeypatch, "gathered")
    assert Keyset(rows_of("red"), SORTS[0]).slice(5).total == 14
    assert Keyset(rows_of("red"), SORTS[0]).slice(20).total == 14
    assert Keyset(Rows(Customer.objects.all()), SORTS[0]).slice(5).total is None
    assert Keyset(Rows(Customer.objects.all()), SORTS[0]).slice(50).total == 40


@pytest.mark.parametrize(
    ("query", "counted", "walked", "shown"),
    [
        ("", 1_000, 20_000, "40"),
        ("", 30, 20_000, "more than 30"),
        ("q=red", 1_000, 20_000, "14"),
        ("q=red", 10, 20_000, "more than 10"),
        ("status=disabled", 1_000, 10, "at least 5"),
    ],
)
def test_the_record_count_says_what_it_knows(forty, manager, monkeypatch, query, counted, walked, shown):
    monkeypatch.setattr(counting, "COUNTED", counted)
    monkeypatch.setattr(counting, "COUNT_WALKED", walked)
    monkeypatch.setattr(listing, "SIZES", (5,))
    found = CustomerList.of_query(f"{query}&size=5", manager)
    assert str(found.count) == shown
    assert found.exact_count() == {"": 40, "q=red": 14, "status=disabled": 8}[query]


SEGMENTS = [Sort(("name_key",)), Sort(("external_id_key",), is_unique=True, is_nullable=True)]


@pytest.mark.parametrize("way", ["gathered", "sampled"])
@pytest.mark.parametrize("sort", SEGMENTS)
def test_a_row_deleted_between_gathering_and_reading_ends_no_list(forty, monkeypatch, sort, way):
    go(monkeypatch, way)
    read_them, gone = reading.in_order_of, []

    def one_is_deleted(rows, keys):
        if not gone:
            gone.append(keys[1])
            Customer.objects.filter(pk=keys[1]).delete()
        return read_them(rows, keys)

    monkeypatch.setattr(reading, "in_order_of", one_is_deleted)
    shown, found = Keyset(rows_of("name"), sort), []
    page = shown.slice(7)
    while page.rows:
        found += [row.pk for row in page.rows]
        if not page.has_next:
            break
        page = shown.slice(7, after=shown.place_of(page.rows[-1]))
    assert gone
    assert len(found) == len(set(found)) == 39


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", [*SEGMENTS, Sort(("changed",))])
def test_chunks_have_each_row_once_whatever_changes_meanwhile(forty, sort, descending):
    found = []
    for rows in Keyset(Rows(Customer.objects.all()), sort, descending=descending).chunks(10):
        found += [row.pk for row in rows]
        for customer in Customer.objects.all()[:20]:
            customer.save()
    assert found == in_order(forty, sort, descending) or sort.columns == ("changed",)
    assert sorted(found) == sorted(row.pk for row in forty)
