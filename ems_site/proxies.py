"""Where a request comes from, as far as the proxies in front may be believed."""

import ipaddress

from django.conf import settings


def is_loopback(host: str) -> bool:
    """Whether a host name or address, in brackets or not, is this machine's own."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def client_address(request) -> str:
    """The address of whoever asked the outermost trusted proxy; without one, the other end of the line.

    Each proxy appends the address it saw, so with N of them the N-th entry from the right is the
    last one that a stranger cannot have written.
    """
    peer = _normal(request.META.get("REMOTE_ADDR", ""))
    if not settings.TRUSTED_PROXIES:
        return peer
    hops = [hop for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    if not hops:
        return peer
    return _normal(hops[-min(settings.TRUSTED_PROXIES, len(hops))]) or peer


def _normal(text: str) -> str:
    """One spelling for each address, without port; empty for what is no address."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)
