"""What the environment may say. The file of settings is run again and again, as a start would."""

import os
import runpy
import secrets
import shutil
import stat
import subprocess
import sys
import zoneinfo
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from django.core.exceptions import ImproperlyConfigured
from django.db.utils import ConnectionHandler

from ems_site import license_keys

SOURCE = Path(__file__).resolve().parent.parent / "ems_site" / "settings.py"
PRODUCTION = {
    "SECRET_KEY": "k3Y-of-a-test-that-is-long-enough-0123456789-abcdefghijklm",
    "ALLOWED_HOSTS": "ems.example.com",
    "BASE_URL": "https://ems.example.com",
    "EMAIL_URL": "smtp+tls://user:marker-password@mail.example.com:587",
}
DEMO = {"EMS_DEMO": "1"}
OURS = [
    *(
        "EMS_DEMO",
        "SECRET_KEY",
        "SECRET_KEY_FALLBACKS",
        "ALLOWED_HOSTS",
        "BASE_URL",
        "EMAIL_URL",
        "EMAIL_FROM",
    ),
    *("DATABASE_URL", "CACHE_URL", "CSRF_TRUSTED_ORIGINS", "TRUSTED_PROXIES", "LOG_LEVEL", "PGHOST"),
    *("PORTAL_HOST", "SUPPORT_EMAIL", "LICENSE_KEY", "LICENSE_RETIRED_KEYS"),
]


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Runs a copy of the settings, whose var/ is the test's own, in this environment and no other."""
    copy = tmp_path / "ems_site" / "settings.py"
    copy.parent.mkdir()
    shutil.copy(SOURCE, copy)

    def start(environment):
        for name in OURS:
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(f"{name}_FILE", raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(copy))

    return start


def test_production_starts(start):
    found = start(PRODUCTION)
    assert found["DEBUG"] is False
    assert found["DEMO"] is False
    assert found["SESSION_COOKIE_NAME"] == "__Host-sessionid"
    assert found["CSRF_COOKIE_NAME"] == "__Host-csrftoken"
    assert found["SECURE_SSL_REDIRECT"] is True
    assert found["SECURE_PROXY_SSL_HEADER"] is None
    assert found["EMAIL_TIMEOUT"] == 10
    assert found["EMAIL_USE_TLS"] is True


