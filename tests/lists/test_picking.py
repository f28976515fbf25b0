"""Finding a record to pick within a form: by an attribute or any, anywhere, exactly, or by the beginning."""

import pytest
from django.http import QueryDict

from contacts.models import Contact
from customers.models import Customer
from ems_site.lists import picking
from ems_site.lists.keyset import Sort
from ems_site.lists.picking import Picker
from ems_site.lists.time_limits import TooSlow
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory
from tests.pages import Served

pytestmark = pytest.mark.django_db

PANES = {
    "/customers/add/": ("contact_", "find_contacts"),
    "/entitlements/add/": ("customer_", "find_customers"),
}


@pytest.fixture
def client(superuser, signed_in):
    return signed_in(superuser)


@pytest.fixture
def people():
    ContactFactory(name="Anna", email="b@example.com", phone="Berlin")
    ContactFactory(name="Berlinde", email="c@example.com")
    ContactFactory(name="Not of Berlin", email="a@example.com")


@pytest.fixture
def companies():
    CustomerFactory(name="Anna", description="Berlin")
    CustomerFactory(name="Berlinde", customer_id="B-1")
    CustomerFactory(name="Not of Berlin", customer_id="B-2")


ASKED = [
    ({"q": "berlin"}, {"Anna", "Berlinde", "Not of Berlin"}),
    ({"q": "BERLIN", "in": "name"}, {"Berlinde", "Not of Berlin"}),
    ({"q": "berlin", "in": "name", "how": "starts"}, {"Berlinde"}),
    ({"q": "berlin", "how": "exact"}, {"Anna"}),
    ({"q": "berlin", "in": "name", "how": "exact"}, set()),
    ({"q": "", "in": "name", "how": "exact"}, {"Anna", "Berlinde", "Not of Berlin"}),
    ({"q": "berlin", "in": "password", "how": "regex"}, {"Anna", "Berlinde", "Not of Berlin"}),
]


def offered(page):
    """Whom the pick list offers, in its order."""
    return [text for text, css in page.spans if css == "person-name"]


class Shown(Served):
    """With the text of each span that has a class."""

    def __init__(self, response):
        self.spans, self._span = [], None
        super().__init__(response)

    def start_span(self, attrs):
        self._span = ([], attrs.get("class"))

    def handle_data(self, data):
        super().handle_data(data)
        if self._span:
            self._span[0].append(data)

    def end_span(self):
        if self._span:
            self.spans.append(("".join(self._span[0]).strip(), self._span[1]))
        self._span = None


@pytest.mark.parametrize(("asked", "names"), ASKED)
def test_contacts_for_a_customer(asked, names, people, client):
    data = {f"contact_{name}": value for name, value in asked.items()}
    page = Shown(client.post("/customers/add/", data | {"find_contacts": "1", "name": "Half an"}))
    assert set(offered(page)) == names
    form = page.form("contact_q")
    assert form.data["name"] == ["Half an"]
    known = asked.get("in") != "password"
    for name in ("in", "how"):
        assert form.data[f"contact_{name}"] == [asked.get(name, "") if known else ""]


@pytest.mark.parametrize(("asked", "names"), ASKED)
def test_a_customer_for_an_entitlement(asked, names, companies, client):
    data = {f"customer_{name}": value for name, value in asked.items()}
    page = Shown(client.post("/entitlements/add/", data | {"find_customers": "1"}))
    assert set(offered(page)) == names


@pytest.mark.parametrize(("asked", "names"), ASKED)
def test_a_contact_of_the_customer(asked, names, people, client):
    ContactFactory(name="Berlin elsewhere")
    customer = CustomerFactory(people=Contact.objects.exclude(name="Berlin elsewhere"))
    data = {f"contact_{name}": value for name, value in asked.items()}
    data |= {"find_contacts": "1", "customer": customer.pk}
    page = Shown(client.post("/entitlements/add/", data))
    assert set(offered(page)) - {customer.name} == names


@pytest.mark.parametrize(("asked", "names"), ASKED)
def test_customers_of_a_contact(asked, names, companies, client):
    contact = ContactFactory()
    page = Shown(client.get(f"/contacts/{contact.pk}/customers/", asked))
    assert set(offered(page)) == names


def test_what_others_are_called_is_not_searched(client):
    anna = ContactFactory(name="Anna")
    CustomerFactory(name="Zeppelin", people=[anna])
    assert "customer" not in Picker.read(Contact).searched
    page = Shown(client.post("/customers/add/", {"find_contacts": "1", "contact_q": "zeppelin"}))
    assert offered(page) == []


def test_the_first_ones_in_the_usual_order(client):
    for number in range(11, 0, -1):
        ContactFactory(email=f"c{number:02}@example.com", name="")
        CustomerFactory(name=f"Customer {number:02}")
    page = Shown(client.get("/customers/add/"))
    assert offered(page) == [f"c{number:02}@example.com" for number in range(1, 9)]
    assert "The first 8; type more to narrow down" in page.text
    page = Shown(client.get("/entitlements/add/"))
    assert offered(page) == [f"Customer {number:02}" for number in range(1, 9)]


@pytest.mark.parametrize("text", ["\0", "a" * 5000, "%", "_", "'", '"', "\\", "😀", " "])
def test_hostile_texts_are_answered(text, client, people, companies):
    EntitlementFactory()
    for address, (prefix, button) in PANES.items():
        data = {f"{prefix}{name}": text for name in ("q", "in", "how")}
        assert client.post(address, data | {button: "1"}).status_code == 200
    contact = Contact.objects.first()
    assert client.get(f"/contacts/{contact.pk}/customers/", {"q": text, "in": text}).status_code == 200


def test_a_search_that_takes_too_long_says_so(client, monkeypatch):
    def too_slow(*given):
        raise TooSlow

    monkeypatch.setattr(picking, "first", too_slow)
    answer = client.post("/customers/add/", {"find_contacts": "1", "contact_q": "x"})
    assert answer.status_code == 503


def test_whether_there_are_more(monkeypatch):
    monkeypatch.setattr(picking, "OFFERED", 2)
    for number in range(3):
        CustomerFactory(name=f"Acme {number}")
    picker = Picker.read(Customer, QueryDict("q=acme"))
    found, more = picker.found(Customer.objects.all(), Sort(("name_key",)))
    assert ([one.name for one in found], more) == (["Acme 0", "Acme 1"], True)
    found, more = picker.found(Customer.objects.exclude(name="Acme 0"), Sort(("name_key",)))
    assert ([one.name for one in found], more) == (["Acme 1", "Acme 2"], False)
