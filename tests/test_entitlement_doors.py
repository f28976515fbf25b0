"""One truth through every door: each rule of entitlements holds on the pages, in bulk, in Django admin
and for a plain call of the action, and a refusal leaves no trace."""

import re
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from customers.models import Association, Customer
from ems_site.audit.models import Entry
from entitlements import actions
from entitlements.models import Entitlement, ProductKey
from tests.conftest import allowed
from tests.factories import (
    ContactFactory,
    CustomerFactory,
    EntitlementFactory,
    ProductKeyFactory,
    UserFactory,
)
from tests.pages import Served, everything, said

pytestmark = pytest.mark.django_db

FINAL = ["complete", "disabled", "closed"]
NEW = {"start_date": "2026-01-01", "end_date": "", "never_expires": "on"}
TEXTS = ("customer", "contact", "ref_id1", "ref_id2", "external_id")
UNSERVED = NEW | dict.fromkeys(TEXTS, "") | {"version": "1"}
DATES = ("start_date", "end_date")


# The doors: each method says what the person is told


class Page:
    HOME, SAVE, EDIT = "/entitlements/", "save", "edit"
    ROWS, ASKED = "products", "plan"

    def __init__(self, user):
        self.client = Client()
        self.client.force_login(user)

    def add(self, *, products=(), **values):
        return self._send(f"{self.HOME}add/", NEW | values, list(products), None)

    def edit(self, entitlement, *, products=None, meanwhile=None, **values):
        """Products are all rows that are to stand there, or None for those that are served."""
        return self._send(f"{self.HOME}{entitlement.pk}/{self.EDIT}/", values, products, meanwhile)

    def _send(self, address, values, products, meanwhile):
        page = Served(self.client.get(address, follow=True))
        form = page.form("start_date")
        data = (form.data if form else self._unserved()) | values | {self.SAVE: "1"}
        if products is not None:
            data = {name: value for name, value in data.items() if not name.startswith(f"{self.ROWS}-")}
            data |= self._posted(products)
        if values.get("end_date"):
            data.pop("never_expires", None)
        if meanwhile:
            meanwhile()
        return said(self.client.post(address, data, follow=True))

    def _unserved(self):
        return UNSERVED | self._posted([])

    def _posted(self, products):
        rows = {f"{self.ROWS}-TOTAL_FORMS": str(len(products)), f"{self.ROWS}-INITIAL_FORMS": "0"}
        for place, product in enumerate(products):
            for name, value in ({"id": "", "quantity": "1"} | product).items():
                rows[f"{self.ROWS}-{place}-{name}"] = str(value)
        return rows

    def verb(self, name, entitlements, meanwhile=None, comment=""):
        address = f"{self.HOME}{entitlements[0].pk}/{name}/"
        answer = self.client.get(address)
        return self._confirm(address, answer, meanwhile, comment) or said(self.client.post(address))

    def _confirm(self, address, answer, meanwhile, comment):
        """What is told once the page in between is posted, if it asks for that."""
        self.shown = said(answer)
        form = Served(answer).form(self.ASKED)
        if meanwhile:
            meanwhile()
        if form is None or form.action not in {"", address}:
            return self.shown if answer.status_code == 200 else ""
        return said(self.client.post(address, form.data | {"comment": comment}, follow=True))

    def copy(self, entitlement):
        return said(self.client.post(f"{self.HOME}{entitlement.pk}/copy/", follow=True))


class Ticked(Page):
    def verb(self, name, entitlements, meanwhile=None, comment=""):
        address = f"{self.HOME}ticked/{name}/"
        answer = self.client.post(address, {"pk": [row.pk for row in entitlements]}, follow=True)
        return self._confirm(address, answer, meanwhile, comment) or said(answer)


class AdminForm(Page):
    HOME, SAVE, EDIT = "/admin/entitlements/entitlement/", "_save", "change"
    ROWS = "product_keys"

    def verb(self, name, entitlements, meanwhile=None, comment=""):
        address = f"{self.HOME}{entitlements[0].pk}/{name}/"
        self.client.get(address)
        if meanwhile:
            meanwhile()
        return said(self.client.post(address, {"post": "yes"}, follow=True))


