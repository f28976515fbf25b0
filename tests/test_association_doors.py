"""One truth through every door: a contact's part in a customer begins, changes and ends by the same rules
from either side, in Django admin, in the portal and for plain calls of the actions."""

import re
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client, TestCase

from contacts.models import Contact, Invitation
from customers import actions
from customers.actions.associations import NotAdministrator
from customers.models import Association, AssociationOffer, Customer
from ems_site.accounts.models import User
from ems_site.accounts.tokens import reset_tokens
from ems_site.audit.models import Entry
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served, everything, said

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mail_at_once")]

STANDARD, ADMINISTRATOR = Association.Kind.STANDARD, Association.Kind.ADMINISTRATOR
RIGHTS = ("customers.view_customer", "customers.change_customer", "contacts.view_contact")


# The doors: begin, change and end say what the person is told


class CustomerForm:
    """The Associate Contacts pane."""

    ADDRESS, ROWS = "/customers/{}/edit/", "contacts"
    PICKS: list[tuple[str, Any]] = [("contact", ContactFactory)]

    def __init__(self, user):
        self.actor, self.client = user, Client()
        self.client.force_login(user)

    def begin(self, customer, contact, kind=STANDARD, *, confirmed=False):
        page = self._open(customer)
        answer = self._press(customer, page, associate=contact.pk)
        return self._save(customer, contact, answer, {"kind": kind}, confirmed)

    def change(self, customer, contact, kind=ADMINISTRATOR, *, confirmed=False):
        return self._save(customer, contact, self._open(customer), {"kind": kind}, confirmed)

    def end(self, customer, contact, *, confirmed=False):
        page = self._open(customer)
        place = re.search("[0-9]+", self._row(contact, self._data(page)))[0]
        return self._save(customer, contact, self._press(customer, page, remove=place), {}, confirmed)

    def offered(self, _field, text):
        """The keys that the picker offers."""
        address = self.ADDRESS.format(CustomerFactory().pk)
        data = self._data(self.client.get(address)) | {"find_contacts": "1", "contact_q": text}
        buttons = Served(self.client.post(address, data)).form("time_zone").buttons
        return {value for name, value in buttons if name == "associate"}

    def _open(self, customer):
        return self.client.get(self.ADDRESS.format(customer.pk), follow=True)

    def _press(self, customer, page, **button):
        return self.client.post(self.ADDRESS.format(customer.pk), self._data(page) | button)

    def _data(self, page):
        form = Served(page).form("time_zone")
        return form.data if form else {}

    def _row(self, contact, data):
        """What the fields of the contact's row begin with; where it is not served, of a forged one."""
        own = [name for name, value in data.items() if value == [str(contact.pk)]]
        found = [name for name in own if re.fullmatch(f"{self.ROWS}-[0-9]+-contact", name)]
        return found[0].removesuffix("contact") if found else f"{self.ROWS}-0-"

    def _save(self, customer, contact, page, values, confirmed):
        if page.status_code != 200:
            return said(page)
        data = self._data(page)
        if values:
            row = self._row(contact, data)
            data = {f"{self.ROWS}-TOTAL_FORMS": "1", f"{row}contact": str(contact.pk)} | data
            data |= {f"{row}{name}": value for name, value in values.items()}
        return self._send(self.ADDRESS.format(customer.pk), data, confirmed)

    def _send(self, address, data, confirmed):
        answer = self.client.post(address, data | {"save": ""}, follow=True)
        if confirmed:
            form = Served(answer).form("confirmation")
            answer = self.client.post(address, form.data | {"save": "1"}, follow=True)
        return said(answer)


