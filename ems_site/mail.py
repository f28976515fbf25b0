"""The post office. Mails leave after the answer, and a mail that fails undoes nothing."""

import contextvars
import logging
from concurrent.futures import ThreadPoolExecutor
from email.utils import formataddr, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connections
from django.template import Context, Engine
from django.utils import translation
from django.utils.translation import gettext

PRODUCT = "EMS Customers"

log = logging.getLogger("ems.mail")
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="mail")


def later(function, *arguments) -> None:
    """Runs it in a thread, so that the time to the answer says nothing about what it found."""
    _start(function, *arguments)


def _start(function, *arguments) -> None:
    _threads.submit(contextvars.copy_context().run, _guarded, function, *arguments)


def _guarded(function, *arguments) -> None:
    try:
        function(*arguments)
    except Exception:
        log.exception("A mail could not be sent")
    finally:
        connections.close_all()


def send(template: str, to: str, language: str, *, for_contacts: bool = False, **values: Any) -> None:
    """Sends templates/mail/<template>, as plain text and as HTML, in this language.

    `to` is an address as it is stored, never as somebody typed it. Text is not escaped in the
    plain part and always in the HTML part; whatever a value holds, the subject is one line.
    for_contacts: it comes from the portal, and does not speak of the staff's pages.
    """
    language = language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    values = {"site": settings.BASE_URL, "support": settings.SUPPORT_EMAIL, "language": language, **values}
    with translation.override(language):
        values["brand"] = brand = gettext("Customer Portal") if for_contacts else PRODUCT
        subject = " ".join(_rendered(f"{template}.subject.txt", values, autoescape=False).split())
        text = _rendered(f"{template}.txt", values, autoescape=False)
        html = _rendered(f"{template}.html", {**values, "subject": subject}, autoescape=True)
    headers = {"Content-Language": language, "Auto-Submitted": "auto-generated"}
    body = text.strip() + "\n"
    mail = EmailMultiAlternatives(subject, body, _sender(brand), to=[to], headers=headers)
    mail.attach_alternative(html, "text/html")
    mail.send()


def _sender(brand: str) -> str:
    """As it is set, or our address under this name."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((brand, address)) if name == PRODUCT else settings.DEFAULT_FROM_EMAIL


def _rendered(name: str, values: dict[str, Any], *, autoescape: bool) -> str:
    template = Engine.get_default().get_template(f"mail/{name}")
    return template.render(Context(values, autoescape=autoescape))
