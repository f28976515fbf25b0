"""Who somebody is, and whether they may be here: asked at log-on and on each request."""

import logging

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import make_password

from ems_site.accounts.models import User

security = logging.getLogger("ems.security")


class AccountBackend(ModelBackend):
    """Finds users by their folded name. Every refusal costs one hash and looks the same to the person."""

    def authenticate(self, request, username=None, password=None, for_contacts=False, **kwargs):
        """for_contacts tells the portal's log-on from the staff's; each refuses the other's people."""
        if username is None or password is None:
            return None
        user = User.objects.named(username).select_related("contact").first()
        if user is None:
            make_password(password)
            return _refuse(request, "unknown name")
        if not user.check_password(password):
            return _refuse(request, "wrong password", user)
        if user.is_contact() != for_contacts:
            return _refuse(request, "not for this log-on", user)
        if not user.may_log_on():
            return _refuse(request, "disabled", user)
        return user

    def get_user(self, user_id):
        user = User.objects.select_related("contact").filter(pk=user_id).first()
        return user if user and user.may_log_on() else None


def _refuse(request, reason: str, user: User | None = None) -> None:
    """The log-on page says `disabled` alone, to whoever knew the password. What was typed stays out
    of the log: people type passwords into the wrong field."""
    if request is not None:
        request.log_on_refusal = reason
    event = "log_on.disabled" if reason == "disabled" else "log_on.refused"
    extra = {"event": event, "reason": reason, "subject_id": user.pk if user else None}
    security.warning("Log-on refused: %s", reason, extra=extra)
