"""Adding and changing customers with their contacts: all of it or nothing, and nothing unseen."""

import pytest
from django.core.exceptions import ValidationError

import contacts.actions
from contacts.models import Contact
from customers import actions
from customers.models import Association, Customer
from ems_site.audit.models import Entry
from ems_site.errors import Conflict, Gone
from ems_site.status import Status
from tests.factories import ContactFactory, CustomerFactory

pytestmark = pytest.mark.django_db

STANDARD, ADMINISTRATOR = Association.Kind.STANDARD, Association.Kind.ADMINISTRATOR


def totals():
    """What the tables hold, to see that nothing was written."""
    customers = Customer.objects.order_by("pk").values_list("pk", "version", "changed", "search_key")
    contacts = Contact.objects.order_by("pk").values_list("pk", "version")
    links = Association.objects.order_by("pk").values_list("pk", "contact", "kind")
    return list(customers), list(contacts), list(links), Entry.objects.count()


def reread(customer):
    return Customer.objects.get(pk=customer.pk)


def codes(subject):
    return list(Entry.objects.of(subject).order_by("pk").values_list("code", flat=True))


@pytest.fixture
def anna(db):
    return ContactFactory(email="anna@example.com")


@pytest.fixture
def acme(anna):
    return CustomerFactory(name="Acme", customer_id="A-1", people=[(anna, ADMINISTRATOR)])


# Add


def test_a_customer_without_contacts(manager):
    customer = actions.save(Customer(name=" Acme ", crm_id="7"), by=manager)
    row = reread(customer)
    assert (row.name, row.version, row.status) == ("Acme", 1, Status.ENABLED)
    entry = Entry.objects.get()
    assert (entry.code, entry.subject_name) == ("customer.added", str(row))
    assert (entry.actor_key, entry.actor_name, entry.version) == (manager.pk, "manager", 1)
    assert entry.changes["name"] == ["", "Acme"]
    assert entry.changes["crm_id"] == ["", "7"]
    assert entry.changes["customer_id"] == ["", row.customer_id]
    assert "description" not in entry.changes


def test_a_customer_with_existing_and_new_contacts(anna, manager):
    new = Contact(email="New@Example.com", name="Neo")
    customer = actions.save(
        Customer(name="Acme"), by=manager, associates=[(anna, ADMINISTRATOR), (new, STANDARD)]
    )
    links = {link.contact.email: link.kind for link in customer.associations.all()}
    assert links == {"anna@example.com": ADMINISTRATOR, "New@Example.com": STANDARD}
    assert (
        {reread(customer)} == set(Customer.objects.search("anna@")) == set(Customer.objects.search("new@ex"))
    )
    assert codes(customer) == ["customer.added"]
    assert codes(anna) == ["contact.changed"]
    assert codes(new) == ["contact.added", "contact.changed"]
    changes = Entry.objects.of(customer).get().changes
    assert changes[f"contact:{anna.pk}:anna@example.com"] == ["", "administrator"]
    assert changes[f"contact:{new.pk}:New@Example.com"] == ["", "standard"]
    entry = Entry.objects.of(anna).get()
    assert entry.changes == {f"customer:{customer.pk}:{customer}": ["", "administrator"]}


BAD_CONTACTS = {
    "not valid": lambda: Contact(email="nonsense"),
    "repeats the first": lambda: Contact(email="FIRST@example.com"),
    "has the first one's Ref ID 1": lambda: Contact(email="second@example.com", ref_id1="R-1"),
    "is taken": lambda: Contact(email="ANNA@example.com"),
}


@pytest.mark.parametrize("bad", BAD_CONTACTS.values(), ids=BAD_CONTACTS)
@pytest.mark.parametrize("adding", [True, False], ids=["add", "edit"])
def test_all_or_nothing(bad, adding, acme, manager):
    customer = Customer(name="Bolt") if adding else reread(acme)
    customer.crm_id = "typed"
    first, second = Contact(email="first@example.com", ref_id1="r-1"), bad()
    associates = [(first, STANDARD), (second, ADMINISTRATOR)]
    before = totals()
    with pytest.raises(ValidationError):
        actions.save(customer, by=manager, associates=associates)
    assert totals() == before
    assert [row.pk is None for row in (customer, first, second)] == [adding, True, True]

    second.email, second.ref_id1 = "second@example.com", "r-2"
    actions.save(customer, by=manager, associates=associates)
    row = reread(customer)
    assert (row.crm_id, row.version) == ("typed", 1 if adding else 2)
    assert {contact.email for contact in row.contacts.all()} == {"first@example.com", "second@example.com"}


@pytest.mark.parametrize("kind", ["owner", "", "STANDARD", "x" * 50])
@pytest.mark.parametrize("linked", [True, False], ids=["changed", "new"])
def test_an_unknown_kind_is_refused(kind, linked, acme, anna, manager):
    contact = anna if linked else ContactFactory()
    before = totals()
    with pytest.raises(ValidationError):
        actions.save(reread(acme), by=manager, associates=[(contact, kind)])
    assert totals() == before


