"""Where staff are signed in, and how they sign out elsewhere. Contacts have it in their profile."""

import pytest
from django.contrib.auth import get_user
from django.test import Client

from ems_site.accounts.models import User
from ems_site.audit.models import Entry
from tests.accounts.conftest import PASSWORD
from tests.conftest import events
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db

PAGE = "/sessions/"


@pytest.fixture
def here(client, user):
    client.force_login(user)
    client.get(PAGE)
    return client


@pytest.fixture
def elsewhere(user):
    other = Client(REMOTE_ADDR="127.0.0.9")
    other.force_login(user)
    other.get(PAGE)
    return other


def is_in(client):
    return client.get(PAGE).status_code == 200


def public_id(client):
    key = client.session.session_key
    return get_user(client).sessions.get(session_key=key).public_id()


def end(of):
    return f"{PAGE}{public_id(of)}/end/"


def test_ones_own_sessions_are_listed_without_their_keys(here, elsewhere, administrator):
    theirs = Client(REMOTE_ADDR="127.0.0.8")
    theirs.force_login(administrator)
    theirs.get(PAGE)
    answer = here.get(PAGE)
    page = Served(answer)
    actions = dict(zip(page.column("Address"), page.column("Sign out"), strict=True))
    assert actions == {"127.0.0.1": "This one", "127.0.0.9": "Sign out there"}
    assert [text for text, address in page.links if address == end(elsewhere)] == ["Sign out there"]
    for client in (here, elsewhere):
        assert client.session.session_key not in answer.content.decode()


def test_sessions_that_are_over_are_not_listed(here, elsewhere, user):
    key = elsewhere.session.session_key
    user.sessions.filter(session_key=key).update(expire_date="2026-01-01T00:00:00Z")
    assert Served(here.get(PAGE)).column("Address") == ["127.0.0.1"]


def test_the_menu_leads_there(here):
    links = [text for text, _ in Served(here.get("/password-change/")).links]
    assert links.index("Where I am signed in") == links.index("Change password") + 1


def test_ending_one_asks_the_password(here, elsewhere, user, caplog):
    path, before = end(elsewhere), everything()
    page = Served(here.get(path))
    assert "127.0.0.9" in page.text
    assert page.form("old_password").action == path
    for typed, words in (
        ({}, "This field is required."),
        ({"old_password": "wrong"}, "This is not your present password."),
    ):
        answer = here.post(path, typed)
        assert answer.status_code == 422
        assert words in Served(answer).text
        assert 'value="wrong"' not in answer.content.decode()
    assert is_in(elsewhere)
    assert everything() == before
    answer = here.post(path, {"old_password": PASSWORD}, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    assert "The other session has ended." in Served(answer).text
    assert is_in(here)
    assert not is_in(elsewhere)
    assert Entry.objects.of(user).get().code == "user.session_ended"
    assert events(caplog) == ["user.session_ended"]
    assert here.post(path, {"old_password": PASSWORD}).status_code == 404


def test_guessing_the_password_there_is_throttled(here, elsewhere):
    path = end(elsewhere)
    for _ in range(10):
        here.post(path, {"old_password": "wrong"})
    assert "Too many wrong passwords" in Served(here.post(path, {"old_password": PASSWORD})).text
    assert is_in(elsewhere)


def test_neither_this_session_nor_somebody_elses(here, administrator):
    other = Client()
    other.force_login(administrator)
    other.get(PAGE)
    for name in (public_id(other), public_id(here), "0" * 20, "x", here.session.session_key):
        path = f"{PAGE}{name}/end/"
        assert here.get(path).status_code == 404
        assert here.post(path, {"old_password": PASSWORD}).status_code == 404
    assert is_in(other)
    assert is_in(here)


def test_signing_out_everywhere_asks_nothing(here, elsewhere, user, caplog):
    key = here.session.session_key
    assert here.get(f"{PAGE}end/").status_code == 405
    answer = here.post(f"{PAGE}end/")
    assert answer.url == "/login/"
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert "You are signed out everywhere." in Served(here.get("/login/")).text
    replayed = Client()
    replayed.cookies["sessionid"] = key
    assert not any(is_in(client) for client in (here, elsewhere, replayed))
    assert User.objects.get(pk=user.pk).session_epoch == 1
    assert Entry.objects.of(user).get().code == "user.sessions_ended"
    assert events(caplog) == ["user.sessions_ended", "log_out"]


def test_others_stay_signed_in(here, administrator):
    other = Client()
    other.force_login(administrator)
    here.post(f"{PAGE}end/")
    assert is_in(other)


def test_a_contact_has_a_page_of_its_own(client, contact_user):
    client.force_login(contact_user)
    client.get("/portal/")
    before = everything()
    mine = contact_user.sessions.get().public_id()
    assert client.get(PAGE).status_code == 403
    assert client.post(f"{PAGE}end/").status_code == 403
    for name in (mine, "0" * 20):
        assert client.get(f"{PAGE}{name}/end/").status_code == 403
        assert client.post(f"{PAGE}{name}/end/", {"old_password": PASSWORD}).status_code == 403
    assert everything() == before
    assert contact_user.sessions.exists()


def test_a_password_set_by_others_is_changed_first(here, elsewhere, user):
    path = end(elsewhere)
    User.objects.filter(pk=user.pk).update(must_change_password=True)
    for answer in (here.get(PAGE), here.get(path), here.post(f"{PAGE}end/")):
        assert answer.url == "/password-change/"
    assert user.sessions.count() == 2
