import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from contacts.models import Contact
from ems_site.accounts.models import User

PASSWORD = "seven unrelated marmots"


class CheapHasher(PBKDF2PasswordHasher):
    """The real hasher is meant to be slow; its parameters have a test of their own."""

    algorithm = "cheap"
    iterations = 1


@pytest.fixture(autouse=True)
def cheap_passwords(settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.CheapHasher"]


@pytest.fixture
def user(db):
    """A member of staff without any rights."""
    return User.objects.create_user("Anna", "anna@example.com", PASSWORD)


@pytest.fixture
def administrator(db):
    return User.objects.create_superuser("root", "root@example.com", PASSWORD)


@pytest.fixture
def contact_user(db):
    contact = Contact(email="carla@example.org")
    contact.full_clean()
    contact.save()
    return User.objects.create_user("carla@example.org", "carla@example.org", PASSWORD, contact=contact)


@pytest.fixture
def log_on(client):
    """Logs on as a person does, through the page."""

    def log_on(username="Anna", password=PASSWORD, *, client=client, **headers):
        return client.post("/login/", {"username": username, "password": password}, **headers)

    return log_on
