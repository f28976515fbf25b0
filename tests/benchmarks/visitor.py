"""Somebody who is logged on and opens pages, through all of the middleware but without a network."""

from functools import cached_property, partial

from django.contrib.auth.models import Group
from django.test import Client
from django.urls import URLResolver, get_resolver

from ems_site.accounts.models import User
from ems_site.accounts.roles import ROLES
from tests.benchmarks.queries import Statement, sent_by
from tests.benchmarks.timing import side_by_side

APART = ("plain/", "admin/", "portal/", "mail/")


class Visitor:
    """Holds the roles that come with the product."""

    def __init__(self) -> None:
        self.user = User.objects.create(username="bench", is_staff=True)
        self.user.groups.set(Group.objects.filter(name__in=ROLES))
        # Asked once for each request, and no part of what a list reads.
        self.user.get_all_permissions()
        self.client = Client(SERVER_NAME="localhost")
        self.client.force_login(self.user)

    @cached_property
    def base(self) -> list[Statement]:
        """What every page reads: the session, the user and the rights."""
        return sent_by(partial(self.open, self.smallest))

    def open_smallest(self) -> None:
        self.open(self.smallest)

    def open(self, address: str) -> bytes:
        answer = self.client.get(address)
        assert answer.status_code == 200, f"{address}: {answer.status_code}"
        return answer.content

    @cached_property
    def smallest(self) -> str:
        """The address of the whole page that is quickest, of those that strangers do not see."""
        stranger = Client(SERVER_NAME="localhost", raise_request_exception=False)
        member = Client(SERVER_NAME="localhost", raise_request_exception=False)
        member.force_login(self.user)
        pages = {}
        for address in _addresses(get_resolver()):
            answer = member.get(address)
            is_page = answer.status_code == 200 and b"</html>" in getattr(answer, "content", b"")
            if is_page and stranger.get(address).status_code != 200:
                pages[address] = partial(self.open, address)
        times = side_by_side(pages, runs=8)
        return min(times, key=lambda address: times[address].median)


def _addresses(resolver, start="/"):
    """Those without anything to fill in."""
    for pattern in resolver.url_patterns:
        route = str(pattern.pattern)
        if "<" in route or "(" in route or (start == "/" and route in APART) or route.startswith("admin/"):
            continue
        if isinstance(pattern, URLResolver):
            yield from _addresses(pattern, start + route)
        else:
            yield start + route
