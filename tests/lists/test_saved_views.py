"""Views: what is kept, by whom, and what others see of it."""

import pytest
from django.core.exceptions import ValidationError

from ems_site.audit.models import Entry
from ems_site.errors import Gone
from ems_site.lists.actions import saved_views as actions
from ems_site.lists.models import DefaultView, SavedView
from tests.conftest import allowed
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def new(by, name="Mine", query="", listing="customers", **values):
    return actions.save(SavedView(listing=listing, name=name, query=query, **values), by=by)


def history():
    return list(Entry.objects.order_by("pk").values_list("code", "subject_name", "changes"))


# What is kept


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("", ""),
        ("view=all", ""),
        ("q=acme&in=name&how=starts&sort=-name&size=25", "q=acme&in=name&how=starts&sort=-name&size=25"),
        ("columns=name,ref_id", "columns=name%2Cref_id"),
        ("size=50&sort=name&in=name", ""),
        ("after=x&before=y&last=1&view=7&csrfmiddlewaretoken=z", ""),
        ("next=https://example.com&q=%20acme%20", "q=acme"),
        ("sort=password&columns=nothing&status=deleted&created_from=soon&and=x.y.z", ""),
        ("https://example.com/?q=acme", ""),
        ("javascript:alert(1)", ""),
        ("q=a%00b", "q=a%00b"),
    ],
)
def test_a_view_keeps_what_the_list_makes_of_its_address(query, kept, manager):
    view = new(manager, query=query)
    view.refresh_from_db()
    assert view.query == kept


def test_what_its_person_may_not_ask_is_not_kept(manager):
    user = UserFactory()
    user.user_permissions.set(allowed("contacts.view_contact"))
    query = "and=customer.any.acme&customer=none&columns=email,customers"
    assert new(user, query=query, listing="contacts").query == "columns=name%2Cemail"
    assert new(manager, query=query, listing="contacts").query == (
        "and=customer.any.acme&customer=none&columns=name%2Cemail%2Ccustomers"
    )


# Names


@pytest.mark.parametrize("name", ["mine", "  MINE ", "ＭＩＮＥ"])
def test_a_name_is_taken_once_for_each_person_and_list(name, manager, viewer):
    new(manager)
    with pytest.raises(ValidationError, match=r"You have a view of this name already."):
        new(manager, name)
    new(manager, name, listing="contacts")
    new(viewer, name)
    other = new(manager, "Other")
    other.name = name
    with pytest.raises(ValidationError, match=r"You have a view of this name already."):
        actions.save(other, by=manager)
    assert SavedView.objects.count() == 4


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "a\0b", "a\ud800"])
def test_names_that_are_none(name, manager):
    with pytest.raises(ValidationError):
        new(manager, name)
    assert not SavedView.objects.exists()


def test_at_most_a_hundred_for_each_person(manager, viewer, monkeypatch):
    monkeypatch.setattr(actions, "MOST_VIEWS", 2)
    new(manager, "1")
    view = new(manager, "2", listing="contacts")
    with pytest.raises(actions.TooManyViews):
        new(manager, "3")
    new(viewer, "3")
    view.name = "Changed all the same"
    actions.save(view, by=manager)


# Whose they are


def test_others_see_what_is_shared(manager, viewer):
    mine, shared = new(manager, "A"), new(manager, "B", is_shared=True)
    new(manager, "C", is_shared=True, listing="contacts")
    theirs = new(viewer, "0")
    assert list(SavedView.objects.visible_to(manager, "customers")) == [mine, shared]
    assert list(SavedView.objects.visible_to(viewer, "customers")) == [theirs, shared]


@pytest.mark.parametrize(
    ("who", "is_shared", "may"),
    [
        ("manager", False, True),
        ("viewer", True, False),
        ("superuser", True, True),
        ("superuser", False, False),
    ],
)
def test_who_changes_and_deletes_it(who, is_shared, may, manager, request):
    view, person = new(manager, is_shared=is_shared), request.getfixturevalue(who)
    assert view.may_be_changed_by(person) is may
    view.name = "Changed"
    for act in (actions.save, actions.remove):
        if may:
            act(view, by=person)
        else:
            with pytest.raises(actions.NotYours):
                act(view, by=person)
    assert SavedView.objects.filter(name="Mine").exists() is not may


