"""A host of its own for the portal."""

import pytest

pytestmark = pytest.mark.django_db


@pytest.fixture
def hosts(settings):
    settings.ALLOWED_HOSTS = ["portal.example.com", "ems.example.com"]
    settings.PORTAL_HOST = "portal.example.com"


def ask(client, path, host, **extra):
    return client.get(path, headers={"host": host}, **extra)


@pytest.mark.parametrize("host", ["portal.example.com", "PORTAL.example.com", "portal.example.com:8000"])
def test_the_portals_host_serves_the_portal_only(client, hosts, host):
    assert ask(client, "/portal/login/", host).status_code == 200
    assert ask(client, "/", host).url == "/portal/"
    assert ask(client, "/portal/", host).url == "/portal/login/?next=/portal/"
    for path in ("/healthz", "/static/css/portal.css"):
        answer = ask(client, path, host)
        assert answer.status_code == 200
        answer.close()
    for path in ("/login/", "/customers/", "/admin/", "/password-reset/", "/mail/", "/portalx/", "/x"):
        answer = ask(client, path, host)
        assert answer.status_code == 404, path
        assert "Customer Portal" in answer.content.decode()
        assert "EMS" not in answer.content.decode()


def test_every_other_host_serves_no_portal(client, hosts):
    host = "ems.example.com"
    assert ask(client, "/login/", host).status_code == 200
    assert ask(client, "/healthz", host).status_code == 200
    for path in ("/portal/", "/portal/login/", "/portal/invitation/?key=x", "/portal"):
        answer = ask(client, path, host)
        assert answer.status_code == 404, path
        assert "Customer Portal" not in answer.content.decode()
    assert client.post("/portal/login/", headers={"host": host}).status_code == 404


def test_a_forged_host_is_neither(client, hosts):
    for path in ("/portal/login/", "/login/"):
        assert ask(client, path, "evil.example").status_code in {400, 404}
    answer = ask(client, "/login/", "ems.example.com", HTTP_X_FORWARDED_HOST="portal.example.com")
    assert answer.status_code == 200


def test_without_the_setting_there_is_one_host(client, settings):
    settings.PORTAL_HOST = ""
    assert client.get("/portal/login/").status_code == 200
    assert client.get("/login/").status_code == 200
