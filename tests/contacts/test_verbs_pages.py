"""Delete, Disable and Enable on the pages: one contact, and those ticked in the list."""

import pytest

from contacts import actions
from contacts.models import Contact, Invitation
from ems_site.accounts.models import User
from ems_site.audit.models import Entry
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db

VERBS = ["delete", "disable", "enable"]
every = pytest.mark.parametrize("verb", VERBS)
both = pytest.mark.parametrize(
    ("verb", "before", "after"), [("disable", "enabled", "disabled"), ("enable", "disabled", "enabled")]
)


@pytest.fixture
def client(manager, signed_in):
    return signed_in(manager)


@pytest.fixture
def anna():
    return ContactFactory(name="Anna", email="anna@example.com")


@pytest.fixture
def user_of():
    def make(contact):
        return UserFactory(username=contact.email, is_staff=False, contact=contact, password="argon2$x")

    return make


def at(contact, verb):
    return f"/contacts/{contact.pk}/{verb}/"


def opened(client, contact, verb):
    answer = client.get(at(contact, verb))
    assert answer.status_code == 200
    return Served(answer)


def agree(client, page, **more):
    form = page.form("plan")
    return client.post(form.action, form.data | more)


def ask(client, verb, contacts, status=200):
    keys = [getattr(contact, "pk", contact) for contact in contacts]
    answer = client.post(f"/contacts/ticked/{verb}/", {"pk": keys})
    assert answer.status_code == status
    return Served(answer)


# One


@both
def test_done_with_a_reason(verb, before, after, anna, client, manager):
    Contact.objects.update(status=before)
    page = opened(client, anna, verb)
    assert f"{verb.capitalize()} Anna?" in page.text
    assert "anna@example.com" in page.text
    answer = agree(client, page, comment="Left\r\nthe company")
    assert (answer.status_code, answer.url) == (302, f"/contacts/{anna.pk}/")
    anna.refresh_from_db()
    assert (anna.status, anna.version) == (after, 2)
    entry = Entry.objects.get()
    assert (entry.code, entry.actor_key, entry.client_address) == (
        *(f"contact.{after}", manager.pk, "127.0.0.1"),
    )
    assert entry.comment == "Left\nthe company"
    said = Served(client.get(answer.url))
    assert f"Anna <anna@example.com> {after}." in said.text
    way_back = {"disable": "enable", "enable": "disable"}[verb]
    assert (f"{way_back.capitalize()} again", at(anna, way_back)) in said.links


def test_deleted(anna, client, manager, user_of):
    user_of(anna)
    CustomerFactory(people=[anna])
    answer = agree(client, opened(client, anna, "delete"), comment="Twice here")
    assert (answer.status_code, answer.url) == (302, "/contacts/")
    assert "Anna <anna@example.com> deleted." in Served(client.get(answer.url)).text
    assert not Contact.objects.exists()
    assert not User.objects.filter(is_staff=False).exists()
    entry = Entry.objects.get(code="contact.deleted")
    assert (entry.actor_key, entry.comment) == (manager.pk, "Twice here")


@both
def test_so_already(verb, before, after, anna, client):
    Contact.objects.update(status=after)
    page = opened(client, anna, verb)
    assert f"Anna is {after} already" in page.text
    assert not page.form("plan")
    rows = everything()
    assert client.post(at(anna, verb), {"plan": "x"}).status_code == 422
    assert everything() == rows


def test_no_delete_with_entitlements(anna, client):
    entitlements = [EntitlementFactory(contact=anna) for _ in range(7)]
    page = opened(client, anna, "delete")
    assert "Anna cannot be deleted" in page.text
    assert "7 entitlements are addressed to it" in page.text
    links = dict(page.links)
    assert len([entitlement for entitlement in entitlements if entitlement.eid in links]) == 5
    assert links["All 7 entitlements"] == f"/contacts/{anna.pk}/"
    assert links["Disable contact…"] == at(anna, "disable")
    assert not page.form("plan")


def test_disable_is_offered_instead_only_where_it_is_possible(anna, client, signed_in):
    EntitlementFactory(contact=anna)
    user = UserFactory()
    user.user_permissions.set(allowed("contacts.view_contact", "contacts.delete_contact"))
    assert at(anna, "disable") not in dict(opened(signed_in(user), anna, "delete").links).values()
    Contact.objects.update(status="disabled")
    assert at(anna, "disable") not in dict(opened(client, anna, "delete").links).values()


