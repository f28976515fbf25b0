"""Before what reaches far the password is asked again, ten minutes after it was given last."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.utils import timezone

from customers.models import Customer
from ems_site.accounts.models import User
from tests.accounts.conftest import PASSWORD
from tests.factories import CustomerFactory
from tests.pages import Served

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=11)


@pytest.fixture
def root(client, administrator, log_on):
    log_on("root")
    return client


def asks(answer) -> bool:
    return answer.status_code == 422 and "Your password, please" in answer.content.decode()


def user_form(root, user):
    return Served(root.get(f"/admin/accounts/user/{user.pk}/change/")).form("email").data


def test_a_change_of_an_account(root, user):
    data = user_form(root, user) | {"email": "new@example.com"}
    path = f"/admin/accounts/user/{user.pk}/change/"
    with time_machine.travel(timezone.now() + LATER, tick=False):
        answer = root.post(path, data)
        assert asks(answer)
        assert User.objects.get(pk=user.pk).email == "anna@example.com"
        form = Served(answer).form("old_password")
        assert form.data["email"] == ["new@example.com"]
        again = root.post(path, form.data | {"old_password": "wrong"})
        assert asks(again)
        assert "This is not your present password." in again.content.decode()
        assert b"wrong" not in again.content.replace(b"wrong password", b"")
        root.post(path, form.data | {"old_password": PASSWORD})
        assert User.objects.get(pk=user.pk).email == "new@example.com"
        # For the next ten minutes it is not asked again.
        data["email"] = "newer@example.com"
        root.post(path, data)
        assert User.objects.get(pk=user.pk).email == "newer@example.com"


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/admin/accounts/user/add/", {"username": "x"}),
        ("/admin/accounts/user/", {"action": "end_sessions"}),
        ("/admin/auth/group/add/", {"name": "All"}),
        ("/admin/customers/customer/", {"action": "delete_selected", "post": "yes"}),
        ("/admin/contacts/contact/", {"action": "delete_selected", "post": "yes"}),
        ("/customers/ticked/delete/", {"plan": "x"}),
        ("/contacts/ticked/delete/", {"plan": "x"}),
    ],
)
def test_where_it_is_asked(path, data, root, user):
    assert not asks(root.post(path, data))
    with time_machine.travel(timezone.now() + LATER, tick=False):
        assert asks(root.post(path, data | {"_selected_action": user.pk}))
        assert not asks(root.get(path)) or path.endswith("ticked/delete/")
    assert not Group.objects.filter(name="All").count() > 1


NEW = "four quiet harbours"
TYPED = {"password1": NEW, "password2": NEW, "usable_password": "true"}


def given_after_all(root, path, data):
    """The answer to the password, after what was posted had to wait for it."""
    answer = root.post(path, data)
    assert asks(answer)
    assert NEW not in answer.content.decode()
    assert "but the new password, which you type again" in answer.content.decode()
    again = root.post(path, Served(answer).form("old_password").data | {"old_password": "wrong"})
    assert NEW not in again.content.decode()
    return root.post(path, Served(again).form("old_password").data | {"old_password": PASSWORD})


def test_a_password_of_somebody_else_is_typed_again(root, user):
    path = f"/admin/accounts/user/{user.pk}/password/"
    with time_machine.travel(timezone.now() + LATER, tick=False):
        answer = given_after_all(root, path, TYPED | {"set-password": "Change password"})
        assert answer.status_code == 200
        assert set(answer.context["form"].errors) == {"password1", "password2"}
        assert User.objects.get(pk=user.pk).check_password(PASSWORD)
        root.post(path, TYPED)
    assert User.objects.get(pk=user.pk).check_password(NEW)


def test_an_account_is_added_after_all(root):
    path = "/admin/accounts/user/add/"
    with time_machine.travel(timezone.now() + LATER, tick=False):
        answer = given_after_all(root, path, TYPED | {"username": "berta", "email": "berta@example.com"})
        assert set(answer.context["adminform"].form.errors) == {"password1", "password2"}
        data = Served(answer).form("email").data
        assert (data["username"], data["email"]) == (["berta"], ["berta@example.com"])
        assert not User.objects.named("berta").exists()
        root.post(path, data | TYPED)
    assert User.objects.named("berta").get().check_password(NEW)


def test_taking_a_password_away_needs_nothing_typed_again(root, user):
    """Its fields and button are no passwords, whatever their names hold."""
    path = f"/admin/accounts/user/{user.pk}/password/"
    with time_machine.travel(timezone.now() + LATER, tick=False):
        answer = root.post(path, {"usable_password": "false", "unset-password": "Disable"})
        assert asks(answer)
        assert "nothing you typed is lost." in Served(answer).text
        root.post(path, Served(answer).form("old_password").data | {"old_password": PASSWORD})
    assert not User.objects.get(pk=user.pk).has_usable_password()


@pytest.mark.parametrize(
    "name", ["password", "new_password", "Password-2", "my.PASSWORD", "usable_password2"]
)
def test_no_field_named_so_is_shown(name, root):
    with time_machine.travel(timezone.now() + LATER, tick=False):
        answer = root.post("/admin/auth/group/add/", {"name": "Kept", name: NEW})
    assert asks(answer)
    assert NEW not in answer.content.decode()
    assert Served(answer).form("old_password").data["name"] == ["Kept"]


def test_ticked_customers_are_deleted_after_all(root):
    customer = CustomerFactory()
    with time_machine.travel(timezone.now() + LATER, tick=False):
        plan = Served(root.post("/customers/ticked/delete/", {"pk": customer.pk})).form("plan")
        answer = root.post("/customers/ticked/delete/", plan.data | {"comment": "A double."})
        assert asks(answer)
        assert Customer.objects.exists()
        root.post(
            "/customers/ticked/delete/", Served(answer).form("old_password").data | {"old_password": PASSWORD}
        )
    assert not Customer.objects.exists()


def test_ten_wrong_guesses_an_hour(root, user):
    with time_machine.travel(timezone.now() + LATER, tick=False):
        for _ in range(10):
            root.post("/admin/auth/group/add/", {"name": "All", "old_password": "guess"})
        answer = root.post("/admin/auth/group/add/", {"name": "All", "old_password": PASSWORD})
    assert asks(answer)
    assert "Too many wrong passwords" in answer.content.decode()
