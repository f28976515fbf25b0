"""Customers in Django admin: the same rules, through the admin's own pages."""

import pytest
from django.contrib.admin.models import LogEntry

import entitlements.actions
from contacts.models import Contact
from customers import actions
from customers.admin import CustomerAdmin
from customers.models import Association, Customer
from ems_site.audit import actions as audit
from ems_site.audit.models import Entry
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db

LIST = "/admin/customers/customer/"
ADD = f"{LIST}add/"


as_both = pytest.mark.parametrize("person", ["manager", "superuser"], indirect=True)


@pytest.fixture
def person(request):
    return request.getfixturevalue(getattr(request, "param", "manager"))


@pytest.fixture
def client(person, signed_in):
    return signed_in(person)


@pytest.fixture
def anna():
    return ContactFactory(email="anna@example.com")


@pytest.fixture
def customer(anna):
    return CustomerFactory(name="Acme", customer_id="ACME-1", crm_id="crm", people=[anna])


def change_of(customer):
    return f"{LIST}{customer.pk}/change/"


def form_at(client, address):
    return Served(client.get(address)).form("time_zone").data


def save(client, address, **typed):
    return client.post(address, form_at(client, address) | {"_save": "Save"} | typed)


def row(place, contact, kind="standard", **more):
    values = {"contact": contact.pk, "kind": kind, "id": "", "customer": ""} | more
    return {f"associations-{place}-{name}": value for name, value in values.items()}


def kinds(customer):
    return dict(customer.associations.values_list("contact__email", "kind"))


def choose(client, name, customers, **more):
    keys = [customer.pk for customer in customers]
    return client.post(LIST, {"action": f"{name}_selected", "_selected_action": keys} | more, follow=True)


# Add and change


@as_both
def test_add_with_contacts(anna, client, person):
    typed = {
        "name": "New Ltd",
        "customer_id": "",
        "description": "One\r\n\r\nTwo",
        "external_id": "E",
        "ref_id": "R",
        "crm_id": "C",
        "time_zone": "Asia/Tokyo",
        "associations-TOTAL_FORMS": "1",
    }
    assert save(client, ADD, **typed, **row(0, anna, "administrator")).status_code == 302
    customer = Customer.objects.get()
    assert customer.customer_id
    assert customer.description == "One\n\nTwo"
    assert customer.time_zone == "Asia/Tokyo"
    assert kinds(customer) == {"anna@example.com": "administrator"}
    assert Customer.objects.search("anna@").get() == customer
    entry = Entry.objects.get(code="customer.added")
    assert (entry.actor_key, entry.client_address) == (person.pk, "127.0.0.1")
    assert entry.changes[f"contact:{anna.pk}:anna@example.com"] == ["", "administrator"]
    assert not LogEntry.objects.exists()


def test_the_served_form_posted_back_writes_nothing(customer, client):
    Customer.objects.update(time_zone="Asia/Calcutta", description="One\n\nTwo")
    EntitlementFactory(customer=customer, state="complete")
    before = everything()
    assert save(client, change_of(customer)).status_code == 302
    assert everything() == before


@as_both
def test_change(customer, client):
    answer = save(client, change_of(customer), name="Acme 2", description="One\r\nTwo")
    assert (answer.status_code, answer.url) == (302, LIST)
    customer.refresh_from_db()
    assert (customer.name, customer.description, customer.version) == ("Acme 2", "One\nTwo", 2)
    assert Entry.objects.get().changes == {"name": ["Acme", "Acme 2"], "description": ["", "One\nTwo"]}


def test_description_is_a_field_of_several_lines(customer, client):
    tags = Served(client.get(change_of(customer))).tags
    assert "description" in [attrs.get("name") for tag, attrs in tags if tag == "textarea"]


def test_contacts_are_changed_added_and_removed(customer, anna, client):
    bert, carl = ContactFactory(email="bert@example.com"), ContactFactory(email="carl@example.com")
    Association.objects.create(customer=customer, contact=bert)
    typed = {"associations-0-kind": "administrator", "associations-1-DELETE": "on"}
    typed["associations-TOTAL_FORMS"] = "3"
    assert save(client, change_of(customer), **typed, **row(2, carl)).status_code == 302
    assert kinds(customer) == {"anna@example.com": "administrator", "carl@example.com": "standard"}
    assert len(Entry.objects.get(code="customer.changed").changes) == 3
    assert Entry.objects.filter(code="contact.changed").count() == 3
    assert Contact.objects.count() == 3


