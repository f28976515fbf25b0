import os
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from ems_site import license_keys


class Command(BaseCommand):
    help = "Makes a key that signs licenses: a private file, and beside it the public one to verify with."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("path", type=Path, help="the private key's file, which must not exist yet")

    def handle(self, *, path: Path, **options):
        pem = license_keys.new_private_pem()
        public = license_keys.private_key(pem).public_key()
        beside = path.with_name(f"{path.name}.pub")
        if os.path.lexists(beside):
            raise CommandError(f"{beside} exists already. Nothing was written.")
        _write(path, pem, 0o600)
        _write(beside, license_keys.public_pem(public), 0o644)
        self.stdout.write(f"Key {license_keys.key_id(public)}: private in {path}, public in {beside}.")
        self.stdout.write(f"Sign licenses with it: LICENSE_KEY_FILE={path}")


def _write(path, text, mode):
    """Never overwrites; nobody else can read a private key in any instant."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise CommandError(f"{path} exists already. Nothing was overwritten.") from None
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
    with open(descriptor, "w") as file:
        file.write(text)
