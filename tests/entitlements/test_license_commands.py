"""make_license_key and verify_license: what they write, say and answer, without a database."""

import os
import re
import stat
import subprocess
import sys
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from time_machine import travel

from ems_site import license_keys
from entitlements import licenses
from tests.entitlements.test_licenses import FILE, KEY, LICENSE, OTHER, document_of, put_together
from tests.test_settings import OURS, PRODUCTION

ROOT = Path(__file__).resolve().parent.parent.parent
PUBLIC, OTHERS = (license_keys.public_pem(key.public_key()) for key in (KEY, OTHER))
DURING = datetime(2026, 7, 1, tzinfo=UTC)


def run(command, *arguments):
    output = StringIO()
    call_command(command, *map(str, arguments), stdout=output)
    return output.getvalue()


def written(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.fixture
def public(tmp_path):
    return written(tmp_path / "public.pem", PUBLIC)


@pytest.fixture
def verified(tmp_path, public):
    """Verifies these bytes with the public key that fits, or with these keys."""

    def verified(content=FILE, *keys):
        options = [part for key in keys or [public] for part in ("--key", key)]
        return run("verify_license", written(tmp_path / "a.license", content), *options)

    return verified


# Making a key


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_the_private_key_is_for_its_owner_alone(tmp_path, mask):
    before = os.umask(mask)
    try:
        said = run("make_license_key", tmp_path / "key")
    finally:
        os.umask(before)
    private, beside = tmp_path / "key", tmp_path / "key.pub"
    assert sorted(tmp_path.iterdir()) == [private, beside]
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert stat.S_IMODE(beside.stat().st_mode) == 0o644 & ~mask
    key = license_keys.private_key(private.read_text())
    assert beside.read_text() == license_keys.public_pem(key.public_key())
    assert license_keys.key_id(key.public_key()) in said
    assert f"LICENSE_KEY_FILE={private}" in said
    assert not any(line in said for line in private.read_text().splitlines())


def test_each_key_is_another(tmp_path):
    for name in ("one", "two"):
        run("make_license_key", tmp_path / name)
    assert (tmp_path / "one").read_text() != (tmp_path / "two").read_text()


@pytest.mark.parametrize("there", ["key", "key.pub"])
@pytest.mark.parametrize("kind", ["file", "folder", "link to nothing"])
def test_nothing_is_overwritten(tmp_path, there, kind):
    path = tmp_path / there
    if kind == "file":
        path.write_text("Mine")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / "elsewhere")
    before = path.lstat()
    with pytest.raises(CommandError, match="exists already"):
        run("make_license_key", tmp_path / "key")
    assert path.lstat() == before
    assert not (tmp_path / "elsewhere").exists()
    if kind != "link to nothing":
        assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(CommandError, match="cannot be written: No such file"):
        run("make_license_key", tmp_path / "folder" / "key")


# Verifying


@pytest.mark.parametrize(
    ("at", "standing"),
    [
        (datetime(2025, 12, 31, 22, 59, 59, tzinfo=UTC), "not valid yet"),
        (DURING, "valid"),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), "expired"),
    ],
)
def test_a_genuine_license(verified, at, standing):
    with travel(at, tick=False):
        *lines, last, end = verified().split("\n")
    assert (last, end) == (f"GENUINE, {standing}.", "")
    assert lines == [
        "id: 0d2f7f5e-1c8a-4c0e-9a53-6d3a2f0b9e11",
        "eid: 00000000-11111111-22222222-33333333",
        "product: Suite “Ω”",
        "version: 2.0",
        "quantity: 3",
        f"customer: {LICENSE.customer}",
        "customer id: C-7F3K",
        "activatee: anna@example.com",
        "time zone: Europe/Berlin",
        "not before: 2025-12-31T23:00:00Z",
        "not after: 2026-12-31T23:00:00Z",
        "issued: 2026-06-15T12:00:00Z",
    ]


def test_what_is_empty_is_said(verified):
    said = verified(put_together(document_of(version="", activatee=None, not_after=None)))
    for line in ("version: –", "activatee: –", "not after: never expires", "GENUINE, valid."):
        assert f"{line}\n" in said