class AdminInline(CustomerForm):
    """The associated contacts below the customer in Django admin."""

    ADDRESS, ROWS = "/admin/customers/customer/{}/change/", "associations"
    PICKS = [("contact", ContactFactory), ("customer", CustomerFactory)]

    def begin(self, customer, contact, kind=STANDARD, *, confirmed=False):
        """Whoever may not use the picker gets no further."""
        picker = self._pick("contact", contact.email)
        page = self._open(customer) if picker.status_code == 200 else picker
        if page.status_code != 200:
            return said(page)
        data = self._data(page)
        place = int(data.get(f"{self.ROWS}-TOTAL_FORMS", ["0"])[0])
        data[f"{self.ROWS}-TOTAL_FORMS"] = str(place + 1)
        data |= {f"{self.ROWS}-{place}-contact": str(contact.pk), f"{self.ROWS}-{place}-kind": kind}
        return self._send(self.ADDRESS.format(customer.pk), data, confirmed)

    def end(self, customer, contact, *, confirmed=False):
        return self._save(customer, contact, self._open(customer), {"DELETE": "on"}, confirmed)

    def offered(self, field, text):
        return {found["id"] for found in self._pick(field, text).json()["results"]}

    def _pick(self, field, text):
        asked = {"app_label": "customers", "model_name": "association", "field_name": field, "term": text}
        return self.client.get("/admin/autocomplete/", asked, follow=True)

    def _send(self, address, data, confirmed):
        answer = self.client.post(address, data | {"_save": "Save"}, follow=True)
        if confirmed:
            form = Served(answer).form("time_zone")
            token = {"confirmation": dict(form.buttons)["confirmation"]}
            answer = self.client.post(address, form.data | token, follow=True)
        return said(answer)


class ContactPage:
    """The contact's Customers page."""

    PICKS = [("customer", CustomerFactory)]

    def __init__(self, user):
        self.actor, self.client = user, Client()
        self.client.force_login(user)

    def begin(self, customer, contact, kind=STANDARD, *, confirmed=False):
        return self._post(contact, {"associate": customer.pk, "kind": kind}, confirmed)

    def change(self, customer, contact, kind=ADMINISTRATOR, *, confirmed=False):
        return self._post(contact, {"associate": customer.pk, "kind": kind}, confirmed)

    def end(self, customer, contact, *, confirmed=False):
        return self._post(contact, {"remove": customer.pk}, confirmed)

    def offered(self, _field, text):
        page = Served(self.client.get(self._address(ContactFactory()), {"q": text}))
        return {value for name, value in page.form("kind").buttons if name == "associate"}

    def _address(self, contact):
        return f"/contacts/{contact.pk}/customers/"

    def _post(self, contact, data, confirmed):
        address = self._address(contact)
        answer = self.client.post(address, data, follow=True)
        if form := Served(answer).form("comment"):
            answer = self.client.post(address, form.data | {"comment": "Left"}, follow=True)
        if confirmed:
            form = Served(answer).form("confirmation")
            answer = self.client.post(address, form.data | {"save": "1"}, follow=True)
        return said(answer)


class Portal:
    """An Administrator invites and the person accepts; an Administrator ends the part of another."""

    # It names no kind: whatever is posted counts for nothing.
    FORGED = {"kind": "administrator"}

    def __init__(self, user):
        self.actor, self.client = user, Client()
        self.client.force_login(user)

    def begin(self, customer, contact, *, looked=lambda: None):
        address, posted = self._home(customer) + "invite/", {"email": contact.email} | self.FORGED
        with TestCase.captureOnCommitCallbacks(execute=True):
            answer = self.client.post(address, posted, follow=True)
        if answer.status_code != 200:
            return said(answer)
        self.actor, theirs = contact.user, Client()
        looked()
        theirs.get("/portal/invitation/", {"key": mailed_key()}, follow=True)
        looked()
        return said(theirs.post("/portal/invitation/", self.FORGED, follow=True))

    def end(self, customer, contact, *, looked=lambda: None):
        address = f"{self._home(customer)}{contact.pk}/end/"
        looked()
        self.client.get(address)
        looked()
        return said(self.client.post(address, follow=True))

    def _home(self, customer):
        return f"/portal/customers/{customer.pk}/contacts/"


