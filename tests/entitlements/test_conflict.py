"""Two people edit the same draft: who saved what, and a choice for each field and for the products."""

from datetime import date

import pytest

from entitlements import actions
from entitlements.models import Entitlement, ProductKey
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(licenser, signed_in):
    return signed_in(licenser)


@pytest.fixture
def colleague(db):
    return UserFactory(username="colleague")


@pytest.fixture
def acme():
    return CustomerFactory(name="Acme", customer_id="A-1")


@pytest.fixture
def draft(acme):
    values = {"customer": acme, "ref_id1": "r1", "ref_id2": "r2", "end_date": date(2026, 12, 31)}
    products = [{"product": "Suite", "quantity": 5}, {"product": "Tool", "quantity": 1}]
    return EntitlementFactory(products=products, **values)


def edit_of(draft):
    return f"/entitlements/{draft.pk}/edit/"


def opened(client, draft):
    return Served(client.get(edit_of(draft))).form("start_date").data


def save(draft, by, product_keys=None, **values):
    """What the other person does meanwhile."""
    theirs = Entitlement.objects.get(pk=draft.pk)
    for name, value in values.items():
        setattr(theirs, name, value)
    actions.save(theirs, by=by, product_keys=product_keys)


def keys(draft, **values):
    """The lines as they are, the first one with these values."""
    found = list(ProductKey.objects.filter(entitlement=draft))
    for name, value in values.items():
        setattr(found[0], name, value)
    return found


def conflict(client, data, draft, **values):
    answer = client.post(edit_of(draft), data | values | {"save": ""})
    assert answer.status_code == 409
    return Served(answer)


def choose(client, page, button="save", **choices):
    form = next(form for form in page.forms if any(name.startswith("choice-") for name in form.data))
    chosen = {f"choice-{name}": value for name, value in choices.items()}
    return client.post(form.action, form.data | chosen | {button: "1"})


def differences(page):
    """{field: (before, theirs, yours)} as they are shown."""
    return {
        row[0].partition(" changed by")[0]: tuple(cell.rpartition(": ")[2] for cell in row[1:])
        for row in page.tables[0][1:]
    }


def preset(page):
    form = next(form for form in page.forms if any(name.startswith("choice-") for name in form.data))
    return {name.removeprefix("choice-"): v[0] for name, v in form.data.items() if name.startswith("choice-")}


def lines(draft):
    return list(draft.product_keys.values_list("product", "quantity"))


def test_the_page_says_who_saved_what(draft, client, colleague):
    data = opened(client, draft)
    other = CustomerFactory(name="Other", customer_id="O-1")
    save(draft, colleague, customer=other, ref_id2="theirs", end_date=None)
    before = everything()
    page = conflict(client, data, draft, ref_id1="mine", ref_id2="mine", start_date="2026-02-01")
    assert f"colleague changed {draft.eid}" in page.text
    assert "Nothing of yours is saved yet" in page.text
    assert differences(page) == {
        "Customer": ("Acme (A-1)", "Other (O-1)", "Acme (A-1)"),
        "Ref ID 1": ("r1", "r1", "mine"),
        "Ref ID 2": ("r2", "theirs", "mine"),
        "Start date": ("2026-01-01", "2026-01-01", "2026-02-01"),
        "End date": ("2026-12-31", "Never expires", "2026-12-31"),
    }
    assert everything() == before


def test_by_default_each_keeps_what_only_they_changed(draft, client, colleague):
    data = opened(client, draft)
    other = CustomerFactory()
    save(draft, colleague, customer=other, end_date=None, ref_id2="theirs")
    page = conflict(client, data, draft, ref_id1="mine", ref_id2="mine")
    assert preset(page) == {"customer": "theirs", "ref_id1": "mine", "ref_id2": "mine", "end_date": "theirs"}
    assert choose(client, page).status_code == 302
    draft.refresh_from_db()
    assert (draft.customer, draft.end_date, draft.ref_id1, draft.ref_id2) == (other, None, "mine", "mine")
    assert draft.version == 3


@pytest.mark.parametrize("theirs", [None, date(2026, 6, 30)])
@pytest.mark.parametrize("mine", [{"never_expires": "on", "end_date": ""}, {"end_date": "2026-03-31"}])
@pytest.mark.parametrize("choice", ["mine", "theirs"])
def test_an_end_date_or_never(theirs, mine, choice, draft, client, colleague):
    data = opened(client, draft)
    save(draft, colleague, end_date=theirs, ref_id2="theirs")
    page = conflict(client, data, draft, ref_id1="mine", **mine)
    assert choose(client, page, end_date=choice).status_code == 302
    draft.refresh_from_db()
    my_date = None if "never_expires" in mine else date(2026, 3, 31)
    assert draft.end_date == (theirs if choice == "theirs" else my_date)


