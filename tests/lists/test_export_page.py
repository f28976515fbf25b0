"""The page that says what a file will hold, and the file it is answered with."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.utils import timezone

from customers.models import Customer
from ems_site.audit.models import Entry
from ems_site.lists import spreadsheets
from ems_site.lists.formulas import restored
from ems_site.status import Status
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.lists.workbooks import values_of, workbook_of
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db
CSV = {"file_format": "csv", "columns": "shown"}
XLSX = {"file_format": "xlsx", "columns": "shown"}
PASSWORD = "seven unrelated marmots"


@pytest.fixture
def client(exporter, signed_in):
    exporter.set_password(PASSWORD)
    exporter.save()
    return signed_in(exporter)


@pytest.fixture
def three(db):
    CustomerFactory(name="=Acme", customer_id="+1", crm_id="-x", ref_id="PO 7", people=[ContactFactory()])
    CustomerFactory(name="Beta", customer_id="B", description="two\nlines")
    CustomerFactory(
        name="Gamma", customer_id="G", ref_id="PO 8", external_id="E-1", time_zone="Europe/Berlin"
    )
    Customer.objects.filter(name="Beta").update(status=Status.DISABLED)


def got(answer) -> bytes:
    assert answer.status_code == 200, answer.content.decode()
    return b"".join(answer.streaming_content)


def table(answer) -> list[list[str]]:
    data = got(answer)
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def all_attributes(client, path):
    return table(client.post(path, CSV | {"columns": "all"}))


# The page


def test_it_says_how_many_and_which(client, three):
    page = Served(client.get("/customers/export/?q=po&status=enabled&columns=name,customer_id"))
    assert "Export 2 customers" in page.text
    assert "Any attribute: po" in page.text
    assert "Status: Enabled" in page.text
    assert "Name, Customer ID" in page.text
    assert "name, customerCRMId, description, enabled" in page.text
    form = page.form("file_format")
    assert form.action == "/customers/export/?q=po&status=enabled&columns=name,customer_id"
    assert (form.data["columns"], form.data["file_format"]) == (["shown"], ["xlsx"])
    assert "old_password" not in form.data
    (submit,) = [attrs for tag, attrs in page.tags if tag == "button" and "data-plain" in attrs]
    assert submit["type"] == "submit"
    assert ("Cancel", "/customers/?q=po&status=enabled&columns=name%2Ccustomer_id") in page.links


def test_without_filters(client, three):
    assert "All customers: the list is not filtered." in Served(client.get("/customers/export/")).text


def test_one_and_none(client, three):
    assert "Export 1 customer " in Served(client.get("/customers/export/?q=beta")).text
    page = Served(client.get("/customers/export/?q=nobody"))
    assert "No customers to export" in page.text
    assert page.form("file_format") is None


def test_what_was_left_out_is_told(client, three):
    page = Served(client.get("/customers/export/?and=nonsense&created_from=yesterday"))
    assert "A criterion was left out" in page.text
    assert "Enter a date such as 2026-06-30." in page.text


def test_more_rows_than_a_sheet_holds(client, three, monkeypatch):
    assert "new sheet" not in Served(client.get("/customers/export/")).text
    monkeypatch.setattr("ems_site.lists.views.exports.MOST_ROWS", 3)
    assert "After every 2 rows a new sheet begins." in Served(client.get("/customers/export/")).text


def test_looking_writes_nothing(client, three):
    before = everything()
    client.get("/customers/export/")
    client.head("/customers/export/")
    assert everything() == before


@pytest.mark.parametrize("data", [{}, {"file_format": "pdf", "columns": "shown"}, CSV | {"columns": "x"}])
def test_what_is_not_offered(client, three, data):
    before = everything()
    answer = client.post("/customers/export/", data)
    assert answer.status_code == 422
    assert "Export 3 customers" in Served(answer).text
    assert everything() == before


# The file


def test_columns_as_shown(client, three):
    rows = table(client.post("/customers/export/?columns=customer_id,name,contacts&sort=-name", CSV))
    assert rows == [
        ["Customer ID", "Name", "Contacts"],
        ["G", "Gamma", "0"],
        ["B", "Beta", "0"],
        ["'+1", "'=Acme", "1"],
    ]


def test_only_what_matches(client, three):
    rows = table(client.post("/customers/export/?columns=name&status=disabled", CSV))
    assert rows == [["Name"], ["Beta"]]
    assert [
        row[0] for row in table(client.post("/customers/export/?columns=name&and=name.starts.=acme", CSV))
    ] == [
        "Name",
        "'=Acme",
    ]


def test_all_attributes_of_customers(client, three):
    head, *rows = all_attributes(client, "/customers/export/?sort=name")
    assert head == [
        *("name", "customerCRMId", "description", "enabled", "refId", "customerIdentifier"),
        *("externalId", "timeZone"),
    ]
    assert rows == [
        ["'=Acme", "'-x", "", "true", "PO 7", "'+1", "", "UTC"],
        ["Beta", "", "two\nlines", "false", "", "B", "", "UTC"],
        ["Gamma", "", "", "true", "PO 8", "G", "E-1", "Europe/Berlin"],
    ]


def test_all_attributes_of_contacts(client):
    ContactFactory(email="anna@example.com", name="Anna", phone="+49 30 5", ref_id1="r1", ref_id2="r2")
    head, *rows = all_attributes(client, "/contacts/export/")
    assert head == ["email", "name", "refId1", "refId2", "phone", "language", "enabled"]
    assert rows == [["anna@example.com", "Anna", "r1", "r2", "'+49 30 5", "en", "true"]]
    assert restored(rows[0][4]) == "+49 30 5"


def test_all_attributes_of_entitlements(client):
    person = ContactFactory(email="anna@example.com")
    customer = CustomerFactory(customer_id="C-1", people=[person])
    one = EntitlementFactory(
        customer=customer, contact=person, state="complete", end_date=date(2026, 12, 31), external_id="X"
    )
    other = EntitlementFactory(customer=None, ref_id1="r1", ref_id2="r2")
    head, *rows = all_attributes(client, "/entitlements/export/?sort=created")
    assert head == [
        *("eid", "state", "customerIdentifier", "contactEmail", "refId1", "refId2", "externalId"),
        *("startDate", "endDate"),
    ]
    assert rows == [
        [one.eid, "complete", "C-1", "anna@example.com", "", "", "X", "2026-01-01", "2026-12-31"],
        [other.eid, "draft", "", "", "r1", "r2", "", "2026-01-01", ""],
    ]


def test_xlsx(client, three):
    book = workbook_of(got(client.post("/customers/export/?columns=name,customer_id", XLSX)))
    assert values_of(book["Customers"]) == [
        ["Name", "Customer ID"],
        ["=Acme", "+1"],
        ["Beta", "B"],
        ["Gamma", "G"],
    ]


@pytest.mark.parametrize("path", ["/customers/export/", "/contacts/export/", "/entitlements/export/"])
@pytest.mark.parametrize("query", ["", "columns={}"])
def test_every_column_of_every_list(client, path, query):
    contact = ContactFactory(name="Anna")
    customer = CustomerFactory(people=[contact])
    for state in ("draft", "complete"):
        EntitlementFactory(customer=customer, contact=contact, state=state, products=[{}])
    from ems_site.lists.listing import LISTS

    names = LISTS[path.split("/")[1]].columns_by_name
    head, *rows = table(client.post(f"{path}?{query.format(','.join(names))}", CSV))
    assert rows
    if query:
        assert head == [column.title for column in names.values()]


def test_its_headers(client, three):
    with time_machine.travel(datetime(2026, 11, 22, 23, 59, tzinfo=UTC), tick=False):
        for data, kind in (
            (CSV, "text/csv; charset=utf-8"),
            (XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ):
            answer = client.post("/customers/export/?q=%22%3B%0D%0AX:", data)
            assert answer["Content-Type"] == kind
            name = f"customers-2026-11-22.{data['file_format']}"
            assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
            assert answer["X-Content-Type-Options"] == "nosniff"
            assert answer["Cache-Control"] == "no-store"
            got(answer)


def test_an_odd_address_is_no_failure(client, three):
    for query in ("q=%00", "q=" + "x" * 10**6, "and=%00.%00.%00", "after=%00", "columns=%00", "sort=%00"):
        assert client.get(f"/customers/export/?{query}").status_code == 200, query[:20]
        answer = client.post(f"/customers/export/?{query}", CSV)
        assert "Name" in table(answer)[0], query[:20]


# Who gets it


def test_the_right_to_export_and_the_right_to_view_are_asked_for(
    three, signed_in, viewer, clerk, contact_user
):
    clerk.groups.add(Group.objects.get(name="Export"))
    contact_user.groups.set(Group.objects.all())
    for user in (viewer, clerk, contact_user):
        client, before = signed_in(user), everything()
        for path in ("/customers/export/", "/contacts/export/", "/entitlements/export/"):
            assert client.get(path).status_code == 403
            assert client.post(path, CSV).status_code == 403
        assert everything() == before


def test_each_list_has_a_right_of_its_own(three, signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed("customers.view_customer", "customers.export_customer"))
    client = signed_in(user)
    assert "Entitlements" not in table(client.post("/customers/export/", CSV))[0]
    assert client.post("/contacts/export/", CSV).status_code == 403


# The password again


def test_a_stale_password_is_asked_for_and_nothing_is_lost(client, three):
    path = "/customers/export/?q=beta"
    client.get(path)
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        assert "old_password" in Served(client.get(path)).form("file_format").data
        before = everything()
        for typed in ({}, {"old_password": "wrong"}):
            answer = client.post(path, CSV | {"columns": "all"} | typed)
            assert answer.status_code == 422
            form = Served(answer).form("old_password")
            assert (form.action, form.data["columns"], form.data["file_format"]) == (path, ["all"], ["csv"])
            assert form.data["old_password"] == [""]
        assert everything() == before
        assert table(client.post(path, form.data | {"old_password": PASSWORD}))[1][0] == "Beta"
        # For the next ten minutes it is not asked again.
        assert "old_password" not in Served(client.get(path)).form("file_format").data


# History


def test_the_history_says_who_got_what(client, three, exporter):
    got(client.post("/customers/export/?q=po&status=enabled&columns=name,customer_id&and=ref_id.any.po", CSV))
    entry = Entry.objects.get(code="customer.exported")
    assert (entry.subject_kind, entry.subject_key) == ("customers.customer", 0)
    assert (entry.subject_name, entry.actor_name) == ("2 customers", "manager")
    assert entry.changes == {
        "filters": ["", "Ref ID: po; Any attribute: po; Status: Enabled"],
        "columns": ["", "Name, Customer ID"],
        "format": ["", "CSV"],
    }
    page = Served(client.get("/history/"))
    assert "Customer exported 2 customers" in page.text
    assert "CSV" in page.text


def test_the_history_hides_the_customer_from_those_who_may_not_view_it(client, three, signed_in):
    customer = Customer.objects.get(name="Gamma")
    got(client.post(f"/contacts/export/?customer={customer.pk}&and=customer.any.beta", XLSX))
    other = UserFactory()
    other.user_permissions.set(allowed("contacts.view_contact", "audit.view_entry"))
    entry = Entry.objects.get(code="contact.exported")
    assert any(name.startswith("customer::Gamma") for name in entry.changes)
    shown = Served(signed_in(other).get("/history/")).text
    assert "Contact exported 0 contacts" in shown
    assert "Gamma" not in shown
    assert "beta" not in shown
    assert "Gamma (G) (Filter)" in Served(client.get("/history/")).text


def test_one_is_not_many(client, three):
    got(client.post("/customers/export/?q=beta", CSV))
    assert Entry.objects.get(code="customer.exported").subject_name == "1 customer"


def test_a_number_that_takes_too_long(client, three, monkeypatch):
    from ems_site.lists.listing import Listing
    from ems_site.lists.time_limits import TooSlow

    def too_slow(self):
        raise TooSlow

    monkeypatch.setattr(Listing, "exact_count", too_slow)
    monkeypatch.setattr("ems_site.lists.counting.COUNTED", 2)
    monkeypatch.setattr("ems_site.lists.listing.DEFAULT_SIZE", 1)
    assert "Export more than 2 customers" in Served(client.get("/customers/export/")).text
    got(client.post("/customers/export/", CSV))
    assert Entry.objects.get(code="customer.exported").subject_name == "more than 2 customers"


def test_formats_are_those_of_the_writers():
    assert set(spreadsheets.FORMATS) == {"csv", "xlsx"}
