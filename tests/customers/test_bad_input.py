"""Whatever is typed: a message at its own field, no row, and never an error of the server."""

import time

import pytest
from django.core.exceptions import ValidationError

from customers import actions
from customers.models import Customer
from tests.factories import CustomerFactory
from tests.pages import Served, everything
from tests.test_doors import UNSERVED

pytestmark = pytest.mark.django_db

PAGE, ADMIN = "/customers/add/", "/admin/customers/customer/add/"
doors = pytest.mark.parametrize("address", [PAGE, ADMIN], ids=["page", "admin"])

REQUIRED = "This field is required"
NOTHING_IN_IT = "at least one letter or digit"
UNPRINTABLE = "cannot be used"
INVISIBLE = "invisible character"
NUL = "Null characters are not allowed"
NO_ZONE = "Choose a time zone from the list"
TAKEN = "Another customer has this"

BAD = [
    ("name", "", REQUIRED),
    ("name", "   ", REQUIRED),
    ("name", "\u3000\u00a0\t", REQUIRED),
    ("name", "\u200b", INVISIBLE),
    ("name", "n" * 256, "at most 255"),
    ("name", "ß" * 256, "at most 255"),
    ("name", "...", NOTHING_IN_IT),
    ("name", "👍👍", NOTHING_IN_IT),
    ("name", "\u0301", NOTHING_IN_IT),
    ("name", "bell\x07", UNPRINTABLE),
    ("name", "two\nlines", UNPRINTABLE),
    ("name", "two\u2028lines", UNPRINTABLE),
    ("name", "c1\x85x", UNPRINTABLE),
    ("name", "nul\0", NUL),
    ("name", "evil\u202elgpj.exe", INVISIBLE),
    ("name", "rtl\u200fmark", INVISIBLE),
    ("name", "hangul\u3164filler", INVISIBLE),
    ("name", "tag\U000e0041", INVISIBLE),
    ("customer_id", "n" * 101, "at most 100"),
    ("customer_id", "acme-1", TAKEN),
    ("customer_id", " ACME-1 ", TAKEN),
    ("customer_id", "ＡＣＭＥ-1", TAKEN),
    ("customer_id", "STRASSE", TAKEN),
    ("customer_id", "strasse", TAKEN),
    ("customer_id", "AC\u200bME-1", INVISIBLE),
    ("customer_id", "AC\u00adME-1", INVISIBLE),
    ("customer_id", "AC\u200dME-1", INVISIBLE),
    ("customer_id", "\u200eACME-1", INVISIBLE),
    ("customer_id", "AC\tME", UNPRINTABLE),
    ("customer_id", "nul\0", NUL),
    ("customer_id", "ﷺ" * 100, "Too long"),
    ("crm_id", "n" * 256, "at most 255"),
    ("crm_id", "a\x1bb", UNPRINTABLE),
    ("crm_id", "nul\0", NUL),
    ("description", "n" * 511, "at most 510"),
    ("description", "---", NOTHING_IN_IT),
    ("description", "bell\x07", UNPRINTABLE),
    ("description", "nul\0", NUL),
    ("external_id", "n" * 61, "at most 60"),
    ("external_id", "ext", TAKEN),
    ("external_id", "ｅｘｔ", TAKEN),
    ("external_id", "/", NOTHING_IN_IT),
    ("external_id", "E\u2060XT", INVISIBLE),
    ("external_id", "nul\0", NUL),
    ("ref_id", "n" * 256, "at most 255"),
    ("ref_id", "?", NOTHING_IN_IT),
    ("ref_id", "nul\0", NUL),
    *[
        ("time_zone", zone, NO_ZONE)
        for zone in ("localtime", "Factory", "../etc", "utc", "UTC ", "posixrules", "x" * 10_000, "a\0", "🕐")
    ],
    ("time_zone", "", REQUIRED),
]
FIELDS = [name for name in Customer.ATTRIBUTES if name != "time_zone"]