def test_the_contact_is_chosen_with_its_customer(draft, acme, client, colleague):
    anna = ContactFactory(name="Anna", email="anna@example.com")
    acme.contacts.add(anna)
    data = opened(client, draft)
    save(draft, colleague, contact=anna)
    page = conflict(client, data, draft, ref_id1="mine")
    assert differences(page)["Contact"] == ("empty", "Anna <anna@example.com>", "empty")
    assert choose(client, page).status_code == 302
    draft.refresh_from_db()
    assert (draft.contact, draft.ref_id1) == (anna, "mine")


def test_a_pair_that_does_not_fit_is_told_in_the_form(draft, acme, client, colleague):
    anna = ContactFactory()
    acme.contacts.add(anna)
    data = opened(client, draft)
    save(draft, colleague, customer=CustomerFactory(), ref_id2="theirs")
    page = conflict(client, data, draft, contact=str(anna.pk))
    answer = choose(client, page, customer="theirs", contact="mine")
    assert answer.status_code == 422
    assert "Choose a contact of this customer." in Served(answer).text


def test_choosing_theirs_everywhere_writes_nothing(draft, client, colleague):
    data = opened(client, draft)
    save(draft, colleague, keys(draft, quantity=7), ref_id1="theirs", end_date=None)
    page = conflict(client, data, draft, ref_id1="mine", **{"products-1-quantity": "9"})
    before = everything()
    theirs = dict.fromkeys(("ref_id1", "end_date", "products"), "theirs")
    assert choose(client, page, **theirs).status_code == 302
    assert everything() == before


# The products, as one row

SAME = "(1 other is the same)"


def test_products_of_both(draft, client, colleague):
    data = opened(client, draft)
    save(draft, colleague, keys(draft, product="Suite X", quantity=6))
    page = conflict(client, data, draft, **{"products-1-start_date": "2026-02-01"})
    mine = "Suite × 5 Tool × 1, from 2026-02-01"
    assert differences(page) == {"Products": ("Suite × 5 Tool × 1", "Suite X × 6 Tool × 1", mine)}
    assert preset(page) == {"products": "mine"}
    assert "changed by both" in page.text


def test_products_that_only_they_changed_are_theirs_by_default(draft, client, colleague):
    data = opened(client, draft)
    first, _second = keys(draft)
    save(draft, colleague, [first, ProductKey(product="New", quantity=3)])
    page = conflict(client, data, draft, ref_id1="mine")
    assert differences(page)["Products"] == (f"Tool × 1 {SAME}", f"New × 3 {SAME}", f"Tool × 1 {SAME}")
    assert preset(page) == {"ref_id1": "mine", "products": "theirs"}
    assert choose(client, page).status_code == 302
    assert lines(draft) == [("Suite", 5), ("New", 3)]
    assert draft.product_keys.first() == first


def test_products_that_only_i_changed_are_mine_by_default(draft, client, colleague):
    data = opened(client, draft)
    save(draft, colleague, ref_id1="theirs")
    page = conflict(client, data, draft, **{"products-0-quantity": "8"})
    assert preset(page) == {"ref_id1": "theirs", "products": "mine"}
    assert choose(client, page).status_code == 302
    assert lines(draft) == [("Suite", 8), ("Tool", 1)]


def test_a_renamed_line_and_dates_before_and_after(draft, client, colleague):
    save(draft, colleague, keys(draft, start_date=date(2026, 3, 1), never_expires=True))
    data = opened(client, draft)
    save(draft, colleague, keys(draft, product="Suite, X", product_version="2"))
    save(draft, colleague, keys(draft, quantity=50))
    page = conflict(client, data, draft, ref_id1="mine")
    before = f"Suite × 5, from 2026-03-01, never expires {SAME}"
    after = f"Suite, X 2 × 50, from 2026-03-01, never expires {SAME}"
    assert differences(page)["Products"] == (before, after, before)


def test_a_line_that_they_removed_can_be_kept(draft, client, colleague):
    data = opened(client, draft)
    first, second = keys(draft)
    save(draft, colleague, [first])
    page = conflict(client, data, draft, **{"products-1-quantity": "9"})
    assert differences(page)["Products"] == (f"Tool × 1 {SAME}", SAME, f"Tool × 9 {SAME}")
    assert choose(client, page, products="mine").status_code == 302
    assert lines(draft) == [("Suite", 5), ("Tool", 9)]
    assert not draft.product_keys.filter(pk=second.pk).exists()


def test_a_line_that_they_replaced_by_its_like(draft, client, colleague):
    """Theirs and mine read the same, and are different lines all the same."""
    data = opened(client, draft)
    save(draft, colleague, [keys(draft)[0], ProductKey(product="Tool", quantity=1)])
    page = conflict(client, data, draft, ref_id1="mine")
    assert differences(page)["Products"] == ("(2 others are the same)",) * 3
    assert choose(client, page, products="mine").status_code == 302
    assert lines(draft) == [("Suite", 5), ("Tool", 1)]


