"""Names, roles, and what Django admin may do to accounts."""

import importlib

import pytest
from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction

from contacts.models import Contact
from ems_site.accounts import actions, checks, roles
from ems_site.accounts.models import User
from ems_site.audit.models import Entry
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_client(client, administrator):
    client.force_login(administrator)
    return client


# Names


@pytest.mark.parametrize("twin", ["anna", "ANNA", "ａnna", "Ａｎｎａ"])
def test_names_that_fold_alike_are_one(user, twin):
    with pytest.raises(ValidationError) as refused:
        User(username=twin).full_clean(exclude=["password"])
    assert "username" in refused.value.message_dict
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(username=twin)


@pytest.mark.parametrize("name", ["an​na", "an­na", "anㅤna", "an‮na", "an na", "an\x00na"])
def test_invisible_characters_are_refused(name):
    with pytest.raises(ValidationError) as refused:
        User(username=name).full_clean(exclude=["password"])
    assert "username" in refused.value.message_dict


def test_staff_cannot_take_the_address_of_a_contact(contact_user):
    with pytest.raises(ValidationError) as refused:
        User(username="CARLA@example.org").full_clean(exclude=["password"])
    assert "username" in refused.value.message_dict


# Contacts are never staff


def test_the_database_keeps_contacts_from_being_staff(contact_user):
    for field in ("is_staff", "is_superuser"):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(pk=contact_user.pk).update(**{field: True})


def test_a_contact_has_no_rights_whatever_groups_say(contact_user):
    contact_user.groups.add(Group.objects.get(name="Customer Management"))
    contact_user.user_permissions.add(Permission.objects.get(codename="view_customer"))
    contact_user = User.objects.get(pk=contact_user.pk)
    assert not contact_user.has_perm("customers.view_customer")
    assert not contact_user.has_module_perms("customers")


# The role


def held_by(name):
    permissions = Group.objects.get(name=name).permissions.select_related("content_type")
    return {f"{one.content_type.app_label}.{one.codename}" for one in permissions}


def test_migrating_makes_the_role():
    assert held_by("Customer Management") == set(roles.ROLES["Customer Management"])


def test_every_permission_of_a_role_exists():
    for permissions in roles.ROLES.values():
        for permission in permissions:
            app_label, codename = permission.split(".")
            action, model = codename.split("_")
            kind = apps.get_model(app_label, model)._meta
            assert action in kind.default_permissions or codename in dict(kind.permissions)


def test_applying_again_changes_nothing_and_heals():
    Group.objects.get(name="Customer Management").permissions.clear()
    before = Permission.objects.count()
    roles.apply(apps)
    roles.apply(apps)
    for role, permissions in roles.ROLES.items():
        assert held_by(role) == set(permissions)
    assert Permission.objects.count() == before


def test_the_role_reaches_its_members(user):
    user.groups.add(Group.objects.get(name="Customer Management"))
    assert User.objects.get(pk=user.pk).has_perm("customers.delete_customer")
    assert not User.objects.get(pk=user.pk).has_perm("accounts.change_user")


def test_no_model_differs_from_its_migrations():
    call_command("makemigrations", "accounts", check=True, dry_run=True, verbosity=0)


def test_the_role_migration_is_the_table():
    migration = importlib.import_module("ems_site.accounts.migrations.0002_customer_management_role")
    assert migration.roles is roles


# Django admin


def edited(user, **changes):
    return {
        "username": user.username,
        "email": user.email,
        "first_name": "",
        "last_name": "",
        "is_active": "on",
        **changes,
    }


def test_only_superusers_reach_accounts_and_roles(client, user):
    User.objects.filter(pk=user.pk).update(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label__in=["accounts", "auth"]))
    client.force_login(user)
    for path in [
        "/admin/accounts/user/",
        "/admin/accounts/user/add/",
        f"/admin/accounts/user/{user.pk}/change/",
        f"/admin/accounts/user/{user.pk}/password/",
        "/admin/auth/group/",
    ]:
        assert client.get(path).status_code == 403
    client.post(f"/admin/accounts/user/{user.pk}/change/", edited(user, is_superuser="on"))
    assert not User.objects.get(pk=user.pk).is_superuser


def test_a_change_is_recorded_with_roles(admin_client, user):
    role = Group.objects.get(name="Customer Management")
    data = edited(user, is_staff="on", groups=[role.pk])
    assert admin_client.post(f"/admin/accounts/user/{user.pk}/change/", data).status_code == 302
    entry = Entry.objects.of(user).get()
    assert entry.code == "user.changed"
    assert entry.actor_name == "root"
    assert entry.changes["is_staff"] == ["False", "True"]
    assert entry.changes[f"role:{role.pk}:Customer Management"] == ["", "yes"]
    assert list(user.groups.all()) == [role]
    admin_client.post(f"/admin/accounts/user/{user.pk}/change/", data)
    assert Entry.objects.of(user).count() == 1


def test_making_an_account_inactive_ends_its_sessions(admin_client, user):
    data = edited(user)
    del data["is_active"]
    admin_client.post(f"/admin/accounts/user/{user.pk}/change/", data)
    changed = User.objects.get(pk=user.pk)
    assert not changed.is_active
    assert changed.session_epoch == user.session_epoch + 1


