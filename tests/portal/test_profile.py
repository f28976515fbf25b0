"""What contacts say about themselves, and where they are signed in."""

import pytest
from django.contrib.auth import get_user
from django.test import Client

from contacts import actions
from contacts.models import Contact
from ems_site.accounts.models import User
from ems_site.audit.models import Entry
from tests.pages import Served, everything
from tests.portal.conftest import PASSWORD, is_in

pytestmark = pytest.mark.django_db

PROFILE = "/portal/profile/"


@pytest.fixture
def client(signed_in, standard):
    return signed_in(standard)


def save(client, **typed):
    page = Served(client.get(PROFILE))
    data = {name: values[0] for name, values in page.form("version").data.items()}
    return client.post(PROFILE, data | typed)


def contact_of(user):
    return Contact.objects.get(pk=user.contact_id)


def test_saving(client, standard):
    assert save(client, name=" Stella Brandt ", phone="+49 30 1").url == PROFILE
    contact = contact_of(standard)
    assert (contact.name, contact.phone, contact.language) == ("Stella Brandt", "+49 30 1", "en")
    assert contact.version == 2
    entry = Entry.objects.of(contact).first()
    assert entry.changes == {"name": ["Stella", "Stella Brandt"], "phone": ["", "+49 30 1"]}
    page = client.get(PROFILE).content.decode()
    assert "Your profile is saved." in page
    assert 'value="Stella Brandt"' in page


def test_saving_nothing_new_writes_nothing(client):
    before = everything()
    assert save(client).url == PROFILE
    assert everything() == before


def test_exactly_these_fields(client, standard):
    before = contact_of(standard)
    names = set(Served(client.get(PROFILE)).form("version").data) - {"csrfmiddlewaretoken"}
    assert names == {"name", "phone", "language", "version"}
    save(client, name="New", email="x@example.com", ref_id1="x", ref_id2="x", status="disabled", contact="1")
    save(client, is_staff="on", username="x", session_epoch="9", kind="administrator", customers="1")
    after = contact_of(standard)
    assert (after.email, after.ref_id1, after.ref_id2, after.status) == (
        before.email,
        before.ref_id1,
        before.ref_id2,
        before.status,
    )
    user = User.objects.get(pk=standard.pk)
    assert (user.username, user.is_staff, user.session_epoch) == (standard.username, False, 0)
    assert standard.contact.associations.get().kind == "standard"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("name", "x" * 101), ("phone", "x" * 101), ("name", "a\0b"), ("phone", "a\nb"), ("name", "\ufffd")],
        *[("language", "fr"), ("language", ""), ("language", "en-GB"), ("version", ""), ("version", "x")],
    ],
)
def test_bad_values_stay_to_be_mended(client, standard, field, value):
    before = everything()
    answer = save(client, **{"phone": "typed", field: value})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert everything() == before


def test_somebody_else_saved_meanwhile(client, standard, staff):
    """Said in words; what was typed stays, and saving once more replaces what is there."""
    page = Served(client.get(PROFILE))
    data = {name: values[0] for name, values in page.form("version").data.items()}
    theirs = contact_of(standard)
    theirs.phone, theirs.language = "+1 theirs", "de"
    actions.save(theirs, by=staff)
    answer = client.post(PROFILE, data | {"name": "Mine"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert 'value="Mine"' in text
    assert "+1 theirs" in text
    assert "secret-staff" not in text
    assert contact_of(standard).name == "Stella"
    again = {name: values[0] for name, values in Served(answer).form("version").data.items()}
    assert client.post(PROFILE, again).url == PROFILE
    assert contact_of(standard).name == "Mine"


def test_another_language_from_the_next_page_on(client, standard):
    save(client, language="de")
    assert '<html lang="de">' in client.get(PROFILE).content.decode()


# Where I am signed in


@pytest.fixture
def elsewhere(standard):
    other = Client(REMOTE_ADDR="127.0.0.9")
    other.force_login(standard)
    other.get("/portal/")
    return other


def ids(user, client):
    """(this session's, the other's)"""
    here = client.session.session_key
    found = {session.session_key == here: session.public_id() for session in user.sessions.open()}
    return found.get(True), found.get(False)


def test_sessions_are_listed_without_their_keys(client, elsewhere, standard, administrator, signed_in):
    signed_in(administrator)
    client.get(PROFILE)
    page = client.get(PROFILE).content.decode()
    assert page.count("From 127.0.0.") == 2
    assert page.count("This one") == 1
    assert "127.0.0.9" in page
    for session in (client.session, elsewhere.session):
        assert session.session_key not in page


def test_ending_one_asks_the_password(client, elsewhere, standard):
    _this, other = ids(standard, client)
    path = f"{PROFILE}sessions/{other}/end/"
    assert "127.0.0.9" in client.get(path).content.decode()
    assert client.post(path).status_code == 422
    answer = client.post(path, {"old_password": "wrong"})
    assert answer.status_code == 422
    assert "not your present password" in answer.content.decode()
    assert is_in(elsewhere)
    assert client.post(path, {"old_password": PASSWORD}).url == PROFILE
    assert not is_in(elsewhere)
    assert is_in(client)
    assert client.post(path, {"old_password": PASSWORD}).status_code == 404


def test_guessing_the_password_there_is_throttled(client, elsewhere, standard):
    path = f"{PROFILE}sessions/{ids(standard, client)[1]}/end/"
    for _ in range(10):
        client.post(path, {"old_password": "wrong"})
    answer = client.post(path, {"old_password": PASSWORD})
    assert "Too many wrong passwords" in answer.content.decode()
    assert is_in(elsewhere)


def test_not_somebody_elses_session_nor_this_one(client, standard, administrator, signed_in):
    other = signed_in(administrator)
    theirs = administrator.sessions.open().get().public_id()
    for public_id in (theirs, ids(standard, client)[0], "0" * 20, "x", client.session.session_key):
        answer = client.post(f"{PROFILE}sessions/{public_id}/end/", {"old_password": PASSWORD})
        assert answer.status_code == 404
    assert is_in(other)
    assert is_in(client)


def test_signing_out_everywhere(client, elsewhere, standard):
    key = client.session.session_key
    answer = client.post(f"{PROFILE}sessions/end/")
    assert answer.url == "/portal/login/"
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert "You are signed out everywhere." in client.get(answer.url).content.decode()
    assert not get_user(client).is_authenticated
    assert not is_in(elsewhere)
    replayed = Client()
    replayed.cookies["sessionid"] = key
    assert not is_in(replayed)
    assert Entry.objects.of(standard).filter(code="user.sessions_ended").exists()
