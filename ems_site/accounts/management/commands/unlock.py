from django.core.management.base import BaseCommand, CommandError

from ems_site.accounts import actions
from ems_site.accounts.models import User


class Command(BaseCommand):
    help = "Forgets the failed log-ons of a user, who can then try again at once."

    def add_arguments(self, parser):
        parser.add_argument("name", help="the user name, in any letter case")

    def handle(self, *args, **options):
        users = User.objects.named(options["name"])
        if not users.exists():
            raise CommandError(f"There is no user {options['name']}.")
        if actions.unlock(users, by=None):
            self.stdout.write(f"{users.get().username} can log on again.")
        else:
            self.stdout.write(f"{users.get().username} was not locked.")
