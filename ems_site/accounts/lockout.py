"""What django-axes needs to know of us, and the limit against trying one password on many names."""

import logging
from datetime import timedelta

from axes.models import AccessFailureLog
from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac

from ems_site import context, failures
from ems_site.accounts import mail, throttles
from ems_site.accounts.models import User
from ems_site.folding import identity_key

security = logging.getLogger("ems.security")


def name_for_records(request, credentials=None) -> str | None:
    """The stored name of the user who was meant, so that no other spelling gets tries of its own.

    A name that nobody has stands as a keyed hash behind a question mark, which no name begins
    with: it may be somebody's password.
    """
    typed = (credentials or {}).get("username")
    if not typed:
        return None
    name = User.objects.named(typed).values_list("username", flat=True).first()
    if name:
        return name
    return (
        "?"
        + salted_hmac("ems_site.accounts.lockout", identity_key(typed), algorithm="sha256").hexdigest()[:20]
    )


def locked_out(request, original_response=None, credentials=None):
    """The answer while a name is locked for this address."""
    name = name_for_records(request, credentials)
    user = User.objects.filter(username=name).first()
    extra = {"event": "log_on.locked", "subject_id": user.pk if user else None}
    security.warning("Log-on locked after too many failures", extra=extra)
    mail.later(_tell, user, context.client_address.get())
    return failures.too_many(request, minutes=int(settings.AXES_COOLOFF_TIME.total_seconds() // 60))


def _tell(user, address):
    """Once an hour. Runs after the answer, whether or not there is anybody to tell."""
    if user and throttles.take("locked-mail", str(user.pk), limit=1, seconds=60 * 60):
        mail.send_locked_out(user.pk, address)


def is_address_exhausted() -> bool:
    """Whether this client's address has failed too often within the hour, whatever the names."""
    recent = AccessFailureLog.objects.filter(
        ip_address=context.client_address.get() or None,
        attempt_time__gt=timezone.now() - timedelta(hours=1),
    )
    return recent.count() >= settings.LOG_ON_FAILURES_PER_HOUR
