"""The pages of views: save, open, rename, share, delete, and the list that opens with one."""

import pytest

from ems_site.audit.models import Entry
from ems_site.lists.actions import saved_views as actions
from ems_site.lists.models import DefaultView, SavedView
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory
from tests.pages import Served, said

pytestmark = pytest.mark.django_db

LISTS = {"customers": CustomerFactory, "contacts": ContactFactory, "entitlements": EntitlementFactory}
ASKED = "?and=name.any.acme&status=enabled&sort=-name&columns=name%2Cref_id&size=25"


def new(by, name="Mine", query="", listing="customers", **values):
    return actions.save(SavedView(listing=listing, name=name, query=query, **values), by=by)


def shown(client, address):
    return Served(client.get(address))


def menu(page):
    """The views that the list offers: {what is read of it: where it leads}."""
    classes = [attrs.get("class") for tag, attrs in page.tags if tag == "a"]
    found = [link for link, css in zip(page.links, classes, strict=True) if css == "menu-item"]
    return {text: href for text, href in found if href.startswith("?")}


# Save


def test_save_what_the_list_shows(client, manager):
    CustomerFactory(name="Acme", ref_id="R-1")
    page = shown(client, f"/customers/{ASKED}")
    (address,) = [href for text, href in page.links if text == "Save this view…"]
    page = shown(client, address)
    for words in ("Name: acme", "Status: Enabled", "Name, Ref ID", "Name, descending", "25"):
        assert words in page.text
    answer = client.post(address, {"name": "Acmes"})
    view = SavedView.objects.get()
    assert (view.owner, view.name, view.is_shared, view.listing) == (manager, "Acmes", False, "customers")
    assert answer.url == f"/customers/?{view.query}&view={view.pk}"
    page = shown(client, answer.url)
    assert page.tables[0][0] == ["Select", "Name", "Ref ID", "Actions"]
    assert "View “Acmes” saved." in page.text
    assert "View: Acmes" in page.text
    assert "(changed)" not in page.text


@pytest.mark.parametrize("name", LISTS)
def test_each_list_has_its_views(name, superuser, signed_in):
    client = signed_in(superuser)
    LISTS[name]()
    answer = client.post(f"/{name}/views/?size=25", {"name": "Short", "is_shared": "on", "is_default": "on"})
    view = SavedView.objects.get()
    assert (view.listing, view.is_shared, view.query) == (name, True, "size=25")
    assert answer.url == f"/{name}/?size=25&view={view.pk}"
    assert client.get(f"/{name}/").url == answer.url
    assert shown(client, f"/{name}/?view=all").status == 200


def test_from_another_list_it_is_not_there(client, manager):
    view = new(manager)
    for path in ("", "delete/"):
        assert client.get(f"/contacts/views/{view.pk}/{path}").status_code == 404
    assert client.post(f"/contacts/views/{view.pk}/default/").status_code == 404


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "This field is required."),
        ("x" * 61, "60"),
        ("a\0b", "Null characters are not allowed."),
        ("MINE", "You have a view of this name already."),
    ],
)
def test_a_name_that_cannot_be_is_told_in_the_dialog(name, words, client, manager):
    new(manager)
    answer = client.post("/customers/views/?q=acme", {"name": name, "is_shared": "on"})
    assert answer.status_code == 422
    assert words in said(answer)
    page = Served(answer)
    assert any("data-dialog-body" in attrs for _, attrs in page.tags)
    assert page.form("name").data["is_shared"] == ["on"]
    assert page.form("name").action == "/customers/views/?q=acme"
    assert SavedView.objects.count() == 1


def test_too_many(client, manager, monkeypatch):
    monkeypatch.setattr(actions, "MOST_VIEWS", 1)
    new(manager)
    assert "You have 1 views already." in said(client.post("/customers/views/", {"name": "Another"}))


