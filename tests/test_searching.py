"""Search in either database finds what a plain look into each row finds."""

import random

import pytest
from django.db import connection, transaction
from django.db.models import Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.models import Contact
from customers.models import Customer
from ems_site.folding import search_term
from ems_site.keys import BytewiseCharField
from ems_site.searching import ANY, EXACT, PATTERNS, STARTS, matching
from entitlements.models import Entitlement
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory

pytestmark = pytest.mark.django_db

WORD = search_term(". x")[1:2]
SIGNS = "aAbBcßſÀÖłŁøıİσςΣжЖйЙ株式会社한국กर 0@j%_\\'\"-.,()ＡＢ½①€😀’–"


def lines_of(row):
    """(criterion, folded text) of each of its texts."""
    folded = [(name, search_term(value)) for name, value in row.search_texts()]
    return [(name, text if text.startswith(WORD) else WORD + text) for name, text in folded if text]


def holds(lines, text, criterion, pattern):
    """What searching.py says, without a key or an index."""
    term = search_term(text)
    start = term if term.startswith(WORD) else WORD + term
    if pattern == ANY and len(term) == 1:
        names = Customer.NAMED_BY if criterion == ANY else [criterion]
        is_named = any(line.startswith(start) for name, line in lines if name in names)
        identities = [line for name, line in lines if name in ("customer_id", "external_id")]
        return is_named or (criterion == ANY and start in identities)
    tests = {
        EXACT: lambda line: line == start,
        STARTS: lambda line: line.startswith(start),
        ANY: lambda line: (term if len(term) > 2 else WORD + term) in line,
    }
    return any(tests[pattern](line) for name, line in lines if criterion in (ANY, name))


def five_hundred():
    chance = random.Random(5)

    def text(longest):
        return "".join(chance.choices(SIGNS, k=chance.randint(0, longest)))

    Customer.objects.bulk_create(
        Customer(
            name=text(12) or "x",
            customer_id=f"C{place}-{text(3)}",
            crm_id=text(6),
            description=text(20),
            ref_id=text(5),
            time_zone=chance.choice(["UTC", "Europe/Berlin", "Asia/Tokyo"]),
        )
        for place in range(500)
    )
    return list(Customer.objects.all())


def test_five_hundred_terms_in_five_hundred_customers():
    customers = five_hundred()
    lines = {row.pk: lines_of(row) for row in customers}
    texts = [value for row in customers for _, value in row.search_texts() if value]

    @given(data=st.data())
    @settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def search(data):
        if data.draw(st.booleans()):
            value = data.draw(st.sampled_from(texts))
            start = data.draw(st.integers(0, len(value)))
            text = value[start : data.draw(st.integers(start, min(len(value), start + 6)))]
        else:
            text = data.draw(st.text(st.sampled_from(SIGNS), max_size=5))
        text = data.draw(st.sampled_from([text, text.upper(), f"  {text} "]))
        criterion = data.draw(st.sampled_from([ANY, *Customer.SEARCHED]))
        pattern = data.draw(st.sampled_from(list(PATTERNS)))
        is_blank = not search_term(text)
        expected = {pk for pk in lines if is_blank or holds(lines[pk], text, criterion, pattern)}
        for by_index in (True, False):
            rows = matching(Customer.objects.all(), text, criterion, pattern, by_index=by_index)
            assert set(rows.values_list("pk", flat=True)) == expected, (text, criterion, pattern, by_index)

    search()


@pytest.mark.parametrize(
    ("text", "criterion", "pattern", "is_found"),
    [
        ("brück", ANY, ANY, True),
        ("BRUCK", "name", STARTS, True),
        ("ruck", "name", STARTS, False),
        ("bruckmann & sohne", "name", EXACT, True),
        ("bruckmann & sohn", "name", EXACT, False),
        ("Brückmann", "customer_id", ANY, False),
        ("c-7", "customer_id", STARTS, True),
        ("7f", "customer_id", ANY, False),
        ("f3", "customer_id", ANY, False),
        ("anna@", "email", STARTS, True),
        ("anna@example.com", ANY, EXACT, True),
        ("example", "email", ANY, True),
        ("bert", "email", ANY, True),
        ("berlin", "time_zone", ANY, True),
        ("b", ANY, ANY, True),
        ("s", ANY, ANY, False),
        ("so", ANY, ANY, True),
        ("oh", ANY, ANY, False),
        ("’", ANY, ANY, False),
    ],
)
def test_criteria_and_patterns(text, criterion, pattern, is_found):
    people = [ContactFactory(email="anna@example.com"), ContactFactory(email="bert@example.com")]
    row = CustomerFactory(
        name="Brückmann & Söhne", customer_id="C-7F3K", time_zone="Europe/Berlin", people=people
    )
    CustomerFactory(name="Zebra", customer_id="Z")
    for by_index in (True, False):
        found = matching(Customer.objects.all(), text, criterion, pattern, by_index=by_index)
        assert list(found) == ([row] if is_found else []), by_index


