"""Copy: a dialog that says what is copied, and a new draft without customer and contact."""

from datetime import date

import pytest

from entitlements import actions
from entitlements.models import Entitlement, ProductKey
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(licenser, signed_in):
    return signed_in(licenser)


def copy_of(entitlement):
    return f"/entitlements/{entitlement.pk}/copy/"


@pytest.fixture
def source():
    anna = ContactFactory()
    return EntitlementFactory(
        state="complete",
        customer=CustomerFactory(people=[anna]),
        contact=anna,
        ref_id1="R1",
        ref_id2="R2",
        external_id="X1",
        end_date=date(2026, 12, 31),
        products=[{"product": "Suite", "quantity": 5}, {"product": "Tool", "never_expires": True}],
    )


def test_the_dialog_says_what_is_copied_and_copies_nothing(source, client):
    before = everything()
    answer = client.get(copy_of(source))
    page = Served(answer)
    assert answer.status_code == 200
    assert f"Copy {source.eid}?" in page.text
    assert "the same 2 products, dates and Ref IDs" in page.text
    assert "Customer and contact are left empty on purpose" in page.text
    assert any("data-dialog-body" in attrs for _, attrs in page.tags)
    form = next(form for form in page.forms if form.action == copy_of(source))
    assert form.method == "post"
    assert everything() == before


def test_one_without_products(client):
    page = Served(client.get(copy_of(EntitlementFactory())))
    assert "gets the same dates and Ref IDs" in page.text


@pytest.mark.parametrize("state", ["draft", "complete", "disabled", "closed"])
def test_copy(state, source, client):
    Entitlement.objects.update(state=state)
    answer = client.post(copy_of(source))
    draft = Entitlement.objects.exclude(pk=source.pk).get()
    assert (answer.status_code, answer.url) == (302, f"/entitlements/{draft.pk}/edit/")
    assert (draft.customer, draft.contact, draft.external_id, draft.state) == (None, None, "", "draft")
    assert (draft.ref_id1, draft.ref_id2, draft.end_date) == ("R1", "R2", date(2026, 12, 31))
    names = ProductKey.ATTRIBUTES
    assert list(draft.product_keys.values_list(*names)) == list(source.product_keys.values_list(*names))
    page = Served(client.get(answer.url))
    assert f"{draft.eid} added as a copy of {source.eid}. Choose its customer." in page.text


def test_whoever_may_not_edit_is_led_to_the_draft(source, signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed("entitlements.view_entitlement", "entitlements.add_entitlement"))
    answer = signed_in(user).post(copy_of(source))
    draft = Entitlement.objects.exclude(pk=source.pk).get()
    assert (answer.status_code, answer.url) == (302, f"/entitlements/{draft.pk}/")


@pytest.mark.parametrize("rights", [["entitlements.view_entitlement"], ["entitlements.add_entitlement"]])
def test_who_may_not_copy(rights, source, signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed(*rights))
    client = signed_in(user)
    before = everything()
    assert client.get(copy_of(source)).status_code == client.post(copy_of(source)).status_code == 403
    assert everything() == before


def test_of_none(client):
    assert client.get("/entitlements/4711/copy/").status_code == 404
    assert client.post("/entitlements/4711/copy/").status_code == 404


def test_deleted_in_the_moment_of_copying(client, monkeypatch):
    source = EntitlementFactory()
    copy = actions.copy

    def overtaken(entitlement, **kwargs):
        Entitlement.objects.all().delete()
        return copy(entitlement, **kwargs)

    monkeypatch.setattr(actions, "copy", overtaken)
    answer = client.post(copy_of(source))
    assert (answer.status_code, answer.url) == (302, "/entitlements/")
    assert f"{source.eid} has been deleted meanwhile." in Served(client.get("/entitlements/add/")).text


def test_a_refusal_is_told_in_the_dialog(source, client):
    """What was saved once need not be acceptable any more."""
    Entitlement.objects.update(ref_id2="a\u202eb")
    before = everything()
    answer = client.post(copy_of(source))
    assert answer.status_code == 422
    assert "invisible character" in Served(answer).text
    assert everything() == before
