"""The page that deletes a customer, or says why it cannot."""

import pytest
from django.core import signing

from contacts.models import Contact
from customers import actions
from customers.models import Association, Customer
from ems_site import plans
from ems_site.audit.models import Entry
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(manager, signed_in):
    return signed_in(manager)


@pytest.fixture
def customer():
    return CustomerFactory(name="Acme", customer_id="ACME-1", people=[ContactFactory(), ContactFactory()])


def delete_of(customer):
    return f"/customers/{customer.pk}/delete/"


def plan(client, address, **posted):
    """The plan that the page at this address hands out."""
    page = Served(client.post(address, posted) if posted else client.get(address))
    return page.form("plan").data["plan"][0]


# Possible


def test_the_page_says_what_goes_and_what_stays(customer, client):
    page = Served(client.get(delete_of(customer)))
    assert "Delete Acme?" in page.text
    assert "ACME-1" in page.text
    assert "2 associations with contacts go too; the contacts stay" in page.text
    assert "The history keeps a record" in page.text


def test_the_page_without_contacts(client):
    page = Served(client.get(delete_of(CustomerFactory())))
    assert "No contact is associated" in page.text


def test_deleted(customer, client):
    data = {"plan": plan(client, delete_of(customer)), "comment": "Merged\r\nwith ACME-2"}
    answer = client.post(delete_of(customer), data, follow=True)
    assert answer.redirect_chain == [("/customers/", 302)]
    assert "Acme (ACME-1) deleted." in Served(answer).text
    assert not Customer.objects.exists()
    assert not Association.objects.exists()
    assert Contact.objects.count() == 2
    entry = Entry.objects.get(code="customer.deleted")
    assert (entry.subject_name, entry.comment) == ("Acme (ACME-1)", "Merged\nwith ACME-2")
    assert entry.changes["customer_id"] == ["ACME-1", ""]
    assert len([name for name in entry.changes if name.startswith("contact:")]) == 2


def test_the_history_still_knows_it(customer, client):
    client.post(delete_of(customer), {"plan": plan(client, delete_of(customer))})
    page = Served(client.get("/history/?q=acme"))
    assert "Customer deleted" in page.text
    assert "Acme (ACME-1)" not in [text for text, _ in page.links]


# Not possible


def test_the_refusal_says_how_many_and_the_first_few(customer, client):
    entitlements = [EntitlementFactory(customer=customer) for _ in range(7)]
    page = Served(client.get(delete_of(customer)))
    assert page.status == 200
    assert "Acme cannot be deleted" in page.text
    assert "7 entitlements have been generated for it" in page.text
    links = dict(page.links)
    shown = [entitlement for entitlement in entitlements if entitlement.eid in links]
    assert len(shown) == 5
    assert all(links[entitlement.eid] == entitlement.get_absolute_url() for entitlement in shown)
    assert not page.form("plan")


def test_one_draft_is_enough(customer, client):
    EntitlementFactory(customer=customer, state="draft")
    assert "1 entitlement has been generated for it" in Served(client.get(delete_of(customer))).text


def offers_disable(client, customer):
    links = Served(client.get(delete_of(customer))).links
    return f"/customers/{customer.pk}/disable/" in [address for _, address in links]


def test_disable_is_offered_instead(customer, client):
    EntitlementFactory(customer=customer)
    assert offers_disable(client, customer)
    Customer.objects.update(status="disabled")
    assert not offers_disable(client, customer)


def test_disable_is_not_offered_to_those_who_may_not(customer, signed_in):
    EntitlementFactory(customer=customer)
    user = UserFactory()
    user.user_permissions.set(allowed("customers.view_customer", "customers.delete_customer"))
    assert not offers_disable(signed_in(user), customer)