class Action:
    """One association at a time."""

    def __init__(self, user):
        self.actor = user

    def begin(self, customer, contact, kind=STANDARD, *, confirmed=False):
        return self._try(actions.associate, customer, contact, kind, confirmed=confirmed)

    def change(self, customer, contact, kind=ADMINISTRATOR, *, confirmed=False):
        return self._try(actions.associate, customer, contact, kind, confirmed=confirmed)

    def end(self, customer, contact, *, confirmed=False):
        return self._try(actions.dissociate, customer, contact, confirmed=confirmed)

    def _try(self, act, *given, confirmed, **named):
        try:
            try:
                act(*given, by=self.actor, **named)
            except actions.ConfirmationRequired as refusal:
                if not confirmed:
                    raise
                act(*given, by=self.actor, confirmed=refusal.confirmation, **named)
        except ValidationError as refusal:
            return " ".join(refusal.messages)
        return "done"


class WholeList(Action):
    """All contacts of a customer at once."""

    def begin(self, customer, contact, kind=STANDARD, *, confirmed=False):
        return self._save(customer, contact, [(contact, kind)], confirmed)

    def change(self, customer, contact, kind=ADMINISTRATOR, *, confirmed=False):
        return self._save(customer, contact, [(contact, kind)], confirmed)

    def end(self, customer, contact, *, confirmed=False):
        return self._save(customer, contact, [], confirmed)

    def _save(self, customer, contact, wanted, confirmed):
        current = Customer.objects.get(pk=customer.pk)
        others = current.associations.exclude(contact=contact)
        wanted = [*wanted, *((link.contact, link.kind) for link in others)]
        return self._try(actions.save, current, associates=wanted, confirmed=confirmed)


DOORS: tuple[Any, ...] = (CustomerForm, AdminInline, ContactPage, Portal, Action, WholeList)
ACTS = ("begin", "change", "end")
# What does not exist at a door, and why.
NOT_THERE = {
    (Portal, "change"): "Contacts are invited as Standard, and nobody changes a kind there.",
    (Portal, "confirmation"): "Its page is the confirmation, and so is the consent of whoever accepts.",
    (Portal, "kind"): "It names none; FORGED is posted at every beginning.",
    (Portal, "disabled customer"): "There is none in the portal.",
    (ContactPage, "disabled customer"): "Nothing is begun with one; it has a test of its own.",
    (Portal, "picker"): "An e-mail address is typed.",
    (Portal, "rights"): "Its right is to be Administrator of the customer; it has a test of its own.",
    (Action, "picker"): "Nothing is shown.",
    (Action, "rights"): "The action leaves them to the doors.",
    (WholeList, "picker"): "Nothing is shown.",
    (WholeList, "rights"): "The action leaves them to the doors.",
}


def through(*acts, needs=""):
    """Each of these acts through each door where it, and what the rule needs, exists."""
    pairs = [
        (door, act)
        for act in acts
        for door in DOORS
        if (door, act) not in NOT_THERE and (door, needs) not in NOT_THERE
    ]
    names = [f"{door.__name__}-{act}" for door, act in pairs]
    return pytest.mark.parametrize(("door", "act"), pairs, ids=names)


@pytest.fixture
def acme(arthur):
    customer = CustomerFactory(name="Acme", customer_id="ACME-1", people=[(arthur.contact, ADMINISTRATOR)])
    return Customer.objects.get(pk=customer.pk)


@pytest.fixture
def arthur():
    return user_of(ContactFactory(email="arthur@example.org", name="Arthur"))


@pytest.fixture
def anna():
    contact = ContactFactory(email="Anna@example.com", name="Anna")
    user_of(contact)
    return contact


def user_of(contact):
    return UserFactory(username=contact.email, is_staff=False, contact=contact, password="argon2$x")


@pytest.fixture
def enter(manager, arthur):
    """Goes through this door, as who may do what is done there."""
    return lambda door: door(arthur if door is Portal else manager)


def link(customer, contact):
    """As an action leaves it."""
    Association.objects.create(customer=customer, contact=contact)
    contact.save(update_fields=["customers_key"])
    customer.save(update_fields=["search_key"])


def given(act, customer, contact):
    """Whoever is to change or to end is a contact of the customer already."""
    if act != "begin":
        link(customer, contact)


def kind_of(contact, customer):
    return customer.associations.filter(contact=contact).values_list("kind", flat=True).first() or ""


