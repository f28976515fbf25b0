"""Every route by every kind of person. A route that is missing from the table fails."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import URLResolver, get_resolver

from ems_site.verbs import VERBS
from entitlements.views.verbs import VERBS as TRANSITIONS
from tests.conftest import allowed
from tests.factories import (
    ActivationFactory,
    ContactFactory,
    CustomerFactory,
    EntitlementFactory,
    UserFactory,
)
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db

PEOPLE = ("nobody", "clerk", "viewer", "manager", "licenser", "contact_user")
LOG_ON = "to the log-on page"


def all_the_same(status):
    return (status,) * len(PEOPLE)


# Route: what GET and POST (with an empty body) answer to nobody, clerk, viewer, manager, licenser, contact.
OPEN = {
    "login/": [(200, 302, 302, 302, 302, 302), all_the_same(200)],
    "logout/": [all_the_same(405), all_the_same(302)],
    "password-reset/": [all_the_same(200), all_the_same(200)],
    "password-reset/sent/": [all_the_same(200), all_the_same(405)],
    "password-reset/confirm/": [all_the_same(410), all_the_same(410)],
    "admin/login/": [(LOG_ON, LOG_ON, LOG_ON, LOG_ON, LOG_ON, 403), all_the_same(405)],
    "admin/logout/": [all_the_same(405), all_the_same(302)],
}
CLOSED = {
    "": [(LOG_ON, 302, 302, 302, 302, 302), (LOG_ON, 405, 405, 405, 405, 405)],
    "password-change/": [(LOG_ON, 200, 200, 200, 200, 403), (LOG_ON, 200, 200, 200, 200, 403)],
    "sessions/": [(LOG_ON, 200, 200, 200, 200, 403), (LOG_ON, 405, 405, 405, 405, 405)],
    "sessions/end/": [(LOG_ON, 405, 405, 405, 405, 405), (LOG_ON, 302, 302, 302, 302, 403)],
    "sessions/<str:public_id>/end/": [(LOG_ON, 404, 404, 404, 404, 403), (LOG_ON, 404, 404, 404, 404, 403)],
    "admin/password_change/": [(LOG_ON, 302, 302, 302, 302, 302), (LOG_ON, 302, 302, 302, 302, 302)],
    "customers/": [(LOG_ON, 403, 200, 200, 200, 403), (LOG_ON, 405, 405, 405, 405, 405)],
    "customers/add/": [(LOG_ON, 403, 403, 200, 403, 403), (LOG_ON, 403, 403, 422, 403, 403)],
    "customers/same-name/": [(LOG_ON, 403, 200, 200, 200, 403), (LOG_ON, 405, 405, 405, 405, 405)],
    "customers/<key:pk>/": [(LOG_ON, 403, 200, 200, 200, 403), (LOG_ON, 405, 405, 405, 405, 405)],
    "customers/<key:pk>/edit/": [(LOG_ON, 403, 403, 200, 403, 403), (LOG_ON, 403, 403, 422, 403, 403)],
    "customers/<key:pk>/history/": [(LOG_ON, 403, 200, 200, 200, 403), (LOG_ON, 405, 405, 405, 405, 405)],
    "customers/<key:pk>/invitations/<key:invitation>/withdraw/": [
        (LOG_ON, 405, 405, 405, 405, 405),
        (LOG_ON, 403, 403, 404, 403, 403),
    ],
    "customers/<key:pk>/<verb:name>/": [
        (LOG_ON, 403, 403, 200, 403, 403),
        (LOG_ON, 403, 403, 422, 403, 403),
    ],
    "customers/ticked/<verb:name>/": [
        (LOG_ON, 405, 405, 405, 405, 405),
        (LOG_ON, 403, 403, 302, 403, 403),
    ],
    "contacts/": [(LOG_ON, 403, 200, 200, 200, 403), (LOG_ON, 405, 405, 405, 405, 405)],
    "contacts/<key:pk>/<verb:name>/": [
        (LOG_ON, 403, 403, 200, 403, 403),
        (LOG_ON, 403, 403, 422, 403, 403),
    ],
    "contacts/ticked/<verb:name>/": [
        (LOG_ON, 405, 405, 405, 405, 405),
        (LOG_ON, 403, 403, 302, 403, 403),
    ],
    "contacts/add/": [(LOG_ON, 403, 403, 200, 403, 403), (LOG_ON, 403, 403, 422, 403, 403)],
    "contacts/<key:pk>/": [(LOG_ON, 403, 200, 200, 200, 403), (LOG_ON, 405, 405, 405, 405, 405)],
    "contacts/<key:pk>/edit/": [(LOG_ON, 403, 403, 200, 403, 403), (LOG_ON, 403, 403, 422, 403, 403)],
    "contacts/<key:pk>/history/": [(LOG_ON, 403, 200, 200, 200, 403), (LOG_ON, 405, 405, 405, 405, 405)],
    "contacts/<key:pk>/customers/": [(LOG_ON, 403, 200, 200, 200, 403), (LOG_ON, 403, 403, 422, 403, 403)],
    "contacts/<key:pk>/invite/": [(LOG_ON, 403, 403, 200, 403, 403), (LOG_ON, 403, 403, 422, 403, 403)],
    "contacts/<key:pk>/password/": [(LOG_ON, 403, 403, 200, 403, 403), (LOG_ON, 403, 403, 422, 403, 403)],
    "contacts/<key:pk>/sign-out/": [(LOG_ON, 405, 405, 405, 405, 405), (LOG_ON, 403, 403, 302, 403, 403)],
    "entitlements/": [(LOG_ON, 403, 200, 200, 200, 403), (LOG_ON, 405, 405, 405, 405, 405)],
    "entitlements/add/": [(LOG_ON, 403, 403, 403, 200, 403), (LOG_ON, 403, 403, 403, 422, 403)],
    "entitlements/<key:pk>/": [(LOG_ON, 403, 200, 200, 200, 403), (LOG_ON, 405, 405, 405, 405, 405)],
    "entitlements/<key:pk>/edit/": [(LOG_ON, 403, 403, 403, 200, 403), (LOG_ON, 403, 403, 403, 422, 403)],
    "entitlements/<key:pk>/copy/": [(LOG_ON, 403, 403, 403, 200, 403), (LOG_ON, 403, 403, 403, 302, 403)],
    "entitlements/<key:pk>/history/": [
        (LOG_ON, 403, 200, 200, 200, 403),
        (LOG_ON, 405, 405, 405, 405, 405),
    ],
    "entitlements/<key:pk>/activate/": [
        (LOG_ON, 403, 403, 403, 200, 403),
        (LOG_ON, 403, 403, 403, 422, 403),
    ],
    "entitlements/<key:pk>/activations/<key:activation>/license/": [
        (LOG_ON, 403, 200, 200, 200, 403),
        (LOG_ON, 405, 405, 405, 405, 405),
    ],
    "entitlements/<key:pk>/activations/<key:activation>/revoke/": [
        (LOG_ON, 403, 403, 403, 200, 403),
        (LOG_ON, 403, 403, 403, 422, 403),
    ],
    "entitlements/<key:pk>/<transition:name>/": [
        (LOG_ON, 403, 403, 403, 200, 403),
        (LOG_ON, 403, 403, 403, 422, 403),
    ],
    "entitlements/ticked/<transition:name>/": [
        (LOG_ON, 405, 405, 405, 405, 405),
        (LOG_ON, 403, 403, 403, 302, 403),
    ],
    "search/": [(LOG_ON, 403, 200, 200, 200, 403), (LOG_ON, 405, 405, 405, 405, 405)],
    "history/": [(LOG_ON, 403, 403, 200, 200, 403), (LOG_ON, 405, 405, 405, 405, 405)],
    "mail/": [(LOG_ON, 403, 403, 403, 403, 403), (LOG_ON, 405, 405, 405, 405, 405)],
    "mail/<str:name>/": [(LOG_ON, 403, 403, 403, 403, 403), (LOG_ON, 405, 405, 405, 405, 405)],
}
NOT_THERE = (LOG_ON, 403, 404, 404, 404, 403)
NEVER = (LOG_ON, 405, 405, 405, 405, 405)
OF_EACH_LIST = {
    "count/": [(LOG_ON, 403, 302, 302, 302, 403), NEVER],
    "columns/": [(LOG_ON, 403, 200, 200, 200, 403), NEVER],
    "export/": [(LOG_ON, 403, 403, 403, 403, 403), (LOG_ON, 403, 403, 403, 403, 403)],
    "batches/<uuid:uuid>/": [NOT_THERE, NEVER],
    "batches/<uuid:uuid>/start/": [NEVER, NOT_THERE],
    "batches/<uuid:uuid>/stop/": [NEVER, NOT_THERE],
    "batches/<uuid:uuid>/resume/": [NEVER, NOT_THERE],
    "batches/<uuid:uuid>/left-out/": [NEVER, NOT_THERE],
    "views/": [(LOG_ON, 403, 200, 200, 200, 403), (LOG_ON, 403, 422, 422, 422, 403)],
    "views/<key:pk>/": [NOT_THERE, NOT_THERE],
    "views/<key:pk>/delete/": [NOT_THERE, NOT_THERE],
    "views/<key:pk>/default/": [NEVER, NOT_THERE],
}
CLOSED |= {
    name + path: answers
    for name in ("customers/", "contacts/", "entitlements/")
    for path, answers in OF_EACH_LIST.items()
}
CLOSED |= {
    "customers/matching/<verb:name>/": [NEVER, (LOG_ON, 403, 403, 422, 403, 403)],
    "contacts/matching/<verb:name>/": [NEVER, (LOG_ON, 403, 403, 422, 403, 403)],
    "entitlements/matching/<transition:name>/": [NEVER, (LOG_ON, 403, 403, 403, 422, 403)],
}
# They ask nothing: one takes nothing but one's own sessions, the other makes a draft.
THAT_CHANGE_SOMETHING = {"sessions/end/", "entitlements/<key:pk>/copy/"}
# Django admin's own: contacts are sent to its log-on, which is answered 403.
ADMIN = {
    "": (LOG_ON, 200, 200, 200, 200, 302),
    "jsi18n/": (LOG_ON, 200, 200, 200, 200, 302),
    "password_change/done/": (LOG_ON, 200, 200, 200, 200, 302),
    "autocomplete/": (LOG_ON, 403, 403, 403, 403, 302),
    "r/<path:content_type_id>/<path:object_id>/": (LOG_ON, 404, 404, 404, 404, 302),
}
# Model: for each of its pages, what GET answers to clerk, viewer, manager, licenser and superuser.
ADMIN_MODELS = {
    "accounts/user/": {
        "": (403, 403, 403, 403, 200),
        "add/": (403, 403, 403, 403, 200),
        "<path:object_id>/history/": (403, 403, 403, 403, 200),
        "<path:object_id>/delete/": (403, 403, 403, 403, 403),
        "<path:object_id>/change/": (403, 403, 403, 403, 200),
        "<id>/password/": (403, 403, 403, 403, 200),
    },
    "auth/group/": {
        "": (403, 403, 403, 403, 200),
        "add/": (403, 403, 403, 403, 200),
        "<path:object_id>/history/": (403, 403, 403, 403, 200),
        "<path:object_id>/delete/": (403, 403, 403, 403, 403),
        "<path:object_id>/change/": (403, 403, 403, 403, 200),
    },
    "contacts/contact/": {
        "": (403, 200, 200, 200, 200),
        "add/": (403, 403, 200, 403, 200),
        "<path:object_id>/history/": (403, 200, 200, 200, 200),
        "<path:object_id>/delete/": (403, 403, 200, 403, 200),
        "<path:object_id>/change/": (403, 200, 200, 200, 200),
    },
    "customers/customer/": {
        "": (403, 200, 200, 200, 200),
        "add/": (403, 403, 200, 403, 200),
        "<path:object_id>/history/": (403, 200, 200, 200, 200),
        "<path:object_id>/delete/": (403, 403, 200, 403, 200),
        "<path:object_id>/change/": (403, 200, 200, 200, 200),
    },
    "entitlements/entitlement/": {
        "": (403, 200, 200, 200, 200),
        "add/": (403, 403, 403, 200, 200),
        "<path:object_id>/history/": (403, 200, 200, 200, 200),
        "<path:object_id>/delete/": (403, 403, 403, 200, 200),
        "<path:object_id>/change/": (403, 200, 200, 200, 200),
    },
}
# They lead to pages above: an address without its last part, one of an app, and one that is unknown.
ADMIN_LEADING_ON = {"<path:object_id>/", "(?P<url>.*)$"}


PORTAL = "portal/"


def routes(resolver=None, before=""):
    """(address as it is written in the code, view) of every route there is."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        else:
            yield route, pattern.callback