def test_fields_beyond_the_form_are_ignored(admin_client, user, contact_user):
    data = edited(user, contact=contact_user.contact_id, session_epoch=7, username_key="x", password="x")
    admin_client.post(f"/admin/accounts/user/{user.pk}/change/", data)
    changed = User.objects.get(pk=user.pk)
    assert changed.contact is None
    assert changed.session_epoch == 0
    assert changed.username_key == "anna"
    assert changed.check_password(PASSWORD)


def test_a_contact_cannot_be_made_staff_in_admin(admin_client, contact_user):
    data = edited(contact_user, is_staff="on")
    response = admin_client.post(f"/admin/accounts/user/{contact_user.pk}/change/", data)
    assert response.status_code == 200
    assert "cannot be staff" in response.content.decode()
    assert not User.objects.get(pk=contact_user.pk).is_staff


def test_adding_an_account(admin_client, user):
    data = {"usable_password": "true", "password1": "four quiet harbours", "password2": "four quiet harbours"}
    taken = admin_client.post("/admin/accounts/user/add/", data | {"username": "ANNA"})
    assert "Another user has this user name" in taken.content.decode()
    weak = admin_client.post(
        "/admin/accounts/user/add/", data | {"username": "bo", "password1": "x", "password2": "x"}
    )
    assert weak.status_code == 200
    added = admin_client.post(
        "/admin/accounts/user/add/", data | {"username": "bo", "email": "bo@example.com"}
    )
    assert added.status_code == 302
    bo = User.objects.get(username="bo")
    assert bo.check_password("four quiet harbours")
    assert Entry.objects.of(bo).get().code == "user.added"


def test_setting_a_password_for_somebody(
    admin_client, user, mail_at_once, mailoutbox, django_capture_on_commit_callbacks
):
    data = {"password1": "four quiet harbours", "password2": "four quiet harbours", "usable_password": "true"}
    with django_capture_on_commit_callbacks(execute=True):
        admin_client.post(f"/admin/accounts/user/{user.pk}/password/", data)
    changed = User.objects.get(pk=user.pk)
    assert changed.check_password("four quiet harbours")
    assert changed.session_epoch == user.session_epoch + 1
    assert Entry.objects.of(user).get(code="user.password_changed").actor_name == "root"
    assert mailoutbox[0].to == ["anna@example.com"]


def test_ending_sessions_in_admin(admin_client, user):
    data = {"action": "end_sessions", "_selected_action": [user.pk]}
    admin_client.post("/admin/accounts/user/", data)
    assert User.objects.get(pk=user.pk).session_epoch == 1


def test_nobody_can_be_deleted(admin_client, user):
    assert admin_client.post(f"/admin/accounts/user/{user.pk}/delete/", {"post": "yes"}).status_code == 403
    admin_client.post(
        "/admin/accounts/user/", {"action": "delete_selected", "_selected_action": [user.pk], "post": "yes"}
    )
    assert User.objects.filter(pk=user.pk).exists()


@pytest.mark.parametrize("lookup", ["password__startswith=argon2", "password__contains=x"])
def test_hashes_cannot_be_searched(admin_client, user, lookup):
    assert admin_client.get(f"/admin/accounts/user/?{lookup}").status_code == 400


def test_the_admin_works_under_the_policy(admin_client, user):
    """No page of it carries a script or style of its own."""
    for path in ["/admin/", "/admin/accounts/user/", f"/admin/accounts/user/{user.pk}/change/"]:
        page = admin_client.get(path).content.decode()
        assert "<style" not in page
        assert " onclick=" not in page
        assert all("src=" in tag or "application/json" in tag for tag in _script_tags(page))


def _script_tags(page):
    return [part.partition(">")[0] for part in page.split("<script")[1:]]


# Demo accounts


def test_production_does_not_start_with_demo_passwords(settings):
    settings.DEMO = False
    assert checks.demo_log_ons_do_not_work(None, databases=["default"]) == []
    User.objects.create_user("Admin", password="demo-admin")
    manager = User.objects.create_user("manager", password=PASSWORD)
    errors = checks.demo_log_ons_do_not_work(None, databases=["default"])
    assert [error.id for error in errors] == ["accounts.E001"]
    assert "Admin" in errors[0].msg
    assert manager.username not in errors[0].msg
    User.objects.filter(username="Admin").update(is_active=False)
    assert checks.demo_log_ons_do_not_work(None, databases=["default"]) == []
    User.objects.create(username="ｃｌｅｒｋ", password=make_password("demo-clerk"))
    assert len(checks.demo_log_ons_do_not_work(None, databases=["default"])) == 1


def test_the_check_says_nothing_in_the_demo():
    User.objects.create_user("admin", password="demo-admin")
    assert checks.demo_log_ons_do_not_work(None, databases=["default"]) == []


def test_a_contact_may_have_one_user_only(contact_user):
    contact = Contact.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(username="second", contact=contact)


def test_saving_through_the_action_finds_what_is_wrong(user, administrator):
    with pytest.raises(ValidationError):
        actions.save(User(username="ANNA", password="x"), by=administrator)
    assert Entry.objects.count() == 0