def mailed_key():
    return re.search(r"key=(\S+)", mail.outbox[-1].body)[1]


def like(text):
    return re.compile(text, re.IGNORECASE)


def refuses(pattern, attempt):
    """The attempt is refused with words like these, and nothing at all has changed."""
    before = everything()
    words = attempt()
    assert pattern.search(words), words
    assert everything() == before


# What is written


CHANGES = {"begin": ["", "standard"], "change": ["standard", "administrator"], "end": ["standard", ""]}


@through(*ACTS)
def test_it_stands_in_both_histories_and_raises_the_version(door, act, enter, acme, anna, arthur):
    given(act, acme, anna)
    visitor = enter(door)
    getattr(visitor, act)(acme, anna)
    assert kind_of(anna, acme) == CHANGES[act][1]
    of_customer, of_contact = Entry.objects.of(acme).first(), Entry.objects.of(anna).first()
    assert (of_customer.code, of_contact.code) == ("customer.changed", "contact.changed")
    assert of_customer.changes == {f"contact:{anna.pk}:Anna@example.com": CHANGES[act]}
    assert of_contact.changes == {f"customer:{acme.pk}:Acme (ACME-1)": CHANGES[act]}
    actor = visitor.actor
    for entry in (of_customer, of_contact):
        assert (entry.actor_key, entry.actor_name) == (actor.pk, actor.username)
        assert entry.client_address == ("" if isinstance(visitor, Action) else "127.0.0.1")
    assert Customer.objects.get(pk=acme.pk).version == of_customer.version == acme.version + 1
    told = [entry for entry in Entry.objects.all() if "invitation" not in str(entry.changes)]
    assert len(told) == 2
    assert kind_of(arthur.contact, acme) == "administrator"


@through("change")
def test_what_is_so_already_writes_nothing(door, act, enter, acme, anna):
    link(acme, anna)
    before = everything()
    enter(door).change(acme, anna, STANDARD)
    assert everything() == before


@through(*ACTS)
def test_both_are_found_by_one_another_or_not_any_more(door, act, enter, acme, anna, arthur):
    def found():
        contacts = Contact.objects.search("acme-1", with_customers=True)
        return Customer.objects.search("ANNA@example").contains(acme), contacts.contains(anna)

    given(act, acme, anna)
    assert found() == (act != "begin",) * 2
    getattr(enter(door), act)(acme, anna)
    assert found() == (act != "end",) * 2
    assert Customer.objects.search("arthur@").contains(acme)
    assert Contact.objects.search("acme-1", with_customers=True).contains(arthur.contact)


# The confirmation


@through(*ACTS, needs="confirmation")
def test_a_completed_entitlement_asks_for_the_confirmation(door, act, enter, acme, anna):
    given(act, acme, anna)
    EntitlementFactory(customer=acme, state="complete")
    attempt = getattr(enter(door), act)
    refuses(like("1 completed entitlement"), lambda: attempt(acme, anna))
    attempt(acme, anna, confirmed=True)
    assert kind_of(anna, acme) == CHANGES[act][1]
    assert Customer.objects.get(pk=acme.pk).version == acme.version + 1


@through(*ACTS, needs="confirmation")
def test_a_draft_asks_for_nothing(door, act, enter, acme, anna):
    given(act, acme, anna)
    EntitlementFactory(customer=acme, state="draft")
    getattr(enter(door), act)(acme, anna)
    assert kind_of(anna, acme) == CHANGES[act][1]


@pytest.mark.parametrize("act", ["begin", "end"])
def test_the_portals_page_is_the_confirmation(act, enter, acme, anna):
    given(act, acme, anna)
    EntitlementFactory(customer=acme, state="complete")
    seen = []
    getattr(enter(Portal), act)(acme, anna, looked=lambda: seen.append(everything()))
    before, after_looking = seen
    assert after_looking == before
    assert kind_of(anna, acme) == CHANGES[act][1]


# Sessions, links and offers


