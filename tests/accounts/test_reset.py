import re
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.auth import get_user
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ems_site.accounts import actions, mail, throttles
from ems_site.accounts.models import User
from ems_site.accounts.tokens import reset_tokens
from ems_site.audit.models import Entry
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db

NEW = "four quiet harbours"


def ask(client, email="anna@example.com", **headers):
    return client.post("/password-reset/", {"email": email}, **headers)


@pytest.fixture
def link(client, user, mail_at_once, mailoutbox):
    """Path and query of the link in Anna's mail."""
    ask(client)
    address = urlsplit(re.findall(r"http\S+", mailoutbox[-1].body)[-1])
    return f"{address.path}?{address.query}"


def choose(client, password=NEW):
    return client.post("/password-reset/confirm/", {"new_password": password, "repeated": password})


def test_the_way_through(client, link, user, mailoutbox, django_capture_on_commit_callbacks):
    opened = client.get(link)
    assert opened.url == "/password-reset/confirm/"
    assert client.get(opened.url).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        done = choose(client)
    assert done.url == "/login/"
    assert not get_user(client).is_authenticated
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert mailoutbox[-1].subject == "Your password has been changed"
    assert Entry.objects.of(user).get(code="user.password_reset").actor_key == user.pk


def test_looking_uses_nothing_up(client, link):
    """Mail scanners open links before people do."""
    for browser in (Client(), Client(), client):
        assert browser.get(link, follow=True).status_code == 200
    assert Client().head(link).status_code == 302
    assert choose(client).status_code == 302


def test_a_link_works_once(client, link):
    client.get(link)
    other = Client()
    other.get(link)
    assert choose(client).status_code == 302
    assert choose(other, "another fine password").status_code == 410
    assert Client().get(link).status_code == 410


def test_a_used_key_is_refused_by_the_action_too(user):
    key = reset_tokens.key(user)
    actions.reset_password(key, NEW)
    with pytest.raises(actions.LinkUsed):
        actions.reset_password(key, "another fine password")


def test_a_link_ends_after_an_hour(client, user, time_machine):
    start = datetime(2026, 5, 1, 9, tzinfo=UTC)
    time_machine.move_to(start, tick=False)
    key = reset_tokens.key(user)
    time_machine.move_to(start + timedelta(minutes=60), tick=False)
    assert reset_tokens.user_of(key) == user
    time_machine.move_to(start + timedelta(minutes=60, seconds=1), tick=False)
    assert reset_tokens.user_of(key) is None


def test_altered_keys_are_refused(client, user, administrator):
    key = reset_tokens.key(user)
    token = key.partition(".")[2]
    wrong = [
        f"{administrator.pk}.{token}",
        key + "0",
        key[:-1],
        token,
        f".{token}",
        "9" * 30 + f".{token}",
        "x.y-z",
        ".",
    ]
    assert [reset_tokens.user_of(text) for text in wrong] == [None] * len(wrong)


def test_a_link_dies_with_the_sessions(user, administrator):
    """Django's own would work again once the account is enabled again."""
    key = reset_tokens.key(user)
    user.is_active = False
    actions.save(user, by=administrator)
    user.refresh_from_db()
    user.is_active = True
    actions.save(user, by=administrator)
    assert reset_tokens.user_of(key) is None


def test_a_reset_ends_all_sessions(client, user):
    other = Client()
    other.force_login(user)
    user.refresh_from_db()
    client.get(f"/password-reset/confirm/?key={reset_tokens.key(user)}")
    assert choose(client).status_code == 302
    assert not get_user(other).is_authenticated


def test_a_weak_password_is_refused_and_the_link_still_works(client, link):
    client.get(link)
    assert choose(client, "short").status_code == 200
    assert choose(client).status_code == 302


def test_the_answer_is_the_same_for_strangers(client, user, administrator, monkeypatch):
    sent = []
    monkeypatch.setattr(mail, "later", lambda function, *arguments: sent.append(arguments))
    known, unknown = ask(client), ask(client, "nobody@example.com")
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert len(sent) == 2
    assert "If there is an account" in client.get(known.url).content.decode()


def test_the_answer_does_the_same_work_for_strangers(client, user, monkeypatch):
    monkeypatch.setattr(mail, "later", lambda function, *arguments: None)
    counts = []
    for email in ["anna@example.com", "nobody@example.com"]:
        with CaptureQueriesContext(connection) as queries:
            ask(client, email, REMOTE_ADDR="127.0.0.1" if email.startswith("a") else "127.0.0.2")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_mail_leaves_after_the_answer():
    """A mail server that hangs holds up nobody."""
    started = time.monotonic()
    done = []

    def hang():
        time.sleep(0.3)
        done.append(True)

    mail.later(hang)
    assert time.monotonic() - started < 0.2
    while not done and time.monotonic() - started < 5:
        time.sleep(0.01)
    assert done


