from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ems_site.demo.filling import fill


class Command(BaseCommand):
    help = "Fills an empty database with demo data and the demo's log-ons. For demo mode only."

    def handle(self, *args, **options):
        if not settings.DEMO:
            raise CommandError(
                "Demo data, with its well-known passwords, is for demo mode only: set EMS_DEMO=1."
            )
        diary = fill()
        if diary is None:
            self.stdout.write("The database is not empty: no demo data was added.")
            return
        self.stdout.write(
            f"Demo data added: {len(diary.customers)} customers, {len(diary.contacts)} contacts, "
            f"{len(diary.ledger.entitlements)} entitlements."
        )
