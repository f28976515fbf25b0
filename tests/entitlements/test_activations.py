"""Activations: what may be activated by whom, in which window, and how it is given back."""

import uuid
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.core.exceptions import ValidationError

import contacts.actions
from customers.models import Association, Customer
from ems_site.audit.models import Entry
from ems_site.errors import Gone
from entitlements import actions, licenses
from entitlements.actions import NotAllowed, NothingLeft
from entitlements.licenses import NoLicenseKey
from entitlements.models import Activation, Entitlement, ProductKey
from tests.factories import (
    ActivationFactory,
    ContactFactory,
    CustomerFactory,
    EntitlementFactory,
    ProductKeyFactory,
)
from tests.pages import everything

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_june")]

ADMINISTRATOR = Association.Kind.ADMINISTRATOR


@pytest.fixture
def in_june():
    with time_machine.travel(datetime(2026, 6, 15, 12, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def anna():
    return ContactFactory(email="anna@example.com")


@pytest.fixture
def key(anna):
    """Ten of a product for the year 2026 in Berlin."""
    customer = CustomerFactory(time_zone="Europe/Berlin", people=[anna])
    entitlement = EntitlementFactory(customer=customer, state="complete", end_date=date(2026, 12, 31))
    return ProductKeyFactory(entitlement=entitlement, product="Suite", product_version="2.0")


def test_an_activation_generates_a_license(key, anna, manager):
    activation = actions.activate(key, quantity=3, by=manager, activatee=anna)
    row = Activation.objects.get()
    assert row == activation
    assert (row.quantity, row.activatee, row.time_zone, row.activated_by) == (
        3,
        anna,
        "Europe/Berlin",
        "manager",
    )
    assert row.activated == datetime(2026, 6, 15, 12, tzinfo=UTC)
    assert (row.valid_from, row.valid_until) == (key.valid_from, key.valid_until)
    assert key.available() == 7
    found = licenses.verify(row.license.encode(), licenses.known_keys())
    assert found == licenses.of(row)
    assert found == licenses.License(
        id=str(row.uuid),
        eid=key.entitlement.eid,
        product="Suite",
        version="2.0",
        quantity=3,
        customer=key.entitlement.customer.name,
        customer_id=key.entitlement.customer.customer_id,
        activatee="anna@example.com",
        time_zone="Europe/Berlin",
        not_before="2025-12-31T23:00:00Z",
        not_after="2026-12-31T23:00:00Z",
        issued="2026-06-15T12:00:00Z",
    )
    entry = Entry.objects.of(key.entitlement).get()
    assert (entry.code, entry.actor_name) == ("entitlement.activated", "manager")
    assert entry.changes == {f"activation:{row.pk}:Suite 2.0": ["", row.summary()]}
    assert row.summary().startswith("3 for anna@example.com, 2026-01-01 to 2026-12-31 in Europe/Berlin")


@pytest.mark.parametrize(
    ("zone", "starts", "until"),
    [
        ("Asia/Tokyo", datetime(2025, 12, 31, 15, tzinfo=UTC), datetime(2026, 12, 31, 15, tzinfo=UTC)),
        (
            "Asia/Calcutta",
            datetime(2025, 12, 31, 18, 30, tzinfo=UTC),
            datetime(2026, 12, 31, 18, 30, tzinfo=UTC),
        ),
    ],
)
def test_in_the_time_zone_of_the_activatee(zone, starts, until, key, manager):
    activation = actions.activate(key, quantity=1, by=manager, time_zone=zone)
    assert (activation.time_zone, activation.valid_from, activation.valid_until) == (zone, starts, until)
    key.refresh_from_db()
    assert key.time_zone == "Europe/Berlin"


def test_what_was_issued_stays_when_the_customer_moves(key, manager):
    first = actions.activate(key, quantity=1, by=manager)
    Customer.objects.update(time_zone="Asia/Tokyo")
    second = actions.activate(key, quantity=1, by=manager)
    assert [row.time_zone for row in Activation.objects.order_by("pk")] == ["Europe/Berlin", "Asia/Tokyo"]
    assert Activation.objects.get(pk=first.pk).license == first.license
    assert second.valid_from < first.valid_from


def test_before_the_start_the_license_takes_effect_then(key, manager):
    with time_machine.travel(datetime(2025, 3, 1, tzinfo=UTC)):
        activation = actions.activate(key, quantity=1, by=manager)
    assert activation.valid_from == key.valid_from


@pytest.mark.parametrize(
    ("at", "zone", "good"),
    [
        (datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), "", True),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), "", False),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), "America/New_York", True),
        (datetime(2026, 12, 31, 15, tzinfo=UTC), "Asia/Tokyo", False),
    ],
)
def test_after_the_end_nothing_is_activated(at, zone, good, key, manager):
    with time_machine.travel(at, tick=False):
        if good:
            assert actions.activate(key, quantity=1, by=manager, time_zone=zone)
            return
        before = everything()
        with pytest.raises(NotAllowed, match=r"It ended with Dec\. 31, 2026"):
            actions.activate(key, quantity=1, by=manager, time_zone=zone)
        assert everything() == before


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("draft", "is a draft: it cannot be activated before it is completed"),
        ("disabled", "is disabled: nothing of it can be activated"),
        ("closed", "is closed: nothing of it can be activated any more"),
    ],
)
def test_only_complete_entitlements_are_activated(state, sentence, key, manager):
    Entitlement.objects.update(state=state)
    before = everything()
    with pytest.raises(NotAllowed, match=sentence):
        actions.activate(key, quantity=1, by=manager)
    assert everything() == before


