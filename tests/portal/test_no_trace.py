"""The portal says nothing of staff pages, of the vendor's people, or of what only these may see."""

import re

import pytest
from django.test import Client

from contacts import actions as contacts
from customers import actions as customers
from entitlements import actions
from entitlements.models import Activation
from tests.factories import ContactFactory, ProductKeyFactory
from tests.portal.conftest import HIDDEN, person

pytestmark = pytest.mark.django_db

STAFF_PAGES = re.compile(
    r"""["'](?:https?://[^/"']+)?/(customers|contacts|admin|history|login|mail|entitlements|static/js/(?!local-time\.js)|static/css/app)\b"""
)
# Tokens of forms: any three letters may stand in them.
RANDOM = re.compile(r'(?<=value=")[A-Za-z0-9]{64}(?=")')
TRACES = (
    "EMS",
    "Django",
    "secret-staff",
    "Marek",
    "Wiśniewski",
    HIDDEN,
    "Shut",
    "SHUT",
    "Foreign",
    "FOREIGN",
)
WORDS = ("CRM", "External ID", "Ref ID", "Description", "History", "Administration", "Customer Management")


def check(answer):
    page = RANDOM.sub("", answer.content.decode())
    assert "Customer Portal" in page
    assert re.search(r'<html lang="(en|de)">', page)
    assert STAFF_PAGES.findall(page) == []
    assert [trace for trace in (*TRACES, *WORDS) if trace in page] == []


@pytest.fixture
def pages(rows, acme, standard, administrator, staff):
    """Addresses with something on them, some of it left there by staff."""
    customers.invite(acme, "new@example.org", by=administrator)
    contact = ContactFactory(name="Carla", ref_id1=HIDDEN)
    customers.associate(acme, contact, "standard", by=staff, confirmed=_confirmation(acme, contact, staff))
    _activate(rows, standard, staff)
    of_customer = f"/portal/customers/{acme.pk}/contacts/"
    return [
        *(
            "/portal/",
            "/portal/profile/",
            "/portal/profile/password/",
            f"/portal/entitlements/{rows.own.pk}/",
            f"/portal/entitlements/{rows.own.pk}/activate/",
        ),
        *(of_customer, f"{of_customer}invite/", f"{of_customer}{standard.contact_id}/end/"),
        f"{of_customer}{administrator.contact_id}/end/",
    ]


def _activate(rows, standard, staff):
    """By the staff, with one of them revoked."""
    key = ProductKeyFactory(entitlement=rows.own)
    actions.activate(key, quantity=1, by=staff, activatee=standard.contact)
    revoked = actions.activate(key, quantity=2, by=staff)
    actions.revoke(revoked, by=staff, comment=HIDDEN)


def _confirmation(customer, contact, by):
    try:
        customers.associate(customer, contact, "standard", by=by)
    except customers.ConfirmationRequired as required:
        return required.confirmation


@pytest.mark.parametrize("who", ["standard", "administrator", "half", "alone"])
def test_pages(who, pages, request, signed_in):
    client = signed_in(request.getfixturevalue(who))
    for path in pages:
        check(client.get(path))


@pytest.mark.parametrize("who", ["standard", "administrator"])
def test_refused_activations(who, pages, rows, request, signed_in):
    client = signed_in(request.getfixturevalue(who))
    address = f"/portal/entitlements/{rows.own.pk}/activate/"
    refused = client.post(address, {"quantity": "x", "activatee": "fatou@example.com", "time_zone": "x"})
    revoked = Activation.objects.exclude(revoked=None).get()
    gone = client.get(f"/portal/entitlements/{rows.own.pk}/licenses/{revoked.pk}/")
    assert (refused.status_code, gone.status_code) == (422, 410)
    for answer in (refused, gone):
        check(answer)


def test_a_license_says_what_its_customer_knows(pages, rows, standard, signed_in):
    activation = Activation.objects.get(revoked=None)
    file = signed_in(standard).get(f"/portal/entitlements/{rows.own.pk}/licenses/{activation.pk}/")
    text = file.content.decode()
    assert [trace for trace in ("secret-staff", "Marek", HIDDEN) if trace in text] == []


