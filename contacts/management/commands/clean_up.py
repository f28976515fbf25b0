from django.core.management.base import BaseCommand

from contacts import actions
from ems_site.accounts import actions as accounts


class Command(BaseCommand):
    help = "Deletes sessions and invitations that are over and old records of log-ons. Run it daily."

    def handle(self, *args, **options):
        deleted = accounts.clean_up() | {"invitations": actions.clean_up()}
        self.stdout.write(", ".join(f"{count} {what}" for what, count in deleted.items()) + " deleted.")
