"""What can be done to accounts. Each action is one transaction with its history."""

import logging
from datetime import timedelta
from functools import partial
from ipaddress import ip_address, ip_network

from axes.models import AccessAttempt, AccessFailureLog
from django.contrib.auth import login
from django.db import transaction
from django.utils import timezone

from ems_site import context
from ems_site.accounts import mail
from ems_site.accounts.models import LogOn, Session, User
from ems_site.accounts.tokens import reset_tokens
from ems_site.audit import actions as audit
from ems_site.audit.changes import differences, first_values
from ems_site.errors import Refused
from ems_site.keys import with_keys

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
        user.save(update_fields=with_keys(User, User.ATTRIBUTES))
        if current.is_active and not user.is_active:
            _end_sessions(user)
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

    With None for a password the user cannot log on any longer. One that somebody else sets has to
    be changed at the next log-on.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    before = "hidden" if user.has_usable_password() else ""
    user.set_password(raw_password)
    user.must_change_password = by is not None and by.pk != user.pk
    user.save(update_fields=["password", "must_change_password"])
    _end_sessions(user)
    if user.contact:
        # What is left are offers of customers, which set no password.
        user.contact.invitations.filter(is_offer=False).end()
        after = "taken away" if raw_password is None else "chosen by the contact"
        if user.must_change_password and raw_password is not None:
            after = "set for the next log-on"
        audit.record("contact.changed", user.contact, by=by, changes={"password": [before, after]})
    audit.record(code, user, by=by)
    security.info("Password set", extra={"event": code, "subject_id": user.pk})
    transaction.on_commit(partial(mail.later, mail.send_password_changed, user.pk))
    return user


@transaction.atomic
def reset_password(key: str, raw_password: str, for_contacts: bool = False) -> User:
    """Sets the password of the owner of a reset key, once: of two at the same time, one is refused."""
    owner = reset_tokens.user_of(key, for_contacts)
    if owner is None or not User.objects.select_for_update(no_key=True).filter(pk=owner.pk).exists():
        raise LinkUsed
    if reset_tokens.user_of(key, for_contacts) is None:
        raise LinkUsed
    return set_password(owner, raw_password, by=owner, code="user.password_reset")


@transaction.atomic
def log_on(request, user: User) -> bool:
    """Opens a session for a user who was authenticated; False if they may not log on any longer.

    Holds the user's row, as ending sessions does: of a log-on and a disabling in the same instant
    either the log-on is refused, or its session is among those that are ended.
    """
    unchanged = User.objects.filter(pk=user.pk, session_epoch=user.session_epoch)
    current = unchanged.select_for_update(no_key=True).first()
    if current is None or not current.may_log_on():
        return False
    # Nothing of what a stranger may have put into the session stays.
    request.session.flush()
    login(request, current, backend=user.backend)  # type: ignore[attr-defined]
    request.session.begin(for_contacts=current.is_contact())
    _note_log_on(current)
    security.info("Logged on", extra={"event": "log_on.good", "subject_id": current.pk})
    return True


def _note_log_on(user):
    """Tells the person by mail when it was from a network that they have not used lately."""
    address = context.client_address.get()
    known = list(user.log_ons.values_list("client_address", flat=True)[:100])
    noted = LogOn.objects.create(user=user, client_address=address)
    if known and address and not any(_is_same_network(address, other) for other in known):
        transaction.on_commit(
            partial(mail.later, mail.send_new_network, user.pk, address, noted.at), robust=True
        )


def _is_same_network(one: str, other: str) -> bool:
    """The first 24 bits of an IPv4 address, or 48 of an IPv6 address, are the same."""
    if not other or ip_address(one).version != ip_address(other).version:
        return False
    bits = 24 if ip_address(one).version == 4 else 48
    return ip_address(other) in ip_network(f"{one}/{bits}", strict=False)


def _end_sessions(user):
    User.objects.filter(pk=user.pk).end_sessions()
    user.refresh_from_db(fields=["session_epoch"])


@transaction.atomic
def end_session(user: User, public_id: str, *, by) -> bool:
    """Ends one of the user's sessions; False if there is none of this public_id."""
    for session in user.sessions.open():
        if session.public_id() == public_id:
            session.delete()
            audit.record("user.session_ended", user, by=by)
            security.info("Session ended", extra={"event": "user.session_ended", "subject_id": user.pk})
            return True
    return False


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


@transaction.atomic
def clean_up() -> dict[str, int]:
    """Deletes what has served its time; returns how many of each: sessions that are over, log-ons that
    failed 30 days ago or before, log-ons of 90 days ago or before."""
    now = timezone.now()
    over = Session.objects.filter(expire_date__lte=now)
    failures = AccessFailureLog.objects.filter(attempt_time__lte=now - timedelta(days=30))
    attempts = AccessAttempt.objects.filter(attempt_time__lte=now - timedelta(days=30))
    log_ons = LogOn.objects.filter(at__lte=now - timedelta(days=90))
    attempts.delete()
    return {
        "sessions": over.delete()[0],
        "failed log-ons": failures.delete()[0],
        "log-ons": log_ons.delete()[0],
    }
