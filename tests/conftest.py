"""What all tests share: the people, and a database whose history can be emptied between tests."""

import threading

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection, connections
from django.test import Client, TransactionTestCase

from contacts import mail as contact_mail
from ems_site import mail
from ems_site.accounts import mail as account_mail
from ems_site.audit import triggers
from tests.factories import ContactFactory, UserFactory


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, tmp_path_factory):
    """SQLite in a file, as it is used: in memory, threads would share one connection."""
    if connection.vendor == "sqlite":
        folder = tmp_path_factory.mktemp("database")
        connections["default"].settings_dict["TEST"]["NAME"] = str(folder / "test.sqlite3")


@pytest.fixture(scope="session", autouse=True)
def _history_can_be_flushed():
    """A transactional test empties all tables behind it, which the history's triggers refuse."""
    teardown = TransactionTestCase._fixture_teardown

    def without_triggers(self):
        triggers.remove(connection)
        teardown(self)
        triggers.install(connection)

    TransactionTestCase._fixture_teardown = without_triggers
    yield
    TransactionTestCase._fixture_teardown = teardown


@pytest.fixture(autouse=True)
def _roles_are_there(request):
    """A flush empties the migrations' rows too, so a transactional test makes the roles anew."""
    marker = request.node.get_closest_marker("django_db")
    if (marker and marker.kwargs.get("transaction")) or "live_server" in request.fixturenames:
        request.getfixturevalue("transactional_db")
        from django.apps import apps

        from ems_site.accounts import roles

        roles.apply(apps)


@pytest.fixture(autouse=True)
def _locks_are_told_in_tests_that_read_mail(request, monkeypatch):
    """Elsewhere a thread that outlives the test would write into the database of the next."""
    if "mail_at_once" not in request.fixturenames:
        monkeypatch.setattr("ems_site.accounts.lockout._tell", lambda *given: None)


def events(caplog) -> list[str]:
    """The names of what was logged as an event, such as `log_out`, in its order."""
    return [record.event for record in caplog.records if hasattr(record, "event")]


def allowed(*names: str) -> list[Permission]:
    """The permissions of these names, such as `customers.view_customer`."""
    found = []
    for name in names:
        app_label, codename = name.split(".")
        found.append(Permission.objects.get(content_type__app_label=app_label, codename=codename))
    return found


@pytest.fixture
def superuser(db):
    return UserFactory(username="admin", is_superuser=True)


@pytest.fixture
def manager(db):
    """Holds the Customer Management role."""
    user = UserFactory(username="manager")
    user.groups.add(Group.objects.get(name="Customer Management"))
    return user


@pytest.fixture
def licenser(db):
    """Holds the Entitlement Management role."""
    user = UserFactory(username="licenser")
    user.groups.add(Group.objects.get(name="Entitlement Management"))
    return user


@pytest.fixture
def viewer(db):
    """May look at customers, contacts and entitlements, and change nothing."""
    user = UserFactory(username="viewer")
    names = "customers.view_customer", "contacts.view_contact", "entitlements.view_entitlement"
    user.user_permissions.set(allowed(*names))
    return user


@pytest.fixture
def clerk(db):
    """Staff without any permission."""
    return UserFactory(username="clerk")


@pytest.fixture
def contact_user(db):
    """The user of a contact, who has nothing to look for on staff pages."""
    contact = ContactFactory(email="contact@example.com")
    return UserFactory(username=contact.email, is_staff=False, contact=contact)


@pytest.fixture
def signed_in():
    """A client signed in as this user: signed_in(manager)."""

    def sign_in(user, **headers):
        client = Client(**headers)
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def mail_at_once(monkeypatch):
    """Mails leave in the test's own thread, which sees the test's transaction."""
    monkeypatch.setattr(mail, "_start", lambda function, *arguments: function(*arguments))


@pytest.fixture
def at_once(transactional_db):
    """Runs these callables in threads of their own, released together; returns what each returned
    or raised, in order."""

    def run(*calls):
        start, results = threading.Barrier(len(calls)), [None] * len(calls)

        def body(place, call):
            try:
                start.wait(10)
                results[place] = call()
            except Exception as error:
                results[place] = error
            finally:
                connections.close_all()

        threads = [threading.Thread(target=body, args=pair) for pair in enumerate(calls)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads), "a thread hangs"
        return results

    return run


@pytest.fixture
def log_on_of():
    """The user of a contact, made as an action leaves it."""

    def make(contact=None, password="seven unrelated marmots", **values):
        contact = contact or ContactFactory(**values)
        user = UserFactory.build(username=contact.email, email=contact.email, is_staff=False, contact=contact)
        user.set_password(password)
        user.save()
        return user

    return make


@pytest.fixture
def mails(monkeypatch):
    """(name of the mail, arguments) of every mail that would be sent once the transaction is through."""
    sent = []
    for module in (contact_mail, account_mail):
        for name in [name for name in vars(module) if name.startswith("send_")]:
            monkeypatch.setattr(module, name, lambda *given, name=name: sent.append((name, given)))
    monkeypatch.setattr("contacts.actions.later", lambda function, *given: function(*given))
    monkeypatch.setattr("ems_site.accounts.mail.later", lambda function, *given: function(*given))
    return sent


@pytest.fixture
def exporter(manager):
    """The manager, holding the Export role besides."""
    manager.groups.add(Group.objects.get(name="Export"))
    return manager
