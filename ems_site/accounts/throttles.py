"""How often somebody may do what is dear or noisy, counted for all processes together."""

from django.core.cache import cache
from django.utils.crypto import salted_hmac


def take(what: str, who: str, *, limit: int, seconds: int) -> bool:
    """Uses up one of the slots that this person or address has; False when none is left.

    Each slot is a cache entry of its own, which only one process can add, and comes back when it expires.
    """
    return any(cache.add(slot, 1, seconds) for slot in _slots(what, who, limit))


def has_left(what: str, who: str, *, limit: int) -> bool:
    """Whether a slot is left, without using it up."""
    return len(cache.get_many(_slots(what, who, limit))) < limit


def _slots(what, who, limit):
    digest = salted_hmac("ems_site.accounts.throttles", f"{what}:{who}", algorithm="sha256").hexdigest()[:32]
    return [f"throttle:{digest}:{number}" for number in range(limit)]
