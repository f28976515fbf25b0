import pytest
from django.contrib.auth import get_user
from django.contrib.auth.hashers import get_hashers
from django.test import Client
from django.urls import reverse

from ems_site.accounts.addresses import safe_path
from ems_site.accounts.models import User
from tests.accounts.conftest import PASSWORD, CheapHasher

pytestmark = pytest.mark.django_db


def is_logged_on(client):
    return get_user(client).is_authenticated


def test_the_page_has_the_promised_labels(client):
    page = client.get("/login/").content.decode()
    assert "User name" in page
    assert "Password" in page
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page


@pytest.mark.parametrize("spelling", ["Anna", "anna", "ANNA", " anna ", "ａｎｎａ"])
def test_every_spelling_of_the_name_logs_on(client, log_on, user, spelling):
    assert log_on(spelling).status_code == 302
    assert is_logged_on(client)


def test_a_password_is_taken_as_typed(client, log_on, user):
    user.set_password("  leading and trailing  ")
    user.save()
    log_on(password="leading and trailing")
    assert not is_logged_on(client)
    log_on(password="  leading and trailing  ")
    assert is_logged_on(client)


@pytest.fixture
def refused_person(request, user, contact_user):
    """(name, password) of somebody who is refused at the staff log-on, each for another reason."""
    if request.param == "disabled":
        User.objects.filter(pk=user.pk).update(is_active=False)
    if request.param == "no password":
        user.set_unusable_password()
        user.save()
    return {
        "unknown": ("nobody", PASSWORD),
        "wrong": ("Anna", "wrong password"),
        "disabled": ("Anna", PASSWORD),
        "no password": ("Anna", PASSWORD),
        "contact": ("carla@example.org", PASSWORD),
    }[request.param]


REFUSALS = ["unknown", "wrong", "disabled", "no password", "contact"]


@pytest.mark.parametrize("refused_person", REFUSALS, indirect=True)
def test_every_refusal_reads_the_same(client, log_on, refused_person):
    response = log_on(*refused_person)
    assert response.status_code == 200
    assert response.context["form"].non_field_errors() == ["The user name or the password is wrong."]
    assert not is_logged_on(client)


@pytest.mark.parametrize("refused_person", REFUSALS, indirect=True)
def test_every_refusal_costs_one_hash(monkeypatch, log_on, refused_person):
    hashes = []
    get_hashers()
    real = CheapHasher.encode

    def counted(self, *args, **kwargs):
        hashes.append(1)
        return real(self, *args, **kwargs)

    monkeypatch.setattr(CheapHasher, "encode", counted)
    log_on(*refused_person)
    assert len(hashes) == 1


def test_the_right_password_of_a_contact_counts_as_a_failure(log_on, contact_user):
    """Otherwise the lock-out would tell that the password was right."""
    answers = [log_on("carla@example.org").status_code for _ in range(10)]
    assert answers[-1] == 429


def test_home_sends_each_person_to_their_pages(client, user, contact_user):
    assert client.get("/").url == "/login/?next=/"
    client.force_login(user)
    assert client.get("/").url == "/customers/"
    client.force_login(contact_user)
    assert client.get("/").status_code in {302, 403}
    assert client.get("/").headers.get("Location", "/portal/") == "/portal/"


def test_whoever_is_logged_on_needs_no_log_on_page(client, user):
    client.force_login(user)
    assert client.get("/login/?next=/password-change/").url == "/password-change/"


def test_after_logging_on_one_is_where_one_wanted_to_be(client, user):
    asked = client.get("/password-change/").url
    assert asked == "/login/?next=/password-change/"
    page = client.get(asked)
    assert b'name="next" value="/password-change/"' in page.content
    answer = client.post("/login/", {"username": "Anna", "password": PASSWORD, "next": "/password-change/"})
    assert answer.url == "/password-change/"


@pytest.mark.parametrize(
    "address",
    [
        *("//evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example", "///evil.example"),
        *(
            "https://evil.example/",
            "http://testserver@evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
        ),
        *(
            "http://testserver//evil.example",
            "/\t/evil.example",
            "\x01//evil.example",
            "customers",
            "http:///x",
        ),
        *("/login/", "/logout/", "http://[", ""),
    ],
)
def test_nobody_is_sent_elsewhere(client, user, address):
    answer = client.post("/login/", {"username": "Anna", "password": PASSWORD, "next": address})
    assert answer.url == "/"


def test_safe_addresses_keep_their_query(rf):
    request = rf.get("/")
    assert safe_path(request, "http://testserver/customers/?q=a%20b#top") == "/customers/?q=a%20b"


def test_an_interrupted_post_comes_back_to_its_page(client, user):
    answer = client.post("/password-change/", headers={"referer": "http://testserver/password-change/"})
    assert answer.url == "/login/?next=/password-change/"
    answer = client.post("/password-change/", headers={"referer": "http://evil.example/"})
    assert answer.url == "/login/?next=/"


def test_a_fragment_is_not_answered_with_the_log_on_page(client):
    answer = client.get("/password-change/", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert "HX-Redirect" not in answer


def test_log_out_is_a_post_and_leaves_nothing(client, user):
    client.force_login(user)
    key = client.session.session_key
    assert client.get("/logout/").status_code == 405
    assert is_logged_on(client)
    answer = client.post("/logout/")
    assert answer.url == "/login/"
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert not client.session.exists(key)
    replayed = Client()
    replayed.cookies["sessionid"] = key
    assert not is_logged_on(replayed)


def test_log_on_and_log_out_need_a_form_token(user):
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/login/", {"username": "Anna", "password": PASSWORD}).status_code == 403
    strict.force_login(user)
    answer = strict.post("/logout/")
    assert answer.status_code == 403
    assert "What you typed is not lost" in answer.content.decode()
    assert is_logged_on(strict)


def test_django_admin_has_no_log_on_of_its_own(client, user, administrator):
    assert client.get("/admin/").url == "/login/?next=/admin/"
    assert client.get("/admin/login/?next=/admin/").url == "/login/?next=%2Fadmin%2F"
    assert client.post("/admin/login/", {"username": "root", "password": PASSWORD}).status_code == 405
    client.force_login(user)
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 403
    client.force_login(administrator)
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/logout/").status_code == 405
    assert client.get("/admin/password_change/").url == reverse("password_change")


def test_pages_ask_for_a_log_on_unless_they_opt_out(client):
    """Deny by default: every named page of this app, anonymous."""
    free = {"login", "password_reset", "password_reset_done", "password_reset_confirm"}
    for name in ["home", "password_change", *free]:
        answer = client.get(reverse(name))
        asks = answer.status_code == 302 and answer.url.startswith("/login/")
        assert asks == (name not in free), name


def test_changes_need_a_post(client, user, administrator):
    client.force_login(user)
    before = User.objects.get(pk=user.pk)
    client.get("/password-change/?old_password=x&new_password=y&repeated=y")
    client.get("/logout/")
    assert User.objects.get(pk=user.pk).password == before.password
    assert is_logged_on(client)
