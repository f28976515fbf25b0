from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user
from django.test import Client

from ems_site.accounts import actions
from ems_site.accounts.models import User
from ems_site.audit.models import Entry
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db

NINE = datetime(2026, 5, 1, 9, tzinfo=UTC)


def is_in(client):
    return client.get("/password-change/").status_code == 200


def test_an_idle_session_ends_after_an_hour(client, log_on, user, time_machine):
    time_machine.move_to(NINE, tick=False)
    log_on()
    time_machine.move_to(NINE + timedelta(minutes=59), tick=False)
    assert is_in(client)
    time_machine.move_to(NINE + timedelta(minutes=118), tick=False)
    assert is_in(client)
    time_machine.move_to(NINE + timedelta(minutes=179), tick=False)
    assert not is_in(client)


def test_a_busy_session_ends_after_twelve_hours(client, log_on, user, time_machine):
    time_machine.move_to(NINE, tick=False)
    log_on()
    for half_hours in range(1, 24):
        time_machine.move_to(NINE + timedelta(minutes=30 * half_hours), tick=False)
        assert is_in(client)
    time_machine.move_to(NINE + timedelta(hours=12), tick=False)
    assert not is_in(client)
    log_on()
    assert is_in(client)


def test_logging_on_again_starts_the_twelve_hours_again(client, log_on, user, time_machine):
    time_machine.move_to(NINE, tick=False)
    log_on()
    for half_hours in range(1, 23):
        time_machine.move_to(NINE + timedelta(minutes=30 * half_hours), tick=False)
        assert is_in(client)
    log_on()
    time_machine.move_to(NINE + timedelta(minutes=11 * 60 + 55), tick=False)
    assert is_in(client)
    time_machine.move_to(NINE + timedelta(hours=12, minutes=30), tick=False)
    assert is_in(client)


def test_a_key_from_before_the_log_on_is_worth_nothing(client, log_on, user):
    session = client.session
    session["planted"] = "yes"
    session.save()
    planted = session.session_key
    client.cookies["sessionid"] = planted
    log_on()
    assert client.session.session_key != planted
    assert "planted" not in client.session
    stranger = Client()
    stranger.cookies["sessionid"] = planted
    assert not is_in(stranger)


def test_ended_sessions_stay_dead(client, log_on, user, administrator):
    log_on()
    other = Client()
    log_on(client=other)
    assert actions.end_sessions(User.objects.filter(pk=user.pk), by=administrator) == 1
    assert not is_in(client)
    assert not is_in(other)
    assert Entry.objects.of(user).get().code == "user.sessions_ended"


def test_an_old_cookie_does_not_revive_when_the_account_is_enabled_again(client, log_on, user, administrator):
    log_on()
    user.is_active = False
    actions.save(user, by=administrator)
    user.refresh_from_db()
    user.is_active = True
    actions.save(user, by=administrator)
    assert not is_in(client)
    log_on()
    assert is_in(client)


def test_state_is_asked_on_each_request(client, log_on, user):
    """Even when somebody wrote to the database past the actions."""
    log_on()
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert not is_in(client)


def test_a_contact_who_may_not_log_on_any_longer_is_out(client, contact_user):
    client.force_login(contact_user)
    assert get_user(client).is_authenticated
    type(contact_user.contact).objects.filter(pk=contact_user.contact_id).update(status="disabled")
    contact_user.contact.refresh_from_db()
    assert not contact_user.contact.may_log_on()
    assert not get_user(client).is_authenticated


def test_a_log_on_that_races_with_ending_sessions_loses(client, user, rf, administrator):
    """The session holds the epoch as it was when the password was checked."""
    client.force_login(user)
    User.objects.filter(pk=user.pk).end_sessions()
    assert not is_in(client)


def test_changing_the_password_keeps_this_session_only(client, log_on, user, mail_at_once):
    log_on()
    other = Client()
    log_on(client=other)
    answer = client.post(
        "/password-change/",
        {"old_password": PASSWORD, "new_password": "four quiet harbours", "repeated": "four quiet harbours"},
    )
    assert answer.status_code == 302
    assert is_in(client)
    assert not is_in(other)


def test_a_rotated_key_keeps_sessions_until_the_fallback_goes(client, log_on, user, settings):
    log_on()
    old, settings.SECRET_KEY = settings.SECRET_KEY, "n" * 60
    settings.SECRET_KEY_FALLBACKS = [old]
    assert is_in(client)
    settings.SECRET_KEY_FALLBACKS = []
    assert is_in(client)


def test_a_busy_session_of_a_contact_ends_after_a_day(client, contact_user, time_machine):
    time_machine.move_to(NINE, tick=False)
    client.post("/portal/login/", {"email": contact_user.username, "password": PASSWORD})
    for half_hours in range(1, 48):
        time_machine.move_to(NINE + timedelta(minutes=30 * half_hours), tick=False)
        assert client.get("/portal/").status_code == 200
    time_machine.move_to(NINE + timedelta(hours=24), tick=False)
    assert client.get("/portal/").status_code == 302


def test_where_one_is_signed_in(client, user, log_on):
    log_on()
    session = user.sessions.open().get()
    assert session.client_address == "127.0.0.1"
    assert session.public_id() not in session.session_key
    client.get("/password-change/", REMOTE_ADDR="127.0.0.9")
    assert user.sessions.get().client_address == "127.0.0.9"
    assert user.sessions.get().last_seen > session.last_seen
    assert user.sessions.get().started == session.started
    client.post("/logout/")
    assert not user.sessions.exists()
