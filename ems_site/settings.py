"""All settings. What differs between places comes from the environment (docs/operations.md has the table).

A value that is missing or wrong stops the start with one sentence that names the variable.
"""

import os
import secrets
import zoneinfo
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email
from environ.fileaware_mapping import FileAwareMapping

from ems_site import license_keys
from ems_site.proxies import is_loopback

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
MEBIBYTE = 1024 * 1024

# Reads NAME, or the file that NAME_FILE names.
ENVIRONMENT = FileAwareMapping(cache=False)


# Readers: one for each type, an empty value counts as unset.


def text(name: str, default: str = "") -> str:
    return ENVIRONMENT.get(name, "").strip() or default


def required(name: str, example: str) -> str:
    if value := text(name):
        return value
    raise ImproperlyConfigured(f"Set {name}, for example {name}={example}.")


def flag(name: str) -> bool:
    value = text(name, "0")
    if value not in {"0", "1"}:
        raise ImproperlyConfigured(f"{name} is 1 or 0, not {value!r}.")
    return value == "1"


def count(name: str, default: int = 0) -> int:
    value = text(name, str(default))
    if not (value.isascii() and value.isdigit()) or int(value) > 10:
        raise ImproperlyConfigured(f"{name} is a whole number from 0 to 10, not {value!r}.")
    return int(value)


def words(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]


def web_address(name: str, value: str) -> str:
    """An address of scheme, host and port only; plain http is for this machine."""
    try:
        parts = urlsplit(value)
        host, wrong = parts.hostname or "", parts.path not in {"", "/"} or parts.port == 0
    except ValueError:
        host, wrong = "", True
    if wrong or not host or parts.query or parts.fragment or "@" in parts.netloc:
        raise ImproperlyConfigured(f"{name} is an address without a path, such as https://ems.example.com.")
    if parts.scheme != "https" and not (DEMO and parts.scheme == "http" and is_loopback(host)):
        raise ImproperlyConfigured(f"{name} begins with https://.")
    return f"{parts.scheme}://{parts.netloc}"


def parsed_url(name: str, parse, value: str) -> dict:
    """Without the value in the message: it holds a password."""
    try:
        return parse(value)
    except Exception:
        raise ImproperlyConfigured(f"{name} cannot be read; see docs/operations.md for its form.") from None


DEMO = flag("EMS_DEMO")


# Keys


def made_once(name: str, make: Callable[[], str]) -> str:
    """A secret of the demo, readable by its owner only; two processes that start at once agree on it."""
    path = VAR_DIR / name
    VAR_DIR.mkdir(mode=0o700, exist_ok=True)
    if not path.exists():
        draft = VAR_DIR / f"{name}.{os.getpid()}.{secrets.token_hex(4)}"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(make())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def production_secret_key(name: str, value: str) -> str:
    if len(value) < 50 or len(set(value)) < 10 or value.startswith("django-insecure"):
        raise ImproperlyConfigured(f"{name} needs at least 50 random characters.")
    return value


if DEMO:
    SECRET_KEY = text("SECRET_KEY") or made_once("secret-key", lambda: secrets.token_urlsafe(64))
else:
    SECRET_KEY = production_secret_key(
        "SECRET_KEY", required("SECRET_KEY", "$(openssl rand -base64 60 | tr -d '\\n')")
    )
SECRET_KEY_FALLBACKS = [
    production_secret_key("SECRET_KEY_FALLBACKS", key) for key in words(text("SECRET_KEY_FALLBACKS"))
]


def license_pem(name: str, read: Callable[[str], object]) -> str:
    """A key in PEM or nothing, and never the key in the message."""
    value = text(name)
    try:
        if value:
            read(value)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} is {error}. ./ems manage make_license_key makes one; {name}_FILE may name its file."
        ) from None
    return value


# Signs licenses; without it nothing can be activated. The retired ones still verify.
LICENSE_KEY = license_pem("LICENSE_KEY", license_keys.private_key)
if DEMO and not LICENSE_KEY:
    LICENSE_KEY = made_once("license-key", license_keys.new_private_pem)
LICENSE_RETIRED_KEYS = license_pem("LICENSE_RETIRED_KEYS", license_keys.public_keys)


# Addresses

if DEMO:
    ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    BASE_URL = web_address("BASE_URL", text("BASE_URL", "http://127.0.0.1:8000"))
else:
    ALLOWED_HOSTS = words(required("ALLOWED_HOSTS", "ems.example.com"))
    BASE_URL = web_address("BASE_URL", required("BASE_URL", "https://ems.example.com"))
    if any("*" in host or host.startswith(".") for host in ALLOWED_HOSTS):
        raise ImproperlyConfigured(
            "ALLOWED_HOSTS names each host in full; a wildcard would let strangers choose one."
        )


