"""Ed25519 keys that sign licenses: reading, naming and making them. Without Django, for the settings too."""

import hashlib
import re
from contextlib import suppress

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

PRIVATE_BLOCK = re.compile(r"-----BEGIN PRIVATE KEY-----[^-]*-----END PRIVATE KEY-----")
PUBLIC_BLOCK = re.compile(r"-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----")


def private_key(pem: str) -> Ed25519PrivateKey:
    """Raises ValueError for anything but one private Ed25519 key in PEM without a password."""
    key = None
    if PRIVATE_BLOCK.fullmatch(pem.strip()):
        with suppress(ValueError, UnsupportedAlgorithm):
            key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("not a private Ed25519 key in PEM")
    return key


def public_keys(pem: str) -> list[Ed25519PublicKey]:
    """All of the blocks in this text. Raises ValueError for anything but public Ed25519 keys in PEM."""
    blocks = PUBLIC_BLOCK.findall(pem)
    if not blocks or PUBLIC_BLOCK.sub("", pem).strip():
        raise ValueError("not public Ed25519 keys in PEM")
    return [_public_key(block) for block in blocks]


def _public_key(block):
    try:
        key = load_pem_public_key(block.encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not a public Ed25519 key in PEM")
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """What a license calls the key it was signed with: sixteen hexadecimal digits of its SHA-256."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def new_private_pem() -> str:
    made = Ed25519PrivateKey.generate()
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