def test_a_contact_twice(customer, anna, client):
    before = everything()
    answer = save(client, change_of(customer), **{"associations-TOTAL_FORMS": "2"}, **row(1, anna))
    assert answer.status_code == 200
    assert everything() == before


def test_a_bad_row_saves_nothing_of_the_customer(customer, client):
    before = everything()
    assert (
        save(client, change_of(customer), name="Acme 2", **{"associations-0-kind": "owner"}).status_code
        == 200
    )
    assert everything() == before


def test_a_failure_midway_saves_nothing(customer, client, monkeypatch):
    """The history of the contact is written, that of the customer fails."""
    record = audit.record

    def failing(code, *args, **kwargs):
        if code.startswith("customer"):
            raise RuntimeError
        return record(code, *args, **kwargs)

    monkeypatch.setattr(audit, "record", failing)
    client.raise_request_exception = False
    bert = ContactFactory()
    before = everything()
    typed = {"associations-TOTAL_FORMS": "2", "name": "Acme 2"}
    assert save(client, change_of(customer), **typed, **row(1, bert)).status_code == 500
    assert everything() == before


@pytest.mark.parametrize("button", ["_continue", "_addanother"])
def test_other_buttons_save_the_same_way(button, customer, client):
    data = form_at(client, change_of(customer)) | {"name": "Acme 2", button: "1"}
    assert client.post(change_of(customer), data).status_code == 302
    assert Customer.objects.get().name == "Acme 2"
    assert Entry.objects.get().code == "customer.changed"


# Confirmation


@pytest.fixture
def sold(customer):
    EntitlementFactory(customer=customer, state="complete")
    return customer


def confirm(client, customer, answer, **more):
    form = Served(answer).form("time_zone")
    return client.post(
        change_of(customer), form.data | {"confirmation": dict(form.buttons)["confirmation"]} | more
    )


def test_a_change_asks_for_the_confirmation(sold, client):
    before = everything()
    answer = save(client, change_of(sold), name="Acme 2", crm_id="")
    assert answer.status_code == 200
    page = Served(answer)
    assert "1 completed entitlement belongs" in page.text
    table = next(table for table in page.tables if table[0] == ["Attribute", "From", "To"])
    assert sorted(table[1:]) == [["CRM ID", "crm", "–"], ["Name", "Acme", "Acme 2"]]
    assert "was changed successfully" not in page.text
    assert page.form("time_zone").data["name"] == ["Acme 2"]
    assert everything() == before


@as_both
def test_confirmed(sold, client):
    answer = confirm(client, sold, save(client, change_of(sold), name="Acme 2"))
    assert answer.status_code == 302
    assert Customer.objects.get().name == "Acme 2"
    assert Entry.objects.get().code == "customer.changed"


def test_a_confirmation_is_for_what_was_shown(sold, client):
    asked = save(client, change_of(sold), name="Acme 2")
    before = everything()
    assert confirm(client, sold, asked, name="Acme 3").status_code == 200
    assert everything() == before


def test_a_confirmation_from_the_page_of_somebody_else(sold, client, signed_in):
    other = UserFactory(is_superuser=True)
    asked = save(signed_in(other), change_of(sold), name="Acme 2")
    before = everything()
    assert confirm(client, sold, asked).status_code == 200
    assert everything() == before


def test_contacts_need_the_confirmation_as_well(sold, client):
    before = everything()
    answer = save(client, change_of(sold), **{"associations-0-kind": "administrator"})
    assert "anna@example.com" in Served(answer).text
    assert everything() == before
    assert confirm(client, sold, answer).status_code == 302
    assert kinds(sold) == {"anna@example.com": "administrator"}


# Conflict


@as_both
def test_a_change_meanwhile_is_shown_and_not_overwritten(customer, client):
    data = form_at(client, change_of(customer))
    theirs = Customer.objects.get()
    theirs.crm_id = "theirs"
    actions.save(theirs, by=UserFactory(username="colleague"))
    before = everything()
    answer = client.post(change_of(customer), data | {"name": "Mine", "_save": "Save"})
    page = Served(answer)
    assert answer.status_code == 200
    assert "colleague" in page.text
    table = next(table for table in page.tables if "Theirs" in table[0])
    rows = {label: cells for label, *cells in table[1:]}
    assert rows["CRM ID"] == ["crm", "theirs", "crm"]
    assert rows["Name"] == ["Acme", "Acme", "Mine"]
    assert everything() == before
    again = page.form("time_zone").data | {"crm_id": "theirs", "_save": "Save"}
    assert client.post(change_of(customer), again).status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.crm_id, customer.version) == ("Mine", "theirs", 3)