@pytest.fixture
def client(manager, signed_in):
    return signed_in(manager)


@pytest.fixture
def acme():
    CustomerFactory(customer_id="Straße")
    return CustomerFactory(customer_id="ACME-1", external_id="EXT")


def values(**typed):
    return UNSERVED | {"name": "Fine Ltd", "version": ""} | typed


def errors_of(answer):
    assert answer.status_code in {200, 422}
    context = answer.context
    form = context["adminform"].form if "adminform" in context else context["form"]
    return dict(form.errors)


@pytest.mark.parametrize(("name", "value", "message"), BAD, ids=lambda value: ascii(value)[:24])
def test_a_message_at_the_field(name, value, message, acme, client):
    before = everything()
    for address in (PAGE, ADMIN):
        answer = client.post(address, values(**{name: value}))
        errors = errors_of(answer)
        assert list(errors) == [name]
        assert message in " ".join(errors[name])
        assert message in Served(answer).text
    assert everything() == before


@pytest.mark.parametrize(
    "door", ["/customers/{}/edit/", "/admin/customers/customer/{}/change/"], ids=["page", "admin"]
)
@pytest.mark.parametrize("name", FIELDS)
def test_a_nul_in_an_edit(door, name, acme, client):
    before = everything()
    posted = values(**{"customer_id": "ACME-1", "version": "1", name: "nul\0"})
    assert list(errors_of(client.post(door.format(acme.pk), posted))) == [name]
    assert everything() == before


@doors
@pytest.mark.parametrize("name", ["name", "customer_id", "description"])
@pytest.mark.parametrize("raw", ["A%ED%A0%80", "A%FF"])
def test_bytes_that_are_no_text(address, name, raw, client):
    """Half a surrogate pair and other broken UTF-8: what was meant cannot be known."""
    fields = {key: value.replace("/", "%2F") for key, value in values().items()}
    body = "&".join(f"{key}={value}" for key, value in (fields | {name: raw}).items())
    answer = client.post(address, body, content_type="application/x-www-form-urlencoded")
    assert list(errors_of(answer)) == [name]
    assert not Customer.objects.exists()


@pytest.mark.parametrize("mark", ["\0", "\ud800"])
@pytest.mark.parametrize("name", Customer.ATTRIBUTES)
def test_what_only_a_program_can_hand_in(mark, name, manager):
    customer = Customer(name="Fine Ltd")
    setattr(customer, name, f"A{mark}")
    with pytest.raises(ValidationError) as refused:
        actions.save(customer, by=manager)
    assert list(refused.value.message_dict) == [name]
    assert not Customer.objects.exists()


# What looks odd and is good

GOOD = [
    ("name", "n" * 255, None),
    ("name", "e\u0301" * 255, "é" * 255),
    ("name", "  Acme  ", "Acme"),
    ("name", "Acme 👍", None),
    ("name", "👩\u200d👧 Family 3", None),
    ("name", "株式会社", None),
    ("name", "می\u200cخواهم", None),
    ("name", "שלום (Acme)", None),
    ("name", "٣", None),
    ("name", "NULL", None),
    ("name", "<script>1</script>", None),
    ("customer_id", "AC ME/1", None),
    ("customer_id", "n" * 100, None),
    ("description", "One\r\n\r\nTwo\rThree", "One\n\nTwo\nThree"),
    ("description", "n\r\n" * 254 + "nn", "n\n" * 254 + "nn"),
    ("external_id", "   ", ""),
    ("external_id", "n" * 60, None),
    ("time_zone", "US/Pacific", None),
]


@pytest.mark.parametrize(("name", "value", "stored"), GOOD, ids=lambda value: ascii(value)[:24])
def test_accepted(name, value, stored, client):
    for address in (PAGE, ADMIN):
        assert client.post(address, values(**{name: value})).status_code == 302
        added = Customer.objects.get()
        assert getattr(added, name) == (value if stored is None else stored)
        assert client.get(f"/customers/{added.pk}/").status_code == 200
        added.delete()


