"""Licenses: what is signed, and what does not verify."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ems_site import license_keys
from entitlements import licenses
from entitlements.licenses import License, NotGenuine, known_keys, signed, verify

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
PUBLIC, OTHERS = KEY.public_key(), OTHER.public_key()
LICENSE = License(
    id="0d2f7f5e-1c8a-4c0e-9a53-6d3a2f0b9e11",
    eid="00000000-11111111-22222222-33333333",
    product="Suite “Ω”",
    version="2.0",
    quantity=3,
    customer='Müller & "Söhne"\u2028株式会社',
    customer_id="C-7F3K",
    activatee="anna@example.com",
    time_zone="Europe/Berlin",
    not_before="2025-12-31T23:00:00Z",
    not_after="2026-12-31T23:00:00Z",
    issued="2026-06-15T12:00:00Z",
)
FILE = signed(LICENSE, KEY).encode()


def put_together(document, key=KEY, name=None):
    """A file around these bytes, with a signature that fits them."""
    name = name or license_keys.key_id(key.public_key())
    lines = [
        b"{",
        b'"license": ' + document + b",",
        f'"key": "{name}",'.encode(),
        f'"signature": "{key.sign(document).hex()}"'.encode(),
        b"}",
        b"",
    ]
    return b"\n".join(lines)


def document_of(**changes):
    return json.dumps({"type": licenses.TYPE, **LICENSE.__dict__, **changes}, separators=(",", ":")).encode()


def test_what_was_signed_is_read_again():
    assert verify(FILE, [OTHERS, PUBLIC]) == LICENSE
    assert put_together(document_of()) == FILE


def test_it_is_json_in_ascii_whose_second_line_holds_the_signed_bytes():
    assert json.loads(FILE)["license"]["customer"] == LICENSE.customer
    assert FILE.isascii()
    second = FILE.split(b"\n")[1].removeprefix(b'"license": ').removesuffix(b",")
    PUBLIC.verify(bytes.fromhex(json.loads(FILE)["signature"]), second)


def test_not_one_bit_may_change():
    for place in range(len(FILE)):
        for bit in range(8):
            changed = bytearray(FILE)
            changed[place] ^= 1 << bit
            with pytest.raises(NotGenuine):
                verify(bytes(changed), [PUBLIC, OTHERS])


@pytest.mark.parametrize(
    "changed",
    [
        FILE + b"\n",
        FILE + b" ",
        FILE + FILE,
        FILE + b"x" * 100_000,
        b" " + FILE,
        b"\xef\xbb\xbf" + FILE,
        FILE[:-1],
        FILE.replace(b"\n", b"\r\n"),
        FILE.replace(b"\n", b""),
        FILE.replace(b": ", b":"),
        FILE[:-141] + FILE[-141:].upper(),
        b"",
        b"{}",
        b"[" * 100_000,
        b"\xff" * 50,
    ],
)
def test_nothing_may_be_added_or_written_otherwise(changed):
    with pytest.raises(NotGenuine, match="not a license file"):
        verify(changed, [PUBLIC])


@given(st.binary(max_size=300))
def test_anything_else_is_no_license(file):
    with pytest.raises(NotGenuine):
        verify(file, [PUBLIC])


def test_another_key_does_not_do():
    with pytest.raises(NotGenuine, match="none of ours"):
        verify(FILE, [OTHERS])
    with pytest.raises(NotGenuine, match="none of ours"):
        verify(FILE, [])
    pretended = put_together(document_of(), OTHER, license_keys.key_id(PUBLIC))
    with pytest.raises(NotGenuine, match="does not fit"):
        verify(pretended, [PUBLIC, OTHERS])


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (document_of().replace(b'"not_after"', b'"not_after":null,"not_after"'), "cannot be read"),
        (document_of().replace(b'"quantity":3', b'"quantity":NaN'), "cannot be read"),
        (document_of().replace(b'"quantity":3', b'"quantity":Infinity'), "cannot be read"),
        (document_of(type="ems-invitation/1"), "not a license of this kind"),
        (document_of(extra=1), "not a license of this kind"),
        (document_of(quantity="3"), "cannot be read"),
        (document_of(quantity=True), "cannot be read"),
        (document_of(eid=None), "cannot be read"),
        (document_of(not_before="yesterday"), "cannot be read"),
        (document_of(not_before="2026-01-01T00:00:00"), "cannot be read"),
        (document_of(not_after=5), "cannot be read"),
        (b'{"type":"ems-license/1"}', "not a license of this kind"),
        (b"{" + b'"a":{' * 5000 + b"}" * 5001, "not a license file|cannot be read"),
        (b"{\xff}", "cannot be read"),
    ],
)
def test_signed_but_no_license(document, sentence):
    with pytest.raises(NotGenuine, match=sentence):
        verify(put_together(document), [PUBLIC])


@pytest.mark.parametrize(
    ("at", "standing"),
    [
        (datetime(2025, 12, 31, 22, 59, 59, tzinfo=UTC), "not valid yet"),
        (datetime(2025, 12, 31, 23, tzinfo=UTC), "valid"),
        (datetime(2026, 12, 31, 22, 59, 59, 999999, tzinfo=UTC), "valid"),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), "expired"),
    ],
)
def test_its_window_is_half_open(at, standing):
    assert LICENSE.standing(at) == standing
    assert replace(LICENSE, not_after=None).standing(datetime(9000, 1, 1, tzinfo=UTC)) == "valid"


def test_retired_keys_verify_and_do_not_sign(settings):
    settings.LICENSE_KEY = license_keys.new_private_pem()
    assert len(known_keys()) == 1
    settings.LICENSE_RETIRED_KEYS = license_keys.public_pem(PUBLIC) + license_keys.public_pem(OTHERS)
    assert verify(FILE, known_keys()) == LICENSE
    assert len(known_keys()) == 3
    settings.LICENSE_KEY = ""
    assert verify(FILE, known_keys()) == LICENSE


def test_one_private_key_and_nothing_else():
    pem = license_keys.new_private_pem()
    assert license_keys.private_key(f" {pem}\n")
    for text in (pem + license_keys.new_private_pem(), f"{pem}junk", f"junk{pem}"):
        with pytest.raises(ValueError, match="Ed25519"):
            license_keys.private_key(text)


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"])
def test_what_is_no_key(text):
    for read in (license_keys.private_key, license_keys.public_keys):
        with pytest.raises(ValueError, match="Ed25519"):
            read(text)


def test_keys_of_another_kind_are_refused():
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    other = generate_private_key(SECP256R1())
    private = other.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()).decode()
    public = (
        other.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo).decode()
    )
    for read, text in ((license_keys.private_key, private), (license_keys.public_keys, public)):
        with pytest.raises(ValueError, match="Ed25519"):
            read(text)
    with pytest.raises(ValueError, match="Ed25519"):
        license_keys.public_keys(license_keys.public_pem(PUBLIC) + "and more")
