"""A customer's time zone changes: what the page that asks tells of the licenses that move, on the pages
and in Django admin."""

from datetime import date

import pytest

from customers.models import Customer
from ems_site.audit.models import Entry
from entitlements.models import Entitlement, ProductKey
from tests.conftest import allowed
from tests.factories import (
    ActivationFactory,
    CustomerFactory,
    EntitlementFactory,
    ProductKeyFactory,
    UserFactory,
)
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db

HEAD = ["Product", "Dates", "From (UTC)", "To (UTC)"]
SUITE = {"product": "Suite", "product_version": "2.0", "end_date": date(2026, 12, 31)}


class Page:
    ADDRESS = "/customers/{}/edit/"
    REFUSED = 422

    def __init__(self, client, customer):
        self.client, self.address = client, self.ADDRESS.format(customer.pk)

    def ask(self, **typed):
        """The page that asks, or that says what is wrong."""
        data = Served(self.client.get(self.address)).form("time_zone").data
        answer = self.client.post(self.address, data | {"save": "", "_save": "Save"} | typed)
        assert answer.status_code == self.REFUSED
        return Served(answer)

    def confirm(self, page, client=None):
        data = page.form("confirmation").data | {"save": "1"}
        return (client or self.client).post(self.address, data)


class Admin(Page):
    ADDRESS = "/admin/customers/customer/{}/change/"
    REFUSED = 200

    def confirm(self, page, client=None):
        form = page.form("time_zone")
        token = dict(form.buttons)["confirmation"]
        return (client or self.client).post(self.address, form.data | {"confirmation": token})


@pytest.fixture
def customer():
    return CustomerFactory(name="Acme", customer_id="ACME-1", time_zone="Europe/Berlin")


@pytest.fixture(params=[Page, Admin], ids=lambda door: door.__name__)
def door(request, customer, manager, signed_in):
    return request.param(signed_in(manager), customer)


@pytest.fixture
def sold(customer):
    """A completed entitlement of the customer."""
    return EntitlementFactory(customer=customer, state="complete")


def listed(page):
    """The rows of what moves."""
    return next((table[1:] for table in page.tables if table[0] == HEAD), [])


def test_what_moves_from_when_to_when(door, sold):
    ProductKeyFactory(entitlement=sold, **SUITE)
    ProductKeyFactory(entitlement=sold, product="Forever")
    page = door.ask(time_zone="Asia/Tokyo")
    assert "2 product keys move to Asia/Tokyo" in page.text
    assert listed(page) == [
        [
            f"Suite 2.0 {sold.eid}",
            "1 Jan 2026 – 31 Dec 2026",
            "31 Dec 2025, 23:00 until 31 Dec 2026, 23:00 Europe/Berlin",
            "31 Dec 2025, 15:00 until 31 Dec 2026, 15:00 Asia/Tokyo",
        ],
        [
            f"Forever {sold.eid}",
            "1 Jan 2026 – never expires",
            "31 Dec 2025, 23:00 Europe/Berlin",
            "31 Dec 2025, 15:00 Asia/Tokyo",
        ],
    ]
    assert "activated already stay as they were issued" in page.text


def windows():
    keys = ProductKey.objects.select_related("entitlement")
    return {f"{key.called()} {key.entitlement.eid}": (key.valid_from, key.valid_until) for key in keys}


def test_what_is_listed_is_exactly_what_moves(door, sold, customer):
    for place, state in enumerate(Entitlement.State.values):
        EntitlementFactory(customer=customer, state=state, products=[{"product": f"P{place}"}, SUITE])
    ActivationFactory(product_key=ProductKeyFactory(entitlement=sold, product="In use"))
    revoked = ProductKeyFactory(entitlement=sold, product="Revoked")
    ActivationFactory(product_key=revoked, revoked=revoked.valid_from)
    # Where it is already, as after the last activation was revoked.
    there = ProductKeyFactory(entitlement=sold, product="There")
    there.place(there.validity_in("Asia/Tokyo"))
    there.save()
    ProductKeyFactory(product="Of somebody else")
    before, page = windows(), door.ask(time_zone="Asia/Tokyo")
    assert windows() == before
    assert door.confirm(page).status_code == 302
    after = windows()
    moved = {name for name in before if before[name] != after[name]}
    assert {row[0] for row in listed(page)} == moved
    assert len(moved) == 7
    assert f"{len(moved)} product keys move" in page.text
    assert Customer.objects.get(pk=customer.pk).time_zone == "Asia/Tokyo"