def portal_url(host: str) -> str:
    """Where links for contacts begin: at the portal's own host, if it has one."""
    if not host:
        return BASE_URL
    if host not in map(str.lower, ALLOWED_HOSTS):
        raise ImproperlyConfigured("PORTAL_HOST is a bare host name that stands in ALLOWED_HOSTS, too.")
    base = urlsplit(BASE_URL)
    if host.strip("[]") == base.hostname:
        raise ImproperlyConfigured("PORTAL_HOST is a host of its own, another than that of BASE_URL.")
    return f"{base.scheme}://{host}" + (f":{base.port}" if base.port else "")


PORTAL_HOST = text("PORTAL_HOST").lower()
PORTAL_URL = portal_url(PORTAL_HOST)
CSRF_TRUSTED_ORIGINS = [
    web_address("CSRF_TRUSTED_ORIGINS", origin) for origin in words(text("CSRF_TRUSTED_ORIGINS"))
]
TRUSTED_PROXIES = count("TRUSTED_PROXIES")

ROOT_URLCONF = "ems_site.urls"
WSGI_APPLICATION = "ems_site.wsgi.application"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"


# Applications

DEBUG = False

INSTALLED_APPS = [
    "ems_site.accounts",
    "ems_site.audit",
    "ems_site.lists",
    "contacts",
    "customers",
    "entitlements",
    "ems_site.portal",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "template_partials",
]
if DEMO:
    INSTALLED_APPS.append("ems_site.demo")

# Headers stand outside everything that may answer; the gate stands before whatever reads a body.
MIDDLEWARE = [
    "ems_site.middleware.RequestContext",
    "ems_site.middleware.Headers",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "ems_site.middleware.Gate",
    "ems_site.health.Health",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ems_site.portal.middleware.PortalHost",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "ems_site.accounts.middleware.SessionLimit",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ems_site.portal.middleware.PortalPages",
    "ems_site.accounts.middleware.LogOnRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "ems_site.middleware.DialogRedirects",
    "ems_site.middleware.Patience",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    },
    {
        "NAME": "tables",
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"environment": "ems_site.lists.tables.environment"},
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"


# Database


def database() -> dict:
    url = text("DATABASE_URL")
    if not url:
        VAR_DIR.mkdir(mode=0o700, exist_ok=True)
        url = f"sqlite:///{VAR_DIR}/ems.sqlite3"
    config = parsed_url("DATABASE_URL", environ.Env.db_url_config, url)
    if config["ENGINE"] == "django.db.backends.sqlite3":
        return config | {"OPTIONS": config.get("OPTIONS", {}) | SQLITE_OPTIONS}
    if config["ENGINE"] == "django.db.backends.postgresql":
        config["HOST"] = unquote(config["HOST"] or "")
        options = POSTGRESQL_OPTIONS | config.get("OPTIONS", {})
        if not is_database_local(config, options) and options.get("sslmode") != "verify-full":
            raise ImproperlyConfigured("DATABASE_URL names another machine: add ?sslmode=verify-full to it.")
        return config | {"OPTIONS": options, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}
    raise ImproperlyConfigured("DATABASE_URL is for postgresql:// or sqlite:///.")


def is_database_local(config: dict, options: dict) -> bool:
    """A socket or the loopback address; where libpq would look elsewhere for the host, no."""
    if options.get("service") or options.get("hostaddr"):
        return False
    hosts = options.get("host") or config.get("HOST") or os.environ.get("PGHOST", "")
    return all(not host or host.startswith("/") or is_loopback(host) for host in hosts.split(","))


# FULL keeps the last commits through a power cut; triggers guard the history against REPLACE, too.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA recursive_triggers=ON; "
    # In KiB, for each connection: the 2 MB of the default make a list of 100,000 several times slower.
    "PRAGMA cache_size=-32768;",
}
POSTGRESQL_OPTIONS = {
    "connect_timeout": 5,
    # Who waits longer for somebody else's change is told so, see ems_site/middleware.py.
    "options": "-c lock_timeout=20s",
    "pool": {"min_size": 1, "max_size": 20, "timeout": 10},
}

DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


# Cache: throttles need one that all processes share. A migration makes the table.


def cache() -> dict:
    if url := text("CACHE_URL"):
        return parsed_url("CACHE_URL", environ.Env.cache_url_config, url)
    backend = "django.core.cache.backends.db.DatabaseCache"
    # The default of 300 would throw throttles away while they are needed.
    return {"BACKEND": backend, "LOCATION": "ems_cache", "OPTIONS": {"MAX_ENTRIES": 200_000}}


CACHES = {"default": cache()}


