"""The project's addresses, and those of the admin that it is compared with."""

from django.urls import path

from ems_site.urls import *  # noqa: F403
from ems_site.urls import urlpatterns as ours
from tests.benchmarks.plain_admin import site

urlpatterns = [*ours, path("plain/", site.urls)]