@pytest.mark.parametrize("name", PRODUCTION)
@pytest.mark.parametrize("value", [None, "", "  "])
def test_what_is_missing_is_named_in_one_sentence(start, name, value):
    environment = {key: text for key, text in PRODUCTION.items() if key != name}
    if value is not None:
        environment[name] = value
    with pytest.raises(ImproperlyConfigured) as refused:
        start(environment)
    assert str(refused.value).startswith(f"Set {name}, for example")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("EMS_DEMO", "yes", "EMS_DEMO is 1 or 0"),
        ("SECRET_KEY", "short", "at least 50 random characters"),
        ("SECRET_KEY", "a" * 60, "at least 50 random characters"),
        ("SECRET_KEY_FALLBACKS", "short", "SECRET_KEY_FALLBACKS needs"),
        ("ALLOWED_HOSTS", "*", "wildcard"),
        ("ALLOWED_HOSTS", "ems.example.com,.example.com", "wildcard"),
        ("ALLOWED_HOSTS", "*.example.com", "wildcard"),
        ("BASE_URL", "http://ems.example.com", "begins with https"),
        ("BASE_URL", "https://ems.example.com/path", "without a path"),
        ("BASE_URL", "https://user@ems.example.com", "without a path"),
        ("BASE_URL", "ems.example.com", "without a path"),
        ("BASE_URL", "https://[", "without a path"),
        ("CSRF_TRUSTED_ORIGINS", "http://ems.example.com", "begins with https"),
        ("PORTAL_HOST", "portal.example.com", "stands in ALLOWED_HOSTS"),
        ("PORTAL_HOST", "https://ems.example.com", "bare host name"),
        ("PORTAL_HOST", "ems.example.com:443", "bare host name"),
        ("PORTAL_HOST", "ems.example.com/portal", "bare host name"),
        ("PORTAL_HOST", "ems.example.com", "another than that of BASE_URL"),
        ("SUPPORT_EMAIL", "nobody", "SUPPORT_EMAIL is an e-mail address"),
        ("SUPPORT_EMAIL", "a@example.com, b@example.com", "SUPPORT_EMAIL is an e-mail address"),
        ("EMAIL_URL", "smtp://mail.example.com:25", "smtp+tls"),
        ("EMAIL_URL", "nonsense://x", "EMAIL_URL cannot be read"),
        ("DATABASE_URL", "mysql://u:marker-password@h/d", "DATABASE_URL is for"),
        ("DATABASE_URL", "nonsense", "DATABASE_URL"),
        ("DATABASE_URL", "postgresql://u:marker-password@db.example.com/d", "sslmode=verify-full"),
        (
            "DATABASE_URL",
            "postgresql://u:marker-password@db.example.com/d?sslmode=require",
            "sslmode=verify-full",
        ),
        (
            "DATABASE_URL",
            "postgresql://u:marker-password@localhost/d?host=db.example.com",
            "sslmode=verify-full",
        ),
        ("DATABASE_URL", "postgresql://u:marker-password@/d?service=far", "sslmode=verify-full"),
        ("DATABASE_URL", "postgresql://u:marker-password@10.0.0.8:port/d", "DATABASE_URL"),
        ("CACHE_URL", "nonsense://", "CACHE_URL cannot be read"),
        ("TRUSTED_PROXIES", "-1", "TRUSTED_PROXIES is a whole number"),
        ("TRUSTED_PROXIES", "many", "TRUSTED_PROXIES is a whole number"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL is"),
    ],
)
def test_wrong_values_are_refused_without_their_passwords(start, name, value, words):
    with pytest.raises(ImproperlyConfigured) as refused:
        start(PRODUCTION | {name: value})
    assert words in str(refused.value)
    assert "marker-password" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@127.0.0.1/d",
        "postgresql://u:p@[::1]:5432/d",
        "postgresql://u:p@localhost/d",
        "postgresql:///d",
        "postgresql://u:p@%2Fvar%2Frun%2Fpostgresql/d",
        "postgresql:///d?host=/var/run/postgresql",
        "postgresql://u:p@db.example.com/d?sslmode=verify-full",
    ],
)
def test_postgresql_here_or_verified(start, url):
    database = start(PRODUCTION | {"DATABASE_URL": url})["DATABASES"]["default"]
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert database["CONN_MAX_AGE"] == 0
    assert database["OPTIONS"]["pool"]["max_size"] >= database["OPTIONS"]["pool"]["min_size"]
    assert database["OPTIONS"]["connect_timeout"] == 5


def test_a_socket_name_with_pghost_elsewhere_is_remote(start):
    with pytest.raises(ImproperlyConfigured, match="verify-full"):
        start(PRODUCTION | {"DATABASE_URL": "postgresql:///d", "PGHOST": "db.example.com"})


@pytest.mark.django_db
@pytest.mark.parametrize("url", [None, "", " "])
def test_without_a_database_url_there_is_sqlite(start, tmp_path, url):
    found = start(DEMO | ({} if url is None else {"DATABASE_URL": url}))
    database = found["DATABASES"]["default"]
    assert Path(database["NAME"]) == tmp_path / "var" / "ems.sqlite3"
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert database["OPTIONS"]["timeout"] == 20
    connection = ConnectionHandler({"default": database})["default"]
    with connection.cursor() as cursor:
        values = {}
        for pragma in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers"):
            values[pragma] = cursor.execute(f"PRAGMA {pragma}").fetchone()[0]
    connection.close()
    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1}