def test_a_draft_without_customer_is_not_activated(manager):
    key = ProductKeyFactory(entitlement=EntitlementFactory(customer=None))
    with pytest.raises(NotAllowed, match="is a draft"):
        actions.activate(key, quantity=1, by=manager)


def test_nothing_is_activated_for_a_disabled_customer(key, manager):
    Customer.objects.update(status="disabled")
    with pytest.raises(NotAllowed, match="The customer is disabled"):
        actions.activate(key, quantity=1, by=manager)


def test_no_more_than_is_left(key, manager):
    ActivationFactory(product_key=key, quantity=4)
    ActivationFactory(product_key=key, quantity=5, revoked=datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(NothingLeft, match="Only 6 of 10 are left"):
        actions.activate(key, quantity=7, by=manager)
    actions.activate(key, quantity=6, by=manager)
    with pytest.raises(NothingLeft, match="All 10 are activated"):
        actions.activate(key, quantity=1, by=manager)


@pytest.mark.parametrize("quantity", [0, -1, 2**63, "１２", "", None, "1.5", "x"])
def test_bad_quantities(quantity, key, manager):
    before = everything()
    with pytest.raises(ValidationError) as refused:
        actions.activate(key, quantity=quantity, by=manager)
    assert set(refused.value.message_dict) == {"quantity"}
    assert everything() == before


@pytest.mark.parametrize("zone", ["Mars/Olympus", "Factory", "x" * 100, "Europe/\0"])
def test_bad_time_zones(zone, key, manager):
    with pytest.raises(ValidationError) as refused:
        actions.activate(key, quantity=1, by=manager, time_zone=zone)
    assert set(refused.value.message_dict) == {"time_zone"}


def test_a_day_that_the_activatees_zone_skipped(manager):
    entitlement = EntitlementFactory(state="complete", start_date=date(2011, 12, 30))
    key = ProductKeyFactory(entitlement=entitlement)
    with pytest.raises(ValidationError) as refused:
        actions.activate(key, quantity=1, by=manager, time_zone="Pacific/Apia")
    assert set(refused.value.message_dict) == {"time_zone"}


def test_the_activatee_is_an_enabled_contact_of_the_customer(key, anna, manager):
    stranger = ContactFactory()
    contacts.actions.disable(type(anna).objects.filter(pk=anna.pk), by=manager)
    gone = ContactFactory()
    type(gone).objects.filter(pk=gone.pk).delete()
    for person in (stranger, anna, gone):
        with pytest.raises(ValidationError) as refused:
            actions.activate(key, quantity=1, by=manager, activatee=person)
        assert set(refused.value.message_dict) == {"activatee"}
    assert not Activation.objects.exists()


def test_who_may_activate_among_contacts(key, anna, log_on_of):
    """Administrators all of the customer's, Standard contacts what is addressed to them."""
    entitlement = key.entitlement
    by = log_on_of(anna)
    with pytest.raises(NotAllowed, match="You may not activate this entitlement any more"):
        actions.activate(key, quantity=1, by=by)
    Entitlement.objects.update(contact=anna)
    actions.activate(key, quantity=1, by=by)
    Entitlement.objects.update(contact=None)
    entitlement.customer.associations.update(kind=ADMINISTRATOR)
    actions.activate(key, quantity=1, by=by)
    other = log_on_of(ContactFactory())
    CustomerFactory(people=[(other.contact, ADMINISTRATOR)])
    with pytest.raises(NotAllowed):
        actions.activate(key, quantity=1, by=other)
    assert Activation.objects.count() == 2


def test_for_whom_contacts_may_activate(key, anna, log_on_of):
    """Standard contacts for themselves or for nobody, Administrators for each contact of the customer."""
    bert, by = ContactFactory(), log_on_of(anna)
    links = key.entitlement.customer.associations
    links.create(contact=bert)
    Entitlement.objects.update(contact=anna)
    for person in (None, anna):
        actions.activate(key, quantity=1, by=by, activatee=person)
    with pytest.raises(ValidationError) as refused:
        actions.activate(key, quantity=1, by=by, activatee=bert)
    assert refused.value.message_dict == {"activatee": ["You may activate for yourself only."]}
    links.filter(contact=anna).update(kind=ADMINISTRATOR)
    actions.activate(key, quantity=1, by=by, activatee=bert)


def test_a_disabled_contact_activates_nothing(key, anna, log_on_of):
    by = log_on_of(anna)
    Entitlement.objects.update(contact=anna)
    type(anna).objects.update(status="disabled")
    with pytest.raises(NotAllowed, match="You may not activate"):
        actions.activate(key, quantity=1, by=by)


def test_the_same_form_twice_activates_once(key, manager):
    given = uuid.uuid4()
    first = actions.activate(key, quantity=10, by=manager, uuid=given)
    assert actions.activate(key, quantity=10, by=manager, uuid=given) == first
    assert Activation.objects.get().quantity == 10
    assert Entry.objects.count() == 1
    for another, values in (
        (ProductKeyFactory(), {}),
        (key, {"quantity": 9}),
        (key, {"time_zone": "Asia/Tokyo"}),
    ):
        with pytest.raises(ValidationError, match="This form was used already"):
            actions.activate(another, by=manager, uuid=given, **{"quantity": 10, **values})
    actions.revoke(first, by=manager, comment="R")
    with pytest.raises(ValidationError, match="This form was used already"):
        actions.activate(key, quantity=10, by=manager, uuid=given)


def test_without_a_key_nothing_is_activated(key, manager, settings):
    settings.LICENSE_KEY = ""
    before = everything()
    with pytest.raises(NoLicenseKey, match="no license key has been set up"):
        actions.activate(key, quantity=1, by=manager)
    assert everything() == before


def test_a_product_that_is_gone(key, manager):
    ProductKey.objects.all().delete()
    with pytest.raises(Gone):
        actions.activate(key, quantity=1, by=manager)


# Revoking


def test_revoking_gives_the_quantity_back(key, anna, manager):
    activation = actions.activate(key, quantity=10, by=manager, activatee=anna)
    actions.revoke(activation, by=manager, comment="Ordered twice.")
    row = Activation.objects.get()
    assert (row.is_revoked(), row.revoked_by, row.reason) == (True, "manager", "Ordered twice.")
    assert key.available() == 10
    entry = Entry.objects.of(key.entitlement).first()
    assert (entry.code, entry.comment) == ("entitlement.revoked", "Ordered twice.")
    assert entry.changes == {f"activation:{row.pk}:Suite 2.0": [row.summary(), ""]}
    with pytest.raises(NotAllowed, match="revoked already"):
        actions.revoke(activation, by=manager, comment="Again.")


@pytest.mark.parametrize("reason", ["", "  \n ", "x" * 501, "a\0b"])
def test_revoking_asks_for_a_reason(reason, key, manager):
    activation = actions.activate(key, quantity=1, by=manager)
    with pytest.raises(ValidationError):
        actions.revoke(activation, by=manager, comment=reason)
    assert not Activation.objects.get().is_revoked()


@pytest.mark.parametrize("state", ["disabled", "closed"])
def test_of_what_is_not_complete_nothing_is_revoked(state, key, manager):
    activation = actions.activate(key, quantity=1, by=manager)
    Entitlement.objects.update(state=state)
    with pytest.raises(NotAllowed, match="nothing is revoked"):
        actions.revoke(activation, by=manager, comment="R")


def test_without_an_activation_the_window_follows_the_customer_again(key, manager):
    first = actions.activate(key, quantity=1, by=manager)
    second = actions.activate(key, quantity=1, by=manager)
    Customer.objects.update(time_zone="Asia/Tokyo")
    actions.revoke(first, by=manager, comment="R")
    assert ProductKey.objects.get().time_zone == "Europe/Berlin"
    actions.revoke(second, by=manager, comment="R")
    moved = ProductKey.objects.get()
    assert (moved.time_zone, moved.valid_from) == ("Asia/Tokyo", datetime(2025, 12, 31, 15, tzinfo=UTC))
    told = Entry.objects.of(key.entitlement).first().changes
    assert told[moved.link()] == [str(key.validity()), str(moved.validity())]


def test_a_contact_whom_an_activation_names_is_not_deleted(key, anna, manager):
    activation = actions.activate(key, quantity=1, by=manager, activatee=anna)
    actions.revoke(activation, by=manager, comment="R")
    everyone = type(anna).objects.filter(pk=anna.pk)
    assert not everyone.deletable().exists()
    with pytest.raises(contacts.actions.HasEntitlements, match="has activations and cannot be deleted"):
        contacts.actions.delete(everyone, by=manager)
    with pytest.raises(Exception, match="protected"):
        anna.delete()