@pytest.mark.parametrize("bit", range(8))
def test_one_bit_changed_anywhere(verified, bit):
    # Every place once in eight runs, and each bit of a byte somewhere.
    for place in range(bit, len(FILE), 8):
        changed = bytearray(FILE)
        changed[place] ^= 1 << (place * 7 + bit) % 8
        with pytest.raises(CommandError, match=r"^NOT GENUINE\. It"):
            verified(bytes(changed))


@pytest.mark.parametrize(
    "content",
    [
        *(
            FILE + b"\n",
            FILE + b" ",
            FILE + b"\0",
            FILE + FILE,
            FILE[:-1],
            b" " + FILE,
            b"\xef\xbb\xbf" + FILE,
        ),
        *(FILE.replace(b"\n", b"\r\n"), FILE + b" " * licenses.LONGEST),
        *(b"", b"{}", b"null", b"\xff\xfe\0", b"[" * 50_000, PUBLIC.encode()),
    ],
)
def test_what_is_no_license_file(verified, content):
    with pytest.raises(CommandError, match=r"^NOT GENUINE\. It is not a license file"):
        verified(content)


@pytest.mark.parametrize(
    "document",
    [
        document_of().replace(b'"not_after"', b'"not_after":null,"not_after"'),
        document_of().replace(b'"quantity":3', b'"quantity":NaN'),
        document_of().replace(b'"quantity":3', b'"quantity":-Infinity'),
        document_of(not_after="tomorrow"),
        document_of(type="ems-invitation/1"),
        document_of(seats=5),
        b'{"type":"ems-license/1"}',
        b"{}",
        b"{\xff}",
    ],
)
def test_what_is_signed_but_no_license(verified, document):
    with pytest.raises(CommandError, match=r"^NOT GENUINE\. It is signed, but"):
        verified(put_together(document))


def test_another_key(verified, tmp_path):
    others = written(tmp_path / "others.pem", OTHERS)
    with pytest.raises(CommandError, match="none of ours"):
        verified(FILE, others)
    pretended = put_together(document_of(), OTHER, license_keys.key_id(KEY.public_key()))
    with pytest.raises(CommandError, match="does not fit"):
        verified(pretended)


def test_of_several_keys_one_has_to_fit(verified, tmp_path, public):
    others = written(tmp_path / "others.pem", OTHERS)
    both = written(tmp_path / "both.pem", f"{OTHERS}\n{PUBLIC}")
    assert "GENUINE" in verified(FILE, others, public)
    assert "GENUINE" in verified(FILE, both)


# With the keys of the settings


def private_pem(tmp_path, name):
    run("make_license_key", tmp_path / name)
    return (tmp_path / name).read_text()


def test_a_retired_key_still_verifies(settings, tmp_path):
    settings.LICENSE_KEY, settings.LICENSE_RETIRED_KEYS = private_pem(tmp_path, "old"), ""
    signed = licenses.signed(LICENSE, license_keys.private_key(settings.LICENSE_KEY))
    file = written(tmp_path / "a.license", signed)
    assert "GENUINE" in run("verify_license", file)
    settings.LICENSE_KEY = private_pem(tmp_path, "new")
    with pytest.raises(CommandError, match="none of ours"):
        run("verify_license", file)
    settings.LICENSE_RETIRED_KEYS = OTHERS + (tmp_path / "old.pub").read_text()
    assert "GENUINE" in run("verify_license", file)
    settings.LICENSE_KEY = ""
    assert "GENUINE" in run("verify_license", file)


def test_keys_that_are_given_replace_those_of_the_settings(settings, tmp_path, public):
    settings.LICENSE_KEY = private_pem(tmp_path, "own")
    signed = licenses.signed(LICENSE, license_keys.private_key(settings.LICENSE_KEY))
    file = written(tmp_path / "a.license", signed)
    with pytest.raises(CommandError, match="none of ours"):
        run("verify_license", file, "--key", public)