def test_renaming_keeps_what_somebody_else_updated(manager):
    view = new(manager, query="q=acme")
    old = SavedView.objects.get(pk=view.pk)
    view.query = "q=beta"
    actions.save(view, by=manager, fields=["query"])
    old.name = "Renamed"
    actions.save(old, by=manager, fields=["name", "is_shared"])
    old.refresh_from_db()
    assert (old.name, old.query) == ("Renamed", "q=beta")


def test_what_was_deleted_meanwhile(manager):
    view = new(manager)
    SavedView.objects.all().delete()
    view.name = "Changed"
    for act in (actions.save, actions.remove, actions.set_default):
        with pytest.raises(Gone):
            act(view, by=manager)
    assert not SavedView.objects.exists()


# History


def test_what_others_see_stands_in_the_history(manager):
    view = new(manager, query="q=acme", is_shared=True)
    view.name = "Ours"
    actions.save(view, by=manager)
    actions.save(view, by=manager)
    actions.remove(view, by=manager)
    shared = {"is_shared": ["", "True"], "query": ["", "q=acme"]}
    assert history() == [
        ("view.added", "Mine (customers)", {"name": ["", "Mine"]} | shared),
        ("view.changed", "Ours (customers)", {"name": ["Mine", "Ours"]}),
        (
            "view.deleted",
            "Ours (customers)",
            {"name": ["Ours", ""], "is_shared": ["True", ""], "query": ["q=acme", ""]},
        ),
    ]


def test_what_is_private_does_not(manager):
    view = new(manager, query="q=secret")
    view.query = "q=other"
    actions.save(view, by=manager)
    actions.set_default(view, by=manager)
    actions.remove(view, by=manager)
    assert history() == []


@pytest.mark.parametrize("shared", [True, False])
def test_sharing_and_keeping_to_oneself_do(shared, manager):
    view = new(manager, is_shared=not shared)
    before = len(history())
    view.is_shared = shared
    actions.save(view, by=manager)
    (entry,) = history()[before:]
    assert entry[2] == {"is_shared": [str(not shared), str(shared)]}


# Defaults


def test_one_default_for_each_person_and_list(manager, viewer):
    first, second = new(manager, "1"), new(manager, "2", is_shared=True)
    for view in (first, second):
        actions.set_default(view, by=manager)
    actions.set_default(second, by=viewer)
    elsewhere = new(manager, listing="contacts")
    actions.set_default(elsewhere, by=manager)
    default = SavedView.objects.default_of
    assert (default(manager, "customers"), default(viewer, "customers")) == (second, second)
    assert default(manager, "contacts") == elsewhere
    actions.set_default(first, by=manager, is_default=False)
    assert default(manager, "customers") == second
    actions.set_default(second, by=manager, is_default=False)
    assert default(manager, "customers") is None
    assert default(viewer, "customers") == second


def test_nobody_opens_what_is_not_shared_with_them(manager, viewer):
    with pytest.raises(Gone):
        actions.set_default(new(manager), by=viewer)


def test_what_is_not_shared_any_more_is_nobody_elses_default(manager, viewer):
    view = new(manager, is_shared=True)
    for person in (manager, viewer):
        actions.set_default(view, by=person)
    view.is_shared = False
    actions.save(view, by=manager)
    assert list(DefaultView.objects.values_list("person", flat=True)) == [manager.pk]


def test_deleting_it_takes_the_default_along(manager, viewer):
    view = new(manager, is_shared=True)
    actions.set_default(view, by=viewer)
    actions.remove(view, by=manager)
    assert SavedView.objects.default_of(viewer, "customers") is None


# At once


@pytest.mark.django_db(transaction=True)
def test_two_at_once_get_no_more_than_the_hundredth(at_once, manager, monkeypatch):
    monkeypatch.setattr(actions, "MOST_VIEWS", 1)
    results = at_once(lambda: new(manager, "1"), lambda: new(manager, "2"))
    assert sorted(type(one).__name__ for one in results) == ["SavedView", "TooManyViews"]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_of_a_name(at_once, manager):
    results = at_once(lambda: new(manager), lambda: new(manager, "MINE"))
    assert sorted(type(one).__name__ for one in results) == ["SavedView", "ValidationError"]
