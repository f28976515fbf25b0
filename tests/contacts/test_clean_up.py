from datetime import timedelta
from io import StringIO

import pytest
from axes.models import AccessFailureLog
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from contacts.models import Invitation
from ems_site.accounts.models import LogOn, Session
from tests.factories import ContactFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_what_is_over_goes_and_the_rest_stays():
    user, contact, now = UserFactory(), ContactFactory(), timezone.now()
    for days in (0, 29, 31, 91):
        at = now - timedelta(days=days)
        AccessFailureLog.objects.create(username="x")
        AccessFailureLog.objects.filter(username="x").update(username=f"{days}", attempt_time=at)
        LogOn.objects.create(user=user, at=at)
        Invitation.objects.create(contact=contact, email=f"{days}@example.com", expires=at, ended=at)
        Client().force_login(user)
        Session.objects.filter(session_key=Session.objects.latest("started").pk).update(
            expire_date=at + timedelta(minutes=1)
        )
    said = StringIO()
    call_command("clean_up", stdout=said)
    assert said.getvalue() == "3 sessions, 2 failed log-ons, 1 log-ons, 2 invitations, 0 batches deleted.\n"
    assert (Session.objects.count(), AccessFailureLog.objects.count()) == (1, 2)
    assert (LogOn.objects.count(), Invitation.objects.count()) == (3, 2)