def test_without_any_key(settings, tmp_path):
    settings.LICENSE_KEY = settings.LICENSE_RETIRED_KEYS = ""
    with pytest.raises(CommandError, match=r"^There is no key to verify with: give one with --key"):
        run("verify_license", written(tmp_path / "a.license", FILE))


# What cannot be read


@pytest.mark.parametrize("name", ["missing", "folder"])
def test_files_that_cannot_be_read(tmp_path, public, name):
    (tmp_path / "folder").mkdir()
    file = written(tmp_path / "a.license", FILE)
    with pytest.raises(CommandError, match=f"{name} cannot be read: "):
        run("verify_license", tmp_path / name, "--key", public)
    with pytest.raises(CommandError, match=f"{name} cannot be read: "):
        run("verify_license", file, "--key", tmp_path / name)


def test_a_key_that_is_none(verified, tmp_path):
    private = private_pem(tmp_path, "private")
    for content in (private, "", "key", b"\xff\0", PUBLIC + private, PUBLIC[:80] + PUBLIC[90:], f"{PUBLIC}x"):
        with pytest.raises(
            CommandError, match=r"is not (public|a public) Ed25519 keys? in PEM\.$"
        ) as refused:
            verified(FILE, written(tmp_path / "wrong.pem", content))
        assert private.splitlines()[1] not in str(refused.value)


# As programs


def manage(tmp_path, *arguments, **environment):
    """In production, with a database that is not there."""
    bare = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in OURS}
    nowhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing"}
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", *map(str, arguments)],
        cwd=tmp_path,
        env=bare | PRODUCTION | nowhere | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def example(folder, file):
    """What the example of the documentation says of this file, its exit code and its last error."""
    (code,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "operations.md").read_text(), re.M | re.S)
    files = written(folder / "public.pem", PUBLIC), written(folder / "a.license", file)
    done = subprocess.run([sys.executable, "-c", code, *files], capture_output=True, text=True, check=False)
    return done.stdout, done.returncode, done.stderr.rpartition("\n")[0].rpartition("\n")[2]


def test_the_example_of_the_documentation(tmp_path):
    always = document_of(not_after=None)
    assert example(tmp_path, put_together(always)) == ("True Suite “Ω” 3\n", 0, "")
    assert example(tmp_path, put_together(document_of(not_after="2026-01-01T00:00:00Z")))[0].startswith(
        "False"
    )
    assert example(tmp_path, put_together(document_of(type="other")))[0].startswith("False")
    changed = put_together(always).replace(b'"quantity":3', b'"quantity":9')
    assert example(tmp_path, changed)[1:] == (1, "cryptography.exceptions.InvalidSignature")
    assert example(tmp_path, put_together(always) + b"\n")[2].startswith("AttributeError")
    others = put_together(always, OTHER)
    assert example(tmp_path, others)[1:] == (1, "cryptography.exceptions.InvalidSignature")


def test_from_the_key_to_the_verified_license_without_a_database(tmp_path):
    made = manage(tmp_path, "make_license_key", "key")
    assert (made.returncode, made.stderr) == (0, "")
    again = manage(tmp_path, "make_license_key", "key")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "CommandError: key.pub exists already. Nothing was written.\n"

    signed = licenses.signed(LICENSE, license_keys.private_key((tmp_path / "key").read_text())).encode()
    file = written(tmp_path / "a.license", signed)
    good = manage(tmp_path, "verify_license", file, LICENSE_KEY_FILE=str(tmp_path / "key"))
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.splitlines()[-1].startswith("GENUINE, ")
    retired = {"LICENSE_RETIRED_KEYS": (tmp_path / "key.pub").read_text()}
    assert manage(tmp_path, "verify_license", file, **retired).returncode == 0
    assert manage(tmp_path, "verify_license", file, "-k", "key.pub").returncode == 0

    written(file, signed.replace(b'"quantity":3', b'"quantity":9'))
    bad = manage(tmp_path, "verify_license", file, "--key", "key.pub")
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr == (
        "CommandError: NOT GENUINE. Its signature does not fit: it was changed, or signed by somebody else.\n"
    )
