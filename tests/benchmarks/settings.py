"""The project's settings with addresses for the comparison."""

from ems_site.settings import *  # noqa: F403

ROOT_URLCONF = "tests.benchmarks.urls"
