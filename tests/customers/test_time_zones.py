"""Time zones: those of the pinned tzdata package, whatever the machine has."""

from datetime import UTC, datetime
from importlib.resources import files

import pytest
import time_machine
from django.core.exceptions import ValidationError

from customers import actions, time_zones
from customers.forms import CustomerForm
from customers.models import Customer
from tests.factories import CustomerFactory

WINTER = datetime(2026, 1, 15, 12, tzinfo=UTC)
SUMMER = datetime(2026, 7, 15, 12, tzinfo=UTC)
NOT_ZONES = [
    "",
    " ",
    "localtime",
    "Factory",
    "posixrules",
    "../etc",
    "/etc/passwd",
    "europe/berlin",
    "Berlin",
]
NOT_ZONES += ["UTC+1", "Europe", "Europe/", "Europe/Berlin\n", "Europe/Berlin\0", "zone.tab", "Mars/Olympus"]


def test_the_places_of_the_table_and_utc_are_offered():
    lines = files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8").splitlines()
    places = {line.split("\t")[2].strip() for line in lines if line.strip() and not line.startswith("#")}
    names = time_zones.canonical_names()
    assert names[0] == "UTC"
    assert set(names) == places | {"UTC"}
    assert len(names) == len(set(names))
    assert list(names[1:]) == sorted(names[1:])
    assert {"Europe/Berlin", "Europe/Oslo", "Asia/Kolkata", "America/St_Johns"} <= set(names)


def test_what_is_no_place_is_not_known():
    assert not {"localtime", "Factory", "posixrules", ""} & time_zones.known_names()
    assert set(time_zones.canonical_names()) <= time_zones.known_names()
    assert {"Asia/Calcutta", "US/Eastern"} <= time_zones.known_names()


def test_choices_are_grouped_and_unique():
    choices = time_zones.choices()
    groups = [group for group, _ in choices]
    names = [name for _, rows in choices for name, _ in rows]
    assert groups[0] == "UTC"
    assert len(groups) == len(set(groups))
    assert names == list(time_zones.canonical_names())
    assert all(name.partition("/")[0] == group for group, rows in choices for name, _ in rows)


@pytest.mark.parametrize(
    ("name", "now", "offset"),
    [
        ("UTC", WINTER, "+00:00"),
        ("Europe/Berlin", WINTER, "+01:00"),
        ("Europe/Berlin", SUMMER, "+02:00"),
        ("America/St_Johns", WINTER, "-03:30"),
        ("America/St_Johns", SUMMER, "-02:30"),
        ("America/New_York", SUMMER, "-04:00"),
        ("Asia/Kathmandu", WINTER, "+05:45"),
        ("Asia/Calcutta", WINTER, "+05:30"),
        ("Pacific/Kiritimati", WINTER, "+14:00"),
        ("Pacific/Pago_Pago", WINTER, "-11:00"),
        ("Pacific/Marquesas", WINTER, "-09:30"),
    ],
)
def test_labels_have_the_offset_in_force(name, now, offset):
    assert time_zones.label(name, now) == f"(UTC{offset}) {name}"


def test_the_offsets_offered_are_todays():
    for now, label in ((WINTER, "(UTC+01:00) Europe/Berlin"), (SUMMER, "(UTC+02:00) Europe/Berlin")):
        with time_machine.travel(now, tick=False):
            offered = dict(row for _, rows in time_zones.choices() for row in rows)
            assert offered["Europe/Berlin"] == label


@time_machine.travel(SUMMER, tick=False)
def test_the_time_there_now():
    assert time_zones.label_now("America/St_Johns") == "UTC-02:30, now 09:30"


def error_of(name):
    with pytest.raises(ValidationError) as refused:
        Customer(name="Acme", time_zone=name).full_clean()
    return refused.value.message_dict


@pytest.mark.django_db
@pytest.mark.parametrize("name", NOT_ZONES)
def test_what_is_no_zone_is_refused(name):
    assert set(error_of(name)) == {"time_zone"}


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name in NOT_ZONES if name == name.strip()])
def test_the_form_refuses_it_too(name):
    form = CustomerForm({"name": "Acme", "time_zone": name})
    assert set(form.errors) == {"time_zone"}


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Asia/Calcutta", "US/Eastern", "Asia/Kolkata"])
def test_a_known_zone_is_kept_as_it_was_given(name, manager):
    customer = actions.save(Customer(name="Acme", time_zone=name), by=manager)
    customer = Customer.objects.get(pk=customer.pk)
    assert customer.time_zone == name
    form = CustomerForm({"name": "Other", "time_zone": name, "version": "1"}, instance=customer)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["time_zone"] == name


@pytest.mark.django_db
def test_the_form_offers_an_alias_to_those_who_have_it():
    def offered(zone):
        return str(CustomerForm(instance=CustomerFactory(time_zone=zone))["time_zone"])

    assert 'value="Asia/Calcutta" selected' in offered("Asia/Calcutta")
    assert "Asia/Calcutta" not in offered("Asia/Kolkata")
    assert 'value="UTC" selected' in str(CustomerForm()["time_zone"])
