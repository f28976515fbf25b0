from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from ems_site import license_keys
from entitlements import licenses


class Command(BaseCommand):
    help = "Verifies a license file offline, with the keys of the settings or with the public keys given."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="the license file")
        parser.add_argument(
            *("--key", "-k"),
            type=Path,
            action="append",
            default=[],
            help="a file with public keys to verify with, instead of those of the settings",
        )

    def handle(self, *, file: Path, key: list[Path], **options):
        keys = [one for path in key for one in _public_keys(path)] if key else licenses.known_keys()
        if not keys:
            raise CommandError("There is no key to verify with: give one with --key, or set LICENSE_KEY.")
        try:
            found = licenses.verify(_read(file), keys)
        except licenses.NotGenuine as error:
            raise CommandError(f"NOT GENUINE. {error}") from None
        for name, value in asdict(found).items():
            self.stdout.write(f"{name.replace('_', ' ')}: {_shown(name, value)}")
        self.stdout.write(f"GENUINE, {found.standing(datetime.now(UTC))}.")


def _shown(name, value):
    return {"not_after": "never expires"}.get(name, "–") if value in {None, ""} else value


def _read(path):
    try:
        with path.open("rb") as file:
            return file.read(licenses.LONGEST + 1)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from None


def _public_keys(path):
    try:
        return license_keys.public_keys(_read(path).decode("ascii", "replace"))
    except ValueError as error:
        raise CommandError(f"{path} is {error}.") from None
