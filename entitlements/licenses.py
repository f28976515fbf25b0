"""The license that an activation generates: a JSON document, signed, to be verified offline.

The file has five lines, so that any language can take the signed bytes out of it as they are:

    {
    "license": {…},
    "key": "the id of the key",
    "signature": "128 hexadecimal digits: Ed25519 over the bytes of {…}"
    }
"""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from ems_site import license_keys
from ems_site.errors import Refused

TYPE = "ems-license/1"
FILE = re.compile(
    rb'\{\n"license": (\{[^\n]*\}),\n"key": "([0-9a-f]{16})",\n"signature": "([0-9a-f]{128})"\n\}\n'
)
# More than any license has: names are limited, and everything else is short.
LONGEST = 20_000


class NoLicenseKey(Refused):
    """Nothing to sign licenses with: LICENSE_KEY is not set."""

    code = "no_license_key"

    def __init__(self):
        super().__init__(str(_("Licenses cannot be signed yet: no license key has been set up.")))


class NotGenuine(ValueError):
    """Why a file is not a license that one of these keys signed, in a sentence for people."""


@dataclass(frozen=True)
class License:
    """Instants are `2026-01-01T00:00:00Z`; `not_after` is the first at which it is not valid any more,
    None where it never expires. `activatee` is an e-mail address, or None."""

    id: str
    eid: str
    product: str
    version: str
    quantity: int
    customer: str
    customer_id: str
    activatee: str | None
    time_zone: str
    not_before: str
    not_after: str | None
    issued: str

    def standing(self, at: datetime) -> str:
        """At this instant: `not valid yet`, `valid` or `expired`."""
        if at < datetime.fromisoformat(self.not_before):
            return "not valid yet"
        if self.not_after and datetime.fromisoformat(self.not_after) <= at:
            return "expired"
        return "valid"


def of(activation) -> License:
    key = activation.product_key
    customer = key.entitlement.customer
    return License(
        id=str(activation.uuid),
        eid=key.entitlement.eid,
        product=key.product,
        version=key.product_version,
        quantity=activation.quantity,
        customer=customer.name,
        customer_id=customer.customer_id,
        activatee=activation.activatee.email if activation.activatee else None,
        time_zone=activation.time_zone,
        not_before=_instant(activation.valid_from),
        not_after=_instant(activation.valid_until) if activation.valid_until else None,
        issued=_instant(activation.activated),
    )


def _instant(at):
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def issue(activation) -> str:
    """The signed license of this activation, which need not be saved yet. Raises NoLicenseKey."""
    if not settings.LICENSE_KEY:
        raise NoLicenseKey
    return signed(of(activation), license_keys.private_key(settings.LICENSE_KEY))


def signed(issued: License, key: Ed25519PrivateKey) -> str:
    document = json.dumps({"type": TYPE, **asdict(issued)}, separators=(",", ":"))
    lines = [
        "{",
        f'"license": {document},',
        f'"key": "{license_keys.key_id(key.public_key())}",',
        f'"signature": "{key.sign(document.encode()).hex()}"',
        "}",
    ]
    return "\n".join(lines) + "\n"


def known_keys() -> list[Ed25519PublicKey]:
    """Those that the settings name: the one that signs, and the retired ones."""
    keys = []
    if settings.LICENSE_KEY:
        keys.append(license_keys.private_key(settings.LICENSE_KEY).public_key())
    if settings.LICENSE_RETIRED_KEYS:
        keys += license_keys.public_keys(settings.LICENSE_RETIRED_KEYS)
    return keys


def verify(file: bytes, keys: Iterable[Ed25519PublicKey]) -> License:
    """The license in this file, signed by one of these keys. Whether it is valid now is another question.

    Raises NotGenuine.
    """
    found = FILE.fullmatch(file) if len(file) <= LONGEST else None
    if found is None:
        raise NotGenuine("It is not a license file, or something was added to it.")
    document, name, signature = found.groups()
    key = {license_keys.key_id(key): key for key in keys}.get(name.decode())
    if key is None:
        raise NotGenuine(f"It names the key {name.decode()}, which is none of ours.")
    try:
        key.verify(bytes.fromhex(signature.decode()), document)
    except InvalidSignature:
        raise NotGenuine("Its signature does not fit: it was changed, or signed by somebody else.") from None
    return _read(document)


def _read(document):
    try:
        values = json.loads(document, object_pairs_hook=_once_each, parse_constant=_no_constant)
        if values.pop("type", None) != TYPE or set(values) != {field.name for field in fields(License)}:
            raise NotGenuine("It is signed, but not a license of this kind.")
        return _checked(License(**values))
    except NotGenuine:
        raise
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise NotGenuine("It is signed, but cannot be read.") from None


def _checked(found):
    """Raises ValueError or TypeError where a value is not of its kind."""
    texts = [
        found.id,
        found.eid,
        found.product,
        found.version,
        found.customer,
        found.customer_id,
        found.issued,
    ]
    optional = [found.activatee, found.not_after]
    texts += [found.time_zone, found.not_before, *(text for text in optional if text is not None)]
    if type(found.quantity) is not int or found.quantity < 1 or not all(type(text) is str for text in texts):
        raise TypeError("a value is of another kind")
    for instant in (found.not_before, found.not_after, found.issued):
        if instant is not None and not datetime.fromisoformat(instant).tzinfo:
            raise ValueError("an instant without a zone")
    return found


def _once_each(pairs):
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a name stands twice")
    return values


def _no_constant(name):
    raise ValueError(f"{name} is no value")