def test_the_demo_is_for_this_machine(start):
    found = start(DEMO)
    assert found["DEMO"] is True
    assert found["DEBUG"] is False
    assert found["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert found["SESSION_COOKIE_NAME"] == "sessionid"
    assert found["SECURE_SSL_REDIRECT"] is False
    assert found["EMAIL_BACKEND"] == "ems_site.demo.mail.EmailBackend"
    assert found["SUPPORT_EMAIL"] == "support@example.com"


def test_the_hosts_of_the_demo_cannot_be_widened(start):
    found = start(DEMO | {"ALLOWED_HOSTS": "ems.example.com"})
    assert "ems.example.com" not in found["ALLOWED_HOSTS"]


def test_links_for_contacts_lead_to_the_portals_host(start):
    found = start(PRODUCTION)
    assert (found["PORTAL_HOST"], found["PORTAL_URL"]) == ("", "https://ems.example.com")
    assert found["SUPPORT_EMAIL"] == ""
    hosts = {"ALLOWED_HOSTS": "ems.example.com,Portal.example.com", "PORTAL_HOST": "portal.Example.com"}
    found = start(PRODUCTION | hosts | {"SUPPORT_EMAIL": "help@example.com"})
    assert (found["PORTAL_HOST"], found["PORTAL_URL"]) == ("portal.example.com", "https://portal.example.com")
    assert found["SUPPORT_EMAIL"] == "help@example.com"


def test_the_portal_of_the_demo_keeps_the_port(start):
    assert start(DEMO | {"PORTAL_HOST": "localhost"})["PORTAL_URL"] == "http://localhost:8000"


def test_the_demo_makes_a_key_of_its_own(start, tmp_path):
    first, again = start(DEMO)["SECRET_KEY"], start(DEMO)["SECRET_KEY"]
    assert first == again
    assert len(first) > 60
    (file,) = (tmp_path / "var").glob("secret-key*")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.unlink()
    assert start(DEMO)["SECRET_KEY"] != first


def test_processes_that_start_at_once_agree_on_the_key(start, tmp_path):
    found = start(DEMO)
    (tmp_path / "var" / "secret-key").unlink()
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: found["made_once"]("secret-key", secrets.token_urlsafe), range(8)))
    assert len(keys) == 1
    assert len(list((tmp_path / "var").glob("secret-key*"))) == 1


# Keys that sign licenses


def pem_of(key, encryption=None):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()).decode()


ONE, TWO = (Ed25519PrivateKey.from_private_bytes(bytes([seed] * 32)) for seed in (1, 2))
SIGNING = pem_of(ONE)
PUBLIC = [license_keys.public_pem(key.public_key()) for key in (ONE, TWO)]


def test_without_a_license_key_production_starts_and_signs_nothing(start):
    for environment in ({}, {"LICENSE_KEY": "", "LICENSE_RETIRED_KEYS": " "}):
        found = start(PRODUCTION | environment)
        assert (found["LICENSE_KEY"], found["LICENSE_RETIRED_KEYS"]) == ("", "")


def test_license_keys_are_read(start, tmp_path):
    found = start(PRODUCTION | {"LICENSE_KEY": SIGNING, "LICENSE_RETIRED_KEYS": PUBLIC[1]})
    assert (found["LICENSE_KEY"], found["LICENSE_RETIRED_KEYS"]) == (SIGNING.strip(), PUBLIC[1].strip())
    files = {"LICENSE_KEY_FILE": tmp_path / "key", "LICENSE_RETIRED_KEYS_FILE": tmp_path / "retired"}
    files["LICENSE_KEY_FILE"].write_text(SIGNING)
    files["LICENSE_RETIRED_KEYS_FILE"].write_text("\n".join(PUBLIC))
    found = start(PRODUCTION | {name: str(path) for name, path in files.items()})
    assert found["LICENSE_KEY"] == SIGNING.strip()
    assert len(license_keys.public_keys(found["LICENSE_RETIRED_KEYS"])) == 2