def test_the_first_hundred_are_listed(door, sold):
    for _ in range(101):
        ProductKeyFactory(entitlement=sold)
    page = door.ask(time_zone="Asia/Tokyo")
    assert "101 product keys move" in page.text
    assert len(listed(page)) == 100
    assert "1 more moves in the same way." in page.text
    ProductKeyFactory(entitlement=sold)
    assert "2 more move in the same way." in door.ask(time_zone="Asia/Tokyo").text


def test_exactly_a_hundred(door, sold):
    for _ in range(100):
        ProductKeyFactory(entitlement=sold)
    page = door.ask(time_zone="Asia/Tokyo")
    assert len(listed(page)) == 100
    assert "in the same way" not in page.text


@pytest.mark.parametrize("keys", [[], [SUITE]], ids=["without products", "at the same instants"])
def test_nothing_moves(keys, door, customer):
    EntitlementFactory(customer=customer, state="complete", products=keys)
    page = door.ask(time_zone="Europe/Vienna")
    assert "No license moves" in page.text
    assert listed(page) == []
    assert door.confirm(page).status_code == 302
    assert not Entry.objects.filter(code="entitlement.moved").exists()


def test_another_change_moves_nothing_and_says_nothing(door, sold):
    ProductKeyFactory(entitlement=sold, **SUITE)
    page = door.ask(name="Renamed")
    assert "move" not in page.text.replace("Remove", "")
    assert listed(page) == []


@pytest.mark.parametrize("kind", [Page, Admin])
def test_only_the_number_for_those_who_may_not_see_entitlements(kind, sold, customer, signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed("customers.view_customer", "customers.change_customer"))
    for _ in range(2):
        ProductKeyFactory(entitlement=sold, **SUITE)
    door = kind(signed_in(user), customer)
    page = door.ask(time_zone="Asia/Tokyo")
    assert "2 product keys move to Asia/Tokyo" in page.text
    assert listed(page) == []
    assert sold.eid not in page.text
    assert "Suite" not in page.text
    assert "in the same way" not in page.text
    assert door.confirm(page).status_code == 302


def test_a_key_activated_meanwhile_asks_again(door, sold):
    ProductKeyFactory(entitlement=sold, product="First")
    second = ProductKeyFactory(entitlement=sold, product="Second")
    page = door.ask(time_zone="Asia/Tokyo")
    ActivationFactory(product_key=second)
    before = everything()
    answer = door.confirm(page)
    assert answer.status_code == door.REFUSED
    again = Served(answer)
    assert "1 product key moves" in again.text
    assert [row[0] for row in listed(again)] == [f"First {sold.eid}"]
    assert everything() == before
    assert door.confirm(again).status_code == 302
    second.refresh_from_db()
    assert second.time_zone == "Europe/Berlin"


def test_a_key_completed_meanwhile_asks_again(door, sold, customer):
    page = door.ask(time_zone="Asia/Tokyo")
    EntitlementFactory(customer=customer, state="complete", products=[SUITE])
    before = everything()
    answer = door.confirm(page)
    assert answer.status_code == door.REFUSED
    assert len(listed(Served(answer))) == 1
    assert everything() == before


def test_a_colleagues_confirmation_does_not_count(door, sold, superuser, signed_in):
    ProductKeyFactory(entitlement=sold, **SUITE)
    page = door.ask(time_zone="Asia/Tokyo")
    before = everything()
    answer = door.confirm(page, client=signed_in(superuser))
    assert answer.status_code == door.REFUSED
    assert len(listed(Served(answer))) == 1
    assert everything() == before


def test_a_day_that_the_zone_does_not_have_is_told_at_the_field(door, sold):
    key = ProductKeyFactory(entitlement=sold, product="Suite", start_date=date(2011, 12, 30))
    before = everything()
    page = door.ask(time_zone="Pacific/Apia")
    assert f"Suite of {sold.eid}: 30 December 2011 did not exist in Pacific/Apia" in page.text
    assert "confirmation" not in {name for form in page.forms for name, _ in form.buttons}
    assert not page.form("confirmation")
    assert page.form("time_zone").data["time_zone"] == ["Pacific/Apia"]
    assert everything() == before
    ActivationFactory(product_key=key)
    assert "No license moves" in door.ask(time_zone="Pacific/Apia").text


def test_the_refusal_stands_at_the_time_zone(sold, customer, manager, signed_in):
    ProductKeyFactory(entitlement=sold, start_date=date(2011, 12, 30))
    client = signed_in(manager)
    for door in (Page(client, customer), Admin(client, customer)):
        data = Served(client.get(door.address)).form("time_zone").data
        answer = client.post(door.address, data | {"time_zone": "Pacific/Apia", "save": "", "_save": ""})
        adminform = answer.context.get("adminform")
        form = adminform.form if adminform else answer.context["form"]
        assert list(form.errors) == ["time_zone"]
