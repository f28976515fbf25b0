"""Mails about accounts: to staff in English, to contacts in their language."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from ems_site.accounts.models import User
from ems_site.accounts.tokens import reset_tokens
from ems_site.folding import identity_key
from ems_site.keys import is_storable
from ems_site.mail import later as later
from ems_site.mail import send


def send_reset_links(email: str, for_contacts: bool = False) -> None:
    """To each account with this address, at the address as it is stored."""
    for user in _accounts_of(email, for_contacts):
        key = reset_tokens.key(user)
        _send("password_reset", user, link=link("password_reset_confirm", key, for_contacts=for_contacts))


def _accounts_of(email, for_contacts):
    """Who may reset a password and has this address, whatever its case and width."""
    wanted = identity_key(email)
    users = User.objects.may_reset_password(for_contacts).select_related("contact")
    if for_contacts:
        found = users.filter(contact__email_key=wanted) if is_storable(wanted) else []
    else:
        # Staff are few, and no database folds letters as we do.
        found = [user for user in users.exclude(email="") if identity_key(user.email) == wanted]
    return [user for user in found if user.may_log_on()]


def link(page: str, key: str, *, for_contacts: bool) -> str:
    """The address of a page that takes a key, for a mail."""
    base, name = (settings.PORTAL_URL, f"portal:{page}") if for_contacts else (settings.BASE_URL, page)
    return f"{base}{reverse(name, urlconf=settings.ROOT_URLCONF, query={'key': key})}"


def send_password_changed(user_pk: int) -> None:
    if user := _user(user_pk):
        _send("password_changed", user, at=timezone.now())


def send_email_changed(user_pk: int, old_email: str) -> None:
    """To the old address and to the new one; neither mail names the other address."""
    if user := _user(user_pk):
        try:
            _send("email_changed", user, to=old_email, is_old=True)
        finally:
            _send("email_changed", user, is_old=False)


def send_locked_out(user_pk: int, address: str) -> None:
    if user := _user(user_pk):
        minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
        _send("locked_out", user, address=address, tries=settings.AXES_FAILURE_LIMIT, minutes=minutes)


def send_new_network(user_pk: int, address: str, at) -> None:
    if user := _user(user_pk):
        _send("new_network", user, address=address, at=at)


def _user(pk):
    return User.objects.select_related("contact").filter(pk=pk).first()


def _send(template, user, *, to=None, **values):
    contact = user.contact
    if contact:
        address, language, site = contact.email, contact.language, settings.PORTAL_URL
        name, username = contact.name, ""
    else:
        address, language, site = user.email, "en", settings.BASE_URL
        name, username = user.get_full_name() or user.get_username(), user.get_username()
    if to := address if to is None else to:
        given = {"name": name, "username": username, "site": site, **values}
        send(template, to, language, for_contacts=contact is not None, **given)