WRONG_KEYS = {
    "nonsense": "marker-password",
    "another kind": pem_of(X25519PrivateKey.from_private_bytes(b"x" * 32)),
    "locked": pem_of(ONE, encryption=BestAvailableEncryption(b"marker-password")),
    "cut": SIGNING[:-40],
    "the other half": PUBLIC[0],
}


@pytest.mark.parametrize("wrong", WRONG_KEYS)
def test_what_cannot_sign_is_refused_and_not_shown(start, wrong):
    value = WRONG_KEYS[wrong]
    with pytest.raises(ImproperlyConfigured) as refused:
        start(PRODUCTION | {"LICENSE_KEY": value})
    assert str(refused.value) == (
        "LICENSE_KEY is not a private Ed25519 key in PEM. ./ems manage make_license_key makes one; "
        "LICENSE_KEY_FILE may name its file."
    )


@pytest.mark.parametrize("value", ["marker-password", SIGNING, PUBLIC[0] + SIGNING, PUBLIC[0][:60]])
def test_retired_keys_are_public_ones(start, value):
    with pytest.raises(ImproperlyConfigured) as refused:
        start(PRODUCTION | {"LICENSE_RETIRED_KEYS": value})
    assert "LICENSE_RETIRED_KEYS is not public Ed25519 keys in PEM" in str(refused.value)
    assert "marker-password" not in str(refused.value)
    assert SIGNING.splitlines()[1] not in str(refused.value)


def test_the_demo_makes_a_license_key_of_its_own(start, tmp_path):
    first, again = start(DEMO)["LICENSE_KEY"], start(DEMO)["LICENSE_KEY"]
    assert first == again
    assert license_keys.private_key(first)
    (file,) = (tmp_path / "var").glob("license-key*")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert start(DEMO | {"LICENSE_KEY": SIGNING})["LICENSE_KEY"] == SIGNING.strip()
    file.unlink()
    assert start(DEMO)["LICENSE_KEY"] != first


def test_there_is_no_debug_variable(start, monkeypatch):
    monkeypatch.setenv("DEBUG", "1")
    assert start(DEMO)["DEBUG"] is False


def test_secrets_can_come_from_files(start, tmp_path, monkeypatch):
    file = tmp_path / "key"
    file.write_text(PRODUCTION["SECRET_KEY"] + "\n")
    environment = PRODUCTION | {"SECRET_KEY_FILE": str(file)}
    del environment["SECRET_KEY"]
    assert start(environment)["SECRET_KEY"] == PRODUCTION["SECRET_KEY"]


def test_a_key_may_begin_with_a_dollar_sign(start):
    key = "$" + PRODUCTION["SECRET_KEY"]
    assert start(PRODUCTION | {"SECRET_KEY": key})["SECRET_KEY"] == key


def test_forwarded_https_counts_behind_a_proxy_only(start):
    assert start(PRODUCTION | {"TRUSTED_PROXIES": "1"})["SECURE_PROXY_SSL_HEADER"] == (
        "HTTP_X_FORWARDED_PROTO",
        "https",
    )


def test_throttles_share_a_store(start):
    assert start(PRODUCTION)["CACHES"]["default"]["BACKEND"].endswith("db.DatabaseCache")
    found = start(PRODUCTION | {"CACHE_URL": "redis://127.0.0.1:6379/1"})
    assert "redis" in found["CACHES"]["default"]["BACKEND"].lower()


def test_time_zones_come_from_the_pinned_package():
    assert zoneinfo.TZPATH == ()
    assert zoneinfo.ZoneInfo("Europe/Berlin").key == "Europe/Berlin"


def test_the_deployment_check_is_silent():
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(
        command,
        cwd=SOURCE.parent.parent,
        env=environment | PRODUCTION,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
