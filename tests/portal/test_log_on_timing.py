"""The time to a refusal says nothing about what an address is: with the real hasher, each costs one hash."""

import time
from statistics import median

import pytest
from django.test import Client

from contacts.models import Contact
from ems_site.status import Status
from tests.factories import ContactFactory, UserFactory

pytestmark = pytest.mark.django_db

ROUNDS = 9
PASSWORD = "seven unrelated marmots"


@pytest.fixture
def kinds(settings):
    """{what the address is: (e-mail, password typed)}"""
    settings.PASSWORD_HASHERS = ["ems_site.accounts.hashers.SizedArgon2"]
    for name in ("known", "disabled", "inactive"):
        contact = ContactFactory(email=f"{name}@example.com")
        user = UserFactory.build(username=contact.email, is_staff=False, contact=contact)
        user.set_password(PASSWORD)
        user.is_active = name != "inactive"
        user.save()
    Contact.objects.filter(email="disabled@example.com").update(status=Status.DISABLED)
    ContactFactory(email="without@example.com")
    unusable = UserFactory.build(
        username="unusable@example.com",
        is_staff=False,
        contact=ContactFactory(email="unusable@example.com"),
    )
    unusable.set_unusable_password()
    unusable.save()
    UserFactory(username="staff@example.com")
    return {
        "unknown": ("nobody@example.com", "a wrong password"),
        "wrong password": ("known@example.com", "a wrong password"),
        "contact without a user": ("without@example.com", "a wrong password"),
        "user without a password": ("unusable@example.com", "a wrong password"),
        "disabled": ("disabled@example.com", PASSWORD),
        "inactive": ("inactive@example.com", PASSWORD),
        "staff": ("staff@example.com", "a wrong password"),
    }


def log_on(number, email, password):
    """From an address of its own, so that nothing is locked; the seconds it took."""
    client = Client(REMOTE_ADDR=f"127.0.{number // 250}.{number % 250}")
    began = time.perf_counter()
    answer = client.post("/portal/login/", {"email": email, "password": password})
    took = time.perf_counter() - began
    assert answer.status_code == 200
    return took


def test_the_times_overlap(kinds):
    times = {kind: [] for kind in kinds}
    for number in range(ROUNDS):
        for place, (kind, typed) in enumerate(kinds.items()):
            times[kind].append(log_on(number * len(kinds) + place, *typed))
    known = times["wrong password"]
    for kind, taken in times.items():
        assert min(known) <= median(taken) <= max(known) or min(taken) <= median(known) <= max(taken), (
            kind,
            sorted(taken),
            sorted(known),
        )
