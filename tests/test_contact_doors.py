"""One truth through every door: each rule of contacts holds on the pages, in bulk, in Django admin
and for a plain call of the action, and a refusal leaves no trace."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from contacts import actions
from contacts.models import Contact, Invitation
from customers.models import Association
from ems_site.accounts.models import User
from ems_site.audit.models import Entry
from entitlements.models import Entitlement
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served, everything, said

pytestmark = pytest.mark.django_db

ADMIN = "/admin/contacts/contact/"
NEW = {"email": "typed@example.com", "language": "en"}
UNSERVED = NEW | {"name": "", "ref_id1": "", "ref_id2": "", "phone": "", "version": "1"}


# The doors: each method says what the person is told


class Page:
    HOME, SAVE = "/contacts/", "save"
    EDIT = "edit"
    ASKED = "plan"

    def __init__(self, user):
        self.client = Client()
        self.client.force_login(user)

    def add(self, **values):
        return self._send(f"{self.HOME}add/", NEW | values, None)

    def edit(self, contact, *, meanwhile=None, **values):
        return self._send(f"{self.HOME}{contact.pk}/{self.EDIT}/", values, meanwhile)

    def _send(self, address, values, meanwhile):
        form = Served(self.client.get(address)).form("email")
        if meanwhile:
            meanwhile()
        data = (form.data if form else UNSERVED) | values | {self.SAVE: "1"}
        return said(self.client.post(address, data, follow=True))

    def verb(self, name, contacts, meanwhile=None, comment=""):
        address = f"/contacts/{contacts[0].pk}/{name}/"
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
    def verb(self, name, contacts, meanwhile=None, comment=""):
        address = f"/contacts/ticked/{name}/"
        answer = self.client.post(address, {"pk": [row.pk for row in contacts]}, follow=True)
        return self._confirm(address, answer, meanwhile, comment) or said(answer)


class AdminForm(Page):
    HOME, SAVE, EDIT = ADMIN, "_save", "change"

    def verb(self, name, contacts, meanwhile=None):
        address = f"{ADMIN}{contacts[0].pk}/{name}/"
        self.client.get(address)
        if meanwhile:
            meanwhile()
        return said(self.client.post(address, {"post": "yes"}, follow=True))


class AdminBulk(Page):
    ASKED = "_selected_action"

    def verb(self, name, contacts, meanwhile=None, comment=""):
        data = {"action": f"{name}_selected", "_selected_action": [row.pk for row in contacts]}
        answer = self.client.post(ADMIN, data, follow=True)
        return self._confirm(ADMIN, answer, meanwhile, comment) or said(answer)


class CustomerPage(Page):
    """A contact is added together with a customer."""

    def add(self, **values):
        posted = {f"contacts-0-{name}": value for name, value in (NEW | values).items()}
        count = {"contacts-TOTAL_FORMS": "1", "contacts-INITIAL_FORMS": "0", "contacts-0-kind": "standard"}
        customer = {"name": "Typed Ltd", "time_zone": "UTC", "save": ""}
        return said(self.client.post("/customers/add/", posted | count | customer, follow=True))


class Action:
    def __init__(self, user):
        self.user = user

    def add(self, **values):
        return self._save(Contact(), NEW | values)

    def edit(self, contact, *, meanwhile=None, **values):
        mine = Contact.objects.get(pk=contact.pk)
        if meanwhile:
            meanwhile()
        return self._save(mine, values)

    def _save(self, contact, values):
        for name, value in values.items():
            setattr(contact, name, value)
        return self._try(lambda: actions.save(contact, by=self.user))

    def verb(self, name, contacts, meanwhile=None, comment=""):
        if meanwhile:
            meanwhile()
        chosen = Contact.objects.filter(pk__in=[contact.pk for contact in contacts])
        return self._try(lambda: getattr(actions, name)(chosen, by=self.user, comment=comment))

    def _try(self, act):
        try:
            act()
        except ValidationError as refusal:
            return " ".join(refusal.messages)
        return "done"


def through(*doors):
    return pytest.mark.parametrize("door", doors, ids=lambda door: door.__name__)


adding = through(Page, AdminForm, CustomerPage, Action)
editing = through(Page, AdminForm, Action)
deleting = through(Page, Ticked, AdminForm, AdminBulk, Action)
switching = through(Page, Ticked, AdminBulk, Action)


def address_of(door):
    return "" if door is Action else "127.0.0.1"


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
    return ContactFactory(email="Anna@Example.com", name="Anna", ref_id1="R Straße")


@pytest.fixture
def bert():
    return ContactFactory(email="bert@example.com", name="Bert")


@pytest.fixture
def user_of_bert(bert):
    return UserFactory(username=bert.email, is_staff=False, contact=bert, password="argon2$x")


# Attributes

BAD = [
    ({"email": "anna@example.com"}, "another contact has this email"),
    ({"email": "ＡＮＮＡ@EXAMPLE.com"}, "another contact has this email"),
    ({"ref_id1": "r strasse"}, "another contact has this ref id 1"),
    ({"email": "clerk@example.com"}, "cannot be used for a contact"),
    ({"email": ""}, "required|cannot be blank"),
    ({"email": "a@b"}, "valid e-?mail"),
    ({"email": "a" * 243 + "@example.com"}, "at most 254|valid e-?mail"),
    ({"name": "A\tB"}, "cannot be used"),
    ({"phone": "1" * 101}, "at most 100 characters"),
    ({"language": "xx"}, "valid choice"),
]


@pytest.fixture
def staff(db):
    return UserFactory(username="clerk@example.com")


@adding
@pytest.mark.parametrize(("values", "words"), BAD, ids=lambda value: str(value)[:30])
def test_adding_is_refused(door, values, words, anna, staff, manager):
    refuses(like(words), lambda: door(manager).add(**values))


@editing
@pytest.mark.parametrize(("values", "words"), BAD, ids=lambda value: str(value)[:30])
def test_editing_is_refused(door, values, words, anna, bert, staff, manager):
    refuses(like(words), lambda: door(manager).edit(bert, **values))


@editing
def test_a_contact_may_keep_what_is_its_own(door, anna, manager):
    door(manager).edit(anna, email="ANNA@example.com", ref_id1="r strasse")
    anna.refresh_from_db()
    assert (anna.email, anna.ref_id1) == ("ANNA@example.com", "r strasse")


@adding
def test_empty_ref_ids_and_equal_names_repeat(door, anna, bert, manager):
    door(manager).add(name="Anna", ref_id1="")
    assert Contact.objects.filter(name="Anna").count() == 2


@adding
def test_added(door, manager):
    door(manager).add(name="New")
    contact, entry = Contact.objects.get(), Entry.objects.get(code="contact.added")
    assert (entry.subject_key, entry.actor_key) == (contact.pk, manager.pk)
    assert entry.client_address == address_of(door)
    assert entry.changes["email"] == ["", "typed@example.com"]


@editing
def test_changed(door, anna, manager):
    door(manager).edit(anna, phone="7")
    entry = Entry.objects.get()
    assert (entry.code, entry.version, entry.actor_key) == ("contact.changed", 2, manager.pk)
    assert (entry.changes, entry.client_address) == ({"phone": ["", "7"]}, address_of(door))


@editing
def test_another_email_keeps_the_password_and_signs_out(door, bert, user_of_bert, manager, signed_in):
    theirs = signed_in(user_of_bert)
    Invitation.objects.create(contact=bert, email=bert.email, digest="x")
    door(manager).edit(bert, email="moved@example.com")
    user = User.objects.get(contact=bert)
    assert (user.username, user.email, user.password) == (
        *("moved@example.com", "moved@example.com", user_of_bert.password),
    )
    assert theirs.get("/portal/").status_code == 302
    assert not Invitation.objects.open().exists()


@editing
def test_saving_what_is_so_already_writes_nothing(door, anna, manager):
    before = everything()
    door(manager).edit(anna)
    assert everything() == before


# Delete


@deleting
def test_deleted(door, bert, user_of_bert, manager, signed_in):
    customer = CustomerFactory(people=[bert])
    theirs = signed_in(user_of_bert)
    door(manager).verb("delete", [bert])
    assert not Contact.objects.exists()
    assert not Association.objects.exists()
    assert not User.objects.filter(pk=user_of_bert.pk).exists()
    assert theirs.get("/portal/").status_code == 302
    entry = Entry.objects.get(code="contact.deleted")
    assert (entry.actor_key, entry.client_address) == (manager.pk, address_of(door))
    assert entry.changes["email"] == ["bert@example.com", ""]
    assert Entry.objects.of(customer).get().code == "customer.changed"


cannot_be_deleted = like("cannot be deleted|can be deleted|cannot delete|protected related")


@deleting
@pytest.mark.parametrize("state", Entitlement.State.values)
def test_no_delete_with_an_entitlement(door, state, bert, manager):
    EntitlementFactory(contact=bert, state=state)
    refuses(cannot_be_deleted, lambda: door(manager).verb("delete", [bert]))


@deleting
def test_no_delete_with_an_entitlement_drafted_meanwhile(door, bert, manager):
    def meanwhile():
        EntitlementFactory(contact=bert)

    words = door(manager).verb("delete", [bert], meanwhile)
    assert cannot_be_deleted.search(words), words
    assert Contact.objects.filter(pk=bert.pk).exists()
    assert not Entry.objects.exists()


@through(AdminBulk, Action)
def test_no_delete_of_any_if_one_is_in_the_way(door, anna, bert, manager):
    EntitlementFactory(contact=bert)
    refuses(cannot_be_deleted, lambda: door(manager).verb("delete", [anna, bert]))


# Disable and Enable


@switching
@pytest.mark.parametrize(
    ("name", "old", "new"), [("disable", "enabled", "disabled"), ("enable", "disabled", "enabled")]
)
def test_switched(door, name, old, new, anna, manager):
    Contact.objects.update(status=old)
    door(manager).verb(name, [anna])
    assert Contact.objects.get().status == new
    entry = Entry.objects.get()
    assert (entry.code, entry.actor_key) == (f"contact.{new}", manager.pk)
    assert entry.changes == {"status": [old.capitalize(), new.capitalize()]}
    assert entry.client_address == address_of(door)


@switching
@pytest.mark.parametrize(("name", "status"), [("disable", "disabled"), ("enable", "enabled")])
def test_switching_skips_what_is_so_already(door, name, status, anna, bert, manager):
    Contact.objects.filter(pk=anna.pk).update(status=status)
    before = everything()
    door(manager).verb(name, [anna])
    assert everything() == before


@through(Ticked, AdminBulk, Action)
def test_switching_many_skips_those_that_are_so_already(door, anna, bert, manager):
    Contact.objects.filter(pk=anna.pk).update(status="disabled")
    door(manager).verb("disable", [anna, bert])
    assert [entry.subject_key for entry in Entry.objects.all()] == [bert.pk]
    assert set(Contact.objects.values_list("status", "version")) == {("disabled", 1), ("disabled", 2)}


@switching
def test_disabling_shows_whom_it_hits_and_keeps_the_reason(
    door, anna, bert, user_of_bert, manager, signed_in
):
    signed_in(user_of_bert)
    before, between = everything(), []
    visitor = door(manager)
    visitor.verb("disable", [bert], lambda: between.append(everything()), comment="Left\r\nin May")
    assert between == [before]
    if door is not Action:
        assert "1 contact cannot log on; it is signed in now" in visitor.shown
    entry = Entry.objects.get()
    assert (entry.code, entry.subject_key, entry.actor_key) == ("contact.disabled", bert.pk, manager.pk)
    assert entry.comment.splitlines() == ["Left", "in May"]


@through(Ticked, AdminBulk)
def test_disabling_many_counts_them(door, anna, bert, user_of_bert, manager, signed_in):
    signed_in(user_of_bert)
    visitor = door(manager)
    visitor.verb("disable", [anna, bert], comment="Unpaid")
    words = "2 contacts cannot log on; 1 of them is signed in now"
    assert words in visitor.shown
    assert list(Entry.objects.values_list("comment", flat=True)) == ["Unpaid"] * 2


@through(Page, Ticked, AdminBulk)
def test_disabling_does_what_was_shown_or_nothing(door, bert, manager):
    def meanwhile():
        theirs = Contact.objects.get()
        theirs.phone = "theirs"
        actions.save(theirs, by=None)

    words = door(manager).verb("disable", [bert], meanwhile)
    assert like("changed since").search(words), words
    assert Contact.objects.get().is_enabled()
    assert Entry.objects.get().code == "contact.changed"


@through(Page, Ticked, AdminBulk)
@pytest.mark.parametrize(("reason", "words"), [("x" * 501, "at most 500"), ("a\x07", "cannot be used")])
def test_a_reason_that_cannot_be_kept(door, reason, words, bert, manager):
    refuses(like(words), lambda: door(manager).verb("disable", [bert], comment=reason))


@switching
def test_disabling_ends_sessions_and_invitations_for_good(door, bert, user_of_bert, manager, signed_in):
    theirs = signed_in(user_of_bert)
    assert theirs.get("/portal/").status_code == 200
    Invitation.objects.create(contact=bert, email=bert.email, digest="x")
    door(manager).verb("disable", [bert])
    assert theirs.get("/portal/").status_code == 302
    door(manager).verb("enable", [bert])
    assert theirs.get("/portal/").status_code == 302
    assert not Invitation.objects.open().exists()
    assert signed_in(User.objects.get(pk=user_of_bert.pk)).get("/portal/").status_code == 200


# Two people


@editing
def test_a_stale_version_conflicts(door, bert, manager):
    colleague = UserFactory(username="colleague")

    def meanwhile():
        theirs = Contact.objects.get(pk=bert.pk)
        theirs.phone = "theirs"
        actions.save(theirs, by=colleague)

    words = door(manager).edit(bert, name="Mine", meanwhile=meanwhile)
    assert like("meanwhile").search(words), words
    bert.refresh_from_db()
    assert (bert.name, bert.phone, bert.version) == ("Bert", "theirs", 2)
    assert Entry.objects.get().actor_key == colleague.pk


@editing
def test_a_contact_deleted_meanwhile_is_not_brought_back(door, anna, manager):
    def meanwhile():
        actions.delete(Contact.objects.filter(pk=anna.pk), by=manager)

    words = door(manager).edit(anna, name="Mine", meanwhile=meanwhile)
    assert like("deleted").search(words), words
    assert not Contact.objects.exists()
    assert Entry.objects.get().code == "contact.deleted"


# Rights: the action leaves them to the doors

LACKING = {
    "nothing": [],
    "only viewing": ["customers.view_customer", "contacts.view_contact", "entitlements.view_entitlement"],
}
refused = like("^403|^405|select contact to view")


@pytest.fixture(params=LACKING)
def outsider(request, db):
    user = UserFactory()
    user.user_permissions.set(allowed(*LACKING[request.param]))
    return user


@through(Page, AdminForm, CustomerPage)
def test_adding_needs_the_permission(door, outsider):
    refuses(refused, lambda: door(outsider).add())


@through(Page, AdminForm)
def test_editing_needs_the_permission(door, anna, outsider):
    refuses(refused, lambda: door(outsider).edit(anna, name="Mine"))


@through(Page, Ticked, AdminForm, AdminBulk)
def test_deleting_needs_the_permission(door, anna, outsider):
    refuses(refused, lambda: door(outsider).verb("delete", [anna]))


@through(Page, Ticked, AdminBulk)
@pytest.mark.parametrize("name", ["enable", "disable"])
def test_switching_needs_the_permission(door, name, anna, outsider):
    refuses(refused, lambda: door(outsider).verb(name, [anna]))


VERBS = ["add", "change", "delete"]


@through(Page, AdminForm)
@pytest.mark.parametrize("verb", VERBS)
def test_the_permission_of_one_verb_is_not_that_of_another(door, verb, anna):
    user = UserFactory()
    user.user_permissions.set(allowed("contacts.view_contact", f"contacts.{verb}_contact"))
    tries = {
        "add": lambda: door(user).add(),
        "change": lambda: door(user).edit(anna, name="Mine"),
        "delete": lambda: door(user).verb("delete", [anna]),
    }
    for name, attempt in tries.items():
        if name != verb:
            refuses(refused, attempt)
    tries[verb]()
    assert Entry.objects.count() == 1
