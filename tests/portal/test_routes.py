"""Every portal route by every kind of person. A route that is missing from the table fails."""

import uuid

import pytest
from django.contrib.auth.models import Group
from django.test import Client

import entitlements.actions
from contacts.models import Invitation
from customers import actions
from entitlements.models import Activation
from tests.factories import ProductKeyFactory, UserFactory
from tests.pages import everything
from tests.portal.conftest import HIDDEN
from tests.test_permissions import PORTAL, routes

pytestmark = pytest.mark.django_db

PEOPLE = (
    *("nobody", "staff", "manager", "superuser"),
    *("standard", "administrator", "foreigner", "of_disabled"),
)
LOG_ON = "to the log-on page"


def all_the_same(status):
    return (status,) * len(PEOPLE)


def contacts(standard, administrator, foreigner, staff=403):
    """What these get. Strangers and the contact of a disabled customer are sent to the log-on."""
    return (LOG_ON, staff, staff, staff, standard, administrator, foreigner, LOG_ON)


NOT_ALLOWED = contacts(405, 405, 405, staff=405)
ONLY_ADMINISTRATORS = contacts(404, 200, 404)

# Route: what GET and POST (with an empty body) answer to these people.
OPEN = {
    "login/": [(200, 200, 200, 200, 302, 302, 302, 200), all_the_same(200)],
    "logout/": [all_the_same(405), all_the_same(302)],
    "password-reset/": [all_the_same(200), all_the_same(200)],
    "password-reset/sent/": [all_the_same(200), all_the_same(405)],
    "password-reset/confirm/": [all_the_same(410), all_the_same(410)],
    "invitation/": [all_the_same(410), all_the_same(410)],
    "language/": [all_the_same(405), all_the_same(302)],
}
CLOSED = {
    "": [contacts(200, 200, 200), NOT_ALLOWED],
    "customer/": [NOT_ALLOWED, contacts(404, 404, 404)],
    "entitlements/<key:pk>/": [contacts(200, 200, 404), NOT_ALLOWED],
    "entitlements/<key:pk>/activate/": [contacts(200, 200, 404), contacts(422, 422, 404)],
    "entitlements/<key:pk>/licenses/<key:activation>/": [contacts(200, 200, 404), NOT_ALLOWED],
    "customers/<key:customer>/contacts/": [ONLY_ADMINISTRATORS, NOT_ALLOWED],
    "customers/<key:customer>/contacts/invite/": [ONLY_ADMINISTRATORS, contacts(404, 422, 404)],
    "customers/<key:customer>/contacts/<key:pk>/end/": [ONLY_ADMINISTRATORS, contacts(404, 302, 404)],
    "customers/<key:customer>/invitations/<key:pk>/withdraw/": [NOT_ALLOWED, contacts(404, 302, 404)],
    "profile/": [contacts(200, 200, 200), contacts(422, 422, 422)],
    "profile/password/": [contacts(200, 200, 200), contacts(200, 200, 200)],
    "profile/sessions/end/": [NOT_ALLOWED, contacts(302, 302, 302)],
    "profile/sessions/<str:public_id>/end/": [contacts(404, 404, 404), contacts(404, 404, 404)],
}
TABLE = OPEN | CLOSED
THAT_CHANGE_SOMETHING = {"end/", "withdraw/"}


def portal_routes():
    found = [(route, view) for route, view in routes() if route.startswith(PORTAL)]
    return [(route.removeprefix(PORTAL), view) for route, view in found]


def test_every_route_stands_in_the_table():
    assert sorted(route for route, _ in portal_routes()) == sorted(TABLE)


def test_pages_without_log_on_are_few():
    without = {route for route, view in portal_routes() if not getattr(view, "login_required", True)}
    assert without == set(OPEN)


@pytest.fixture
def keys(rows, acme, beta, shut, foreign, administrator, standard, half, foreigner, of_disabled):
    """For each place of an address, the key of a row, and keys of rows that are foreign or absent."""
    invitation = actions.invite(acme, "new@example.org", by=administrator)
    theirs = actions.invite(foreign, "other@example.org", by=foreigner)
    own, others = (_activation(rows.own), _activation(rows.foreign))
    return {
        "customer": (acme.pk, [foreign.pk, shut.pk, 999_999, 10**18 - 1]),
        "entitlements": (rows.own.pk, [rows.foreign.pk, rows.shut.pk, rows.draft.pk, 999_999]),
        "contacts": (standard.contact_id, [foreigner.contact_id, of_disabled.contact_id, 999_999]),
        "invitations": (invitation.pk, [theirs.pk, 999_999]),
        "activations": (own.pk, [others.pk, 999_999]),
    }


def _activation(entitlement):
    key = ProductKeyFactory(entitlement=entitlement)
    return entitlements.actions.activate(key, quantity=1, by=None)


def address(route, customer, pk, activation=0):
    route = route.replace("<key:customer>", str(customer)).replace("<key:pk>", str(pk))
    route = route.replace("<key:activation>", str(activation))
    return "/portal/" + route.replace("<str:public_id>", "0" * 20)


def kind_of(route):
    return next((name for name in ("invitations", "contacts", "entitlements") if f"{name}/<" in route), "")