def test_nothing_of_entitlements_without_the_right_to_see_them(customer, signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed("customers.view_customer", "customers.delete_customer"))
    client = signed_in(user)
    token = plan(client, delete_of(customer))
    eids = [EntitlementFactory(customer=customer, state=state).eid for state in ("draft", "complete")]
    pages = [
        client.get(delete_of(customer)),
        client.post(delete_of(customer), {"plan": token}),
        client.post("/customers/ticked/delete/", {"pk": [customer.pk]}),
        client.get(f"/customers/{customer.pk}/"),
    ]
    for answer in pages:
        page = Served(answer)
        assert not any(eid in answer.content.decode() for eid in eids)
        assert "2 entitlements" not in page.text
        assert not any("entitlement" in address for _, address in page.links)


def test_an_entitlement_made_after_the_page_was_shown(customer, client):
    token = plan(client, delete_of(customer))
    EntitlementFactory(customer=customer)
    before = everything()
    answer = client.post(delete_of(customer), {"plan": token, "comment": "typed"})
    assert answer.status_code == 422
    assert "cannot be deleted" in Served(answer).text
    assert everything() == before


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("key", ["4711", "9" * 18, "9" * 19, "9" * 30, "abc", "-1"])
def test_gone(method, key, client):
    assert getattr(client, method)(f"/customers/{key}/delete/").status_code == 404


def test_deleted_twice(customer, client):
    token = plan(client, delete_of(customer))
    client.post(delete_of(customer), {"plan": token})
    assert client.post(delete_of(customer), {"plan": token}).status_code == 404


# A plan is for one person, one verb, and the customer as it was shown


def not_done(client, customer, token):
    before = everything()
    answer = client.post(delete_of(customer), {"plan": token, "comment": "typed"})
    assert answer.status_code == 422
    page = Served(answer)
    assert page.form("plan"), page.text
    assert page.form("plan").data["comment"] == ["typed"]
    assert everything() == before


def test_the_plan_of_another_person(customer, client, superuser, signed_in):
    not_done(client, customer, plan(signed_in(superuser), delete_of(customer)))


@pytest.mark.parametrize("verb", ["disable", "enable"])
def test_the_plan_of_another_verb(verb, customer, client):
    if verb == "enable":
        Customer.objects.update(status="disabled")
    not_done(client, customer, plan(client, f"/customers/{customer.pk}/{verb}/"))


def test_the_plan_of_another_customer(customer, client):
    other = CustomerFactory()
    not_done(client, customer, plan(client, delete_of(other)))
    assert Customer.objects.filter(pk=other.pk).exists()


def test_the_plan_of_several_customers(customer, client):
    keys = [customer.pk, CustomerFactory().pk]
    not_done(client, customer, plan(client, "/customers/ticked/delete/", pk=keys))


@pytest.mark.parametrize("token", ["", "1", "x:y:z", "\0", "é", "[]", "a" * 100_000])
def test_an_invented_plan(token, customer, client):
    not_done(client, customer, token)


def test_an_altered_plan(customer, client):
    token = plan(client, delete_of(customer))
    body, _, signature = token.partition(":")
    not_done(client, customer, f"{body[:-1]}x:{signature}")
    not_done(client, customer, token[:-1] + ("A" if token[-1] != "A" else "B"))


def test_a_plan_signed_for_something_else(customer, client, manager):
    rows = ["delete", manager.pk, [[customer.pk, customer.version]]]
    not_done(client, customer, signing.dumps(rows, salt="another"))


def test_an_old_plan(customer, client, monkeypatch):
    token = plan(client, delete_of(customer))
    monkeypatch.setattr(plans, "PLAN_SECONDS", -1)
    not_done(client, customer, token)


def test_a_customer_changed_since(customer, client):
    token = plan(client, delete_of(customer))
    customer.crm_id = "theirs"
    actions.save(customer, by=UserFactory())
    not_done(client, customer, token)


@pytest.mark.parametrize(
    ("comment", "message"),
    [("x" * 501, "at most 500"), ("a\tb", "cannot be used"), ("a\0b", "Null")],
)
def test_a_bad_reason(comment, message, customer, client):
    before = everything()
    data = {"plan": plan(client, delete_of(customer)), "comment": comment}
    answer = client.post(delete_of(customer), data)
    assert answer.status_code == 422
    assert message in Served(answer).text
    assert everything() == before
