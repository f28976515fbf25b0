"""What becomes of the demo's mails: printed on the console, and kept for the page that shows them."""

import os
import re
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from django.conf import settings
from django.core.mail.backends import console

KEPT = 200
ENDING = ".eml"
NOT_READY = ".draft"
NAME = re.compile(r"[0-9]{20}-[0-9a-f]{8}")


class EmailBackend(console.EmailBackend):
    def write_message(self, message):
        super().write_message(message)
        keep(message.message().as_bytes())


def folder() -> Path:
    return settings.VAR_DIR / "mail"


def keep(mail: bytes) -> None:
    """Stores it under a name that sorts by time; of two processes, neither sees half a file."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
    draft = folder() / f"{name}{NOT_READY}"
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(mail)
    draft.rename(folder() / f"{name}{ENDING}")
    for old in names()[KEPT:]:
        (folder() / f"{old}{ENDING}").unlink(missing_ok=True)


def names() -> list[str]:
    """Newest first."""
    return sorted((path.stem for path in folder().glob(f"*{ENDING}")), reverse=True)


@dataclass
class Part:
    """A piece of a text. With a link, it is the address of a page of ours."""

    text: str
    link: str = ""


class KeptMail:
    def __init__(self, name: str, message: EmailMessage):
        self.name, self.message = name, message

    def headers(self) -> list[tuple[str, str]]:
        """Without those that only programs need."""
        shown = ("Date", "From", "To", "Subject", "Content-Language", "Auto-Submitted")
        return [(header, str(self.message[header])) for header in shown if self.message[header]]

    def to(self) -> str:
        return str(self.message["To"])

    def subject(self) -> str:
        return str(self.message["Subject"])

    def at(self) -> datetime | None:
        date = self.message["Date"].datetime if self.message["Date"] else None
        return date.replace(tzinfo=date.tzinfo or UTC) if date else None

    def language(self) -> str:
        return str(self.message["Content-Language"] or settings.LANGUAGE_CODE)

    def text(self) -> str:
        return self._content("plain")

    def html(self) -> str:
        return self._content("html")

    def _content(self, subtype):
        part = self.message.get_body((subtype,))
        return part.get_content() if part else ""

    def parts(self) -> list[Part]:
        """The text, taken apart at the addresses of our pages.

        Links are paths, so that they lead back to the host on which the person is logged on.
        """
        sites = "|".join(re.escape(site) for site in {settings.BASE_URL, settings.PORTAL_URL})
        found, end = [], 0
        for address in re.finditer(rf"(?:{sites})(/(?![/\\])[^\s<>\"]*)", self.text()):
            found.append(Part(self.text()[end : address.start()]))
            found.append(Part(address[0], link=address[0] if settings.PORTAL_HOST else address[1]))
            end = address.end()
        return [*found, Part(self.text()[end:])]


def read(name: str) -> KeptMail | None:
    """The mail of this name, if there is one; another process may have removed it."""
    if not NAME.fullmatch(name):
        return None
    try:
        kept = (folder() / f"{name}{ENDING}").read_bytes()
    except FileNotFoundError:
        return None
    return KeptMail(name, message_from_bytes(kept, policy=default))


def newest() -> list[KeptMail]:
    return [mail for name in names() if (mail := read(name))]
