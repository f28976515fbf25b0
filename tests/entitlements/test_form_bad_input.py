"""Whatever is typed: a message at its own field, no row, and never an error of the server."""

import pytest

from customers.models import Customer
from entitlements.models import Entitlement
from tests.factories import CustomerFactory, EntitlementFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db

ADD = "/entitlements/add/"
FINE = {
    "customer": "",
    "contact": "",
    "start_date": "2026-01-01",
    "end_date": "2026-12-31",
    "ref_id1": "",
    "ref_id2": "",
    "external_id": "",
    "version": "",
    "products-TOTAL_FORMS": "0",
    "products-INITIAL_FORMS": "0",
    "save": "",
}

REQUIRED = "This field is required"
NO_DATE = "Enter a date that exists, such as 2026-12-31."
OUT_OF_RANGE = "Choose dates from 1 January 1900 to 31 December 9998."
BEFORE = "The end date is before the start date."
SKIPPED = "30 December 2011 did not exist in Pacific/Apia: the calendar skipped it."
UNPRINTABLE = "cannot be used"
INVISIBLE = "invisible character"
NUL = "Null characters are not allowed"
TAKEN = "Another entitlement has this External ID"

NO_DATES = [
    *("2026-02-30", "2025-02-29", "2026-13-01", "2026-00-10", "0000-01-01", "10000-01-01", "-001-01-01"),
    *(
        "２０２６-０１-０１",
        "٢٠٢٦-٠١-٠١",
        "01/02/2026",
        "2026-01-01T00:00",
        "1 January 2026",
        "tomorrow",
        "a\0",
    ),
    *("9" * 5000, "'\"><b>", "🗓"),
]
BAD = [
    *[("start_date", text, NO_DATE) for text in NO_DATES],
    *[("end_date", text, NO_DATE) for text in NO_DATES],
    ("start_date", "", REQUIRED),
    ("start_date", "   ", NO_DATE),
    ("start_date", "0001-01-01", OUT_OF_RANGE),
    ("start_date", "1899-12-31", OUT_OF_RANGE),
    ("end_date", "2025-12-31", BEFORE),
    ("end_date", "0001-01-01", OUT_OF_RANGE),
    ("ref_id1", "n" * 101, "at most 100"),
    ("ref_id1", "bell\x07", UNPRINTABLE),
    ("ref_id1", "two\nlines", UNPRINTABLE),
    ("ref_id1", "rtl\u200fmark", INVISIBLE),
    ("ref_id1", "nul\0", NUL),
    ("ref_id2", "n" * 101, "at most 100"),
    ("ref_id2", "evil\u202elgpj.exe", INVISIBLE),
    ("ref_id2", "nul\0", NUL),
    ("external_id", "n" * 101, "at most 100"),
    ("external_id", "ext-1", TAKEN),
    ("external_id", " ＥＸＴ-1 ", TAKEN),
    ("external_id", "E\u200bXT", INVISIBLE),
    ("external_id", "E\tXT", UNPRINTABLE),
    ("external_id", "nul\0", NUL),
    ("external_id", "ﷺ" * 100, "Too long"),
]


@pytest.fixture
def client(licenser, signed_in):
    return signed_in(licenser)


def errors_of(answer):
    assert answer.status_code == 422
    return dict(answer.context["form"].errors)


@pytest.mark.parametrize(("name", "value", "message"), BAD, ids=lambda value: ascii(value)[:24])
def test_a_message_at_the_field(name, value, message, client):
    EntitlementFactory(external_id="EXT-1")
    draft = EntitlementFactory(customer=None)
    before = everything()
    for address, version in ((ADD, ""), (f"/entitlements/{draft.pk}/edit/", "1")):
        answer = client.post(address, FINE | {name: value, "version": version})
        errors = errors_of(answer)
        assert list(errors) == [name]
        assert message in " ".join(errors[name])
        assert message in Served(answer).text
    assert everything() == before