@pytest.mark.parametrize("person", ["inactive", "no password", "contact"])
def test_who_gets_no_link(client, user, contact_user, mail_at_once, mailoutbox, person):
    if person == "inactive":
        User.objects.filter(pk=user.pk).update(is_active=False)
    if person == "no password":
        user.set_unusable_password()
        user.save()
    ask(client, "carla@example.org" if person == "contact" else "anna@example.com")
    assert mailoutbox == []


def test_mail_goes_to_the_stored_address(client, user, mail_at_once, mailoutbox):
    ask(client, "ANNA@Example.COM")
    assert mailoutbox[0].to == ["anna@example.com"]


def test_a_look_alike_address_gets_nothing(client, user, mail_at_once, mailoutbox):
    ask(client, "anna@examp1e.com")
    ask(client, "аnna@example.com")
    assert mailoutbox == []


def test_a_forged_host_changes_no_link(client, user, mail_at_once, mailoutbox, settings):
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    settings.BASE_URL = "https://ems.example.com"
    assert ask(client, headers={"host": "evil.example"}).status_code == 400
    assert mailoutbox == []
    ask(client, headers={"host": "other.example", "x-forwarded-host": "evil.example"})
    assert "https://ems.example.com/password-reset/confirm/?key=" in mailoutbox[0].body
    assert "evil" not in mailoutbox[0].body
    assert "other.example" not in mailoutbox[0].body


def test_names_break_no_header(client, user, mail_at_once, mailoutbox):
    user.first_name = "Anna\r\nBcc: everyone@example.com"
    user.save()
    ask(client)
    assert "\n" not in mailoutbox[0].subject
    assert mailoutbox[0].recipients() == ["anna@example.com"]


# Throttles


def test_three_mails_an_hour_for_an_account(client, user, mail_at_once, mailoutbox, settings):
    settings.DEMO = False
    spellings = ["anna@example.com", "Anna@Example.com", "ANNA@EXAMPLE.COM", "anna@example.com"]
    answers = [
        ask(client, email, REMOTE_ADDR=f"192.0.2.{n}").status_code for n, email in enumerate(spellings)
    ]
    assert answers == [302, 302, 302, 429]
    assert len(mailoutbox) == 3


def test_three_mails_an_hour_from_an_address(client, user, mail_at_once):
    answers = [ask(client, f"person{number}@example.com").status_code for number in range(4)]
    assert answers == [302, 302, 302, 429]


def test_slots_come_back_after_an_hour(time_machine):
    start = datetime(2026, 5, 1, 9, tzinfo=UTC)
    time_machine.move_to(start, tick=False)
    assert [throttles.take("t", "me", limit=3, seconds=3600) for _ in range(4)] == [True, True, True, False]
    assert throttles.take("t", "you", limit=3, seconds=3600)
    time_machine.move_to(start + timedelta(seconds=3601), tick=False)
    assert throttles.take("t", "me", limit=3, seconds=3600)


def test_all_processes_count_together(settings):
    """The default cache is a table: what one process took is gone for the others."""
    assert isinstance(caches["default"], DatabaseCache) or "default" not in settings.CACHES
    for _ in range(3):
        throttles.take("t", "me", limit=3, seconds=3600)
    fresh = DatabaseCache(settings.CACHES["default"]["LOCATION"], {})
    slots = throttles._slots("t", "me", 3)
    assert len(fresh.get_many(slots)) == 3


def test_the_old_password_works_until_the_new_one_is_set(client, link, user):
    client.get(link)
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


@pytest.mark.django_db(transaction=True)
def test_of_two_posts_at_the_same_time_one_is_refused(user, at_once, mail_at_once):
    key = reset_tokens.key(user)
    results = at_once(
        lambda: actions.reset_password(key, "one fine password"),
        lambda: actions.reset_password(key, "another fine password"),
    )
    assert sorted(type(result).__name__ for result in results) == ["LinkUsed", "User"]
    assert Entry.objects.of(user).filter(code="user.password_reset").count() == 1


@pytest.mark.django_db(transaction=True)
def test_threads_get_no_slot_twice(at_once):
    taken = at_once(*[lambda: throttles.take("t", "me", limit=3, seconds=3600)] * 8)
    assert sorted(taken) == [False] * 5 + [True] * 3


def test_of_two_links_in_one_browser_the_form_does_what_it_shows(client, user, administrator):
    first, second = reset_tokens.key(user), reset_tokens.key(administrator)
    client.get(f"/password-reset/confirm/?key={first}")
    page = client.get("/password-reset/confirm/").content.decode()
    assert "Anna" in page
    shown = re.search('name="link" value="([0-9a-f]+)"', page)[1]
    client.get(f"/password-reset/confirm/?key={second}")
    typed = {"new_password": "four quiet harbours", "repeated": "four quiet harbours", "link": shown}
    answer = client.post("/password-reset/confirm/", typed)
    assert answer.status_code == 409
    assert "root" in answer.content.decode()
    for one in (user, administrator):
        assert User.objects.get(pk=one.pk).check_password(PASSWORD)