def test_contacts_changed_meanwhile_are_shown(customer, anna, client):
    data = form_at(client, change_of(customer))
    bert = ContactFactory(email="bert@example.com")
    people = [(anna, "administrator"), (bert, "standard")]
    actions.save(Customer.objects.get(), by=UserFactory(), associates=people)
    before = everything()
    answer = client.post(change_of(customer), data | {"name": "Mine", "_save": "Save"})
    table = next(table for table in Served(answer).tables if "Theirs" in table[0])
    assert {"anna", "bert"} <= {label.partition("@")[0].rpartition(" ")[2] for label, *_ in table[1:]}
    assert everything() == before


def test_a_conflict_then_a_confirmation(sold, client):
    data = form_at(client, change_of(sold))
    actions.disable(Customer.objects.all(), by=UserFactory())
    answer = client.post(change_of(sold), data | {"name": "Mine", "_save": "Save"})
    asked = client.post(change_of(sold), Served(answer).form("time_zone").data | {"_save": "Save"})
    assert confirm(client, sold, asked).status_code == 302
    assert Customer.objects.get().name == "Mine"


def test_deleted_meanwhile(customer, client):
    data = form_at(client, change_of(customer))
    actions.delete(Customer.objects.all(), by=UserFactory())
    client.post(change_of(customer), data | {"name": "Mine", "_save": "Save"}, follow=True)
    assert not Customer.objects.exists()


# Delete


@as_both
def test_delete(customer, client, person):
    page = Served(client.get(f"{LIST}{customer.pk}/delete/"))
    assert "Acme" in page.text
    answer = client.post(f"{LIST}{customer.pk}/delete/", {"post": "yes"}, follow=True)
    assert "was deleted successfully" in Served(answer).text
    assert not Customer.objects.exists()
    assert Contact.objects.exists()
    assert Entry.objects.get(code="customer.deleted").actor_key == person.pk
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("state", ["draft", "closed"])
def test_no_delete_with_an_entitlement(state, customer, client):
    EntitlementFactory(customer=customer, state=state)
    before = everything()
    for answer in (
        client.get(f"{LIST}{customer.pk}/delete/"),
        client.post(f"{LIST}{customer.pk}/delete/", {"post": "yes"}, follow=True),
        choose(client, "delete", [customer]),
        choose(client, "delete", [customer], post="yes"),
    ):
        assert "deleted successfully" not in Served(answer).text
    assert everything() == before


@as_both
def test_the_refusal_of_a_delete_gives_the_true_reason(customer, client):
    """No permission would help: it is the entitlement that is in the way."""
    EntitlementFactory(customer=customer)
    for answer in (client.get(f"{LIST}{customer.pk}/delete/"), choose(client, "delete", [customer])):
        assert "account doesn't have permission" not in Served(answer).text


def test_an_entitlement_made_after_the_check(customer, client, monkeypatch):
    """The admin has looked and found nothing in the way."""
    EntitlementFactory(customer=customer)
    nothing = [], {}, set(), []
    monkeypatch.setattr(CustomerAdmin, "get_deleted_objects", lambda *args: nothing)
    before = everything()
    for answer in (
        client.post(f"{LIST}{customer.pk}/delete/", {"post": "yes"}, follow=True),
        choose(client, "delete", [customer], post="yes"),
    ):
        text = Served(answer).text
        assert "has entitlements and cannot be deleted" in text
        assert "uccessfully deleted" not in text
        assert "deleted successfully" not in text
    assert everything() == before


@as_both
def test_bulk_delete(client):
    customers = [CustomerFactory(), CustomerFactory()]
    assert "Are you sure" in Served(choose(client, "delete", customers)).text
    choose(client, "delete", customers, post="yes")
    assert not Customer.objects.exists()
    assert Entry.objects.filter(code="customer.deleted").count() == 2
    assert not LogEntry.objects.exists()