class AdminBulk(AdminForm):
    ASKED = "_selected_action"

    def verb(self, name, entitlements, meanwhile=None, comment=""):
        answer = self._choose(name, entitlements)
        return self._confirm(self.HOME, answer, meanwhile, comment) or said(answer)

    def copy(self, entitlement):
        return said(self._choose("copy", [entitlement]))

    def _choose(self, name, entitlements):
        data = {"action": f"{name}_selected", self.ASKED: [row.pk for row in entitlements]}
        return self.client.post(self.HOME, data, follow=True)


class Action:
    def __init__(self, user):
        self.user = user

    def add(self, *, products=(), **values):
        return self._save(Entitlement(start_date=date(2026, 1, 1)), values, list(products))

    def edit(self, entitlement, *, products=None, meanwhile=None, **values):
        mine = Entitlement.objects.get(pk=entitlement.pk)
        if meanwhile:
            meanwhile()
        return self._save(mine, values, products)

    def _save(self, entitlement, values, products):
        try:
            values = self._typed(values)
            lines = None if products is None else [self._line(product) for product in products]
        except ValueError as refusal:
            return f"What is no date does not get as far as the action: {refusal}"
        for name, value in values.items():
            setattr(entitlement, f"{name}_id" if name in {"customer", "contact"} else name, value)
        return self._told(lambda: actions.save(entitlement, by=self.user, product_keys=lines))

    def _typed(self, values):
        return {
            name: (date.fromisoformat(value) if value else None) if name in DATES else value
            for name, value in values.items()
        }

    def _line(self, product):
        key = ProductKey.objects.get(pk=product["id"]) if product.get("id") else ProductKey()
        for name, value in self._typed(product).items():
            setattr(key, name, value)
        return key

    def verb(self, name, entitlements, meanwhile=None, comment=""):
        if meanwhile:
            meanwhile()
        chosen = Entitlement.objects.filter(pk__in=[row.pk for row in entitlements])
        return self._told(lambda: getattr(actions, name)(chosen, by=self.user, comment=comment))

    def copy(self, entitlement):
        return self._told(lambda: actions.copy(entitlement, by=self.user))

    def _told(self, act):
        try:
            act()
        except ValidationError as refusal:
            return " ".join(refusal.messages)
        return "done"


def through(*doors):
    return pytest.mark.parametrize("door", doors, ids=lambda door: door.__name__)


def address_of(door):
    return "" if door is Action else "127.0.0.1"


editing = through(Page, AdminForm, Action)
deleting = through(Page, Ticked, AdminForm, AdminBulk, Action)
going = through(Page, Ticked, AdminBulk, Action)
copying = through(Page, AdminBulk, Action)


def like(text):
    return re.compile(text, re.IGNORECASE)


def refuses(pattern, attempt):
    """The attempt is refused with words like these, and nothing at all has changed."""
    before = everything()
    words = attempt()
    assert pattern.search(words), words
    assert everything() == before


@pytest.fixture
def anna():
    return ContactFactory(email="anna@example.com", name="Anna")


@pytest.fixture
def acme(anna):
    return CustomerFactory(name="Acme", customer_id="ACME-1", time_zone="Pacific/Apia", people=[anna])


@pytest.fixture
def draft(acme):
    return EntitlementFactory(
        customer=acme,
        ref_id1="R-1",
        external_id="EXT Straße",
        products=[{"product": "Suite", "product_version": "2.0", "quantity": 5}],
    )


@pytest.fixture
def suite(draft):
    return draft.product_keys.get()


def lines(entitlement):
    return [f"{key.called()}: {key.summary()}" for key in entitlement.product_keys.all()]


# What may stand in a draft

BAD = [
    ({"start_date": ""}, "required|cannot be null"),
    ({"start_date": "2026-02-30"}, "date that exists|no date"),
    ({"start_date": "0001-01-01"}, "from 1 January 1900 to 31 December 9998"),
    ({"start_date": "9999-12-31"}, "from 1 January 1900 to 31 December 9998"),
    ({"end_date": "9999-12-31"}, "from 1 January 1900 to 31 December 9998"),
    ({"start_date": "2026-02-01", "end_date": "2026-01-31"}, "end date is before the start date"),
    ({"external_id": "ext strasse"}, "another entitlement has this external id"),
    ({"external_id": "A\tB"}, "cannot be used"),
    ({"ref_id1": "n" * 101}, "at most 100 characters"),
    ({"ref_id2": "A\tB"}, "cannot be used"),
]


