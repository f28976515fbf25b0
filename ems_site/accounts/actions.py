"""What can be done to accounts. Each action is one transaction with its history."""

import logging
from functools import partial

from axes.models import AccessAttempt
from django.db import transaction

from ems_site.accounts import mail
from ems_site.accounts.models import User
from ems_site.accounts.tokens import reset_tokens
from ems_site.audit import actions as audit
from ems_site.audit.changes import differences, first_values
from ems_site.errors import Refused

security = logging.getLogger("ems.security")


class LinkUsed(Refused):
    code = "link_used"

    def __init__(self):
        super().__init__("This link has been used or is too old. Ask for a new one.")


@transaction.atomic
def save(user: User, *, by, groups=None, permissions=None) -> User:
    """Adds or changes an account. groups and permissions replace what the user holds, None leaves it."""
    user.full_clean()
    current = User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()
    if current is None:
        user.save()
        changes = first_values(user)
    else:
        changes = differences(current, user)
        user.session_epoch = current.session_epoch + (current.is_active and not user.is_active)
        user.save()
    changes |= _replace(user.groups, "role", groups) | _replace(
        user.user_permissions, "permission", permissions
    )
    if changes:
        code = "user.changed" if current else "user.added"
        audit.record(code, user, by=by, changes=changes)
        security.info(
            "Account saved", extra={"event": code, "subject_id": user.pk, "reason": ", ".join(changes)}
        )
    return user


def _replace(held, kind: str, wanted) -> dict:
    if wanted is None:
        return {}
    old, new = set(held.all()), set(wanted)
    held.set(new)
    given = {f"{kind}:{one.pk}:{one}": ["", "yes"] for one in new - old}
    return given | {f"{kind}:{one.pk}:{one}": ["yes", ""] for one in old - new}


@transaction.atomic
def set_password(user: User, raw_password: str | None, *, by, code: str = "user.password_changed") -> User:
    """Sets the password, ends all sessions and reset links of the user, and tells them by mail.

    With None for a password the user cannot log on any longer.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    user.set_password(raw_password)
    user.session_epoch += 1
    user.save(update_fields=["password", "session_epoch"])
    audit.record(code, user, by=by)
    security.info("Password set", extra={"event": code, "subject_id": user.pk})
    transaction.on_commit(partial(mail.later, mail.send_password_changed, user.pk))
    return user


@transaction.atomic
def reset_password(key: str, raw_password: str) -> User:
    """Sets the password of the owner of a reset key, once: of two at the same time, one is refused."""
    owner = reset_tokens.user_of(key)
    if owner is None:
        raise LinkUsed
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    if reset_tokens.user_of(key) is None:
        raise LinkUsed
    return set_password(owner, raw_password, by=owner, code="user.password_reset")


@transaction.atomic
def end_sessions(users, *, by) -> int:
    """Logs these users out everywhere, for good; returns how many they are."""
    chosen = User.objects.filter(pk__in=users.values("pk"))
    locked = list(chosen.select_for_update(no_key=True).order_by("pk"))
    User.objects.filter(pk__in=[user.pk for user in locked]).end_sessions()
    for user in locked:
        audit.record("user.sessions_ended", user, by=by)
        security.info("Sessions ended", extra={"event": "user.sessions_ended", "subject_id": user.pk})
    return len(locked)


@transaction.atomic
def unlock(users, *, by) -> int:
    """Forgets the failed log-ons that lock these users; returns how many of them had any."""
    unlocked = 0
    for user in users.order_by("pk"):
        deleted, _ = AccessAttempt.objects.filter(username=user.username).delete()
        if deleted:
            unlocked += 1
            audit.record("user.unlocked", user, by=by)
            security.info("Log-on unlocked", extra={"event": "user.unlocked", "subject_id": user.pk})
    return unlocked