@pytest.mark.parametrize("adding", [True, False], ids=["add", "edit"])
def test_a_contact_that_is_gone(adding, acme, manager):
    gone = ContactFactory()
    Contact.objects.filter(pk=gone.pk).delete()
    before = totals()
    with pytest.raises(ValidationError) as refused:
        actions.save(
            Customer(name="Bolt") if adding else reread(acme), by=manager, associates=[(gone, STANDARD)]
        )
    assert refused.value.code == "contact_gone"
    assert totals() == before


def test_a_contact_that_is_repeated(acme, anna, manager):
    before = totals()
    with pytest.raises(ValidationError) as refused:
        actions.save(reread(acme), by=manager, associates=[(anna, STANDARD), (anna, ADMINISTRATOR)])
    assert refused.value.code == "repeated_contact"
    assert totals() == before


def test_a_refused_customer_adds_no_contact(acme, manager):
    before = totals()
    with pytest.raises(ValidationError) as refused:
        actions.save(
            Customer(name="Bolt", customer_id="a-1"),
            by=manager,
            associates=[(Contact(email="new@example.com"), STANDARD)],
        )
    assert set(refused.value.message_dict) == {"customer_id"}
    assert totals() == before


def test_two_new_contacts_with_the_same_ref_id_do_not_break_the_page(signed_in, manager):
    rows = {"contacts-TOTAL_FORMS": "2", "contacts-INITIAL_FORMS": "0"}
    for place in range(2):
        person = {"email": f"new{place}@example.com", "ref_id1": "R-1", "language": "en", "kind": "standard"}
        rows |= {f"contacts-{place}-{name}": value for name, value in person.items()}
    answer = signed_in(manager).post("/customers/add/", {"name": "Acme", "time_zone": "UTC", **rows})
    assert answer.status_code == 422
    assert not Customer.objects.exists()
    assert not Contact.objects.exists()


# Edit


def test_a_change_is_written_down(acme, manager):
    customer, created = reread(acme), acme.created
    customer.name, customer.description = "Acme Ltd", "One\r\nTwo"
    actions.save(customer, by=manager)
    row = reread(acme)
    assert (row.name, row.description, row.version) == ("Acme Ltd", "One\nTwo", 2)
    assert row.changed > acme.changed
    assert row.created == created
    entry = Entry.objects.of(acme).get()
    assert (entry.code, entry.version, entry.subject_name) == ("customer.changed", 2, "Acme Ltd (A-1)")
    assert entry.changes == {"name": ["Acme", "Acme Ltd"], "description": ["", "One\nTwo"]}


@pytest.mark.parametrize(
    "touch",
    [
        lambda customer: None,
        lambda customer: setattr(customer, "name", "  Acme "),
        lambda customer: setattr(customer, "description", "One\r\nTwo"),
        lambda customer: setattr(customer, "status", Status.DISABLED),
        lambda customer: setattr(customer, "version", 0),
    ],
    ids=["nothing", "blanks", "line breaks", "status", "old version"],
)
@pytest.mark.parametrize("with_contacts", [True, False])
def test_without_a_change_nothing_is_written(touch, with_contacts, acme, anna, manager):
    Customer.objects.update(description="One\nTwo")
    customer = reread(acme)
    before = totals()
    touch(customer)
    actions.save(customer, by=manager, associates=[(anna, ADMINISTRATOR)] if with_contacts else None)
    assert totals() == before
    assert reread(acme).is_enabled()


def test_contacts_change_kind_come_and_go(acme, anna, manager):
    bert, new = ContactFactory(email="bert@example.com"), Contact(email="new@example.com")
    actions.save(reread(acme), by=manager, associates=[(anna, STANDARD), (bert, STANDARD), (new, STANDARD)])
    actions.save(reread(acme), by=manager, associates=[(bert, STANDARD)])
    assert list(acme.contacts.all()) == [bert]
    assert Contact.objects.count() == 3
    assert reread(acme).version == 3
    first, second = Entry.objects.of(acme).order_by("pk")
    assert first.changes == {
        f"contact:{anna.pk}:anna@example.com": ["administrator", "standard"],
        f"contact:{bert.pk}:bert@example.com": ["", "standard"],
        f"contact:{new.pk}:new@example.com": ["", "standard"],
    }
    assert second.changes == {
        f"contact:{anna.pk}:anna@example.com": ["standard", ""],
        f"contact:{new.pk}:new@example.com": ["standard", ""],
    }
    mine = [entry.changes for entry in Entry.objects.of(anna).order_by("pk")]
    assert mine == [
        {f"customer:{acme.pk}:{acme}": ["administrator", "standard"]},
        {f"customer:{acme.pk}:{acme}": ["standard", ""]},
    ]
    assert len(codes(bert)) == 1