@editing
@pytest.mark.parametrize(("values", "words"), BAD, ids=lambda value: ascii(value)[:40])
def test_adding_is_refused(door, values, words, draft, licenser):
    refuses(like(words), lambda: door(licenser).add(**values))


@editing
@pytest.mark.parametrize(("values", "words"), BAD, ids=lambda value: ascii(value)[:40])
def test_editing_is_refused(door, values, words, draft, licenser):
    other = EntitlementFactory()
    refuses(like(words), lambda: door(licenser).edit(other, **values))


@editing
def test_the_day_that_the_customer_does_not_have(door, draft, suite, acme, licenser):
    words = like("30 December 2011 did not exist in Pacific/Apia")
    missing = {"start_date": "2011-12-30"}
    refuses(words, lambda: door(licenser).add(customer=acme.pk, **missing))
    refuses(words, lambda: door(licenser).edit(draft, **missing))
    line = {"id": suite.pk, "product": "Suite", "product_version": "2.0", "quantity": "5"}
    refuses(words, lambda: door(licenser).edit(draft, products=[line | missing]))
    door(licenser).add(**missing)
    assert Entitlement.objects.exclude(pk=draft.pk).get().time_zone() == "UTC"


BAD_LINES = [
    ({"quantity": "0"}, "1 or more"),
    ({"quantity": "-1"}, "1 or more"),
    ({"quantity": str(2**63)}, "at most 2147483647"),
    ({"quantity": "１２"}, "whole number"),
    ({"quantity": "1.5"}, "whole number"),
    ({"quantity": ""}, "whole number|required|cannot be null"),
    ({"product": ""}, "required|cannot be blank"),
    ({"product": "..!"}, "at least one letter or digit"),
    ({"product": "n" * 101}, "at most 100 characters"),
    ({"product_version": "n" * 51}, "at most 50 characters"),
    ({"start_date": "2026-02-30"}, "date that exists|no date"),
    ({"end_date": "2025-12-31"}, "end date is before the start date"),
    ({"end_date": "2026-12-31", "never_expires": "on"}, "not both"),
]


@editing
@pytest.mark.parametrize(("values", "words"), BAD_LINES, ids=lambda value: ascii(value)[:40])
def test_a_product_is_refused(door, values, words, draft, suite, licenser):
    line = {"product": "Suite", "quantity": "5"} | values
    if door is Action and "never_expires" in line:
        line["never_expires"] = True
    refuses(like(words), lambda: door(licenser).add(products=[line]))
    refuses(like(words), lambda: door(licenser).edit(draft, products=[line | {"id": suite.pk}]))


@editing
def test_a_product_key_of_another_entitlement_is_refused(door, draft, suite, licenser):
    foreign = ProductKeyFactory(entitlement=EntitlementFactory(), product="Foreign", quantity=3)
    mine = {"id": suite.pk, "product": "Suite", "quantity": "5"}
    theirs = {"id": foreign.pk, "product": "Taken", "quantity": "3"}
    words = like("belongs? to (this|another) entitlement")
    refuses(words, lambda: door(licenser).edit(draft, ref_id1="mine", products=[mine, theirs]))
    refuses(words, lambda: door(licenser).edit(draft, products=[theirs]))


@editing
def test_the_same_line_twice_is_refused(door, draft, suite, licenser):
    mine = {"id": suite.pk, "product": "Suite", "quantity": "5"}
    words = like("belong to this entitlement|stands in the list twice")
    refuses(words, lambda: door(licenser).edit(draft, products=[mine, mine]))


@editing
def test_the_contact_is_one_of_the_customer(door, draft, acme, anna, licenser):
    stranger = ContactFactory()
    CustomerFactory(people=[stranger])
    words = like("choose a contact of this customer")
    refuses(words, lambda: door(licenser).edit(draft, contact=stranger.pk))
    refuses(words, lambda: door(licenser).add(customer=acme.pk, contact=stranger.pk))
    door(licenser).edit(draft, contact=anna.pk)
    assert Entitlement.objects.get().contact == anna
    other = CustomerFactory()
    refuses(words, lambda: door(licenser).edit(draft, customer=other.pk))