def test_nothing_of_entitlements_without_the_right_to_see_them(anna, signed_in):
    eid = EntitlementFactory(contact=anna).eid
    user = UserFactory()
    user.user_permissions.set(allowed("contacts.view_contact", "contacts.delete_contact"))
    client = signed_in(user)
    for page in (opened(client, anna, "delete"), ask(client, "delete", [anna])):
        assert eid not in page.text
        assert "1 entitlement" not in page.text
        assert "ntitlements" in page.text


@every
@pytest.mark.parametrize("key", ["4711", "9" * 19, "abc"])
def test_gone(verb, key, client):
    assert client.get(f"/contacts/{key}/{verb}/").status_code == 404
    assert client.post(f"/contacts/{key}/{verb}/").status_code == 404


def test_a_plan_is_for_one_person_verb_model_and_version(anna, client, superuser, signed_in):
    customer = CustomerFactory(pk=anna.pk)
    others = [
        opened(signed_in(superuser), anna, "disable").form("plan").data["plan"],
        opened(client, anna, "delete").form("plan").data["plan"],
        Served(client.get(f"/customers/{customer.pk}/disable/")).form("plan").data["plan"],
    ]
    mine = opened(client, anna, "disable").form("plan").data["plan"]
    contact = Contact.objects.get()
    contact.phone = "1"
    actions.save(contact, by=None)
    before = everything()
    for plan in (*others, mine, "", "x:y", "\0"):
        answer = client.post(at(anna, "disable"), {"plan": plan, "comment": "kept"})
        assert answer.status_code == 422
        assert Served(answer).form("plan").data["comment"] == ["kept"]
    assert everything() == before


def test_a_bad_reason_keeps_what_was_typed(anna, client):
    before = everything()
    answer = agree(client, opened(client, anna, "disable"), comment="x" * 501)
    assert answer.status_code == 422
    assert "at most 500 characters" in Served(answer).text
    assert everything() == before


def test_the_right_to_change_alone_is_not_enough(anna, signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed("contacts.change_contact", "contacts.delete_contact"))
    client = signed_in(user)
    for verb in VERBS:
        assert client.get(at(anna, verb)).status_code == 403
        assert client.post(f"/contacts/ticked/{verb}/", {"pk": anna.pk}).status_code == 403


# The consequence, with numbers


def test_whom_disabling_hits(client, user_of, signed_in):
    three = [ContactFactory() for _ in range(3)]
    users = [user_of(contact) for contact in three[:2]]
    text = ask(client, "disable", three).text
    assert "3 contacts cannot log on; none of them is signed in now." in text
    signed_in(users[0])
    text = ask(client, "disable", three).text
    assert "1 of them is signed in now and is out at the next request" in text
    signed_in(users[1])
    signed_in(users[1])
    text = ask(client, "disable", three).text
    assert "2 of them are signed in now and are out at their next request" in text
    assert "Open invitation and reset links die" in text


def test_whom_disabling_one_hits(anna, client, user_of, signed_in):
    assert "1 contact cannot log on; it is not signed in now." in opened(client, anna, "disable").text
    signed_in(user_of(anna))
    words = "it is signed in now and is out at the next request"
    assert words in opened(client, anna, "disable").text


def test_what_deleting_takes_along(anna, client, user_of, signed_in):
    page = opened(client, anna, "delete")
    assert "The contact is gone for good. Nobody loses a log-on. The history keeps a record." in page.text
    signed_in(user_of(anna))
    customers = [CustomerFactory(people=[anna]) for _ in range(2)]
    text = opened(client, anna, "delete").text
    assert "gone for good and removed from 2 customers. 1 log-on goes too; it is signed in now" in text
    bert = ContactFactory()
    CustomerFactory(people=[bert])
    customers[0].associations.create(contact=bert)
    text = ask(client, "delete", [anna, bert]).text
    assert "They are gone for good and removed from 3 customers. 1 log-on goes too; 1 of them is" in text


def test_customers_are_not_counted_for_those_who_may_not_view_them(anna, signed_in):
    CustomerFactory(people=[anna], status="disabled")
    user = UserFactory()
    names = "contacts.view_contact", "contacts.delete_contact", "contacts.change_contact"
    user.user_permissions.set(allowed(*names))
    client = signed_in(user)
    assert "removed from its customers" in opened(client, anna, "delete").text
    Contact.objects.update(status="disabled")
    assert "customers" not in opened(client, anna, "enable").text.partition("Sessions")[0]


def test_who_still_cannot_log_on_once_enabled(client):
    locked, free = ContactFactory(status="disabled"), ContactFactory(status="disabled")
    CustomerFactory(people=[locked, free], status="disabled")
    CustomerFactory(people=[free])
    text = ask(client, "enable", [locked, free]).text
    assert "2 contacts can log on again with the password they have." in text
    assert "1 of them still cannot: all customers of that contact are disabled." in text
    assert "people log on anew" in text


