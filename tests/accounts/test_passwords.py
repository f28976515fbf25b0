import contextlib
import gzip
from pathlib import Path

import pytest
from django.contrib.auth.hashers import get_hasher, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from ems_site import mail
from ems_site.accounts import actions, hashers
from ems_site.accounts import mail as account_mails
from ems_site.accounts.models import User
from ems_site.audit.models import Entry
from tests.accounts.conftest import PASSWORD

COMMON = Path(hashers.__file__).with_name("common_passwords.txt.gz")
NEW = "four quiet harbours"


@pytest.mark.parametrize(
    "password",
    [
        "elevenchars",
        "x" + "é" * 10,
        "passwordpassword",
        "Passwort123456",
        "qwertyuiop123",
        "1q2w3e4r5t6y",
        "aaaaaaaaaaaaaaa",
        "            ",
        "entitlement2026",
        "Sentinel-Customer!1",
        "EMS ems EMS ems",
        "ＣＵＳＴＯＭＥＲ customer",
        "anna.holm@example",
        "annaholm1234",
        "marmots are nice" * 17,
    ],
)
def test_weak_passwords_are_refused(password):
    user = User(username="annaholm", email="anna.holm@example.com", first_name="Anna", last_name="Holm")
    with pytest.raises(ValidationError):
        validate_password(password, user)


@pytest.mark.parametrize(
    "password",
    [
        "seven unrelated marmots",
        "  blanks at both ends  ",
        "🐟🐠🐡🦈🐬🐳🐋🦭🐙🦑🦐🦞",
        "株式会社の長い合言葉を選ぶ人",
        "8402 9175 3306 2218",
        "the system seems quite unproblematic",
        "m" + "arbled hawthorn " * 15 + "xy",
    ],
)
def test_any_characters_will_do(password):
    validate_password(password, User(username="annaholm", email="anna.holm@example.com"))


def test_the_limits_are_12_and_256():
    validate_password("kestrel wave"[:12])
    validate_password(("kestrel wave brick " * 20)[:256])
    with pytest.raises(ValidationError, match="at most 256"):
        validate_password(("kestrel wave brick " * 20)[:257])


def test_the_list_of_common_passwords_is_long_enough():
    with gzip.open(COMMON, "rt") as lines:
        words = lines.read().splitlines()
    assert len([word for word in words if len(word) >= 12]) >= 3000
    assert len(words) == len(set(words))
    assert words == [word.lower() for word in words]


@given(st.text(min_size=12, max_size=40))
def test_validators_never_fail_otherwise(password):
    with contextlib.suppress(ValidationError):
        validate_password(password, User(username="annaholm", email="anna@example.com"))


def test_hashes_are_argon2id_of_46_mebibytes(settings):
    settings.PASSWORD_HASHERS = ["ems_site.accounts.hashers.SizedArgon2"]
    assert make_password(NEW).startswith("argon2$argon2id$v=19$m=47104,t=1,p=1$")
    assert not get_hasher().must_update(make_password(NEW))


def test_the_product_uses_that_hasher_alone():
    from ems_site import settings

    assert settings.PASSWORD_HASHERS == ["ems_site.accounts.hashers.SizedArgon2"]


# Changing it


def change(client, old=PASSWORD, new=NEW, again=NEW):
    return client.post("/password-change/", {"old_password": old, "new_password": new, "repeated": again})


@pytest.fixture
def logged_on(client, user):
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"old": "wrong"}, "old_password"),
        ({"new": "short", "again": "short"}, "new_password"),
        ({"new": "anna@example.com", "again": "anna@example.com"}, "new_password"),
        ({"again": NEW + " "}, "repeated"),
    ],
)
def test_a_wrong_change_is_refused_at_its_field(logged_on, user, typed, field):
    response = change(logged_on, **typed)
    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_the_present_password_is_no_new_one(logged_on, user):
    User.objects.filter(pk=user.pk).update(must_change_password=True)
    response = change(logged_on, new=PASSWORD, again=PASSWORD)
    assert response.context["form"].errors == {
        "new_password": ["Choose another password than the present one."]
    }
    user = User.objects.get(pk=user.pk)
    assert (user.must_change_password, user.session_epoch) == (True, 0)
    assert logged_on.get("/").url == "/password-change/"


def test_whoever_guesses_learns_nothing_at_the_new_password(logged_on):
    """Only the field of the present password says whether it is right, and it counts the guesses."""
    errors = change(logged_on, old="wrong", new=PASSWORD, again=PASSWORD).context["form"].errors
    assert set(errors) == {"old_password"}


def test_a_change_is_recorded_and_told(
    logged_on, user, mail_at_once, mailoutbox, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        assert change(logged_on).status_code == 302
    assert User.objects.get(pk=user.pk).check_password(NEW)
    entry = Entry.objects.of(user).get(code="user.password_changed")
    assert entry.actor_key == user.pk
    assert entry.changes == {}
    assert [mail.to for mail in mailoutbox] == [["anna@example.com"]]
    assert NEW not in mailoutbox[0].body


def test_a_stolen_session_cannot_guess_the_password_for_long(logged_on, user):
    for number in range(10):
        change(logged_on, old=f"guess {number}")
    assert "Too many wrong passwords" in str(change(logged_on).context["form"].errors)
    cache.clear()
    assert change(logged_on).status_code == 302


def test_contacts_change_theirs_elsewhere(client, contact_user):
    client.force_login(contact_user)
    assert client.get("/password-change/").status_code == 403


def test_a_mail_that_fails_undoes_nothing(
    logged_on, user, monkeypatch, caplog, django_capture_on_commit_callbacks
):
    def broken(*args):
        raise ConnectionRefusedError

    monkeypatch.setattr(account_mails, "send_password_changed", broken)
    monkeypatch.setattr(mail, "_start", mail._guarded)
    monkeypatch.setattr(mail.connections, "close_all", lambda: None)

    with django_capture_on_commit_callbacks(execute=True):
        assert change(logged_on).status_code == 302
    assert "A mail could not be sent" in caplog.text
    assert User.objects.get(pk=user.pk).check_password(NEW)


def test_the_action_ends_sessions_and_counts_up(user):
    actions.set_password(user, NEW, by=None)
    assert User.objects.get(pk=user.pk).session_epoch == user.session_epoch + 1