def ways_in(contact, signed_in):
    """Asks which of these are open: a session, a reset link, an invitation to choose a password."""
    user, invitation = contact.user, Invitation(contact=contact, email=contact.email)
    client, key = signed_in(user), reset_tokens.key(User.objects.get(pk=user.pk))
    invitation.renew_key()
    invitation.save()

    def ask():
        is_in = client.get("/portal/").status_code == 200
        is_open = Invitation.objects.open().filter(pk=invitation.pk).exists()
        return {is_in, reset_tokens.user_of(key, for_contacts=True) is not None, is_open}

    assert ask() == {True}
    return ask


@through("end")
@pytest.mark.parametrize(("other", "stays"), [("none", False), ("disabled", False), ("enabled", True)])
def test_without_an_enabled_customer_one_is_out_for_good(
    door, act, other, stays, enter, acme, anna, signed_in
):
    link(acme, anna)
    if other != "none":
        CustomerFactory(people=[anna], status=other)
    open_ways = ways_in(anna, signed_in)
    epoch = User.objects.get(contact=anna).session_epoch
    enter(door).end(acme, anna)
    assert open_ways() == {stays}
    assert (User.objects.get(contact=anna).session_epoch == epoch) == stays
    actions.associate(acme, anna, STANDARD, by=None)
    assert open_ways() == {stays}
    assert signed_in(User.objects.get(contact=anna)).get("/portal/").status_code == 200


@through("begin", needs="disabled customer")
def test_whose_only_customer_is_disabled_is_out_for_good(door, act, enter, acme, anna, signed_in):
    Customer.objects.update(status="disabled")
    open_ways = ways_in(anna, signed_in)
    enter(door).begin(acme, anna)
    assert kind_of(anna, acme) == "standard"
    assert open_ways() == {False}
    actions.enable(Customer.objects.all(), by=None)
    assert open_ways() == {False}


def test_nothing_begins_with_a_disabled_customer_on_the_contacts_page(enter, acme, anna, arthur):
    """An old page may still show it. What has begun before may be changed and ended."""
    Customer.objects.update(status="disabled")
    visitor = enter(ContactPage)
    refuses(like("^422.*is disabled"), lambda: visitor.begin(acme, anna))
    visitor.change(acme, arthur.contact, STANDARD)
    assert kind_of(arthur.contact, acme) == "standard"
    visitor.end(acme, arthur.contact)
    assert kind_of(arthur.contact, acme) == ""


@through("begin", "change")
def test_beginning_and_changing_sign_nobody_out(door, act, enter, acme, anna, arthur, signed_in):
    given(act, acme, anna)
    # Arthur's log-on, where the door has one, ends his own reset link.
    visitor = enter(door)
    ways = ways_in(anna, signed_in), ways_in(arthur.contact, signed_in)
    getattr(visitor, act)(acme, anna)
    assert [open_ways() for open_ways in ways] == [{True}, {True}]


def offer(customer, email, contact=None):
    invitation = Invitation.objects.create(email=email, contact=contact, digest="x", is_offer=True)
    AssociationOffer.objects.create(invitation=invitation, customer=customer)
    return invitation


@through(*ACTS)
def test_open_offers_of_this_customer_to_this_contact_end(door, act, enter, acme, anna):
    given(act, acme, anna)
    beta = CustomerFactory(people=[anna])
    ending = offer(acme, anna.email, anna), offer(acme, "ANNA@EXAMPLE.com")
    staying = offer(beta, anna.email, anna), offer(acme, "bert@example.com")
    getattr(enter(door), act)(acme, anna)
    still = Invitation.objects.pending()
    assert not still.filter(pk__in=[row.pk for row in ending]).exists()
    assert still.filter(pk__in=[row.pk for row in staying]).count() == 2


# Pickers and kinds


PICKERS = [
    (door, field, made) for door in DOORS if (door, "picker") not in NOT_THERE for field, made in door.PICKS
]


@pytest.mark.parametrize(("door", "field", "made"), PICKERS)
def test_what_is_disabled_is_not_offered(door, field, made, enter):
    shown, hidden = made(name="Pick me"), made(name="Pick me not", status="disabled")
    visitor = enter(door)
    assert visitor.offered(field, "pick me") == {str(shown.pk)}
    type(hidden).objects.update(status="enabled")
    assert visitor.offered(field, "pick me") == {str(shown.pk), str(hidden.pk)}