@editing
@pytest.mark.parametrize("who", ["customer", "contact"])
def test_whoever_is_disabled_is_not_chosen_and_is_kept(door, who, draft, acme, anna, licenser):
    kept = EntitlementFactory(customer=acme, contact=anna)
    type({"customer": acme, "contact": anna}[who]).objects.update(status="disabled")
    words = like("is disabled. Choose another one")
    refuses(words, lambda: door(licenser).add(customer=acme.pk, contact=anna.pk))
    door(licenser).edit(kept, ref_id1="kept")
    kept.refresh_from_db()
    assert (kept.ref_id1, kept.customer, kept.contact) == ("kept", acme, anna)


@editing
def test_only_drafts_are_edited(door, draft, suite, licenser):
    line = {"id": suite.pk, "product": "Suite", "quantity": "9"}
    for state in FINAL:
        Entitlement.objects.update(state=state)
        words = like(f"{state}.*: only drafts are edited|is {state}")
        refuses(words, lambda: door(licenser).edit(draft, ref_id1="mine", products=[line]))


@editing
@pytest.mark.parametrize("state", FINAL)
def test_what_was_completed_meanwhile_is_not_edited(door, state, draft, licenser):
    def meanwhile():
        actions.complete(Entitlement.objects.all(), by=None)
        Entitlement.objects.update(state=state)

    words = door(licenser).edit(draft, ref_id1="mine", products=[], meanwhile=meanwhile)
    assert like(f"is {state}").search(words), words
    assert Entitlement.objects.get().ref_id1 == "R-1"
    assert lines(draft) == ["Suite 2.0: 5"]
    assert not Entry.objects.exclude(code__in=["entitlement.completed", "customer.changed"]).exists()


# Changes that succeed stand in the history once


def entries(door, actor):
    """What was written, checked for who did it from where, as {(code, subject): changes}."""
    found = {}
    for entry in Entry.objects.all():
        assert (entry.actor_key, entry.actor_name) == (actor.pk, actor.username)
        assert entry.client_address == address_of(door)
        assert (entry.code, entry.subject_key) not in found
        found[entry.code, entry.subject_key] = entry.changes
    return found


def told(entitlement, old, new):
    """The entry in the customer's history."""
    changes = {f"entitlement:{entitlement.pk}:{entitlement.eid}": [old, new]}
    return {("customer.changed", entitlement.customer_id): changes}


@editing
def test_added(door, acme, anna, licenser):
    products = [{"product": "Suite", "product_version": "2.0", "quantity": "5"}]
    end = {"end_date": "2026-12-31"}
    door(licenser).add(customer=acme.pk, contact=anna.pk, ref_id1="R", products=products, **end)
    added = Entitlement.objects.get()
    assert (added.state, added.customer, added.contact, added.version) == ("draft", acme, anna, 1)
    assert lines(added) == ["Suite 2.0: 5"]
    key = added.product_keys.get()
    assert (key.time_zone, key.valid_from) == ("", None)
    written = entries(door, licenser)
    changes = written.pop(("entitlement.added", added.pk))
    assert changes[f"productkey:{key.pk}:Suite 2.0"] == ["", "5"]
    assert changes["end_date"] == ["", "2026-12-31"]
    assert written == told(added, "", "Draft")


@editing
def test_changed(door, draft, suite, licenser):
    mine = {"id": suite.pk, "product": "Suite", "product_version": "2.0", "quantity": "7"}
    new = {"product": "Base", "quantity": "1"}
    door(licenser).edit(draft, ref_id2="R-2", products=[mine, new])
    draft.refresh_from_db()
    assert (draft.ref_id1, draft.ref_id2, draft.version) == ("R-1", "R-2", 2)
    base = draft.product_keys.get(product="Base")
    changes = {
        "ref_id2": ["", "R-2"],
        f"productkey:{suite.pk}:Suite 2.0": ["5", "7"],
        f"productkey:{base.pk}:Base": ["", "1"],
    }
    assert entries(door, licenser) == {("entitlement.changed", draft.pk): changes}


@editing
def test_products_alone_are_a_change(door, draft, suite, licenser):
    door(licenser).edit(draft, products=[])
    draft.refresh_from_db()
    assert (draft.version, lines(draft)) == (2, [])
    changes = {f"productkey:{suite.pk}:Suite 2.0": ["5", ""]}
    assert entries(door, licenser) == {("entitlement.changed", draft.pk): changes}


@editing
def test_another_customer_stands_in_both_histories(door, draft, licenser):
    other = CustomerFactory()
    before = told(draft, "Draft", "")
    door(licenser).edit(draft, customer=other.pk)
    draft.refresh_from_db()
    written = entries(door, licenser)
    assert list(written.pop(("entitlement.changed", draft.pk))) == ["customer"]
    assert written == before | told(draft, "", "Draft")


