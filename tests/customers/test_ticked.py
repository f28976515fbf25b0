"""Delete, Disable and Enable for the customers ticked in the list."""

import pytest

from customers import actions
from customers.models import Customer
from ems_site.audit.models import Entry
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db

VERBS = ["delete", "disable", "enable"]


@pytest.fixture
def client(manager, signed_in):
    return signed_in(manager)


@pytest.fixture
def mixed():
    """For each verb something to do and something to leave out."""
    people = [ContactFactory(), ContactFactory()]
    free = CustomerFactory(name="Free", customer_id="FREE", people=people)
    disabled = CustomerFactory(name="Off", customer_id="OFF", status="disabled", people=people[:1])
    blocked = CustomerFactory(name="Blocked", customer_id="BLOCKED")
    EntitlementFactory(customer=blocked)
    EntitlementFactory(customer=blocked, state="complete")
    return [free, disabled, blocked]


PARTITION = {
    "delete": ({"FREE", "OFF"}, {"BLOCKED": "Has 2 entitlements"}),
    "disable": ({"FREE", "BLOCKED"}, {"OFF": "Is disabled already"}),
    "enable": ({"OFF"}, {"FREE": "Is enabled already", "BLOCKED": "Is enabled already"}),
}


def ask(client, verb, customers, status=200):
    keys = [getattr(customer, "pk", customer) for customer in customers]
    answer = client.post(f"/customers/ticked/{verb}/", {"pk": keys})
    assert answer.status_code == status
    return Served(answer)


def agree(client, page, **more):
    form = page.form("plan")
    return client.post(form.action, form.data | more)


def parts(page):
    """The text of what will be done and of what will be left out."""
    will, _, left_out = page.text.partition("Will be left out")
    return will.partition("Will be ")[2], left_out


@pytest.mark.parametrize("verb", VERBS)
def test_the_plan_says_what_will_happen_and_what_not(verb, mixed, client):
    before = everything()
    will, left_out = parts(ask(client, verb, mixed))
    done, not_done = PARTITION[verb]
    for customer in mixed:
        assert (customer.customer_id in will) == (customer.customer_id in done)
        assert (customer.customer_id in left_out) == (customer.customer_id in not_done)
    for reason in not_done.values():
        assert reason in left_out
    assert everything() == before


@pytest.mark.parametrize("verb", VERBS)
def test_then_exactly_that_is_done(verb, mixed, client):
    answer = agree(client, ask(client, verb, mixed), comment="Because")
    assert (answer.status_code, answer.url) == (302, "/customers/")
    done, not_done = PARTITION[verb]
    code = f"customer.{verb}d"
    entries = Entry.objects.filter(code=code)
    assert {entry.subject_name.rpartition("(")[2][:-1] for entry in entries} == done
    assert {entry.comment for entry in entries} == {"Because"}
    left = {row.customer_id: row for row in Customer.objects.all()}
    assert set(not_done) <= set(left)
    if verb == "delete":
        assert set(left) == set(not_done)
    else:
        assert {left[name].status for name in done} == {f"{verb}d"}
        assert all(left[name].version == 2 for name in done)
    assert all(left[name].version == 1 for name in not_done)


def test_the_answer_says_how_many(mixed, client):
    page = ask(client, "disable", mixed)
    assert "Disable 2 of the 3 ticked customers?" in page.text
    form = page.form("plan")
    assert "2 customers disabled." in Served(client.post(form.action, form.data, follow=True)).text


def test_contacts_are_counted_over_all(mixed, client):
    assert "3 associations with contacts go too" in ask(client, "delete", mixed).text


def test_nothing_to_do(client):
    customer = CustomerFactory(status="disabled")
    page = ask(client, "disable", [customer])
    assert "None of these customers can be disabled" in page.text
    assert not page.form("plan")


def test_without_the_right_to_see_entitlements_there_is_no_number(mixed, signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed("customers.view_customer", "customers.delete_customer"))
    _, left_out = parts(ask(signed_in(user), "delete", mixed))
    assert "Has entitlements" in left_out
    assert "2" not in left_out.partition("Reason")[0].partition("BLOCKED")[2]


# Changed meanwhile


@pytest.mark.parametrize("verb", VERBS)
def test_a_change_of_one_refuses_all(verb, mixed, client):
    page = ask(client, verb, mixed)
    one = Customer.objects.get(customer_id=sorted(PARTITION[verb][0])[-1])
    actions.enable(Customer.objects.filter(pk=one.pk), by=None)
    actions.disable(Customer.objects.filter(pk=one.pk), by=None)
    before = everything()
    answer = agree(client, page, comment="Because")
    assert answer.status_code == 422
    assert "Something changed since" in Served(answer).text
    assert everything() == before


