"""How often somebody may do what is dear or noisy, counted for all processes together."""

import logging

from django.core.cache import cache
from django.utils.crypto import salted_hmac

security = logging.getLogger("ems.security")

HOUR = 60 * 60
INVITATIONS_PER_HOUR = 50


def take(what: str, who: str, *, limit: int, seconds: int) -> bool:
    """Uses up one of the slots that this person or address has; False when none is left.

    Each slot is a cache entry of its own, which only one process can add, and comes back when it expires.
    """
    return any(cache.add(slot, 1, seconds) for slot in _slots(what, who, limit))


def has_left(what: str, who: str, *, limit: int) -> bool:
    """Whether a slot is left, without using it up."""
    return len(cache.get_many(_slots(what, who, limit))) < limit


def invitation(user) -> bool:
    """Takes a slot for one more invitation by this person; when none is left, False and a line in the log."""
    if take("invitation", str(user.pk), limit=INVITATIONS_PER_HOUR, seconds=HOUR):
        return True
    security.warning("Invitation refused: too many", extra={"event": "invitation.throttled"})
    return False


def _slots(what, who, limit):
    digest = salted_hmac("ems_site.accounts.throttles", f"{what}:{who}", algorithm="sha256").hexdigest()[:32]
    return [f"throttle:{digest}:{number}" for number in range(limit)]