@editing
def test_saving_what_is_so_already_writes_nothing(door, draft, licenser):
    ProductKeyFactory(entitlement=draft, start_date=date(2026, 2, 1), never_expires=True)
    before = everything()
    door(licenser).edit(Entitlement.objects.get())
    assert everything() == before


@editing
def test_a_draft_is_found_by_what_stands_in_it(door, acme, licenser):
    door(licenser).add(customer=acme.pk, products=[{"product": "Größe 7"}])
    added = Entitlement.objects.get()
    for text in ("acme-1", "GRÖSSE 7", added.eid.upper()):
        assert Entitlement.objects.search(text).contains(added)


# States

MAY_GO = {
    "complete": ({"draft"}, "Complete", "entitlement.completed"),
    "disable": ({"complete"}, "Disabled", "entitlement.disabled"),
    "enable": ({"disabled"}, "Complete", "entitlement.enabled"),
    "close": ({"complete", "disabled"}, "Closed", "entitlement.closed"),
}


@going
@pytest.mark.parametrize("state", Entitlement.State.values)
@pytest.mark.parametrize("name", MAY_GO)
def test_each_verb_in_each_state(door, name, state, draft, licenser):
    allowed_from, result, code = MAY_GO[name]
    Entitlement.objects.update(state=state)
    draft.refresh_from_db()
    attempt = lambda: door(licenser).verb(name, [draft], comment="As agreed")  # noqa: E731
    if state not in allowed_from:
        why = re.escape(draft.why_not(name))
        is_skipped = door is Action and result.lower() == state and name != "complete"
        refuses(like("done" if is_skipped else why), attempt)
        return
    old = draft.get_state_display()
    attempt()
    draft.refresh_from_db()
    assert (draft.get_state_display(), draft.version) == (result, 2)
    assert Entry.objects.of(draft).get().comment == "As agreed"
    written = entries(door, licenser)
    changes = written.pop((code, draft.pk))
    assert changes.pop("state") == [old, result]
    assert len(changes) == (name == "complete")
    assert written == told(draft, old, result)


@deleting
@pytest.mark.parametrize("state", Entitlement.State.values)
def test_only_drafts_are_deleted(door, state, draft, suite, licenser):
    Entitlement.objects.update(state=state)
    attempt = lambda: door(licenser).verb("delete", [draft])  # noqa: E731
    if state != "draft":
        refuses(like("was completed and cannot be deleted"), attempt)
        return
    attempt()
    assert not Entitlement.objects.exists()
    assert not ProductKey.objects.exists()
    assert Customer.objects.exists()
    written = entries(door, licenser)
    changes = written.pop(("entitlement.deleted", draft.pk))
    assert changes[f"productkey:{suite.pk}:Suite 2.0"] == ["5", ""]
    assert changes["ref_id1"] == ["R-1", ""]
    assert written == told(draft, "Draft", "")


@going
def test_completing_needs_a_customer_and_a_product(door, draft, licenser):
    without_customer = EntitlementFactory(customer=None, products=[{}])
    without_product = EntitlementFactory()
    refuses(like("has no customer yet"), lambda: door(licenser).verb("complete", [without_customer]))
    refuses(like("has no product yet"), lambda: door(licenser).verb("complete", [without_product]))


@going
def test_completing_needs_license_windows(door, draft, acme, licenser):
    """The customer's time zone became one that does not have the day."""
    Entitlement.objects.update(start_date="2011-12-30")
    words = like("30 December 2011 did not exist in Pacific/Apia|not possible in Pacific/Apia")
    refuses(words, lambda: door(licenser).verb("complete", [draft]))


@going
def test_completing_stores_the_windows(door, draft, suite, licenser):
    door(licenser).verb("complete", [draft])
    suite.refresh_from_db()
    assert suite.time_zone == "Pacific/Apia"
    assert suite.valid_from.isoformat() == "2025-12-31T11:00:00+00:00"
    assert (suite.valid_until, suite.span) == (None, None)