def test_bulk_delete_of_all_or_none(customer, client):
    EntitlementFactory(customer=customer)
    both = [customer, CustomerFactory()]
    before = everything()
    choose(client, "delete", both, post="yes")
    assert everything() == before


def test_nothing_of_entitlements_without_the_right_to_see_them(customer, signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed("customers.view_customer", "customers.delete_customer"))
    client = signed_in(user)
    entitlement = EntitlementFactory(customer=customer, state="complete")
    for answer in (
        client.get(f"{LIST}{customer.pk}/delete/"),
        client.post(f"{LIST}{customer.pk}/delete/", {"post": "yes"}),
        choose(client, "delete", [customer]),
    ):
        assert entitlement.eid not in answer.content.decode()


# Enable and disable


def carry_out(client, answer, address=LIST, **typed):
    """Posts the page between choosing and disabling."""
    return client.post(address, Served(answer).form("plan").data | typed, follow=True)


@as_both
def test_disable_shows_whom_it_hits_and_takes_a_reason(customer, anna, client, person, signed_in):
    bert = ContactFactory(email="bert@example.com")
    off = CustomerFactory(name="Off", customer_id="OFF-1", status="disabled")
    Association.objects.create(customer=customer, contact=bert)
    CustomerFactory(people=[bert])
    signed_in(UserFactory(username=anna.email, is_staff=False, contact=anna))
    before = everything()
    asked = choose(client, "disable", [customer, off])
    assert everything() == before
    page = Served(asked)
    assert "Disable 1 of the 2 ticked customers?" in page.text
    assert "2 contacts are concerned. 1 cannot log on" in page.text
    assert "it is signed in now and is out at the next request; 1 keeps other" in page.text
    words = "Will be disabled: 1 Acme (ACME-1) Will be left out: 1 Off (OFF-1) · Is disabled already"
    assert words in page.text
    assert "1 customer disabled." in Served(carry_out(client, asked, comment="Unpaid\r\nin May")).text
    entry = Entry.objects.get()
    assert (entry.code, entry.subject_key) == ("customer.disabled", customer.pk)
    assert (entry.actor_key, entry.comment) == (person.pk, "Unpaid\nin May")
    assert not LogEntry.objects.exists()


def test_enable_acts_at_once(customer, client):
    off = CustomerFactory(status="disabled")
    text = Served(choose(client, "enable", [customer, off], comment="none is taken")).text
    assert "1 customer enabled. 1 left out: enabled already." in text
    assert (Entry.objects.get().code, Entry.objects.get().comment) == ("customer.enabled", "")


@pytest.mark.parametrize(
    ("reason", "words"), [("x" * 501, "at most 500 characters"), ("a\x07b", "cannot be used")]
)
def test_a_reason_that_cannot_be_kept_is_refused_on_the_page(reason, words, customer, client):
    asked = choose(client, "disable", [customer])
    before = everything()
    refused = carry_out(client, asked, comment=reason)
    assert refused.status_code == 422
    assert words in Served(refused).text
    assert Served(refused).form("plan").data["comment"] == [reason]
    assert everything() == before
    carry_out(client, refused, comment="Short")
    assert Entry.objects.get().comment == "Short"


def test_the_confirmation_is_for_the_customers_that_were_shown(customer, client):
    asked = choose(client, "disable", [customer])
    other = CustomerFactory()
    carry_out(client, asked, _selected_action=[customer.pk, other.pk])
    assert Customer.objects.disabled().get() == customer


def test_what_changed_since_is_shown_again(customer, client):
    other = CustomerFactory()
    asked = choose(client, "disable", [customer, other])
    actions.disable(Customer.objects.filter(pk=other.pk), by=None)
    before = everything()
    again = carry_out(client, asked, comment="Unpaid")
    assert again.status_code == 422
    assert "Something changed since. Look again." in Served(again).text
    assert "Disable 1 of the 2 ticked customers?" in Served(again).text
    assert Served(again).form("plan").data["comment"] == ["Unpaid"]
    assert everything() == before
    carry_out(client, again)
    assert Entry.objects.latest("pk").comment == "Unpaid"


def test_customers_deleted_since(customer, client):
    asked = choose(client, "disable", [customer])
    actions.delete(Customer.objects.all(), by=None)
    again = Served(carry_out(client, asked))
    assert again.status == 422
    assert "They do not exist any more." in again.text
    assert again.form("plan") is None


