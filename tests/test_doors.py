"""One truth through every door: each rule of customers holds on the pages, in bulk, in Django admin
and for a plain call of the action, and a refusal leaves no trace."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from contacts.models import Contact
from customers import actions
from customers.models import Association, Customer
from ems_site.audit.models import Entry
from entitlements.models import Entitlement
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served, everything, said

pytestmark = pytest.mark.django_db

ADMIN = "/admin/customers/customer/"
NEW = {"name": "Typed Ltd", "customer_id": "TYPED-1"}
UNSERVED = {
    "name": "",
    "customer_id": "",
    "crm_id": "",
    "description": "",
    "external_id": "",
    "ref_id": "",
    "time_zone": "UTC",
    "version": "1",
    "contacts-TOTAL_FORMS": "0",
    "contacts-INITIAL_FORMS": "0",
    "associations-TOTAL_FORMS": "0",
    "associations-INITIAL_FORMS": "0",
}


# The doors: each method says what the person is told


class Page:
    ASKED = "plan"

    def __init__(self, user):
        self.client = Client()
        self.client.force_login(user)

    def _open(self, address):
        if address.endswith("/add/"):
            return UNSERVED
        form = Served(self.client.get(address)).form("time_zone")
        return form.data if form else UNSERVED

    def add(self, **values):
        return self._send("/customers/add/", NEW | values, None, False)

    def edit(self, customer, *, meanwhile=None, confirmed=False, **values):
        return self._send(f"/customers/{customer.pk}/edit/", values, meanwhile, confirmed)

    def _send(self, address, values, meanwhile, confirmed):
        data = self._open(address) | values | {"save": ""}
        if meanwhile:
            meanwhile()
        answer = self.client.post(address, data, follow=True)
        if confirmed:
            form = Served(answer).form("confirmation")
            answer = self.client.post(address, form.data | {"save": "1"}, follow=True)
        return said(answer)

    def verb(self, name, customers, meanwhile=None, comment=""):
        address = f"/customers/{customers[0].pk}/{name}/"
        answer = self.client.get(address)
        return self._confirm(address, answer, meanwhile, comment) or said(self.client.post(address))

    def _confirm(self, address, answer, meanwhile, comment):
        """What is told once the page in between is posted, if it asks for that."""
        self.shown = said(answer)
        form = Served(answer).form(self.ASKED)
        if meanwhile:
            meanwhile()
        if form is None:
            return ""
        return said(self.client.post(address, form.data | {"comment": comment}, follow=True))


class Ticked(Page):
    def verb(self, name, customers, meanwhile=None, comment=""):
        address = f"/customers/ticked/{name}/"
        answer = self.client.post(address, {"pk": [row.pk for row in customers]}, follow=True)
        return self._confirm(address, answer, meanwhile, comment) or said(answer)


class AdminForm(Page):
    def add(self, **values):
        return self._send(f"{ADMIN}add/", NEW | values, None, False)

    def edit(self, customer, *, meanwhile=None, confirmed=False, **values):
        return self._send(f"{ADMIN}{customer.pk}/change/", values, meanwhile, confirmed)

    def _send(self, address, values, meanwhile, confirmed):
        data = self._open(address) | values | {"_save": "Save"}
        if meanwhile:
            meanwhile()
        answer = self.client.post(address, data, follow=True)
        if confirmed:
            form = Served(answer).form("time_zone")
            token = dict(form.buttons)["confirmation"]
            answer = self.client.post(address, form.data | {"confirmation": token}, follow=True)
        return said(answer)

    def verb(self, name, customers, meanwhile=None):
        address = f"{ADMIN}{customers[0].pk}/{name}/"
        self.client.get(address)
        if meanwhile:
            meanwhile()
        return said(self.client.post(address, {"post": "yes"}, follow=True))


class AdminBulk(Page):
    ASKED = "_selected_action"

    def verb(self, name, customers, meanwhile=None, comment=""):
        data = {"action": f"{name}_selected", "_selected_action": [row.pk for row in customers]}
        answer = self.client.post(ADMIN, data, follow=True)
        return self._confirm(ADMIN, answer, meanwhile, comment) or said(answer)


class Action:
    def __init__(self, user):
        self.user = user

    def add(self, **values):
        return self._save(Customer(), NEW | values, False)

    def edit(self, customer, *, meanwhile=None, confirmed=False, **values):
        mine = Customer.objects.get(pk=customer.pk)
        if meanwhile:
            meanwhile()
        return self._save(mine, values, confirmed)

    def _save(self, customer, values, confirmed):
        for name, value in values.items():
            setattr(customer, name, value)
        try:
            try:
                actions.save(customer, by=self.user)
            except actions.ConfirmationRequired as refusal:
                if not confirmed:
                    raise
                actions.save(customer, by=self.user, confirmed=refusal.confirmation)
        except ValidationError as refusal:
            return " ".join(refusal.messages)
        return "done"

    def verb(self, name, customers, meanwhile=None, comment=""):
        if meanwhile:
            meanwhile()
        chosen = Customer.objects.filter(pk__in=[customer.pk for customer in customers])
        try:
            getattr(actions, name)(chosen, by=self.user, comment=comment)
        except ValidationError as refusal:
            return " ".join(refusal.messages)
        return "done"


def through(*doors):
    return pytest.mark.parametrize("door", doors, ids=lambda door: door.__name__)


def address_of(door):
    return "" if door is Action else "127.0.0.1"


editing = through(Page, AdminForm, Action)
deleting = through(Page, Ticked, AdminForm, AdminBulk, Action)
switching = through(Page, Ticked, AdminBulk, Action)


def refuses(pattern, attempt):
    """The attempt is refused with words like these, and nothing at all has changed."""
    before = everything()
    words = attempt()
    assert pattern.search(words), words
    assert everything() == before


def like(text):
    return re.compile(text, re.IGNORECASE)


# Attributes

BAD = [
    ({"customer_id": "acme-1"}, "another customer has this customer id"),
    ({"customer_id": "ＡＣＭＥ-1"}, "another customer has this customer id"),
    ({"external_id": "ext strasse"}, "another customer has this external id"),
    ({"name": ""}, "required|cannot be blank"),
    ({"name": " \t "}, "required|cannot be blank"),
    ({"name": "..!?"}, "at least one letter or digit"),
    ({"name": "A\tB"}, "cannot be used"),
    ({"external_id": "///"}, "at least one letter or digit"),
    ({"time_zone": "Factory"}, "choose a time zone"),
    ({"time_zone": "Europe/Atlantis"}, "choose a time zone"),
    ({"name": "n" * 256}, "at most 255 characters"),
    ({"customer_id": "n" * 101}, "at most 100 characters"),
]


@pytest.fixture
def acme():
    return CustomerFactory(name="Acme", customer_id="ACME-1", external_id="EXT Straße")


@pytest.fixture
def other():
    return CustomerFactory(name="Other", customer_id="OTHER-1", people=[ContactFactory()])


@editing
@pytest.mark.parametrize(("values", "words"), BAD, ids=lambda value: str(value)[:30])
def test_adding_is_refused(door, values, words, acme, manager):
    refuses(like(words), lambda: door(manager).add(**values))


@editing
@pytest.mark.parametrize(("values", "words"), BAD[1:5], ids=lambda value: str(value)[:30])
def test_editing_is_refused(door, values, words, acme, other, manager):
    refuses(like(words), lambda: door(manager).edit(other, **values))


@editing
def test_a_customer_may_keep_what_is_its_own(door, acme, manager):
    door(manager).edit(acme, customer_id="acme-1", external_id="ext strasse")
    acme.refresh_from_db()
    assert (acme.customer_id, acme.external_id) == ("acme-1", "ext strasse")


@editing
def test_empty_external_ids_and_equal_names_repeat(door, acme, other, manager):
    door(manager).add(name="Acme", external_id="")
    assert Customer.objects.filter(name="Acme").count() == 2


@editing
def test_a_customer_id_is_made_up_when_adding(door, manager):
    door(manager).add(customer_id="")
    assert Customer.objects.get().customer_id


@editing
def test_a_customer_id_is_not_taken_away(door, acme, manager):
    refuses(like("ACME-1|required|cannot be blank"), lambda: door(manager).edit(acme, customer_id=" "))


# Changes that succeed stand in the history once


def only_entry(door, actor, code):
    entry = Entry.objects.get()
    assert (entry.code, entry.actor_key, entry.actor_name) == (code, actor.pk, actor.username)
    assert entry.client_address == address_of(door)
    return entry


@editing
def test_added(door, manager):
    door(manager).add(name="New Ltd", description="One\nTwo")
    customer = Customer.objects.get()
    entry = only_entry(door, manager, "customer.added")
    assert entry.changes["name"] == ["", "New Ltd"]
    assert (entry.subject_key, entry.version) == (customer.pk, 1)
    assert customer.description == "One\nTwo"


@editing
def test_changed(door, acme, manager):
    door(manager).edit(acme, crm_id="CRM 7")
    entry = only_entry(door, manager, "customer.changed")
    assert entry.changes == {"crm_id": ["", "CRM 7"]}
    assert entry.version == 2


@editing
def test_saving_what_is_so_already_writes_nothing(door, other, manager):
    before = everything()
    door(manager).edit(other)
    assert everything() == before


@deleting
def test_deleted(door, other, manager):
    door(manager).verb("delete", [other])
    assert not Customer.objects.exists()
    assert not Association.objects.exists()
    assert Contact.objects.count() == 1
    entry = Entry.objects.get(code="customer.deleted")
    assert (entry.actor_key, entry.client_address) == (manager.pk, address_of(door))
    assert entry.changes["name"] == ["Other", ""]
    assert [entry.code for entry in Entry.objects.order_by("pk")] == ["contact.changed", "customer.deleted"]


@switching
@pytest.mark.parametrize(
    ("name", "old", "new"), [("disable", "enabled", "disabled"), ("enable", "disabled", "enabled")]
)
def test_switched(door, name, old, new, acme, manager):
    Customer.objects.update(status=old)
    door(manager).verb(name, [acme])
    assert Customer.objects.get().status == new
    entry = only_entry(door, manager, f"customer.{new}")
    assert entry.changes == {"status": [old.capitalize(), new.capitalize()]}


@switching
@pytest.mark.parametrize(("name", "status"), [("disable", "disabled"), ("enable", "enabled")])
def test_switching_skips_what_is_so_already(door, name, status, acme, other, manager):
    Customer.objects.filter(pk=acme.pk).update(status=status)
    before = everything()
    door(manager).verb(name, [acme])
    assert everything() == before


@through(Ticked, AdminBulk, Action)
def test_switching_many_skips_those_that_are_so_already(door, acme, other, manager):
    Customer.objects.filter(pk=acme.pk).update(status="disabled")
    door(manager).verb("disable", [acme, other])
    assert [entry.subject_key for entry in Entry.objects.all()] == [other.pk]
    assert set(Customer.objects.values_list("status", "version")) == {("disabled", 1), ("disabled", 2)}


@switching
def test_disabling_shows_whom_it_hits_and_keeps_the_reason(door, acme, other, manager, signed_in):
    anna, bert = ContactFactory(email="anna@example.com"), ContactFactory()
    Association.objects.create(customer=acme, contact=anna)
    for customer in (acme, other):
        Association.objects.create(customer=customer, contact=bert)
    signed_in(UserFactory(username=anna.email, is_staff=False, contact=anna))
    before, between = everything(), []
    visitor = door(manager)
    visitor.verb("disable", [acme], lambda: between.append(everything()), comment="Unpaid\r\nsince May")
    assert between == [before]
    if door is not Action:
        assert "2 contacts are concerned. 1 cannot log on; it is signed in now" in visitor.shown
        assert "1 keeps other enabled customers" in visitor.shown
    entry = only_entry(door, manager, "customer.disabled")
    assert (entry.subject_key, entry.comment.splitlines()) == (acme.pk, ["Unpaid", "since May"])


@through(Page, Ticked, AdminBulk)
def test_disabling_does_what_was_shown_or_nothing(door, acme, manager):
    def meanwhile():
        theirs = Customer.objects.get()
        theirs.crm_id = "theirs"
        actions.save(theirs, by=None)

    words = door(manager).verb("disable", [acme], meanwhile)
    assert like("changed since").search(words), words
    assert Customer.objects.get().is_enabled()
    assert Entry.objects.get().code == "customer.changed"


@through(Page, Ticked, AdminBulk)
@pytest.mark.parametrize(("reason", "words"), [("x" * 501, "at most 500"), ("a\x07", "cannot be used")])
def test_a_reason_that_cannot_be_kept(door, reason, words, acme, manager):
    refuses(like(words), lambda: door(manager).verb("disable", [acme], comment=reason))


# Entitlements in the way

cannot_be_deleted = like("cannot be deleted|can be deleted|cannot delete|protected related")


@deleting
@pytest.mark.parametrize("state", Entitlement.State.values)
def test_no_delete_with_an_entitlement(door, state, other, manager):
    EntitlementFactory(customer=other, state=state)
    refuses(cannot_be_deleted, lambda: door(manager).verb("delete", [other]))


@deleting
def test_no_delete_with_an_entitlement_drafted_meanwhile(door, other, manager):
    def meanwhile():
        EntitlementFactory(customer=other)

    words = door(manager).verb("delete", [other], meanwhile)
    assert cannot_be_deleted.search(words), words
    assert Customer.objects.filter(pk=other.pk, associations__isnull=False).exists()
    assert not Entry.objects.exists()


@through(AdminBulk, Action)
def test_no_delete_of_any_if_one_is_in_the_way(door, acme, other, manager):
    EntitlementFactory(customer=other)
    refuses(cannot_be_deleted, lambda: door(manager).verb("delete", [acme, other]))


@editing
@pytest.mark.parametrize("state", ["complete", "disabled", "closed"])
def test_no_edit_without_the_confirmation(door, state, other, manager):
    EntitlementFactory(customer=other, state=state)
    refuses(like("1 completed entitlement"), lambda: door(manager).edit(other, name="Renamed"))


@editing
def test_edit_with_the_confirmation(door, other, manager):
    EntitlementFactory(customer=other, state="complete")
    door(manager).edit(other, name="Renamed", confirmed=True)
    assert Customer.objects.get(pk=other.pk).name == "Renamed"
    assert only_entry(door, manager, "customer.changed").changes == {"name": ["Other", "Renamed"]}
    assert other.associations.count() == 1


@editing
@pytest.mark.parametrize("token", ["", "yes", "1", "x:y:z"])
def test_edit_with_an_invented_confirmation(door, token, other, manager):
    EntitlementFactory(customer=other, state="complete")
    if door is Action:
        other.name = "Renamed"
        with pytest.raises(actions.ConfirmationRequired):
            actions.save(other, by=manager, confirmed=token)
        return
    attempt = lambda: door(manager).edit(other, name="Renamed", confirmation=token)  # noqa: E731
    refuses(like("1 completed entitlement"), attempt)


@editing
def test_a_draft_asks_for_nothing(door, other, manager):
    EntitlementFactory(customer=other, state="draft")
    door(manager).edit(other, name="Renamed")
    assert Customer.objects.get(pk=other.pk).name == "Renamed"


# Two people


@editing
def test_a_stale_version_conflicts(door, other, manager):
    colleague = UserFactory(username="colleague")

    def meanwhile():
        theirs = Customer.objects.get(pk=other.pk)
        theirs.crm_id = "theirs"
        actions.save(theirs, by=colleague)

    words = door(manager).edit(other, name="Mine", meanwhile=meanwhile)
    assert like("meanwhile").search(words), words
    other.refresh_from_db()
    assert (other.name, other.crm_id, other.version) == ("Other", "theirs", 2)
    assert Entry.objects.get().actor_key == colleague.pk


@editing
def test_a_customer_deleted_meanwhile_is_not_brought_back(door, acme, manager):
    def meanwhile():
        actions.delete(Customer.objects.filter(pk=acme.pk), by=manager)

    words = door(manager).edit(acme, name="Mine", meanwhile=meanwhile)
    assert like("deleted").search(words), words
    assert not Customer.objects.exists()
    assert Entry.objects.get().code == "customer.deleted"


# Rights: the action leaves them to the doors

LACKING = {
    "nothing": [],
    "only viewing": ["customers.view_customer", "contacts.view_contact", "entitlements.view_entitlement"],
}
refused = like("^403|^405|select customer to view")


@pytest.fixture(params=LACKING)
def outsider(request, db):
    user = UserFactory()
    user.user_permissions.set(allowed(*LACKING[request.param]))
    return user


@through(Page, AdminForm)
def test_adding_needs_the_permission(door, outsider):
    refuses(refused, lambda: door(outsider).add())


@through(Page, AdminForm)
def test_editing_needs_the_permission(door, acme, outsider):
    refuses(refused, lambda: door(outsider).edit(acme, name="Mine"))


@through(Page, Ticked, AdminForm, AdminBulk)
def test_deleting_needs_the_permission(door, acme, outsider):
    refuses(refused, lambda: door(outsider).verb("delete", [acme]))


@through(Page, Ticked, AdminBulk)
@pytest.mark.parametrize("name", ["enable", "disable"])
def test_switching_needs_the_permission(door, name, acme, outsider):
    refuses(refused, lambda: door(outsider).verb(name, [acme]))


VERBS = ["add", "change", "delete"]


@through(Page, AdminForm)
@pytest.mark.parametrize("verb", VERBS)
def test_the_permission_of_one_verb_is_not_that_of_another(door, verb, acme):
    user = UserFactory()
    user.user_permissions.set(allowed("customers.view_customer", f"customers.{verb}_customer"))
    tries = {
        "add": lambda: door(user).add(),
        "change": lambda: door(user).edit(acme, name="Mine"),
        "delete": lambda: door(user).verb("delete", [acme]),
    }
    for name, attempt in tries.items():
        if name != verb:
            refuses(refused, attempt)
    tries[verb]()
    assert Entry.objects.count() == 1
