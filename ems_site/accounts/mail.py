"""Mails about accounts. They leave after the answer, and a mail that fails undoes nothing."""

import contextvars
import logging
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connections
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from ems_site.accounts.models import User
from ems_site.accounts.tokens import reset_tokens
from ems_site.folding import identity_key

log = logging.getLogger("ems.mail")
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="mail")


def later(function, *arguments) -> None:
    """Runs it in a thread, so that the time to the answer says nothing about what it found."""
    _threads.submit(contextvars.copy_context().run, _guarded, function, *arguments)


def _guarded(function, *arguments) -> None:
    try:
        function(*arguments)
    except Exception:
        log.exception("A mail could not be sent")
    finally:
        connections.close_all()


def send_reset_links(email: str) -> None:
    """To each account with this address, at the address as it is stored."""
    for user in User.objects.may_reset_password().filter(email__iexact=email):
        if identity_key(user.email) == identity_key(email):
            link = f"{settings.BASE_URL}{reverse('password_reset_confirm')}?key={reset_tokens.key(user)}"
            _send(user, "Choose a new password", "registration/password_reset_email.txt", link=link)


def send_password_changed(user_pk: int) -> None:
    user = User.objects.filter(pk=user_pk).exclude(email="").first()
    if user:
        _send(
            user,
            "Your password has been changed",
            "registration/password_changed_email.txt",
            at=timezone.now(),
        )


def _send(user, subject, template, **values) -> None:
    body = render_to_string(template, {"user": user, "site": settings.BASE_URL, **values})
    EmailMessage(subject, body, to=[user.email]).send()