@pytest.mark.parametrize(
    ("zone", "typed", "field", "message"),
    [
        ("Pacific/Apia", {"start_date": "2011-12-30"}, "start_date", SKIPPED),
        ("Pacific/Apia", {"start_date": "2011-12-30", "end_date": "2011-12-30"}, "start_date", SKIPPED),
        ("Asia/Tokyo", {"start_date": "9999-12-31", "end_date": ""}, "start_date", OUT_OF_RANGE),
        ("Asia/Tokyo", {"end_date": "9999-12-31"}, "end_date", OUT_OF_RANGE),
        ("America/Adak", {"start_date": "9999-12-31", "end_date": "9999-12-31"}, "start_date", OUT_OF_RANGE),
    ],
)
def test_no_window_in_the_zone_of_the_customer(zone, typed, field, message, client):
    customer = CustomerFactory(time_zone=zone)
    never = {} if typed.get("end_date", "x") else {"never_expires": "on"}
    before = everything()
    answer = client.post(ADD, FINE | typed | never | {"customer": customer.pk})
    assert {name: " ".join(told) for name, told in errors_of(answer).items()} == {field: message}
    assert everything() == before


def test_the_missing_day_exists_elsewhere_and_ends_there(client):
    apia, utc = CustomerFactory(time_zone="Pacific/Apia"), CustomerFactory(time_zone="UTC")
    day = {"start_date": "2011-12-30", "end_date": "2011-12-30"}
    assert client.post(ADD, FINE | day | {"customer": utc.pk}).status_code == 302
    until = {"start_date": "2011-12-01", "end_date": "2011-12-30"}
    assert client.post(ADD, FINE | until | {"customer": apia.pk}).status_code == 302


def test_an_alias_of_a_zone_is_as_good_as_its_name(client):
    customer = CustomerFactory()
    Customer.objects.filter(pk=customer.pk).update(time_zone="Asia/Calcutta")
    assert client.post(ADD, FINE | {"customer": customer.pk}).status_code == 302
    page = Served(client.get(f"/entitlements/{Entitlement.objects.get().pk}/edit/"))
    assert "Asia/Calcutta (UTC+05:30)" in page.text


@pytest.mark.parametrize("mark", ["A%ED%A0%80", "A%FF"])
@pytest.mark.parametrize("name", ["ref_id1", "external_id", "start_date", "products-0-product"])
def test_bytes_that_are_no_text(name, mark, client):
    """Half a surrogate pair and other broken UTF-8: what was meant cannot be known."""
    line = {"products-TOTAL_FORMS": "1", "products-0-product": "Suite", "products-0-quantity": "1"}
    body = "&".join(f"{key}={value}" for key, value in (FINE | line | {name: mark}).items())
    answer = client.post(ADD, body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422
    assert not Entitlement.objects.exists()


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
@pytest.mark.parametrize("address", [ADD, "/entitlements/{}/edit/", "/entitlements/{}/copy/"])
def test_other_methods(method, address, client):
    draft = EntitlementFactory()
    assert getattr(client, method)(address.format(draft.pk)).status_code == 405


def test_doubled_fields_count_once(client):
    answer = client.post(ADD, FINE | {"ref_id1": ["first", "second"]})
    assert answer.status_code == 302
    assert Entitlement.objects.get().ref_id1 == "second"


@pytest.mark.parametrize("version", ["", "1", "99", "abc", "-1", str(2**63)])
def test_a_version_of_a_new_draft_counts_for_nothing(version, client):
    answer = client.post(ADD, FINE | {"version": version})
    assert answer.status_code in {302, 422}
    assert [draft.version for draft in Entitlement.objects.all()] == [1] * (answer.status_code == 302)


@pytest.mark.parametrize("value", ["on", "1", "true", "yes", "x" * 10_000])
def test_any_tick_is_a_tick(value, client):
    assert client.post(ADD, FINE | {"end_date": "", "never_expires": value}).status_code == 302
    assert Entitlement.objects.get().end_date is None


@pytest.mark.parametrize("value", ["", "false", "False"])
def test_what_is_no_tick(value, client):
    answer = client.post(ADD, FINE | {"end_date": "", "never_expires": value})
    assert list(errors_of(answer)) == ["end_date"]
    assert not Entitlement.objects.exists()