@through(Ticked, AdminBulk)
@pytest.mark.parametrize("name", MAY_GO)
def test_of_many_those_that_may_not_are_left_out_and_named(door, name, draft, licenser):
    allowed_from, result, code = MAY_GO[name]
    others = [
        EntitlementFactory(state=state, products=[{}])
        for state in Entitlement.State.values
        if state not in allowed_from
    ]
    Entitlement.objects.filter(pk=draft.pk).update(state=min(allowed_from))
    states = dict(Entitlement.objects.exclude(pk=draft.pk).values_list("pk", "state"))
    visitor = door(licenser)
    visitor.verb(name, [draft, *others])
    for other in others:
        assert other.eid in visitor.shown
        assert other.why_not(name).casefold() in visitor.shown.casefold()
    assert Entitlement.objects.get(pk=draft.pk).get_state_display() == result
    assert dict(Entitlement.objects.exclude(pk=draft.pk).values_list("pk", "state")) == states
    assert Entry.objects.filter(code=code).count() == 1


@through(AdminBulk, Action)
def test_no_delete_of_any_if_one_is_in_the_way(door, draft, licenser):
    final = EntitlementFactory(state="closed")
    refuses(like("cannot be deleted"), lambda: door(licenser).verb("delete", [draft, final]))


def touch():
    """Somebody does something to all of them."""
    for entitlement in Entitlement.objects.all():
        Entitlement.objects.filter(pk=entitlement.pk).update(version=entitlement.version + 1)


@through(Page, Ticked, AdminBulk)
@pytest.mark.parametrize("name", MAY_GO)
def test_what_was_shown_is_done_or_nothing(door, name, draft, licenser):
    Entitlement.objects.update(state=min(MAY_GO[name][0]))
    words = door(licenser).verb(name, [draft], touch)
    assert like("changed since").search(words), words
    assert not Entry.objects.exists()
    draft.refresh_from_db()
    assert draft.state in MAY_GO[name][0]


@deleting
def test_what_was_completed_meanwhile_is_not_deleted(door, draft, licenser):
    def meanwhile():
        actions.complete(Entitlement.objects.all(), by=None)

    words = door(licenser).verb("delete", [draft], meanwhile)
    assert like("cannot be deleted").search(words), words
    assert Entitlement.objects.get().is_complete()
    assert not Entry.objects.filter(code="entitlement.deleted").exists()


@through(Page, Ticked, AdminBulk)
@pytest.mark.parametrize(("reason", "words"), [("x" * 501, "at most 500"), ("a\x07", "cannot be used")])
def test_a_reason_that_cannot_be_kept(door, reason, words, draft, licenser):
    refuses(like(words), lambda: door(licenser).verb("complete", [draft], comment=reason))


# Copies


@copying
@pytest.mark.parametrize("state", Entitlement.State.values)
def test_a_copy_is_a_draft_of_nobody(door, state, draft, anna, licenser):
    Entitlement.objects.update(state=state, contact=anna)
    door(licenser).copy(draft)
    copied = Entitlement.objects.exclude(pk=draft.pk).get()
    assert (copied.state, copied.customer, copied.contact) == ("draft", None, None)
    assert (copied.ref_id1, copied.external_id) == ("R-1", "")
    assert copied.eid != draft.eid
    assert lines(copied) == lines(draft)
    written = entries(door, licenser)
    assert written.pop(("entitlement.added", copied.pk))["copied_from"] == ["", draft.eid]
    assert written == {}


# Two people


@editing
def test_a_stale_version_conflicts(door, draft, suite, licenser):
    colleague = UserFactory(username="colleague")

    def meanwhile():
        theirs = Entitlement.objects.get(pk=draft.pk)
        keys = [*theirs.product_keys.all(), ProductKey(product="Theirs")]
        actions.save(theirs, by=colleague, product_keys=keys)

    mine = {"id": suite.pk, "product": "Suite", "product_version": "2.0", "quantity": "9"}
    words = door(licenser).edit(draft, ref_id1="mine", products=[mine], meanwhile=meanwhile)
    assert like("meanwhile").search(words), words
    draft.refresh_from_db()
    assert (draft.ref_id1, draft.version) == ("R-1", 2)
    assert lines(draft) == ["Suite 2.0: 5", "Theirs: 1"]
    assert Entry.objects.get().actor_key == colleague.pk


@editing
def test_a_draft_deleted_meanwhile_is_not_brought_back(door, draft, licenser):
    def meanwhile():
        actions.delete(Entitlement.objects.all(), by=licenser)

    words = door(licenser).edit(draft, ref_id1="mine", meanwhile=meanwhile)
    assert like("deleted").search(words), words
    assert not Entitlement.objects.exists()
    assert {entry.code for entry in Entry.objects.all()} == {"entitlement.deleted", "customer.changed"}


