"""Whom an answer is for, the vendor's staff or a customer's contact, and in which language."""

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http.request import split_domain_port
from django.utils import translation

PORTAL = "/portal/"


def is_portal_address(request) -> bool:
    return f"{request.path_info}/".startswith(PORTAL)


def is_portal_host(request) -> bool:
    """Whether the portal has a host of its own, and this is it."""
    if not settings.PORTAL_HOST:
        return False
    try:
        return split_domain_port(request.get_host())[0] == settings.PORTAL_HOST
    except DisallowedHost:
        return False


def contact_of(request, *, ask: bool):
    """The contact who is signed in, or None. Without ask it is answered only if it is known already:
    whoever reports an error must not start a query."""
    user = getattr(request, "user", None) if ask else request.__dict__.get("_cached_user")
    return getattr(user, "contact", None)


def is_for_contacts(request, *, ask: bool = False) -> bool:
    """The portal's pages, and whatever is answered to a contact."""
    is_portal = is_portal_host(request) if settings.PORTAL_HOST else is_portal_address(request)
    return is_portal or contact_of(request, ask=ask) is not None


def language(request, *, ask: bool = False) -> str:
    """The contact's own; for strangers what they chose, or what their browser prefers."""
    contact = contact_of(request, ask=ask)
    if contact is not None and contact.language in dict(settings.LANGUAGES):
        return contact.language
    return translation.get_language_from_request(request)