def test_what_is_posted_beside_the_name_does_not_count(client, viewer):
    data = {"name": "Mine", "owner": viewer.pk, "query": "q=forged", "listing": "contacts", "name_key": "x"}
    client.post("/customers/views/?q=acme", data)
    view = SavedView.objects.get()
    assert (view.owner.username, view.query, view.listing) == ("manager", "q=acme", "customers")


# Open


def test_the_menu_offers_ones_own_and_shared_ones(client, manager, viewer):
    CustomerFactory()
    viewer.first_name, viewer.last_name = "Vera", "Viewer"
    viewer.save()
    own, secret = new(manager, "Own", "q=a"), new(viewer, "Secret")
    shared = new(viewer, "Shared", is_shared=True)
    page = shown(client, "/customers/")
    assert menu(page) == {
        "All customers": "?view=all",
        "Own": f"?q=a&view={own.pk}",
        "Sharedshared by Vera Viewer": f"?view={shared.pk}",
    }
    assert secret.name not in page.text


def test_a_list_that_shows_something_else_by_now_says_so(client, manager):
    CustomerFactory()
    view = new(manager, "Mine", "status=enabled")
    page = shown(client, f"/customers/?status=enabled&size=25&view={view.pk}")
    assert "View: Mine (changed)" in page.text
    (form,) = [form for form in page.forms if ("update", "1") in form.buttons]
    answer = client.post(form.action, {"update": "1"})
    view.refresh_from_db()
    assert view.query == "status=enabled&size=25"
    assert answer.url == f"/customers/?status=enabled&size=25&view={view.pk}"
    assert "(changed)" not in shown(client, answer.url).text


def test_what_others_share_is_not_updated(client, viewer):
    CustomerFactory()
    view = new(viewer, is_shared=True)
    page = shown(client, f"/customers/?size=25&view={view.pk}")
    assert "View: Mine (changed)" in page.text
    assert "update" not in [attrs.get("name") for _, attrs in page.tags]
    assert client.post(f"/customers/views/{view.pk}/?size=25", {"update": "1"}).status_code == 403
    view.refresh_from_db()
    assert view.query == ""


def test_searching_on_stays_with_the_view(client, manager):
    CustomerFactory(name="Acme")
    view = new(manager)
    page = shown(client, f"/customers/?q=acme&view={view.pk}")
    (form,) = [form for form in page.forms if "q" in form.data and "status" in form.data]
    assert form.data["view"] == [str(view.pk)]
    assert ("Remove the filter Any attribute: acme", f"?view={view.pk}") in [
        (attrs.get("aria-label"), attrs.get("href")) for _, attrs in page.tags
    ]


@pytest.mark.parametrize(
    "query",
    [
        "columns=name%2Cgone",
        "sort=gone",
        "and=gone.any.x",
        "created_from=2026-02-30",
        "gone=1",
        "status=gone",
        "size=7",
        "after=x",
    ],
)
def test_a_view_of_what_is_gone_opens_all_the_same(query, client, manager):
    CustomerFactory()
    view = new(manager)
    SavedView.objects.update(query=query)
    page = shown(client, f"/customers/?{query}&view={view.pk}")
    assert page.status == 200
    assert len(page.tables[0]) == 2
    told = {
        "columns": "A column was left out",
        "and": "A criterion was left out",
        "created": "Created from: “2026-02-30” was left out",
    }
    for name, words in told.items():
        assert (words in page.text) is query.startswith(name)


@pytest.mark.parametrize("view", ["4711", "0", "-1", "x", "%00", "9" * 30, "１"])
def test_a_view_that_is_not_there_is_none(view, client):
    CustomerFactory()
    page = shown(client, f"/customers/?view={view}")
    assert page.status == 200
    assert "Views" in page.text
    assert "View:" not in page.text


# Default


