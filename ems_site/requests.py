from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from ems_site.accounts.models import User


class Request(HttpRequest):
    """Of somebody who is logged on, perhaps for a part of a page; for readers and type checkers."""

    user: User
    htmx: HtmxDetails
