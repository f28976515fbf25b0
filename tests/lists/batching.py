"""What tests of batches share: selecting all that match, planning, beginning."""

from django.http import QueryDict
from django.utils import timezone

from ems_site.lists import matching
from ems_site.lists.counting import Count
from ems_site.lists.listing import LISTS
from ems_site.lists.models import Batch
from tests.factories import CustomerFactory
from tests.pages import Served


def customers(number, name="Acme", **values):
    return [CustomerFactory(name=f"{name} {place}", **values) for place in range(number)]


def token(user, listing="customers", query="", number=None):
    """As the list's page has it."""
    found = LISTS[listing](QueryDict(query), user)
    return matching.token_of(found, Count(found.exact_count() if number is None else number, True))


def plan(client, verb, posted, listing="customers"):
    return client.post(f"/{listing}/matching/{verb}/", {"matching": posted})


def planned(client, verb, posted, listing="customers") -> Served:
    """The page that shows what would be done."""
    return Served(client.get(plan(client, verb, posted, listing).url))


def begin(client, page, **more):
    form = page.form("comment")
    return client.post(form.action, form.data | more, follow=True)


def running_batch(user, **values):
    """One that somebody works on at this moment."""
    now = timezone.now()
    values = {"listing": "customers", "verb": "disable", "status": "running", "total": 12_000} | values
    return Batch.objects.create(by=user, heartbeat=now, started=now, **values)
