"""Where a person may be sent after logging on."""

from urllib.parse import urlsplit, urlunsplit

from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def safe_path(request, address: str) -> str:
    """Path and query of an address of this site; empty for any other, and for log-on and log-out."""
    hosts = {request.get_host()}
    if not url_has_allowed_host_and_scheme(address, allowed_hosts=hosts, require_https=request.is_secure()):
        return ""
    parts = urlsplit(address.strip().replace("\\", "/"))
    is_page = parts.path.startswith("/") and not parts.path.startswith("//")
    if not is_page or parts.path in {reverse("login"), reverse("logout")}:
        return ""
    return urlunsplit(("", "", parts.path, parts.query, ""))


def next_page(request) -> str:
    """The page that was asked for before the log-on, else the home page."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    return safe_path(request, asked) or reverse("home")
