import logging
from datetime import UTC, datetime, timedelta

import pytest
from axes.models import AccessAttempt, AccessFailureLog
from django.contrib.auth import get_user
from django.core.management import CommandError, call_command
from django.utils import timezone

from ems_site.accounts.models import User
from ems_site.audit.models import Entry
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


def fail(log_on, times, name="Anna", address=HERE):
    return [log_on(name, "wrong", REMOTE_ADDR=address).status_code for _ in range(times)]


@pytest.fixture(autouse=True)
def any_address(settings):
    """The demo refuses other addresses than loopback; here they matter."""
    settings.DEMO = False


def test_ten_failures_lock_the_pair_of_name_and_address(log_on, user):
    assert fail(log_on, 10) == [200] * 9 + [429]
    locked = log_on(REMOTE_ADDR=HERE)
    assert locked.status_code == 429
    assert "15" in locked.content.decode()
    assert locked["Retry-After"] == "900"


def test_another_spelling_has_no_tries_of_its_own(log_on, user):
    for name in ["Anna", "anna", "ANNA", "ａnna", " anna"] * 2:
        fail(log_on, 1, name)
    assert log_on(REMOTE_ADDR=HERE).status_code == 429


def test_the_owner_gets_in_from_elsewhere_and_colleagues_from_here(client, log_on, user, administrator):
    fail(log_on, 15)
    assert log_on(REMOTE_ADDR=ELSEWHERE).status_code == 302
    client.logout()
    assert log_on("root", REMOTE_ADDR=HERE).status_code == 302


def test_another_browser_is_no_way_round(log_on, user):
    for number in range(10):
        log_on(password="wrong", REMOTE_ADDR=HERE, headers={"user-agent": f"browser {number}"})
    assert log_on(REMOTE_ADDR=HERE).status_code == 429


def test_a_name_that_nobody_has_locks_alike(log_on, user):
    assert fail(log_on, 11, "nobody") == fail(log_on, 11, "anna")


def test_success_forgets_failures(client, log_on, user):
    fail(log_on, 9)
    assert log_on(REMOTE_ADDR=HERE).status_code == 302
    client.logout()
    assert fail(log_on, 9) == [200] * 9


def test_a_lock_ends_after_fifteen_minutes_even_when_tried_meanwhile(log_on, user, time_machine):
    start = datetime(2026, 5, 1, 9, tzinfo=UTC)
    time_machine.move_to(start, tick=False)
    fail(log_on, 10)
    time_machine.move_to(start + timedelta(minutes=14), tick=False)
    assert log_on(REMOTE_ADDR=HERE).status_code == 429
    time_machine.move_to(start + timedelta(minutes=15, seconds=1), tick=False)
    assert log_on(REMOTE_ADDR=HERE).status_code == 302


def test_one_password_on_many_names_is_stopped_by_the_hour(log_on, user, time_machine, settings):
    start = datetime(2026, 5, 1, 9, tzinfo=UTC)
    time_machine.move_to(start, tick=False)
    settings.LOG_ON_FAILURES_PER_HOUR = 5
    for number in range(5):
        assert fail(log_on, 1, f"name{number}") == [200]
    assert log_on(REMOTE_ADDR=HERE).status_code == 429
    assert log_on(REMOTE_ADDR=ELSEWHERE).status_code == 302
    time_machine.move_to(start + timedelta(minutes=61), tick=False)
    assert fail(log_on, 1, "name6") == [200]


def test_the_limit_by_address_is_a_hundred(settings):
    assert settings.LOG_ON_FAILURES_PER_HOUR == 100
    assert settings.AXES_FAILURE_LIMIT == 10


def test_tries_of_one_locked_person_do_not_use_up_the_address(log_on, user, settings):
    settings.LOG_ON_FAILURES_PER_HOUR = 20
    fail(log_on, 100)
    assert AccessFailureLog.objects.filter(ip_address=HERE).count() == 10
    assert fail(log_on, 1, "somebody") == [200]


def test_failures_of_other_processes_count(log_on, user):
    """Counts are rows of the database, whoever wrote them."""
    AccessAttempt.objects.create(
        username="Anna", ip_address=HERE, failures_since_start=9, user_agent="x", attempt_time=timezone.now()
    )
    assert fail(log_on, 1) == [429]


def test_the_command_unlocks(client, log_on, user, capsys):
    fail(log_on, 10)
    call_command("unlock", "ANNA")
    assert "Anna can log on again." in capsys.readouterr().out
    assert Entry.objects.of(user).filter(code="user.unlocked", actor_key=None).count() == 1
    assert log_on(REMOTE_ADDR=HERE).status_code == 302
    call_command("unlock", "anna")
    assert "was not locked" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no user nobody"):
        call_command("unlock", "nobody")


def test_an_administrator_unlocks_in_django_admin(client, log_on, user, administrator):
    fail(log_on, 10)
    client.force_login(administrator)
    client.post(
        "/admin/accounts/user/", {"action": "unlock", "_selected_action": [user.pk]}, REMOTE_ADDR=HERE
    )
    assert Entry.objects.of(user).get(code="user.unlocked").actor_name == "root"
    client.logout()
    assert log_on(REMOTE_ADDR=HERE).status_code == 302
    assert get_user(client).username == "Anna"


def test_what_people_type_by_mistake_is_kept_nowhere(client, user, caplog, settings):
    """A password in the field of the name, or anywhere else: not in a table, not in the log."""
    caplog.set_level(logging.DEBUG)
    secret = "Marker-Hunter-2000"
    for name in [secret, "anna"]:
        client.post(
            f"/login/?next=/customers/?q={secret}",
            {"username": name, "password": secret, "next": f"/?{secret}"},
            REMOTE_ADDR=HERE,
            headers={"referer": f"http://testserver/?q={secret}"},
        )
    rows = [*AccessAttempt.objects.values(), *AccessFailureLog.objects.values()]
    assert len(rows) == 4
    assert secret.casefold() not in str(rows).casefold()
    assert secret.casefold() not in caplog.text.casefold()
    assert {row["username"] for row in rows if not row["username"].startswith("?")} == {"Anna"}


def test_without_the_store_of_failures_nobody_gets_in(client, user, monkeypatch):
    client.raise_request_exception = False

    def broken(*args, **kwargs):
        raise ConnectionError

    monkeypatch.setattr(AccessFailureLog.objects, "filter", broken)
    answer = client.post("/login/", {"username": "Anna", "password": PASSWORD})
    assert answer.status_code == 500
    assert not get_user(client).is_authenticated


def test_a_forged_header_gives_no_new_tries(log_on, user):
    for number in range(10):
        log_on(password="wrong", REMOTE_ADDR=HERE, headers={"x-forwarded-for": f"198.51.100.{number}"})
    assert log_on(REMOTE_ADDR=HERE).status_code == 429


def test_names_that_look_like_records_cannot_be_taken():
    with pytest.raises(Exception, match="valid username"):
        User(username="?abc").full_clean(exclude=["password"])