def own(route, keys):
    pk = keys[kind_of(route)][0] if kind_of(route) else ""
    return address(route, keys["customer"][0], pk, keys["activations"][0])


def client_of(request, person):
    client = Client()
    if person != "nobody":
        client.force_login(request.getfixturevalue(person))
    return client


def outcome(response):
    is_log_on = response.status_code == 302 and response.url.startswith("/portal/login/?next=")
    return LOG_ON if is_log_on else response.status_code


@pytest.mark.parametrize("route", TABLE)
def test_answers(route, keys, request):
    path = own(route, keys)
    get, post = TABLE[route]
    clients = [client_of(request, person) for person in PEOPLE]
    before = everything()
    assert tuple(outcome(client.get(path)) for client in clients) == get
    assert tuple(outcome(client.head(path)) for client in clients) == get
    assert everything() == before
    clients = [client_of(request, person) for person in PEOPLE]
    assert tuple(outcome(client.post(path)) for client in clients) == post
    if not route.endswith(tuple(THAT_CHANGE_SOMETHING)):
        assert everything() == before


@pytest.mark.parametrize("route", TABLE)
def test_a_post_without_the_form_token_changes_nothing(route, keys, administrator):
    client = Client(enforce_csrf_checks=True)
    client.force_login(administrator)
    before = everything()
    typed = {"email": "x@example.org", "customer": keys["customer"][0], "name": "X", "language": "de"}
    typed |= {"product_key": Activation.objects.first().product_key_id, "quantity": 1, "uuid": uuid.uuid4()}
    answer = client.post(own(route, keys), typed)
    assert answer.status_code == 403
    assert "reload the page" in answer.content.decode()
    assert everything() == before
    assert Invitation.objects.open().count() == 2
    assert Activation.objects.count() == 2


def foreign_addresses(route, keys):
    customer, customers = keys["customer"]
    pk, pks = keys.get(kind_of(route), ("", []))
    if "<key:customer>" in route:
        yield from (address(route, other, pk) for other in customers)
    own, others = keys["activations"]
    yield from (address(route, customer, other, own) for other in pks)
    if "<key:activation>" in route:
        yield from (address(route, customer, pk, other) for other in others)


@pytest.mark.parametrize("route", [route for route in CLOSED if "<key:" in route])
@pytest.mark.parametrize("person", ["standard", "administrator", "half"])
def test_foreign_and_absent_rows_are_the_same(route, person, keys, request):
    """Not even the text of the page tells one from the other."""
    client, before, texts = client_of(request, person), everything(), set()
    for path in foreign_addresses(route, keys):
        for method in ("get", "post"):
            answer = getattr(client, method)(path, {"email": "x@example.org"})
            expected = 405 if TABLE[route][method == "post"] == NOT_ALLOWED else 404
            assert answer.status_code == expected, path
            if expected == 404:
                texts.add(answer.content)
    assert len(texts) <= 1
    assert everything() == before


@pytest.mark.parametrize("path", ["/portal/customer/", "/portal/customer/?customer={own}"])
def test_the_switch_takes_own_enabled_customers_only(path, keys, administrator, signed_in):
    customer, others = keys["customer"]
    client = signed_in(administrator)
    for other in [*others, "", "x", "-1", str(2**63), "1' OR 1=1"]:
        assert client.post(path.format(own=customer), {"customer": other}).status_code == 404
    assert client.post(path.format(own=customer), {"customer": customer}).status_code == 302


def test_a_contact_with_a_role_is_still_a_contact(standard, keys, signed_in):
    standard.groups.set(Group.objects.all())
    client = signed_in(standard)
    for route, (get, _post) in CLOSED.items():
        assert outcome(client.get(own(route, keys))) == get[PEOPLE.index("standard")], route


def test_other_methods(keys, administrator, signed_in):
    client, before = signed_in(administrator), everything()
    for method in ("put", "patch", "delete", "options", "trace"):
        for route in TABLE:
            answer = getattr(client, method)(own(route, keys))
            assert answer.status_code == 405
            assert "Customer Portal" in answer.content.decode()
    assert everything() == before


def test_the_way_to_the_log_on_and_back(client, rows, standard, log_on):
    asked = client.get(f"/portal/entitlements/{rows.own.pk}/?page=2").url
    assert asked == f"/portal/login/?next=/portal/entitlements/{rows.own.pk}/%3Fpage%3D2"
    page = client.get(asked).content.decode()
    assert f'name="next" value="/portal/entitlements/{rows.own.pk}/?page=2"' in page


def test_staff_pages_are_closed_to_contacts(administrator, acme, signed_in):
    """The refusal has the portal's look and says nothing of what is there."""
    client = signed_in(administrator)
    paths = ["/customers/", f"/customers/{acme.pk}/", "/history/", "/password-change/", "/admin/customers/"]
    for path in [*paths, "/admin/", "/nowhere/"]:
        answer = client.get(path, follow=True)
        page = answer.content.decode()
        assert answer.status_code in {403, 404}, path
        assert "Customer Portal" in page
        assert "EMS" not in page
        assert HIDDEN not in page


def test_staff_keep_their_own_refusal(signed_in, db):
    page = signed_in(UserFactory(username="clerk")).get("/customers/").content.decode()
    assert "EMS Customers" in page