@doors
def test_external_ids_of_blanks_never_collide(address, client):
    for blanks in (" ", "   ", "\u3000"):
        assert client.post(address, values(external_id=blanks)).status_code == 302
    assert list(Customer.objects.values_list("external_id", flat=True)) == [""] * 3


@doors
def test_an_empty_post(address, client):
    assert "name" in errors_of(client.post(address, {"contacts-TOTAL_FORMS": "0", **inline_rows()}))
    assert not Customer.objects.exists()


def inline_rows(**rows):
    return {"associations-TOTAL_FORMS": "0", "associations-INITIAL_FORMS": "0"} | rows


# Addresses

KEYS = [
    "0",
    "4711",
    "9" * 18,
    "9" * 19,
    "9" * 20,
    str(2**63),
    "-1",
    "abc",
    "1.5",
    "１",
    "%00",
    "%ED%A0%80",
    "1%0A",
]


@pytest.mark.parametrize("page", ["", "edit/", "history/", "delete/", "disable/"])
def test_a_customer_that_is_not_there(page, client):
    for key in KEYS:
        assert client.get(f"/customers/{key}/{page}").status_code == 404, key


@pytest.mark.parametrize("page", ["change/", "history/", "delete/", ""])
def test_a_customer_that_is_not_there_in_the_admin(page, client):
    for key in KEYS:
        answer = client.get(f"/admin/customers/customer/{key}/{page}")
        assert answer.status_code in {301, 302, 404}, key


@pytest.mark.parametrize("key", ["9" * 20, "-1", "abc", "", "1.5", "\0", "4711"])
@pytest.mark.parametrize("name", ["delete_selected", "disable_selected"])
def test_a_selection_that_cannot_be_in_the_admin(key, name, acme, client):
    before = everything()
    posted = {"action": name, "_selected_action": [key], "post": "yes"}
    assert client.post("/admin/customers/customer/", posted).status_code < 500
    assert everything() == before


@pytest.mark.parametrize("key", ["9" * 20, "-1", "abc", "", "1.5", "\0", "4711"])
@pytest.mark.parametrize("name", ["contact", "id", "customer"])
def test_a_contact_that_cannot_be_in_the_admin(key, name, client):
    row = {"associations-TOTAL_FORMS": "1", "associations-0-kind": "administrator"}
    answer = client.post(ADMIN, values(**row, **{f"associations-0-{name}": key}))
    assert answer.status_code == 200
    assert not Customer.objects.exists()


@pytest.mark.parametrize("total", ["", "abc", "-1", "1e3"])
def test_a_garbled_number_of_rows_in_the_admin(total, client):
    assert client.post(ADMIN, values(**{"associations-TOTAL_FORMS": total})).status_code < 500


@doors
def test_rows_that_are_only_claimed_are_not_made(address, client):
    """A post of a few bytes does not keep the server busy for long."""
    claimed = {f"{prefix}-TOTAL_FORMS": "999999999" for prefix in ("contacts", "associations")}
    started = time.monotonic()
    answer = client.post(address, values(**claimed))
    assert answer.status_code in {200, 422}
    assert time.monotonic() - started < 2
    assert not Customer.objects.exists()


ODD = ["p=-1", "p=9e99", "p=" + "9" * 30, "p=abc", "o=99", "o=abc", "o=-1.-1", "e=1", "all=1"]
ODD += ["q=%00", "q=%ED%A0%80", "q=a&q=b", "q=" + "%25_" * 1000, "status__exact=%00", "status__exact=none"]


@pytest.mark.parametrize("asked", ODD)
def test_odd_addresses_of_the_admin_list(asked, acme, client):
    answer = client.get(f"/admin/customers/customer/?{asked}", follow=True)
    assert answer.status_code in {200, 400}