def test_the_list_opens_with_the_default(client, manager):
    CustomerFactory(name="Acme")
    view = new(manager, query="q=acme")
    assert client.get("/customers/").status_code == 200
    answer = client.post(f"/customers/views/{view.pk}/default/", follow=True)
    assert "Customers open with “Mine”." in said(answer)
    assert client.get("/customers/").url == f"/customers/?q=acme&view={view.pk}"
    for plain in ("?view=all", "?q=", "?size=50"):
        assert client.get(f"/customers/{plain}").status_code == 200
    answer = client.post(f"/customers/views/{view.pk}/default/", {"on": "0"}, follow=True)
    assert "Customers open without a view." in said(answer)
    assert client.get("/customers/").status_code == 200


def test_emptying_the_search_line_does_not_lead_to_the_default(client, manager):
    CustomerFactory(name="Acme")
    actions.set_default(new(manager, query="q=beta"), by=manager)
    part = client.get("/customers/", headers={"HX-Request": "true", "HX-Target": "results"})
    assert part.status_code == 200
    assert "Acme" in part.content.decode()


def test_what_cannot_be_the_default_is_not_saved_either(superuser, viewer, signed_in):
    view = new(viewer, is_shared=True)
    answer = signed_in(superuser).post(f"/customers/views/{view.pk}/", {"name": "Tidied", "is_default": "on"})
    assert answer.status_code == 422
    view.refresh_from_db()
    assert (view.name, view.is_shared) == ("Mine", True)


def test_clearing_everything_does_not_lead_to_the_default(client, manager):
    CustomerFactory(name="Acme")
    view = new(manager, query="q=acme")
    actions.set_default(view, by=manager)
    page = shown(client, "/customers/?q=acme&sort=-name")
    assert ("Clear all", "?sort=-name&view=all") in page.links
    page = shown(client, "/customers/?q=acme")
    assert {href for text, href in page.links if text == "Clear all"} == {"?view=all"}


def test_what_is_not_shared_any_more_is_no_default(client, manager, viewer):
    view = new(viewer, is_shared=True)
    actions.set_default(view, by=manager)
    SavedView.objects.update(is_shared=False)
    assert client.get("/customers/").status_code == 200


# Manage


def test_rename_share_and_make_it_the_default(client, manager):
    view = new(manager, query="q=acme")
    page = shown(client, "/customers/views/")
    assert ("Mine", f"/customers/?q=acme&view={view.pk}") in page.links
    assert "Only you" in page.text
    answer = client.post(
        f"/customers/views/{view.pk}/", {"name": "Ours", "is_shared": "on", "is_default": "on"}
    )
    assert answer.url == "/customers/views/"
    view.refresh_from_db()
    assert (view.name, view.is_shared, view.query) == ("Ours", True, "q=acme")
    assert DefaultView.objects.get().view == view
    assert Entry.objects.get().code == "view.changed"
    page = shown(client, "/customers/views/")
    assert "Shared by you" in page.text
    assert "By default" in page.text
    client.post(f"/customers/views/{view.pk}/", {"name": "Ours"})
    view.refresh_from_db()
    assert not view.is_shared
    assert not DefaultView.objects.exists()


def test_a_name_that_is_taken(client, manager):
    new(manager)
    view = new(manager, "Other")
    answer = client.post(f"/customers/views/{view.pk}/", {"name": "mine"})
    assert answer.status_code == 422
    assert "You have a view of this name already." in said(answer)


def test_delete(client, manager, viewer):
    view = new(manager, is_shared=True)
    actions.set_default(view, by=viewer)
    assert "1 colleague’s list opens with it." in shown(client, f"/customers/views/{view.pk}/delete/").text
    assert client.post(f"/customers/views/{view.pk}/delete/").url == "/customers/views/"
    assert not SavedView.objects.exists()
    assert "View “Mine” deleted." in shown(client, "/customers/views/").text