def test_an_entitlement_meanwhile_refuses_all(client):
    customers = [CustomerFactory(), CustomerFactory()]
    page = ask(client, "delete", customers)
    EntitlementFactory(customer=customers[0])
    before = everything()
    answer = agree(client, page)
    assert answer.status_code == 422
    assert "cannot be deleted" in Served(answer).text
    assert everything() == before
    assert agree(client, Served(answer)).status_code == 302
    assert Customer.objects.get() == customers[0]


def test_one_deleted_meanwhile_refuses_all(mixed, client):
    page = ask(client, "disable", mixed)
    actions.delete(Customer.objects.filter(customer_id="FREE"), by=None)
    before = everything()
    answer = agree(client, page)
    assert answer.status_code == 422
    assert everything() == before


def test_all_deleted_meanwhile(client):
    customer = CustomerFactory()
    page = ask(client, "disable", [customer])
    Customer.objects.all().delete()
    answer = agree(client, page)
    assert answer.status_code == 422
    assert "do not exist any more" in Served(answer).text


def test_keys_of_nobody_are_left_out(client):
    page = ask(client, "disable", [CustomerFactory(), 4711, 0])
    assert "Will be disabled 1" in page.text
    assert "do not exist any more" in ask(client, "disable", [4711]).text


@pytest.mark.parametrize("plan", ["", "1", "x:y", "\0", "a" * 100_000])
@pytest.mark.parametrize("verb", VERBS)
def test_an_invented_plan(plan, verb, mixed, client):
    before = everything()
    assert client.post(f"/customers/ticked/{verb}/", {"plan": plan}).status_code == 422
    assert everything() == before


def test_a_plan_of_another_person_or_verb(mixed, client, superuser, signed_in):
    plan = ask(signed_in(superuser), "disable", mixed).form("plan").data["plan"]
    mine = ask(client, "enable", mixed).form("plan").data["plan"]
    before = everything()
    for token in (plan, mine):
        assert client.post("/customers/ticked/disable/", {"plan": token}).status_code == 422
    assert everything() == before


def test_ticks_beside_a_plan_do_not_widen_it(mixed, client):
    page = ask(client, "disable", mixed[:1])
    other = CustomerFactory(customer_id="OTHER")
    agree(client, page, pk=other.pk)
    assert Customer.objects.get(pk=other.pk).is_enabled()


def test_a_bad_reason_keeps_the_plan(mixed, client):
    before = everything()
    answer = agree(client, ask(client, "disable", mixed), comment="x" * 501)
    assert answer.status_code == 422
    page = Served(answer)
    assert "at most 500 characters" in page.text
    assert everything() == before
    assert agree(client, page, comment="x").status_code == 302


# What was ticked


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_ticked(verb, client):
    answer = client.post(f"/customers/ticked/{verb}/", follow=True)
    assert answer.redirect_chain == [("/customers/", 302)]
    assert f"Tick the customers to {verb} first" in Served(answer).text


@pytest.mark.parametrize(
    "key", ["9" * 20, "9" * 19, str(2**63), "abc", "", "-1", "1.5", "1e3", "１", "\0", "0x1"]
)
@pytest.mark.parametrize("verb", VERBS)
def test_a_key_that_is_none(key, verb, mixed, client):
    before = everything()
    page = ask(client, verb, [mixed[0], key], status=422)
    assert "Nothing was changed" in page.text
    assert everything() == before


def test_two_hundred_at_once_and_no_more(client):
    names = [f"n{number}" for number in range(201)]
    rows = [Customer(name=name, customer_id=name, customer_id_key=name) for name in names]
    Customer.objects.bulk_create(rows)
    keys = list(Customer.objects.values_list("pk", flat=True))
    assert "up to 200" in ask(client, "disable", keys, status=422).text
    answer = agree(client, ask(client, "disable", keys[:200]))
    assert answer.status_code == 302
    assert Customer.objects.disabled().count() == 200
    assert Entry.objects.count() == 200


def test_ticked_twice_is_once(client):
    customer = CustomerFactory()
    page = ask(client, "disable", [customer, customer])
    assert "Disable 1 customer" in page.text


@pytest.mark.parametrize("verb", VERBS)
def test_only_by_post(verb, client):
    customer = CustomerFactory()
    assert client.get(f"/customers/ticked/{verb}/", {"pk": customer.pk}).status_code == 405


def test_somebody_of_two_customers_counts_once(client):
    anna = ContactFactory()
    pair = [CustomerFactory(people=[anna]) for _ in range(2)]
    keys = {"pk": [customer.pk for customer in pair]}
    disable = client.post("/customers/ticked/disable/", keys).content.decode()
    assert "1 contact cannot log on" in " ".join(disable.split())
    delete = client.post("/customers/ticked/delete/", keys).content.decode()
    assert "2 associations with contacts go too" in " ".join(delete.split())