# What dies with it


def test_disabling_signs_out_at_the_next_request_and_enabling_revives_nothing(
    anna, client, user_of, signed_in
):
    theirs = signed_in(user_of(anna))
    assert theirs.get("/portal/").status_code == 200
    agree(client, opened(client, anna, "disable"))
    assert theirs.get("/portal/").status_code == 302
    agree(client, opened(client, anna, "enable"))
    assert theirs.get("/portal/").status_code == 302


@pytest.mark.parametrize("verb", ["disable", "delete"])
def test_open_invitations_die(verb, anna, client):
    Invitation.objects.create(contact=anna, email=anna.email, digest="x")
    agree(client, opened(client, anna, verb))
    assert not Invitation.objects.open().exists()


# Ticked


@pytest.fixture
def mixed():
    """For each verb something to do and something to leave out."""
    free = ContactFactory(name="Free", email="free@example.com")
    off = ContactFactory(name="", email="off@example.com", status="disabled")
    blocked = ContactFactory(name="Blocked", email="blocked@example.com")
    EntitlementFactory(contact=blocked)
    EntitlementFactory(contact=blocked, state="complete")
    return [free, off, blocked]


PARTITION = {
    "delete": ({"free", "off"}, {"blocked": "Has 2 entitlements"}),
    "disable": ({"free", "blocked"}, {"off": "Is disabled already"}),
    "enable": ({"off"}, {"free": "Is enabled already", "blocked": "Is enabled already"}),
}


@every
def test_the_plan_says_what_will_happen_and_what_not(verb, mixed, client):
    before = everything()
    will, _, left_out = ask(client, verb, mixed).text.partition("Will be left out")
    done, not_done = PARTITION[verb]
    for name in (contact.email.partition("@")[0] for contact in mixed):
        assert (f"{name}@" in will) == (name in done)
        assert (f"{name}@" in left_out) == (name in not_done)
    assert all(reason in left_out for reason in not_done.values())
    assert everything() == before


@every
def test_then_exactly_that_is_done(verb, mixed, client):
    answer = agree(client, ask(client, verb, mixed), comment="Because")
    assert (answer.status_code, answer.url) == (302, "/contacts/")
    done, not_done = PARTITION[verb]
    entries = Entry.objects.filter(code=f"contact.{verb}d")
    addresses = {entry.subject_name.rpartition("<")[2].partition("@")[0] for entry in entries}
    assert (addresses, {entry.comment for entry in entries}) == (done, {"Because"})
    left = {row.email.partition("@")[0]: row for row in Contact.objects.all()}
    assert set(left) == (set(not_done) if verb == "delete" else done | set(not_done))
    assert all(left[name].version == 1 for name in not_done)
    assert all(left[name].status == f"{verb}d" for name in done & set(left))


def test_those_with_entitlements_can_be_disabled_instead(mixed, client):
    page = ask(client, "delete", mixed)
    assert "Disable it instead" in page.text
    form = next(form for form in page.forms if form.action == "/contacts/ticked/disable/")
    assert form.data["pk"] == [str(mixed[2].pk)]


@every
def test_a_change_of_one_refuses_all(verb, mixed, client):
    page = ask(client, verb, mixed)
    one = Contact.objects.get(email__startswith=sorted(PARTITION[verb][0])[-1])
    one.phone = "1"
    actions.save(one, by=None)
    before = everything()
    answer = agree(client, page)
    assert answer.status_code == 422
    assert "Something changed since" in Served(answer).text
    assert everything() == before


def test_an_entitlement_meanwhile_refuses_all(client):
    contacts = [ContactFactory(), ContactFactory()]
    page = ask(client, "delete", contacts)
    EntitlementFactory(contact=contacts[0])
    before = everything()
    answer = agree(client, page)
    assert answer.status_code == 422
    assert "cannot be deleted" in Served(answer).text
    assert everything() == before


@every
@pytest.mark.parametrize("key", ["9" * 20, "abc", "", "-1", "１", "\0"])
def test_a_key_that_is_none(verb, key, mixed, client):
    before = everything()
    page = ask(client, verb, [mixed[0], key], status=422)
    assert "Nothing was changed" in page.text
    assert ("Back to the contacts", "/contacts/") in page.links
    assert everything() == before


@every
def test_nothing_ticked(verb, client):
    answer = client.post(f"/contacts/ticked/{verb}/", follow=True)
    assert answer.redirect_chain == [("/contacts/", 302)]
    assert f"Tick the contacts to {verb} first" in Served(answer).text
