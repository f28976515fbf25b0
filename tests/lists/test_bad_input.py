"""Whatever stands in an address: a page, a sentence or a default, and never an error of ours."""

import pytest
from django.core.signing import Signer
from django.http import QueryDict

from customers.listing import CustomerList
from customers.models import Customer
from ems_site.lists.criteria import MOST_CRITERIA
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory

pytestmark = pytest.mark.django_db

LISTS = ["/customers/", "/contacts/", "/entitlements/"]
FORGED = Signer(salt="ems_site.lists.place:customers:name").sign_object([0, "x", "y", "z"])


@pytest.fixture(autouse=True)
def _rows():
    EntitlementFactory(customer=CustomerFactory(name="Acme", people=[ContactFactory()]))


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize(
    "asked",
    [
        *({"in": "password", "q": "a"}, {"how": "regex", "q": "a"}, {"in": "\0", "how": "\0", "q": "a"}),
        *({"sort": "password"}, {"sort": "-"}, {"sort": "search_key"}, {"columns": "password,\0,"}),
        *({"columns": "," * 10_000}, {"columns": "name," * 10_000}, {"size": "1000000"}, {"size": "-1"}),
        *({"after": "x"}, {"before": "\0"}, {"after": FORGED}, {"after": "é" * 9_999}),
        *({"after": "x", "before": "y", "last": "1"}, {"view": "9" * 40}, {"view": "<script>"}),
        *({"and": ["name.any.x"] * 1_000}, {"and": [".", "..", "a.b", "name.any.", "\0.\0.\0"]}),
        *({"q": "x" * 1_000_000}, {"q": "\0"}, {"q": "'\"`;--%_*\\"}, {"q": "{{7*7}}"}),
        *({"status": "\0"}, {"state": "x"}, {"created_from": "2026-02-30"}, {"changed_to": "\0"}),
        *({"created_from": "9999-12-31"}, {"created_to": "0001-01-01"}, {"customer": "9" * 40}),
    ],
)
def test_a_page_is_shown(address, asked, manager, signed_in):
    response = signed_in(manager).get(address, asked)
    assert response.status_code == 200
    assert "{{" not in response.content.decode().replace("{{7*7}}", "")


@pytest.mark.parametrize("name", ["q", "in", "and", "sort", "columns", "after", "customer", "view"])
def test_half_a_surrogate_pair_is_shown_a_page(name, manager, signed_in):
    for address in LISTS:
        assert (
            signed_in(manager).get(f"{address}?{name}=%ED%A0%80&{name}=name.any.%ED%A0%80").status_code == 200
        )


def test_a_thousand_chips_are_twenty(manager):
    asked = QueryDict(mutable=True)
    asked.setlist("and", [f"name.any.acme{number}" for number in range(1_000)])
    found = CustomerList(asked, manager)
    assert len(found.criteria) == len(found.links.chips()) == MOST_CRITERIA
    assert found.notes == [f"Only the first {MOST_CRITERIA} criteria count."]
    assert len(found.address()) < 2_000


def test_the_same_criterion_counts_once(manager):
    found = CustomerList(QueryDict("and=name.any.a&and=name.any.a&q=a&in=name"), manager)
    assert len(found.criteria) == 1


@pytest.mark.parametrize(
    "asked", ["and=password.any.x", "and=name.regex.x", "and=name", "and=name.any.%20%00"]
)
def test_what_cannot_be_read_is_told_and_narrows_nothing(asked, manager):
    found = CustomerList(QueryDict(asked), manager)
    assert found.notes == ["A criterion was left out: it cannot be read, or you may not search by it."]
    assert found.rows == list(Customer.objects.all())


def test_a_tampered_page_key_shows_the_first_page_and_says_so(manager):
    found = CustomerList(QueryDict(f"after={FORGED}"), manager)
    assert [row.name for row in found.rows] == ["Acme"]
    assert found.notes == ["The page of this address is not known any more. This is the first one."]


def test_criteria_of_customers_are_for_those_who_may_view_them(signed_in, viewer):
    viewer.user_permissions.remove(*viewer.user_permissions.filter(codename="view_customer"))
    page = signed_in(viewer).get("/contacts/", {"q": "acme", "in": "customer", "and": "customer.any.acme"})
    shown = page.context["list"]
    assert "customer" not in shown.searched
    assert shown.kept == []
    assert shown.rows == []
    assert "customers" not in shown.all_columns


def test_an_address_shows_a_colleague_the_same_rows(manager, viewer):
    for number in range(60):
        CustomerFactory(name=f"Acme {number:02}", time_zone="Europe/Berlin")
    mine = CustomerList(QueryDict("and=name.starts.acme&q=berlin&in=time_zone&sort=-name&size=25"), manager)
    following = CustomerList(QueryDict(mine.page.next.removeprefix("?")), viewer)
    assert [row.name for row in following.rows] == [f"Acme {number:02}" for number in range(34, 9, -1)]
    assert CustomerList.of_query(mine.query, viewer).query == mine.query
