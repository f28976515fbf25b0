"""Where a contact may be sent: pages of the portal, and nowhere else."""

from urllib.parse import urlsplit

from django.urls import Resolver404, resolve, reverse

from ems_site.accounts.addresses import safe_path

POSTS_ONLY = {"logout", "language", "customer", "withdraw", "sessions_end"}


def portal_path(request, address: str) -> tuple[str, str]:
    """Path and query of an address of the portal, and the name of its page; empty for any other."""
    path = safe_path(request, address)
    try:
        match = resolve(urlsplit(path).path)
    except Resolver404:
        return "", ""
    return (path, match.url_name or "") if match.namespace == "portal" else ("", "")


def next_page(request) -> str:
    """The page that was asked for before the log-on, else the portal's first."""
    path, name = portal_path(request, request.POST.get("next") or request.GET.get("next") or "")
    return path if name not in {"", "login", *POSTS_ONLY} else reverse("portal:home")


def page_before(request) -> str:
    """The page whose button was pressed, as it says itself."""
    path, name = portal_path(request, request.POST.get("next", ""))
    return path if name not in {"", *POSTS_ONLY} else reverse("portal:home")