@through("begin", "change", needs="kind")
@pytest.mark.parametrize("kind", ["owner", "Standard", "", "\0"])
def test_an_unknown_kind_is_refused(door, act, kind, enter, acme, anna):
    given(act, acme, anna)
    refusal = like("valid choice|Standard or Administrator|could not be read|required")
    refuses(refusal, lambda: getattr(enter(door), act)(acme, anna, kind))


# Rights


SAVE_THE_REST = (CustomerForm, AdminInline)


def somebody_with(*rights):
    user = UserFactory()
    user.user_permissions.set(allowed(*rights))
    return user


@through(*ACTS, needs="rights")
def test_these_rights_suffice(door, act, acme, anna):
    given(act, acme, anna)
    getattr(door(somebody_with(*RIGHTS)), act)(acme, anna)
    assert kind_of(anna, acme) == CHANGES[act][1]


@through(*ACTS, needs="rights")
@pytest.mark.parametrize("missing", RIGHTS)
def test_each_right_is_needed(door, act, missing, acme, anna):
    """Who may not see contacts may change the rest of the customer: the pane's rows are not served to
    them, and forged ones count for nothing."""
    given(act, acme, anna)
    user = somebody_with(*(right for right in RIGHTS if right != missing))
    is_ignored = door in SAVE_THE_REST and missing == "contacts.view_contact"
    refuses(like("^403|^200" if is_ignored else "^403"), lambda: getattr(door(user), act)(acme, anna))


@through(*ACTS, needs="rights")
def test_contacts_have_no_rights_whatever_they_were_given(door, act, acme, anna, arthur):
    given(act, acme, anna)
    arthur.user_permissions.set(allowed(*RIGHTS))
    refuses(like("^403"), lambda: getattr(door(arthur), act)(acme, anna))


OTHERS = ["standard", "elsewhere", "of nobody"]


@pytest.fixture(params=[*OTHERS, "of the disabled"])
def no_administrator(request, acme):
    """Contacts who are not Administrators of an enabled Acme."""
    user = user_of(ContactFactory(email="dora@example.net"))
    if request.param == "standard":
        link(acme, user.contact)
    elif request.param == "elsewhere":
        CustomerFactory(name="Beta", people=[(user.contact, ADMINISTRATOR)])
    elif request.param == "of the disabled":
        Association.objects.create(customer=acme, contact=user.contact, kind=ADMINISTRATOR)
        CustomerFactory(name="Beta", people=[user.contact])
        Customer.objects.filter(pk=acme.pk).update(status="disabled")
    return user


@pytest.mark.parametrize("act", ["begin", "end"])
def test_in_the_portal_there_is_nothing_for_others(act, no_administrator, acme, anna):
    given(act, acme, anna)
    refuses(like("^404"), lambda: getattr(Portal(no_administrator), act)(acme, anna))


@pytest.mark.parametrize("act", ["begin", "end"])
def test_the_portal_is_not_for_staff(act, manager, acme, anna):
    given(act, acme, anna)
    refuses(like("^403"), lambda: getattr(Portal(manager), act)(acme, anna))


def test_an_administrator_ends_nobody_of_another_customer_and_not_themselves(enter, acme, anna, arthur):
    beta = CustomerFactory(people=[anna])
    refuses(like("^404"), lambda: enter(Portal).end(acme, anna))
    refuses(like("^404"), lambda: enter(Portal).end(beta, anna))
    refuses(like("^422"), lambda: enter(Portal).end(acme, arthur.contact))


@pytest.mark.parametrize("no_administrator", OTHERS, indirect=True)
def test_the_portals_action_asks_once_more(no_administrator, acme, anna):
    """Between the page's look and the act the right may be lost."""
    link(acme, anna)
    before = everything()
    with pytest.raises(NotAdministrator):
        actions.dismiss(acme, anna, by=no_administrator)
    assert everything() == before
