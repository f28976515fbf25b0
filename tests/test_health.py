import pytest
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder


def test_alive_needs_no_database_log_on_or_known_host(client):
    """Without the django_db mark a query would fail the test."""
    answer = client.get("/healthz", headers={"host": "10.0.0.7"})
    assert (answer.status_code, answer.content) == (200, b"alive")
    assert not answer.cookies


def test_alive_does_not_even_look_at_a_session_cookie(client):
    client.cookies["sessionid"] = "x" * 32
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_ready(client):
    answer = client.get("/readyz", headers={"host": "10.0.0.7"})
    assert (answer.status_code, answer.content) == (200, b"ready")
    assert not answer.cookies


@pytest.mark.django_db
def test_not_ready_while_a_migration_is_missing(client):
    MigrationRecorder.Migration.objects.filter(app="accounts", name="0003_cache").delete()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"not ready")


def test_not_ready_without_a_database(client, monkeypatch):
    def broken(self):
        raise OperationalError("password authentication failed for user ems at 10.0.0.8")

    monkeypatch.setattr(MigrationRecorder, "applied_migrations", broken)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"not ready")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_looking_only(client, path):
    answer = client.post(path)
    assert answer.status_code == 405
    assert answer["Allow"] == "GET, HEAD"


def test_head(client):
    assert client.head("/healthz").status_code == 200


def test_not_redirected_to_https(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz").status_code == 200
