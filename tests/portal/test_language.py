"""Which language the portal speaks, and that it speaks it to nobody else."""

import pytest
from django.utils import translation
from django.utils.translation import gettext

from tests.factories import UserFactory
from tests.portal.conftest import person

pytestmark = pytest.mark.django_db

GERMAN = {"accept-language": "de-AT,de;q=0.9,en;q=0.5"}


def language(answer):
    return answer.content.decode().partition('<html lang="')[2][:2]


def test_before_the_log_on_the_browsers(client):
    assert language(client.get("/portal/login/")) == "en"
    assert language(client.get("/portal/login/", headers=GERMAN)) == "de"
    assert language(client.get("/portal/login/", headers={"accept-language": "fr, xx;q=0.1, *"})) == "en"


def test_before_the_log_on_the_chosen_one(client):
    answer = client.post(
        "/portal/language/", {"language": "de", "next": "/portal/login/?next=/portal/profile/"}
    )
    assert answer.url == "/portal/login/?next=/portal/profile/"
    page = client.get(answer.url)
    assert language(page) == "de"
    with translation.override("de"):
        assert gettext("Forgot your password?") in page.content.decode()
    client.post("/portal/language/", {"language": "en"})
    assert language(client.get("/portal/login/", headers=GERMAN)) == "en"


def test_the_cookie(client, settings):
    cookie = client.post("/portal/language/", {"language": "de"}).cookies[settings.LANGUAGE_COOKIE_NAME]
    assert (cookie["path"], cookie["samesite"], cookie["httponly"]) == ("/", "Lax", True)
    assert cookie["max-age"] > 0


@pytest.mark.parametrize("code", ["fr", "", "de-AT", "../de", "x" * 5000, "de\r\nSet-Cookie: a=b", "\0"])
def test_no_other_language_can_be_chosen(client, settings, code):
    answer = client.post("/portal/language/", {"language": code})
    assert answer.status_code == 302
    assert settings.LANGUAGE_COOKIE_NAME not in answer.cookies
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "fr"
    assert language(client.get("/portal/login/")) == "en"


@pytest.mark.parametrize(
    "address",
    [
        "//x",
        "/\\x",
        "https:x",
        "javascript:alert(1)",
        "/customers/",
        "/",
        "/portal/logout/",
        "/portal/../",
        "",
    ],
)
def test_nobody_is_sent_outside_the_portal(client, address):
    answer = client.post("/portal/language/", {"language": "de", "next": address})
    assert answer.url == "/portal/"


def test_the_contacts_own_counts_more(signed_in, client, settings):
    inside = signed_in(person("gerda@example.com", language="de"))
    inside.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert language(inside.get("/portal/", headers={"accept-language": "en"})) == "de"


def test_staff_pages_stay_english(signed_in, client, settings, db):
    inside = signed_in(UserFactory(username="clerk", is_superuser=True))
    inside.cookies[settings.LANGUAGE_COOKIE_NAME] = "de"
    page = inside.get("/password-change/", headers=GERMAN).content.decode()
    assert "Present password" in page
    assert '<html lang="en">' in page


def test_nothing_is_left_for_the_next_request(signed_in, client, standard):
    before = translation.get_language()
    inside = signed_in(person("gerda@example.com", language="de"))
    for path in ("/portal/", "/portal/nowhere/", "/customers/"):
        assert language(inside.get(path)) == "de"
        assert translation.get_language() == before
        assert language(signed_in(standard).get("/portal/")) == "en"
        assert language(client.get("/login/")) == "en"


def test_a_view_that_fails_leaves_nothing_either(signed_in, client, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError

    before, inside = translation.get_language(), signed_in(person("gerda@example.com", language="de"))
    inside.raise_request_exception = False
    monkeypatch.setattr("ems_site.portal.pages.render", broken)
    assert language(inside.get("/portal/")) == "de"
    assert translation.get_language() == before