def test_lines_of_one_name(client, colleague):
    draft = EntitlementFactory(products=[{"product": "A", "quantity": 1}] * 3)
    data = opened(client, draft)
    save(draft, colleague, keys(draft)[:2])
    page = conflict(client, data, draft, ref_id1="mine")
    two = "(2 others are the same)"
    assert differences(page)["Products"] == (f"A × 1 {two}", two, f"A × 1 {two}")


def test_an_unchanged_line_that_they_removed_is_no_conflict(draft, client, colleague):
    data = opened(client, draft)
    save(draft, colleague, keys(draft)[:1])
    before = everything()
    assert client.post(edit_of(draft), data | {"save": ""}).status_code == 302
    assert everything() == before


def test_a_line_of_another_draft_stays_refused(draft, client, colleague):
    other = EntitlementFactory(products=[{"product": "Other"}]).product_keys.get()
    data = opened(client, draft)
    save(draft, colleague, ref_id1="theirs")
    page = conflict(client, data, draft, ref_id2="mine")
    before = everything()
    form = next(form for form in page.forms if any(name.startswith("choice-") for name in form.data))
    forged = {"products-0-id": str(other.pk), "choice-products": "mine", "save": "1"}
    answer = client.post(form.action, form.data | forged)
    assert answer.status_code == 422
    assert "belongs to another entitlement" in Served(answer).text
    assert everything() == before


# Further on


def test_a_third_change_conflicts_again(draft, client, colleague):
    data = opened(client, draft)
    save(draft, colleague, ref_id1="second")
    page = conflict(client, data, draft, ref_id2="mine")
    save(draft, UserFactory(username="third"), keys(draft, quantity=33))
    before = everything()
    answer = choose(client, page)
    again = Served(answer)
    assert answer.status_code == 409
    assert "third changed" in again.text
    assert set(differences(again)) == {"Ref ID 2", "Products"}
    assert everything() == before
    assert choose(client, again).status_code == 302
    draft.refresh_from_db()
    assert (draft.ref_id1, draft.ref_id2, lines(draft)[0]) == ("second", "mine", ("Suite", 33))


def test_back_keeps_the_choices(draft, client, colleague):
    data = opened(client, draft)
    save(draft, colleague, keys(draft, quantity=7), ref_id1="theirs", end_date=None)
    page = conflict(client, data, draft, ref_id1="mine", ref_id2="mine", **{"products-0-quantity": "6"})
    before = everything()
    answer = choose(client, page, "back", ref_id1="theirs", products="theirs", end_date="theirs")
    assert answer.status_code == 200
    form = Served(answer).form("start_date").data
    names = ("ref_id1", "ref_id2", "products-0-quantity", "end_date", "never_expires", "version")
    assert [form[name][0] for name in names] == ["theirs", "mine", "7", "", "on", "2"]
    assert everything() == before
    assert client.post(edit_of(draft), form | {"save": ""}).status_code == 302


def test_on_the_way_to_complete(draft, client, colleague):
    data = opened(client, draft)
    save(draft, colleague, ref_id1="theirs")
    answer = client.post(edit_of(draft), data | {"ref_id2": "mine", "save_and_complete": "1"})
    assert answer.status_code == 409
    answer = choose(client, Served(answer))
    assert (answer.status_code, answer.url) == (302, f"/entitlements/{draft.pk}/complete/")


def test_completed_while_choosing(draft, client, colleague):
    data = opened(client, draft)
    save(draft, colleague, ref_id1="theirs")
    page = conflict(client, data, draft, ref_id2="mine")
    actions.complete(Entitlement.objects.filter(pk=draft.pk), by=colleague)
    before = everything()
    answer = choose(client, page)
    assert answer.status_code == 409
    assert "only drafts are edited" in Served(answer).text
    assert everything() == before


def test_deleted_while_choosing(draft, client, colleague):
    data = opened(client, draft)
    save(draft, colleague, ref_id1="theirs")
    page = conflict(client, data, draft, ref_id2="mine")
    actions.delete(Entitlement.objects.filter(pk=draft.pk), by=colleague)
    answer = choose(client, page)
    assert answer.status_code == 409
    assert Served(answer).form("start_date").data["ref_id2"] == ["mine"]


def test_unknown_choices_change_nothing(draft, client):
    data = opened(client, draft)
    forged = {
        "choice-state": "theirs",
        "choice-version": "theirs",
        "choice-eid": "theirs",
        "choice-": "theirs",
        "choice-uuid": "theirs",
        "choice-ref_id1": "neither",
    }
    assert client.post(edit_of(draft), data | forged | {"ref_id1": "mine", "save": ""}).status_code == 302
    draft.refresh_from_db()
    assert (draft.ref_id1, draft.state, draft.version) == ("mine", "draft", 2)