def staff_routes():
    """The portal's stand in tests/portal/test_routes.py."""
    return [(route, view) for route, view in routes() if not route.startswith(PORTAL)]


def test_every_route_stands_in_the_table():
    written = {route for route, _ in staff_routes()}
    known = {f"admin/{route}" for route in [*ADMIN, *ADMIN_LEADING_ON - {"<path:object_id>/"}]}
    for model, pages in ADMIN_MODELS.items():
        known |= {f"admin/{model}{page}" for page in [*pages, "<path:object_id>/"]}
    apps = "|".join(sorted({model.partition("/")[0] for model in ADMIN_MODELS}))
    known.add(f"admin/^(?P<app_label>{apps})/$")
    assert written == {*OPEN, *CLOSED, *known}


def test_every_model_of_the_admin_stands_in_the_table():
    registered = {f"{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry}
    assert registered == set(ADMIN_MODELS)


def test_pages_without_log_on_are_few():
    without = {route for route, view in staff_routes() if not getattr(view, "login_required", True)}
    assert without == set(OPEN)


# Who gets which answer


@pytest.fixture
def rows(clerk, viewer, manager, licenser, superuser, contact_user):
    """Something of everything; the people are there as well, before anything is counted."""
    contact = ContactFactory()
    customer = CustomerFactory(people=[contact])
    blocked = EntitlementFactory().customer
    rows = {"customer": customer, "contact": contact, "blocked": blocked, "group": Group.objects.first()}
    rows |= {"entitlement": blocked.entitlements.get(), "activation": ActivationFactory()}
    return rows | {"user": UserFactory()}


def client_of(request, person):
    client = Client()
    if person != "nobody":
        client.force_login(request.getfixturevalue(person))
    return client


def outcome(response):
    is_log_on = response.status_code == 302 and response.url.startswith("/login/?next=")
    return LOG_ON if is_log_on else response.status_code


def answers(request, people, address, *methods):
    """What each person gets for each method, in that order: [(nobody, clerk, …), …]"""
    answers = []
    for person in people:
        client = client_of(request, person)
        answers.append([outcome(getattr(client, method)(address)) for method in methods])
    return [tuple(row) for row in zip(*answers, strict=True)]


def addresses(route, rows):
    of = {"contacts": "contact", "entitlements": "entitlement"}.get(route.partition("/")[0], "customer")
    subject = rows["activation"].product_key.entitlement if "<key:activation>" in route else rows[of]
    route = "/" + route.replace("<key:pk>", str(subject.pk)).replace("<key:invitation>", "1")
    route = route.replace("<key:activation>", str(rows["activation"].pk))
    route = route.replace("<uuid:uuid>", "6f1d2c3b-0000-4000-8000-000000000000")
    if "<transition:name>" in route:
        return [route.replace("<transition:name>", name) for name in TRANSITIONS.verbs]
    names = VERBS if "<verb:name>" in route else [""]
    return [route.replace("<verb:name>", name) for name in names]


@pytest.mark.parametrize("route", [*OPEN, *CLOSED])
def test_answers(route, rows, request):
    get, post = (OPEN | CLOSED)[route]
    for address in addresses(route, rows):
        before = everything()
        assert answers(request, PEOPLE, address, "get", "head") == [get, get], address
        assert everything() == before
        assert answers(request, PEOPLE, address, "post") == [post], address
        assert route in THAT_CHANGE_SOMETHING or everything() == before


@pytest.mark.parametrize("route", ADMIN)
def test_answers_of_the_admin(route, rows, request):
    address = "/admin/" + route.replace("<path:content_type_id>/<path:object_id>", "999/999")
    assert answers(request, PEOPLE, address, "get") == [ADMIN[route]]


@pytest.mark.parametrize(
    ("model", "page"), [(model, page) for model, pages in ADMIN_MODELS.items() for page in pages]
)
def test_answers_of_the_admin_about_a_model(model, page, rows, request):
    key = rows[model.split("/")[1]].pk
    address = f"/admin/{model}{page}".replace("<path:object_id>", str(key)).replace("<id>", str(key))
    expected = ADMIN_MODELS[model][page]
    before = everything()
    assert answers(request, ("nobody", "contact_user"), address, "get", "post") == [(LOG_ON, 302)] * 2
    got, posted = answers(request, ("clerk", "viewer", "manager", "licenser"), address, "get", "post")
    assert (*got, *answers(request, ["superuser"], address, "get")[0]) == expected
    assert all(status == 403 for status, seen in zip(posted, got, strict=True) if seen == 403)
    assert everything() == before


def test_a_contact_ends_at_a_refusal_in_the_admin(contact_user, signed_in):
    assert signed_in(contact_user).get("/admin/", follow=True).status_code == 403


# Looking changes nothing


@pytest.mark.parametrize("route", CLOSED)
def test_get_changes_nothing(route, rows, manager, licenser, signed_in):
    asked = {
        "name": "By GET",
        "time_zone": "UTC",
        "save": "1",
        "plan": "1",
        "pk": rows["customer"].pk,
        "contacts-TOTAL_FORMS": "0",
        "contacts-INITIAL_FORMS": "0",
        "version": "1",
        "post": "yes",
    }
    before = everything()
    for address in addresses(route, rows):
        signed_in(manager).get(address, asked)
        signed_in(licenser).get(address, asked)
    assert everything() == before


@pytest.mark.parametrize("page", ["", "add/", "{}/change/", "{}/delete/"])
def test_get_changes_nothing_in_the_admin(page, rows, superuser, signed_in):
    key = rows["customer"].pk
    asked = {"post": "yes", "action": "delete_selected", "_selected_action": key, "name": "By GET"}
    before = everything()
    signed_in(superuser).get(f"/admin/customers/customer/{page.format(key)}", asked)
    assert everything() == before


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_other_methods(method, rows, superuser, signed_in):
    client, before = signed_in(superuser), everything()
    for route in [*OPEN, *CLOSED, "admin/", "admin/customers/customer/"]:
        for address in addresses(route, rows):
            assert getattr(client, method)(address).status_code == 405, address
    assert everything() == before


def test_a_post_without_the_form_token_changes_nothing(rows, manager):
    client = Client(enforce_csrf_checks=True)
    client.force_login(manager)
    before = everything()
    for route in CLOSED:
        for address in addresses(route, rows):
            assert client.post(address, {"name": "Forged", "time_zone": "UTC"}).status_code == 403, address
    assert everything() == before


# Contacts have no rights, whatever they were given


@pytest.mark.parametrize("give", ["permissions", "role"])
def test_a_contact_with_rights_has_none(give, contact_user, rows, signed_in):
    if give == "role":
        contact_user.groups.set(Group.objects.all())
    else:
        contact_user.user_permissions.set(Permission.objects.all())
    contact_user = type(contact_user).objects.get(pk=contact_user.pk)
    assert not contact_user.has_perm("customers.view_customer")
    assert not contact_user.has_module_perms("customers")
    client, before = signed_in(contact_user), everything()
    for route, (get, post) in CLOSED.items():
        for address in addresses(route, rows):
            assert outcome(client.get(address)) == get[-1], address
            assert outcome(client.post(address)) == post[-1], address
    assert everything() == before


# What is offered


def offered(client):
    return [text for text, _ in Served(client.get("/customers/")).links]


def test_the_navigation_offers_what_the_person_may_use(viewer, manager, signed_in):
    assert "History" not in offered(signed_in(viewer))
    assert {"Customers", "Entitlements", "History", "Add Customer"} <= set(offered(signed_in(manager)))
    assert "Add Customer" not in offered(signed_in(viewer))


def test_a_clerk_is_offered_nothing(clerk, signed_in):
    answer = signed_in(clerk).get("/password-change/").content.decode()
    for address in ("/customers/", "/entitlements/", "/history/", "/admin/"):
        assert f'href="{address}"' not in answer


def test_the_permission_to_change_alone_opens_neither_list_nor_customer(rows, signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed("customers.change_customer", "customers.delete_customer"))
    client = signed_in(user)
    key = rows["customer"].pk
    for address in (
        "/customers/",
        f"/customers/{key}/",
        f"/customers/{key}/delete/",
        f"/customers/{key}/disable/",
    ):
        assert client.get(address).status_code == 403, address
