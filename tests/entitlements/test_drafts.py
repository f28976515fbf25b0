"""Drafts: what may be saved with which products, copied and deleted, and what is written down."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from customers.models import Customer
from ems_site.audit.models import Entry
from ems_site.errors import Conflict, Gone
from entitlements import actions
from entitlements.actions import NotAllowed
from entitlements.models import Entitlement, ProductKey
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, ProductKeyFactory
from tests.pages import everything

pytestmark = pytest.mark.django_db

STATES = [state.value for state in Entitlement.State]


def reread(entitlement):
    return Entitlement.objects.get(pk=entitlement.pk)


def draft_of(**values):
    return Entitlement(**{"start_date": date(2026, 1, 1), **values})


def entries(entitlement):
    return list(Entry.objects.of(entitlement).order_by("pk"))


def test_a_draft_may_be_empty(manager):
    draft = actions.save(Entitlement(start_date=date(2026, 1, 1)), by=manager)
    row = reread(draft)
    assert (row.state, row.customer, row.end_date, row.version) == ("draft", None, None, 1)
    assert len(row.eid) == 35
    assert Entry.objects.get().code == "entitlement.added"
    assert Entry.objects.get().changes["start_date"] == ["", "2026-01-01"]


@pytest.mark.parametrize("state", STATES)
def test_only_drafts_are_edited(state, manager):
    entitlement = EntitlementFactory(state=state)
    entitlement.ref_id1 = "New"
    if state == "draft":
        actions.save(entitlement, by=manager)
        assert (reread(entitlement).ref_id1, reread(entitlement).version) == ("New", 2)
        assert entries(entitlement)[0].changes == {"ref_id1": ["", "New"]}
    else:
        with pytest.raises(NotAllowed):
            actions.save(entitlement, by=manager)
        assert not Entry.objects.exists()


@pytest.mark.parametrize("adding", [True, False])
@pytest.mark.parametrize("state", [state for state in STATES if state != "draft"])
def test_saving_never_changes_the_state(state, adding, manager):
    entitlement = Entitlement(customer=CustomerFactory(), start_date=date(2026, 1, 1))
    if not adding:
        actions.save(entitlement, by=manager)
    entitlement.state, entitlement.ref_id1 = state, "New"
    try:
        actions.save(entitlement, by=manager)
    except ValidationError:
        return
    assert reread(entitlement).state == "draft"


def test_without_a_change_nothing_is_written(manager):
    entitlement = EntitlementFactory(ref_id1="R")
    mine = reread(entitlement)
    mine.ref_id1 = " R "
    actions.save(mine, by=manager)
    assert (reread(entitlement).version, Entry.objects.count()) == (1, 0)


def test_two_versions_meet(manager, superuser):
    mine, theirs = reread(EntitlementFactory()), Entitlement.objects.get()
    theirs.ref_id1, mine.ref_id2 = "theirs", "mine"
    actions.save(theirs, by=superuser)
    with pytest.raises(Conflict) as conflict:
        actions.save(mine, by=manager)
    assert (conflict.value.current.ref_id1, mine.version) == ("theirs", 1)


@pytest.mark.parametrize("states", [["draft"], ["draft", "draft"]])
def test_drafts_are_deleted(states, manager):
    drafts = [EntitlementFactory(state=state) for state in states]
    eids = [draft.eid for draft in drafts]
    deleted = actions.delete(Entitlement.objects.all(), by=manager)
    assert [draft.eid for draft in deleted] == eids
    assert not Entitlement.objects.exists()
    told = Entry.objects.filter(code="entitlement.deleted")
    assert sorted(entry.subject_name for entry in told) == sorted(eids)
    assert told[0].changes["start_date"] == ["2026-01-01", ""]


@pytest.mark.parametrize("state", [state for state in STATES if state != "draft"])
def test_what_was_completed_is_not_deleted_nor_its_company(state, manager):
    EntitlementFactory(state="draft")
    EntitlementFactory(state=state)
    with pytest.raises(NotAllowed):
        actions.delete(Entitlement.objects.all(), by=manager)
    assert Entitlement.objects.count() == 2
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("end", "good"), [(date(2025, 12, 31), False), (date(2026, 1, 1), True), (None, True)]
)
def test_the_end_is_not_before_the_start(end, good, manager):
    entitlement = Entitlement(start_date=date(2026, 1, 1), end_date=end)
    if good:
        assert actions.save(entitlement, by=manager).pk
        return
    with pytest.raises(ValidationError) as refused:
        actions.save(entitlement, by=manager)
    assert "before the start" in str(refused.value.messages)
    with pytest.raises(IntegrityError), transaction.atomic():
        entitlement.save()


def test_a_customer_that_is_gone(manager):
    entitlement = Entitlement(customer=CustomerFactory(), start_date=date(2026, 1, 1))
    Customer.objects.all().delete()
    with pytest.raises(ValidationError) as refused:
        actions.save(entitlement, by=manager)
    assert set(refused.value.message_dict) == {"customer"}


@pytest.mark.parametrize("field", ["ref_id1", "ref_id2", "external_id"])
def test_numbers_have_at_most_a_hundred_characters(field, manager):
    for length, good in ((100, True), (101, False)):
        entitlement = Entitlement(start_date=date(2026, 1, 1), **{field: "x" * length})
        if good:
            actions.save(entitlement, by=manager)
        else:
            with pytest.raises(ValidationError) as refused:
                actions.save(entitlement, by=manager)
            assert set(refused.value.message_dict) == {field}


def test_a_lost_race_names_the_field(manager, monkeypatch):
    EntitlementFactory(external_id="X-1")
    clean, calls = Entitlement.full_clean, []

    def too_early(self, *args, **kwargs):
        calls.append(self)
        return clean(self, *args, **kwargs) if len(calls) > 1 else None

    monkeypatch.setattr(Entitlement, "full_clean", too_early)
    with pytest.raises(ValidationError) as refused:
        actions.save(Entitlement(start_date=date(2026, 1, 1), external_id="x-1"), by=manager)
    assert set(refused.value.message_dict) == {"external_id"}


def test_an_entitlement_that_is_gone(manager):
    entitlement = EntitlementFactory()
    Entitlement.objects.all().delete()
    for act in (actions.save, actions.copy):
        with pytest.raises(Gone):
            act(entitlement, by=manager)


def test_the_contact_is_one_of_the_customers(manager):
    anna, bert = ContactFactory(), ContactFactory()
    mine = EntitlementFactory(customer=CustomerFactory(people=[anna]))
    mine.contact = bert
    with pytest.raises(ValidationError) as refused:
        actions.save(mine, by=manager)
    assert set(refused.value.message_dict) == {"contact"}
    mine.contact = anna
    assert actions.save(mine, by=manager).version == 2


def test_disabled_ones_are_kept_but_not_chosen(manager):
    anna, bert = ContactFactory(status="disabled"), ContactFactory()
    customer = CustomerFactory(people=[anna, bert], status="disabled")
    kept = EntitlementFactory(customer=customer, contact=anna)
    kept.ref_id1 = "R"
    assert actions.save(kept, by=manager).version == 2
    for values, field in (({"customer": customer}, "customer"), ({"contact": anna}, "contact")):
        with pytest.raises(ValidationError) as refused:
            actions.save(draft_of(**values), by=manager)
        assert set(refused.value.message_dict) == {field}
        assert "is disabled. Choose another one." in refused.value.messages[0]


@pytest.mark.parametrize(
    ("zone", "start", "end", "field"),
    [
        ("Pacific/Apia", date(2011, 12, 30), None, "start_date"),
        ("Europe/Berlin", date(1, 1, 1), None, "start_date"),
        ("Europe/Berlin", date(2026, 1, 1), date(9999, 12, 31), "end_date"),
        ("Europe/Berlin", date(2026, 1, 1), date(2025, 1, 1), "end_date"),
    ],
)
def test_dates_without_a_window_are_refused_at_their_field(zone, start, end, field, manager):
    customer = CustomerFactory(time_zone=zone)
    before = everything()
    entitlement = draft_of(customer=customer, start_date=start, end_date=end)
    with pytest.raises(ValidationError) as refused:
        actions.save(entitlement, by=manager)
    assert set(refused.value.message_dict) == {field}
    assert everything() == before


# Product keys


def test_products_are_saved_and_told_with_the_draft(manager):
    customer = CustomerFactory()
    suite = ProductKey(product="Suite", product_version="2.0", quantity=5)
    viewer = ProductKey(product="Viewer", quantity=1, start_date=date(2026, 2, 1), never_expires=True)
    draft = actions.save(draft_of(customer=customer), by=manager, product_keys=[suite, viewer])
    first, second = draft.product_keys.all()
    assert (first.called(), second.starts_on(), second.ends_on()) == ("Suite 2.0", date(2026, 2, 1), None)
    assert (first.valid_from, first.time_zone) == (None, "")
    told = entries(draft)[0].changes
    assert told[f"productkey:{first.pk}:Suite 2.0"] == ["", "5"]
    assert told[f"productkey:{second.pk}:Viewer"] == ["", "1, from 2026-02-01, never expires"]
    (of_customer,) = entries(customer)
    assert of_customer.code == "customer.changed"
    assert of_customer.changes == {f"entitlement:{draft.pk}:{draft.eid}": ["", "Draft"]}
    for text in ("suite 2", "viewer", customer.name, customer.customer_id, draft.eid):
        assert list(Entitlement.objects.search(text)) == [draft]


def test_products_are_changed_added_and_taken_away_at_once(manager):
    draft = EntitlementFactory(products=[{"product": "A"}, {"product": "Zulu"}])
    kept, gone = draft.product_keys.all()
    kept.product, kept.quantity = "A2", 3
    new = ProductKey(product="C")
    actions.save(draft, by=manager, product_keys=[kept, new])
    assert [str(key) for key in draft.product_keys.all()] == ["A2 × 3", "C × 1"]
    assert reread(draft).version == 2
    assert entries(draft)[0].changes == {
        f"productkey:{kept.pk}:A2": ["A, 10", "3"],
        f"productkey:{new.pk}:C": ["", "1"],
        f"productkey:{gone.pk}:Zulu": ["10", ""],
    }
    assert not Entitlement.objects.search("zulu").exists()


def test_products_alone_are_left_and_the_same_ones_change_nothing(manager):
    draft = EntitlementFactory(products=[{"product": "A"}])
    actions.save(draft, by=manager, product_keys=list(draft.product_keys.all()))
    actions.save(draft, by=manager)
    assert (reread(draft).version, draft.product_keys.count(), Entry.objects.count()) == (1, 1, 0)


def test_a_product_of_another_entitlement_is_refused(manager):
    other = ProductKeyFactory(entitlement=EntitlementFactory())
    draft = EntitlementFactory()
    before = everything()
    with pytest.raises(ValidationError, match="does not belong to this entitlement"):
        actions.save(draft, by=manager, product_keys=[other])
    assert everything() == before


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"quantity": 0}, "The quantity is 1 or more."),
        ({"quantity": -1}, "The quantity is 1 or more."),
        ({"quantity": 2**63}, "The quantity is at most 2147483647."),
        ({"quantity": "１２"}, "Enter a whole number, such as 12."),
        ({"product": " "}, "This field cannot be blank."),
        ({"product": "—"}, "Use at least one letter or digit."),
        ({"product": "x" * 101}, "at most 100 characters"),
        ({"end_date": date(2025, 12, 31)}, "The end date is before the start date."),
        ({"start_date": date(2011, 12, 30)}, "did not exist in Pacific/Apia"),
        ({"end_date": date(2026, 2, 1), "never_expires": True}, "not both"),
    ],
)
def test_a_bad_line_saves_nothing_at_all(values, sentence, manager):
    customer = CustomerFactory(time_zone="Pacific/Apia")
    before = everything()
    good, bad = ProductKey(product="Good"), ProductKey(**{"product": "Bad", "quantity": 1, **values})
    entitlement = draft_of(customer=customer)
    with pytest.raises(ValidationError, match=sentence):
        actions.save(entitlement, by=manager, product_keys=[good, bad])
    assert everything() == before
    assert (entitlement.pk, good.pk) == (None, None)


def test_two_change_the_products(manager, superuser):
    draft = EntitlementFactory(products=[{"product": "A"}])
    mine = reread(draft)
    my_key = mine.product_keys.get()
    actions.save(reread(draft), by=superuser, product_keys=[])
    my_key.quantity = 11
    with pytest.raises(Conflict):
        actions.save(mine, by=manager, product_keys=[my_key])
    assert not draft.product_keys.exists()


def test_another_customer_is_told_to_both(manager):
    old, new = CustomerFactory(), CustomerFactory()
    draft = EntitlementFactory(customer=old)
    draft.customer = new
    actions.save(draft, by=manager)
    link = f"entitlement:{draft.pk}:{draft.eid}"
    assert entries(old)[0].changes == {link: ["Draft", ""]}
    assert entries(new)[0].changes == {link: ["", "Draft"]}


@pytest.mark.parametrize("state", STATES)
def test_a_copy_belongs_to_nobody_yet(state, manager):
    anna = ContactFactory()
    source = EntitlementFactory(
        customer=CustomerFactory(people=[anna]),
        contact=anna,
        state=state,
        end_date=date(2026, 12, 31),
        ref_id1="R1",
        external_id="X-1",
        products=[{"product": "A", "product_version": "1", "quantity": 7, "end_date": date(2026, 6, 30)}],
    )
    copied = reread(actions.copy(source, by=manager))
    assert (copied.state, copied.customer, copied.contact, copied.external_id) == ("draft", None, None, "")
    assert copied.eid != source.eid
    assert (copied.ref_id1, copied.start_date, copied.end_date) == (
        "R1",
        date(2026, 1, 1),
        date(2026, 12, 31),
    )
    key = copied.product_keys.get()
    assert (key.called(), key.quantity, key.ends_on()) == ("A 1", 7, date(2026, 6, 30))
    assert (key.valid_from, key.time_zone, key.span) == (None, "", None)
    told = entries(copied)[0]
    assert (told.code, told.changes["copied_from"]) == ("entitlement.added", ["", source.eid])
    assert reread(source).version == 1


def test_a_deleted_draft_takes_its_products_along_and_tells(manager):
    draft = EntitlementFactory(products=[{"product": "A"}])
    key = draft.product_keys.get()
    customer = draft.customer
    actions.delete(Entitlement.objects.all(), by=manager, comment="Typed twice.")
    assert not ProductKey.objects.exists()
    told = Entry.objects.get(code="entitlement.deleted")
    assert (told.comment, told.changes[f"productkey:{key.pk}:A"]) == ("Typed twice.", ["10", ""])
    assert entries(customer)[0].changes == {f"entitlement:{draft.pk}:{draft.eid}": ["Draft", ""]}