def test_a_plan_of_somebody_else_or_of_another_verb(customer, client, signed_in):
    theirs = choose(signed_in(UserFactory(is_superuser=True)), "disable", [customer])
    tokens = [Served(theirs).form("plan").data["plan"][0], "", "x:y:z"]
    tokens.append(Served(client.get(f"/customers/{customer.pk}/delete/")).form("plan").data["plan"][0])
    before = everything()
    for token in tokens:
        answer = choose(client, "disable", [customer], plan=token)
        assert answer.status_code == 422
        assert "Look once more, then confirm." in Served(answer).text
    assert everything() == before


def test_nothing_to_disable(client):
    page = Served(choose(client, "disable", [CustomerFactory(status="disabled")]))
    assert "None of these customers can be disabled" in page.text
    assert page.form("plan") is None


def test_all_that_are_found_at_once_have_a_limit(customer, client, monkeypatch):
    CustomerFactory()
    everybody = {"select_across": "1", "_selected_action": [customer.pk]}
    assert "Disable 2 customers?" in Served(choose(client, "disable", [], **everybody)).text
    monkeypatch.setattr("ems_site.action_admin.MOST_AT_ONCE", 1)
    before = everything()
    text = Served(choose(client, "disable", [], **everybody)).text
    assert "At most 1 customers can be disabled at once. Select fewer." in text
    assert everything() == before


def test_the_list_stays_filtered(customer, client):
    address = f"{LIST}?status__exact=enabled&q=acme"
    posted = {"action": "disable_selected", "_selected_action": [customer.pk]}
    asked = client.post(address, posted)
    assert Served(asked).form("plan").action == address
    assert ("Cancel", address) in Served(asked).links
    assert carry_out(client, asked, address).redirect_chain == [(address, 302)]
    assert Customer.objects.disabled().exists()


def test_disabling_needs_the_right_at_the_second_post_too(customer, client, person):
    asked = choose(client, "disable", [customer])
    person.groups.clear()
    person.user_permissions.set(allowed("customers.view_customer"))
    before = everything()
    carry_out(client, asked)
    assert everything() == before


def test_a_link_leads_to_the_page_of_the_customer(customer, client):
    links = Served(client.get(change_of(customer))).links
    assert ("Open in EMS Customers", f"/customers/{customer.pk}/") in links
    assert "View on site" not in dict(links)


# Search, filter, history


@pytest.mark.parametrize("text", ["STRASSE", "straße", "ANNA@example", "acme-1", "  acme  "])
def test_search(text, anna, client):
    found = CustomerFactory(name="Straße", customer_id="ACME-1", people=[anna])
    CustomerFactory()
    answer = client.get(LIST, {"q": text})
    assert [row.pk for row in answer.context["cl"].result_list] == [found.pk]


def test_filter(customer, client):
    off = CustomerFactory(status="disabled")
    answer = client.get(LIST, {"status__exact": "disabled"})
    assert [row.pk for row in answer.context["cl"].result_list] == [off.pk]


@pytest.mark.parametrize(
    "lookup",
    [
        "search_key__startswith",
        "name__startswith",
        "name_key__gte",
        "contacts__user__password__startswith",
        "associations__contact__user__session_epoch",
        "entitlements__eid__startswith",
        "uuid",
        "id__in",
        "status__startswith",
        "_to_field",
    ],
)
def test_forbidden_lookups(lookup, customer, client):
    assert client.get(f"{LIST}?{lookup}=a").status_code == 400


def test_history(customer, client, person):
    save(client, change_of(customer), crm_id="New <CRM>")
    actions.disable(Customer.objects.all(), by=None, comment="Unpaid")
    page = Served(client.get(f"{LIST}{customer.pk}/history/"))
    rows = page.tables[-1][1:]
    assert "Customer disabled: Unpaid" in rows[0][2]
    assert "The system" in rows[0][1]
    assert rows[1][1] == person.username
    assert "CRM ID: crm → New <CRM>" in rows[1][3]
    assert rows[1][4] == "127.0.0.1"


def test_the_history_names_entitlements_to_those_who_may_see_them(customer, client, signed_in):
    draft = EntitlementFactory.build(customer=customer)
    entitlements.actions.save(draft, by=None)
    user = UserFactory()
    user.user_permissions.set(allowed("customers.view_customer"))
    address = f"{LIST}{customer.pk}/history/"
    assert f"Entitlement: – → {draft.eid} (Draft)" in Served(client.get(address)).text
    hidden = Served(signed_in(user).get(address)).text
    assert "Customer changed" in hidden
    assert draft.eid not in hidden