def test_pages_before_the_log_on(client, standard):
    for path in (
        "login/",
        "password-reset/",
        "password-reset/sent/",
        "password-reset/confirm/",
        "invitation/",
    ):
        check(client.get(f"/portal/{path}"))


def test_a_disabled_customer_is_not_there(half, acme, signed_in):
    page = signed_in(half).get("/portal/").content.decode()
    assert "C-ACME" in page
    assert "Switch customer" not in page


def test_an_invitation_by_staff_names_nobody(
    client, staff, shut, acme, mailoutbox, django_capture_on_commit_callbacks
):
    contact = ContactFactory(email="new@example.org", ref_id1=HIDDEN)
    acme.associations.create(contact=contact)
    shut.associations.create(contact=contact)
    with django_capture_on_commit_callbacks(execute=True):
        contacts.invite(contact, by=staff)
    key = re.search(r"key=(\S+)", mailoutbox[0].body)[1]
    page = client.get(f"/portal/invitation/?key={key}", follow=True)
    check(page)
    assert "C-ACME" in page.content.decode()


# Refusals and failures


def test_failures(client, rows, standard, alone, signed_in, settings):
    inside, strict = signed_in(alone), Client(enforce_csrf_checks=True)
    huge = {"CONTENT_LENGTH": str(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)}
    answers = {
        "400": client.post("/portal/login/", CONTENT_LENGTH="ten"),
        "host": client.get("/portal/login/", headers={"host": "evil.example"}),
        "403": signed_in(person("x@example.com")).get("/customers/"),
        "csrf": strict.post("/portal/login/", {"email": "x", "password": "x"}),
        "404": inside.get(f"/portal/entitlements/{rows.foreign.pk}/"),
        "unknown": client.get("/portal/nowhere/"),
        "405": inside.post("/portal/"),
        "TRACE": client.trace("/portal/login/"),
        "413": client.post("/portal/login/", **huge),
    }
    expected = [400, 400, 403, 403, 404, 404, 405, 405, 413]
    assert [answer.status_code for answer in answers.values()] == expected
    for answer in answers.values():
        check(answer)


def test_a_failure_of_ours(alone, signed_in, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("secret detail")

    client = signed_in(alone)
    client.raise_request_exception = False
    monkeypatch.setattr("ems_site.portal.pages.render", broken)
    answer = client.get("/portal/")
    assert answer.status_code == 500
    check(answer)
    assert answer["X-Request-ID"] in answer.content.decode()
    assert "secret detail" not in answer.content.decode()


def test_too_many_tries(log_on, standard):
    answers = [log_on(password="wrong") for _ in range(10)]
    assert [answer.status_code for answer in answers] == [200] * 9 + [429]
    check(answers[-1])
    assert "Try again in 15 minutes" in answers[-1].content.decode()


def test_too_many_from_one_address(log_on, standard, settings):
    settings.LOG_ON_FAILURES_PER_HOUR = 2
    answers = [log_on(email=f"nobody-{number}@example.com") for number in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    check(answers[-1])


def test_failures_speak_the_contacts_language(signed_in, db, client):
    user = person("gerda@example.com", language="de")
    inside = signed_in(user)
    for path in ("/portal/nowhere/", "/portal/entitlements/1/", "/customers/", "/nowhere/"):
        assert '<html lang="de">' in inside.get(path).content.decode(), path
    assert '<html lang="de">' in inside.post("/portal/").content.decode()
    german = {"accept-language": "de-AT,de;q=0.9"}
    for path in ("/portal/nowhere/", "/portal/login/"):
        assert '<html lang="de">' in client.get(path, headers=german).content.decode()
    answer = client.generic("TRACE", "/portal/login/", headers=german)
    assert '<html lang="de">' in answer.content.decode()
    assert '<html lang="en">' in client.get("/login/", headers=german).content.decode()


def test_nothing_is_loaded_from_staff_pages():
    """The style sheet, too, has a face and words of its own."""
    with open("static/css/portal.css") as file:
        assert "EMS" not in file.read()