@pytest.mark.parametrize("path", ["", "delete/"])
def test_of_others_nothing_can_be_changed(path, client, viewer):
    shared, secret = new(viewer, "A", is_shared=True), new(viewer, "B")
    for method in (client.get, client.post):
        assert method(f"/customers/views/{shared.pk}/{path}").status_code == 403
        assert method(f"/customers/views/{secret.pk}/{path}").status_code == 404
    assert client.post(f"/customers/views/{secret.pk}/default/").status_code == 404
    assert SavedView.objects.count() == 2
    page = shown(client, "/customers/views/")
    assert "Its owner changes it" in page.text
    assert "B" not in page.column("Name")


def test_a_superuser_changes_what_is_shared(superuser, viewer, signed_in):
    view = new(viewer, is_shared=True)
    client = signed_in(superuser)
    client.post(f"/customers/views/{view.pk}/", {"name": "Tidied", "is_shared": "on"})
    view.refresh_from_db()
    assert (view.name, view.owner) == ("Tidied", viewer)


def test_names_are_escaped_everywhere(client, manager):
    CustomerFactory()
    nasty = '"><script>alert(1)</script>'
    view = new(manager, nasty, query="q=x", is_shared=True)
    pages = ["views/", f"views/{view.pk}/", f"views/{view.pk}/delete/", f"?q=x&view={view.pk}"]
    for path in pages:
        assert "<script>alert" not in client.get(f"/customers/{path}").content.decode()


# Columns


def test_the_columns_dialog_offers_all_in_their_order(client):
    page = shown(client, "/customers/columns/?columns=ref_id,name&q=acme&sort=-created&size=100")
    form = next(form for form in page.forms if "column" in form.data)
    assert form.method == "get"
    assert form.data["column"] == ["ref_id", "name", "name"]
    assert (form.data["at_ref_id"], form.data["at_name"], form.data["at_status"]) == (["1"], ["2"], ["3"])
    kept = {name: form.data[name] for name in ("q", "sort", "order", "size")}
    assert kept == {"q": ["acme"], "sort": ["created"], "order": ["descending"], "size": ["100"]}
    assert ("Reset to default", "/customers/?q=acme") in page.links


@pytest.mark.parametrize(
    ("asked", "address"),
    [
        ("column=name&column=ref_id", "columns=name%2Cref_id"),
        ("column=name&column=ref_id&at_name=2&at_ref_id=1", "columns=ref_id%2Cname"),
        ("column=ref_id", "columns=name%2Cref_id"),
        ("", "view=all"),
        ("column=gone&column=name&at_gone=1", "columns=name"),
        ("column=name&column=status&at_name=x&at_status=%00", "columns=status%2Cname"),
        ("column=name&q=acme&and=name.any.x&sort=created&order=descending&size=25&view=7", None),
    ],
)
def test_what_is_chosen_leads_to_the_list(asked, address, client):
    long = "q=acme&and=name.any.x&sort=-created&columns=name&size=25&view=7"
    assert client.get(f"/customers/columns/?choose=1&{asked}").url == f"/customers/?{address or long}"


@pytest.mark.parametrize(
    ("moved", "order"),
    [
        ({}, "status,name,customer_id,crm_id"),
        ({"crm_id": 1}, "crm_id,status,name,customer_id"),
        ({"crm_id": 2}, "status,crm_id,name,customer_id"),
        ({"status": 4}, "name,customer_id,crm_id,status"),
        ({"status": 2}, "name,status,customer_id,crm_id"),
        ({"status": 4, "crm_id": 1}, "crm_id,name,customer_id,status"),
    ],
)
def test_one_number_moves_a_column(moved, order, client):
    """Without JavaScript, the others keep the numbers they had."""
    names = ["status", "name", "customer_id", "crm_id"]
    at = {name: place + 1 for place, name in enumerate(names)} | moved
    asked = "&".join([f"column={name}" for name in names] + [f"at_{name}={at[name]}" for name in names])
    url = client.get(f"/customers/columns/?choose=1&{asked}").url
    assert url.replace("%2C", ",") == f"/customers/?columns={order}"