def test_the_status_is_not_saved_along(acme, manager):
    customer = reread(acme)
    customer.status, customer.name = Status.DISABLED, "Renamed"
    actions.save(customer, by=manager)
    assert (reread(acme).status, reread(acme).name) == (Status.ENABLED, "Renamed")


@pytest.mark.parametrize("blank", ["", "  ", "\u3000"])
def test_a_saved_customer_keeps_an_id(blank, acme, manager):
    customer, before = reread(acme), totals()
    customer.customer_id = blank
    with pytest.raises(ValidationError) as refused:
        actions.save(customer, by=manager)
    assert "A-1" in refused.value.message_dict["customer_id"][0]
    assert totals() == before


def test_an_id_may_change_its_spelling(acme, manager):
    customer = reread(acme)
    customer.customer_id = "a-1"
    actions.save(customer, by=manager)
    assert reread(acme).customer_id == "a-1"


def test_two_versions_meet(acme, anna, manager, superuser):
    mine, theirs = reread(acme), reread(acme)
    theirs.name = "Theirs"
    actions.save(theirs, by=superuser)
    mine.name, before = "Mine", totals()
    with pytest.raises(Conflict) as conflict:
        actions.save(mine, by=manager, associates=[(anna, ADMINISTRATOR)])
    assert (conflict.value.current.name, conflict.value.current.version) == ("Theirs", 2)
    assert (mine.name, mine.version) == ("Mine", 1)
    assert totals() == before
    mine.version = conflict.value.current.version
    actions.save(mine, by=manager)
    assert (reread(acme).name, reread(acme).version) == ("Mine", 3)


def test_contacts_conflict_as_well(acme, manager, superuser):
    mine = reread(acme)
    actions.save(reread(acme), by=superuser, associates=[])
    with pytest.raises(Conflict):
        actions.save(mine, by=manager, associates=[(ContactFactory(), STANDARD)])


@pytest.mark.parametrize("act", [actions.disable, actions.enable])
def test_a_status_meanwhile_conflicts(act, acme, manager):
    Customer.objects.update(status=Status.ENABLED if act is actions.disable else Status.DISABLED)
    mine = reread(acme)
    act(Customer.objects.all(), by=manager)
    mine.name = "Mine"
    with pytest.raises(Conflict) as conflict:
        actions.save(mine, by=manager)
    assert conflict.value.current.status != mine.status


def test_the_same_change_twice_is_no_conflict(acme, manager, superuser):
    mine, theirs = reread(acme), reread(acme)
    mine.name = theirs.name = "Same"
    actions.save(theirs, by=superuser)
    before = totals()
    actions.save(mine, by=manager)
    assert totals() == before


def test_a_customer_that_is_gone(acme, manager):
    customer = reread(acme)
    actions.delete(Customer.objects.all(), by=manager)
    customer.name, before = "Late", totals()
    with pytest.raises(Gone):
        actions.save(customer, by=manager)
    assert totals() == before


# Search key


def test_the_search_finds_what_stands_there_now(acme, anna, manager):
    def found(text):
        return Customer.objects.search(text).exists()

    customer = reread(acme)
    customer.external_id, customer.name = "Straße", "Ökonom"
    actions.save(customer, by=manager)
    assert found("strasse")
    assert found("okonom")
    assert found("anna@")
    assert not found("acme")
    anna.email = "zoe.new@example.com"
    contacts.actions.save(anna, by=manager)
    assert found("zoe.new@")
    assert not found("anna@")
    actions.save(reread(acme), by=manager, associates=[])
    assert not found("zoe.new@")
    bert = Contact(email="bert@example.com")
    actions.save(reread(acme), by=manager, associates=[(bert, STANDARD)])
    assert found("bert@")


def test_a_new_e_mail_is_no_change_of_the_customer(acme, anna, manager):
    anna.email = "other@example.com"
    contacts.actions.save(anna, by=manager)
    row = reread(acme)
    assert (row.version, row.changed) == (acme.version, acme.changed)
    assert codes(acme) == []
    assert Customer.objects.search("other@").get() == row


def test_nothing_of_mine_is_no_conflict(acme, anna, manager, superuser):
    """Saved as it was opened, while somebody else changed it: nothing is asked, nothing written."""
    mine, theirs = reread(acme), reread(acme)
    theirs.crm_id = "theirs"
    actions.save(theirs, by=superuser, associates=[(anna, STANDARD)])
    before = totals()
    actions.save(mine, by=manager, associates=[(anna, ADMINISTRATOR)])
    assert totals() == before


def test_the_least_of_mine_is_a_conflict(acme, anna, manager, superuser):
    mine, theirs = reread(acme), reread(acme)
    theirs.crm_id, mine.ref_id = "theirs", "mine"
    actions.save(theirs, by=superuser)
    with pytest.raises(Conflict):
        actions.save(mine, by=manager)
