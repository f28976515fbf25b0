"""The people of the portal, and their customers, each with attributes that no contact may see."""

from datetime import date
from types import SimpleNamespace

import pytest
from django.test import Client

from customers.models import Association, Customer
from ems_site.accounts.models import User
from ems_site.status import Status
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory

PASSWORD = "seven unrelated marmots"
STANDARD, ADMINISTRATOR = Association.Kind.STANDARD, Association.Kind.ADMINISTRATOR
HIDDEN = "hidden-marker"


@pytest.fixture(autouse=True)
def cheap_passwords(settings):
    settings.PASSWORD_HASHERS = ["tests.accounts.conftest.CheapHasher"]


@pytest.fixture(autouse=True)
def _mail_at_once(mail_at_once):
    """Also for pages that send mail by the way."""


def hidden_customer(name, customer_id, **values):
    hidden = {"crm_id": "crm", "description": "text", "external_id": f"ext-{customer_id}", "ref_id": "ref"}
    marked = {field: f"{HIDDEN} {text}" for field, text in hidden.items()}
    return CustomerFactory(name=name, customer_id=customer_id, **marked, **values)


def person(email, **values):
    """A contact who can log on."""
    hidden = {"ref_id1": f"{HIDDEN}-1-{email}", "ref_id2": f"{HIDDEN}-2"}
    contact = ContactFactory(email=email, **hidden | values)
    return User.objects.create_user(email, email, PASSWORD, contact=contact)


def associate(customer, user, kind=STANDARD):
    return Association.objects.create(customer=customer, contact=user.contact, kind=kind)


def entitlement(customer, user=None, **values):
    hidden = {name: f"{HIDDEN} {name}" for name in ("ref_id1", "ref_id2")}
    contact = user.contact if user else None
    values = {"state": "complete", "start_date": date(2026, 3, 1)} | hidden | values
    return EntitlementFactory(customer=customer, contact=contact, **values)


@pytest.fixture
def acme(db):
    return hidden_customer("Acme Ltd", "C-ACME", time_zone="Europe/Berlin")


@pytest.fixture
def beta(db):
    return hidden_customer("Beta GmbH", "C-BETA")


@pytest.fixture
def shut(db):
    """A disabled customer."""
    customer = hidden_customer("Shut Inc", "C-SHUT")
    Customer.objects.filter(pk=customer.pk).update(status=Status.DISABLED)
    return Customer.objects.get(pk=customer.pk)


@pytest.fixture
def foreign(db):
    return hidden_customer("Foreign SA", "C-FOREIGN")


@pytest.fixture
def standard(acme):
    """Standard of one enabled customer."""
    user = person("stella@example.com", name="Stella")
    associate(acme, user)
    return user


@pytest.fixture
def administrator(acme, beta):
    """Administrator of two enabled customers."""
    user = person("arthur@example.com", name="Arthur")
    associate(acme, user, ADMINISTRATOR)
    associate(beta, user, ADMINISTRATOR)
    return user


@pytest.fixture
def of_disabled(shut):
    """Administrator of a disabled customer, and of no other."""
    user = person("dino@example.com", name="Dino")
    associate(shut, user, ADMINISTRATOR)
    return user


@pytest.fixture
def half(acme, shut):
    """Administrator of a disabled customer, and Standard of an enabled one."""
    user = person("hanna@example.com", name="Hanna")
    associate(shut, user, ADMINISTRATOR)
    associate(acme, user)
    return user


@pytest.fixture
def alone(db):
    """A contact without any customer."""
    return person("alma@example.com", name="Alma")


@pytest.fixture
def foreigner(foreign):
    """Administrator of another customer."""
    user = person("fatou@example.com", name="Fatou")
    associate(foreign, user, ADMINISTRATOR)
    return user


@pytest.fixture
def staff(db):
    return UserFactory(username="secret-staff", first_name="Marek", last_name="Wiśniewski")


@pytest.fixture
def rows(acme, shut, foreign, standard, administrator, half, foreigner, of_disabled):
    """An entitlement of everybody's."""
    return SimpleNamespace(
        own=entitlement(acme, standard),
        customers=entitlement(acme),
        draft=entitlement(acme, standard, state="draft"),
        shut=entitlement(shut, half),
        foreign=entitlement(foreign, foreigner),
    )


@pytest.fixture
def log_on(client):
    """Logs on as a person does, through the page."""

    def log_on(email="stella@example.com", password=PASSWORD, *, client=client, **headers):
        return client.post("/portal/login/", {"email": email, "password": password}, **headers)

    return log_on


def is_in(client: Client) -> bool:
    return client.get("/portal/").status_code == 200