@editing
def test_a_customer_deleted_meanwhile_is_told(door, draft, licenser):
    """It could be chosen when the form was opened."""
    other = CustomerFactory()
    Customer.objects.filter(pk=other.pk).delete()
    words = like("deleted meanwhile|valid choice|does not exist")
    refuses(words, lambda: door(licenser).edit(draft, customer=other.pk))


@editing
def test_a_contact_who_left_meanwhile_is_refused(door, draft, anna, licenser):
    def meanwhile():
        Association.objects.all().delete()

    words = door(licenser).edit(draft, contact=anna.pk, meanwhile=meanwhile)
    assert like("choose a contact of this customer").search(words), words
    assert Entitlement.objects.get().contact is None
    assert not Entry.objects.exists()


# Rights: the action leaves them to the doors

VIEW = ("entitlements.view_entitlement", "customers.view_customer", "contacts.view_contact")
refused = like("^403|^405|select entitlement to view")


def somebody_with(*rights):
    user = UserFactory()
    user.user_permissions.set(allowed(*rights))
    return user


@pytest.fixture(params=["nothing", "only viewing", "customer management", "a contact", "another verb"])
def outsider(request, db, manager, contact_user):
    if request.param == "customer management":
        return manager
    if request.param == "a contact":
        contact_user.user_permissions.set(allowed(*VIEW, "entitlements.change_entitlement"))
        return contact_user
    if request.param == "another verb":
        # Whoever may not view entitlements changes none, either.
        return somebody_with("customers.view_customer", "entitlements.change_entitlement")
    return somebody_with(*(VIEW if request.param == "only viewing" else ()))


@through(Page, AdminForm)
def test_adding_needs_the_permission(door, acme, outsider):
    product = {"product": "Suite"}
    refuses(refused, lambda: door(outsider).add(customer=acme.pk, products=[product]))


@through(Page, AdminForm)
def test_editing_needs_the_permission(door, draft, outsider):
    refuses(refused, lambda: door(outsider).edit(draft, ref_id1="mine"))


@through(Page, Ticked, AdminBulk)
@pytest.mark.parametrize("name", MAY_GO)
def test_verbs_need_the_permission(door, name, draft, outsider):
    Entitlement.objects.update(state=min(MAY_GO[name][0]))
    refuses(refused, lambda: door(outsider).verb(name, [draft]))


@through(Page, Ticked, AdminForm, AdminBulk)
def test_deleting_needs_the_permission(door, draft, outsider):
    refuses(refused, lambda: door(outsider).verb("delete", [draft]))


@through(Page, AdminBulk)
def test_copying_needs_the_permission(door, draft, outsider):
    refuses(refused, lambda: door(outsider).copy(draft))


NEEDED = {
    "add": ("entitlements.add_entitlement", "customers.view_customer"),
    "edit": ("entitlements.change_entitlement", *VIEW[:2]),
    "complete": ("entitlements.change_entitlement", VIEW[0]),
    "delete": ("entitlements.delete_entitlement", VIEW[0]),
    "copy": ("entitlements.add_entitlement", VIEW[0]),
}


def attempt_of(door, act, user, draft):
    if act == "add":
        return door(user).add(ref_id1="done")
    if act == "edit":
        return door(user).edit(draft, ref_id1="done")
    return door(user).copy(draft) if act == "copy" else door(user).verb(act, [draft])


ENTRANCES = [
    *((Page, act) for act in NEEDED),
    *((Ticked, act) for act in ("complete", "delete")),
    *((AdminForm, act) for act in ("add", "edit", "delete")),
    *((AdminBulk, act) for act in ("complete", "delete", "copy")),
]


@pytest.mark.parametrize(("door", "act"), ENTRANCES, ids=lambda value: getattr(value, "__name__", value))
def test_these_rights_suffice_and_each_is_needed(door, act, draft):
    for missing in NEEDED[act]:
        user = somebody_with(*(right for right in NEEDED[act] if right != missing))
        refuses(refused, lambda user=user: attempt_of(door, act, user, draft))
    before = everything()
    attempt_of(door, act, somebody_with(*NEEDED[act]), draft)
    assert everything() != before