# Mail


def mail() -> dict:
    if DEMO and not text("EMAIL_URL"):
        return {"EMAIL_BACKEND": "ems_site.demo.mail.EmailBackend"}
    url = required("EMAIL_URL", "smtp+tls://user:password@mail.example.com:587")
    config = parsed_url("EMAIL_URL", environ.Env.email_url_config, url)
    is_encrypted = config.get("EMAIL_USE_TLS") or config.get("EMAIL_USE_SSL")
    is_smtp = config["EMAIL_BACKEND"].endswith("smtp.EmailBackend")
    if is_smtp and not is_encrypted and not is_loopback(config.get("EMAIL_HOST") or ""):
        raise ImproperlyConfigured(
            "EMAIL_URL begins with smtp+tls:// or smtp+ssl://; plain smtp:// is for this machine."
        )
    return config


def mail_address(name: str, value: str) -> str:
    try:
        if value:
            validate_email(value)
    except ValidationError:
        raise ImproperlyConfigured(f"{name} is an e-mail address, such as support@example.com.") from None
    return value


vars().update({name: value for name, value in mail().items() if name.startswith("EMAIL_")})
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = text("EMAIL_FROM", f"EMS Customers <no-reply@{urlsplit(BASE_URL).hostname}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
SUPPORT_EMAIL = mail_address("SUPPORT_EMAIL", text("SUPPORT_EMAIL", "support@example.com" if DEMO else ""))


# Log-on

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "ems_site.accounts.backends.AccountBackend"]
PASSWORD_HASHERS = ["ems_site.accounts.hashers.SizedArgon2"]
PASSWORD_RESET_TIMEOUT = 60 * 60
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "email", "first_name", "last_name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "ems_site.accounts.validators.MaximumLengthValidator", "OPTIONS": {"max_length": 256}},
    {
        "NAME": "django.contrib.auth.password_validation.CommonPasswordValidator",
        "OPTIONS": {"password_list_path": BASE_DIR / "ems_site" / "accounts" / "common_passwords.txt.gz"},
    },
    {"NAME": "ems_site.accounts.validators.ProductWordsValidator"},
]

# By the pair: an office behind one address is not locked by one person, nor a person by strangers elsewhere.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_USERNAME_CALLABLE = "ems_site.accounts.lockout.name_for_records"
AXES_CLIENT_IP_CALLABLE = "ems_site.proxies.client_address"
AXES_LOCKOUT_CALLABLE = "ems_site.accounts.lockout.locked_out"
AXES_SENSITIVE_PARAMETERS = ["username", "email", "ip_address", "user_agent", "csrfmiddlewaretoken", "next"]
LOG_ON_FAILURES_PER_HOUR = 100


# Sessions and cookies: 60 minutes without a request, 12 hours in all, 24 for contacts

SESSION_ENGINE = "ems_site.accounts.session_store"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
SESSION_COOKIE_AGE = 60 * 60
SESSION_SAVE_EVERY_REQUEST = True
SESSION_LIMIT = timedelta(hours=12)
PORTAL_SESSION_LIMIT = timedelta(hours=24)
PASSWORD_AGAIN_AFTER = timedelta(minutes=10)

COOKIE_PREFIX = "" if DEMO else "__Host-"
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = not DEMO
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"


# Transport, headers and limits

SECURE_SSL_REDIRECT = not DEMO
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 0 if DEMO else 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEMO
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "ems_site.failures.csrf"
# The browsers' preload list is for the owner of the domain to enter, not for one host on it.
SILENCED_SYSTEM_CHECKS = ["security.W021"]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = MEBIBYTE
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
DATA_UPLOAD_MAX_NUMBER_FILES = 10


# Static files: the demo serves the sources, production what collectstatic gathered

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEMO
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEMO
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}


# Language and time: zones come from the pinned tzdata package, whatever the machine has

zoneinfo.reset_tzpath(to=[])
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "German")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"


# Logs: one line for each record on standard output

LOG_LEVEL = text("LOG_LEVEL", "INFO").upper()
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
    raise ImproperlyConfigured("LOG_LEVEL is DEBUG, INFO, WARNING or ERROR.")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "ems_site.logs.JsonFormatter"},
        "text": {"()": "ems_site.logs.TextFormatter"},
    },
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": "text" if DEMO else "json",
        }
    },
    "root": {"handlers": ["stdout"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        # Refusals and failed log-ons are logged once, by us, as ems.security.
        "django.request": {"level": "ERROR"},
        "django.security.csrf": {"level": "CRITICAL"},
        "axes": {"level": "ERROR"},
        # Statements hold what people typed.
        "django.db.backends": {"level": "INFO"},
    },
}