def test_typographic_signs_are_those_people_type():
    row = CustomerFactory(name="O’Brien – Sons")
    for text in ["o'brien", "O’BRIEN", "brien - sons", "brien – sons"]:
        assert row in Customer.objects.search(text)


def test_a_single_sign_of_a_script_without_blanks_is_found_anywhere():
    row = CustomerFactory(name="日本株式会社")
    other = CustomerFactory(name="삼성전자")
    CustomerFactory(name="Zebra")
    assert list(Customer.objects.search("式")) == [row]
    assert list(Customer.objects.search("株式", "name")) == [row]
    assert list(Customer.objects.search("전자")) == [other]
    assert list(Customer.objects.search("日本株式会社", "name", EXACT)) == [row]
    assert not Customer.objects.search("式株").exists()


def test_contacts_by_their_customers_for_those_who_may_view_customers():
    contact = ContactFactory(email="anna@example.com", name="Anna")
    CustomerFactory(name="Acme", customer_id="A-1", people=[contact])
    assert Contact.objects.search("acme", with_customers=True).get() == contact
    assert not Contact.objects.search("acme").exists()
    assert matching(Contact.objects.all(), "a-1", "customer", EXACT, keys=["customers_key"]).get() == contact


def test_entitlements_by_product_customer_and_contact():
    anna = ContactFactory(email="anna@example.com", name="Anna")
    row = EntitlementFactory(
        customer__name="Acme", customer__people=[anna], contact=anna, products=[{"product": "Studio"}]
    )
    EntitlementFactory()
    for text, criterion in [("acme", "customer"), ("stud", "product"), ("anna", "contact"), ("a", ANY)]:
        found = set(Entitlement.objects.search(text, criterion))
        assert row in found, text
    assert not Entitlement.objects.search("acme", "product").exists()


def test_an_identity_is_whole():
    row = CustomerFactory(customer_id="C-1", external_id="X-1")
    CustomerFactory(customer_id="C-11")
    for text in ["c-1", " C-1 ", "ｘ-1"]:
        assert Customer.objects.identified(text).get() == row
    for text in ["", "c", "\0", "\ud800", "x" * 5_000]:
        assert not Customer.objects.identified(text).exists()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has an index of its own")
def test_full_text_tables_follow_every_change():
    row = CustomerFactory(name="Before")
    row.name = "After"
    row.save()
    assert not Customer.objects.search("before").exists()
    assert Customer.objects.search("after").get() == row
    Customer.objects.filter(pk=row.pk).update(ref_id="elsewhere")
    assert Customer.objects.search("after").get() == row
    row.delete()
    assert not Customer.objects.search("after").exists()
    with connection.cursor() as cursor:
        for table in ("customers_customer_search_key", "contacts_contact_search_key"):
            cursor.execute(f"INSERT INTO {table}_trigrams({table}_trigrams) VALUES ('integrity-check')")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has full-text tables")
@pytest.mark.parametrize("model", [Customer, Contact, Entitlement])
@pytest.mark.parametrize("text", ["acme", "i r", "0@j", "株式会社", "ab", "€€€", "---", "式"])
def test_the_trigram_index_serves_the_search(model, text):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = model.objects.order_by().search(text).explain()
    assert f"Bitmap Index Scan on {model._meta.db_table}_search" in plan
    assert "Seq Scan" not in plan


@pytest.mark.parametrize("text", ["a\0c", "\ud800acme", "%" * 600, "\\", "ﷺ" * 600, "'\"); --", "a" * 60_000])
def test_no_term_breaks_the_search(text):
    CustomerFactory(name="Acme")
    for criterion in (ANY, "name"):
        for pattern in PATTERNS:
            assert Customer.objects.search(text, criterion, pattern).count() in (0, 1)


def test_a_megabyte_is_refused_without_a_look():
    assert not Customer.objects.filter(Q()).search("x" * 1_000_000).exists()


def test_one_sign_finds_what_it_identifies():
    customer = CustomerFactory(name="Acme", customer_id="7", external_id="X")
    CustomerFactory(name="Beta", customer_id="B7")
    assert list(Customer.objects.search("7")) == [customer]
    assert list(Customer.objects.search("x")) == [customer]
    contact = ContactFactory(name="", email="b@example.org", ref_id1="9")
    assert list(Contact.objects.search("9")) == [contact]


def test_one_sign_finds_e_mails_that_begin_with_an_accent():
    contact = ContactFactory(name="Zoe", email="élan@example.org")
    ContactFactory(name="Zoe", email="øre@example.org")
    assert list(Contact.objects.search("e")) == [contact]


@pytest.mark.parametrize("model", [Customer, Contact, Entitlement])
def test_columns_that_one_sign_is_looked_up_in_are_sorted_bytewise(model):
    """Whatever language the database was set up for."""
    fields = [model._meta.get_field(name) for name in model.NAMED_BY.values()]
    assert fields
    assert all(isinstance(field, BytewiseCharField) for field in fields)
