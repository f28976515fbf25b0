from django.core.management.base import BaseCommand

from contacts import actions
from ems_site.accounts import actions as accounts
from ems_site.lists.actions import batches, statistics


class Command(BaseCommand):
    help = "Deletes what is over: sessions, invitations, batches, old records of log-ons. Run it daily."

    def handle(self, *args, **options):
        deleted = accounts.clean_up() | {"invitations": actions.clean_up(), "batches": batches.clean_up()}
        statistics.refresh()
        self.stdout.write(", ".join(f"{count} {what}" for what, count in deleted.items()) + " deleted.")