# Rights


def test_a_viewer_reads_only(customer, viewer, signed_in):
    client, before = signed_in(viewer), everything()
    page = client.get(change_of(customer))
    assert page.status_code == 200
    assert "Acme" in Served(page).text
    assert not Served(page).form("name")
    assert client.post(change_of(customer), {"name": "Mine", "version": "1"}).status_code == 403
    assert client.post(ADD, {"name": "Mine"}).status_code == 403
    for name in ("delete", "disable", "enable"):
        choose(client, name, [customer], post="yes")
    assert everything() == before


def test_without_the_right_to_see_contacts_associations_stay(customer, signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed("customers.view_customer", "customers.change_customer"))
    client = signed_in(user)
    assert "anna@example.com" not in client.get(change_of(customer)).content.decode()
    forged = {"associations-TOTAL_FORMS": "1", "associations-INITIAL_FORMS": "0"}
    assert (
        save(client, change_of(customer), name="Mine", **forged, **row(0, ContactFactory())).status_code
        == 302
    )
    assert Customer.objects.get().name == "Mine"
    assert kinds(customer) == {"anna@example.com": "standard"}


@pytest.mark.parametrize(("right", "status"), [(None, 403), ("contacts.view_contact", 200)])
def test_the_picker_is_for_those_who_may_see_contacts(right, status, anna, signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed("customers.change_customer", *([right] if right else [])))
    asked = {"app_label": "customers", "model_name": "association", "field_name": "contact", "term": "ANNA"}
    answer = signed_in(user).get("/admin/autocomplete/", asked)
    assert answer.status_code == status
    if right:
        assert [found["id"] for found in answer.json()["results"]] == [str(anna.pk)]


@as_both
def test_mass_assignment(customer, client):
    forged = {
        "status": "disabled",
        "search_key": "forged",
        "name_key": "forged",
        "uuid": "00000000-0000-0000-0000-000000000000",
        "created": "2000-01-01",
        "created_0": "2000-01-01",
        "is_staff": "on",
        "id": "4711",
    }
    before = everything()
    assert save(client, change_of(customer), **forged).status_code == 302
    assert everything() == before
    assert save(client, ADD, name="New", customer_id="N-1", **forged, version="7").status_code == 302
    added = Customer.objects.get(name="New")
    assert (added.status, added.version, added.created.year != 2000) == ("enabled", 1, True)
    assert "forged" not in added.search_key + added.name_key


@pytest.mark.parametrize("version", ["", "abc", "-1", "0", "99", str(2**31), "9" * 30])
def test_a_forged_version_saves_nothing(version, customer, client):
    before = everything()
    assert save(client, change_of(customer), crm_id="forged", version=version).status_code == 200
    assert everything() == before


def test_the_row_of_another_customer_stays_where_it_is(customer, client):
    other = CustomerFactory(people=[ContactFactory(email="other@example.com")])
    link = other.associations.get()
    forged = {
        "associations-0-id": link.pk,
        "associations-0-DELETE": "on",
        "associations-0-customer": other.pk,
    }
    save(client, change_of(customer), **forged)
    assert kinds(other) == {"other@example.com": "standard"}
    assert Contact.objects.get(email="other@example.com").customers_key
    assert set(Contact.objects.values_list("version", flat=True)) == {1}


def test_after_a_conflict_plain_save_keeps_what_the_other_person_changed(client, superuser):
    anna, bert = ContactFactory(), ContactFactory()
    customer = CustomerFactory(name="Acme", crm_id="old", people=[anna, bert])
    mine = form_at(client, change_of(customer)) | {"name": "Mine", "_save": "Save"}
    theirs = Customer.objects.get()
    theirs.crm_id = "theirs"
    actions.save(theirs, by=superuser, associates=[(anna, "standard")])
    again = Served(client.post(change_of(customer), mine))
    assert "Changed meanwhile" in again.text
    assert (
        client.post(change_of(customer), again.form("time_zone").data | {"_save": "Save"}).status_code == 302
    )
    customer.refresh_from_db()
    assert (customer.name, customer.crm_id) == ("Mine", "theirs")
    assert [link.contact for link in customer.associations.all()] == [anna]
