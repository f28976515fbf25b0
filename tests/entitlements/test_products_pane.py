"""The Products pane: lines are added and removed without losing anything, and judged one by one."""

from datetime import date

import pytest

from entitlements import actions
from entitlements.actions.drafts import MOST_PRODUCT_KEYS
from entitlements.models import Entitlement, ProductKey
from tests.factories import CustomerFactory, EntitlementFactory, ProductKeyFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db

ADD = "/entitlements/add/"
TYPED = {
    "customer": "",
    "contact": "",
    "start_date": "2026-13-99",
    "end_date": "2026-12-31",
    "never_expires": "on",
    "ref_id1": "x" * 200,
    "ref_id2": " R ",
    "external_id": "a\tb",
    "version": "",
}
VALID = {"start_date": "2026-01-01", "end_date": "2026-12-31", "ref_id1": "", "external_id": "", "save": ""}
LINE = ("id", *ProductKey.ATTRIBUTES)
HTMX = {"HX-Request": "true", "HX-Target": "products-pane"}
both = pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])


@pytest.fixture
def client(licenser, signed_in):
    return signed_in(licenser)


def edit_of(entitlement):
    return f"/entitlements/{entitlement.pk}/edit/"


def lines(*rows):
    """As a browser posts them: a blank line has its proposed quantity."""
    posted = {"products-TOTAL_FORMS": str(len(rows)), "products-INITIAL_FORMS": "0"}
    for place, row in enumerate(rows):
        values = {"id": "", "product": "", "product_version": "", "quantity": "1"}
        values |= {"start_date": "", "end_date": ""} | row
        posted |= {f"products-{place}-{name}": str(value) for name, value in values.items()}
    return posted


class Pane(Served):
    """The panes alone, as they come to htmx, in a form to post them with."""

    def __init__(self, text):
        self.status_code, self.content = 200, f'<form method="post">{text}</form>'.encode()
        super().__init__(self)


def shown(page):
    """What stands in the lines, as it would be posted again, without what is empty."""
    data = page.form("products-TOTAL_FORMS").data
    count = int(data["products-TOTAL_FORMS"][0])
    rows = [{name: data.get(f"products-{place}-{name}", [""])[0] for name in LINE} for place in range(count)]
    return [{name: value for name, value in row.items() if value} for row in rows]


def pressed(client, button, *rows, headers, value="1", address=ADD, **more):
    posted = TYPED | lines(*rows) | {button: value} | more
    answer = client.post(address, posted, headers=headers)
    page = Pane(answer.content.decode()) if headers else Served(answer)
    page.status = answer.status_code
    if not headers:
        data = page.form("start_date").data
        assert {name: data[name][0] for name in TYPED if name in data} == TYPED | {
            name: value for name, value in more.items() if name in TYPED
        }
    return page


def save(client, *rows, address=ADD, **values):
    data = {name: value for name, value in TYPED.items() if name != "never_expires"}
    return client.post(address, data | VALID | lines(*rows) | values)


def window(page, place=0):
    table = next(table for table in page.tables if "License window" in table[0])
    return table[place + 1][5].partition(" Exact times")[0].replace("License window ", "")


# Add product, Remove

HALF = {"product": "Half an", "quantity": "many", "start_date": "soon", "never_expires": "on"}


@both
def test_add_product(headers, client):
    before = everything()
    page = pressed(client, "add_product", HALF, headers=headers)
    assert page.status == 200
    assert shown(page) == [HALF, {"quantity": "1"}]
    assert "Line 2 added." in page.text
    assert everything() == before


@both
def test_remove(headers, client):
    rows = [{"product": "A"}, {"product": "B", "quantity": "2"}, {"product": "C"}]
    page = pressed(client, "remove_product", *rows, value="1", headers=headers)
    assert [row["product"] for row in shown(page)] == ["A", "C"]
    assert "Line 2 removed" in page.text


@both
def test_remove_the_last_one(headers, client):
    page = pressed(client, "remove_product", {"product": "A"}, value="0", headers=headers)
    assert shown(page) == []
    assert "No products yet" in page.text
    assert shown(pressed(client, "add_product", headers=headers)) == [{"quantity": "1"}]


@both
@pytest.mark.parametrize("place", ["7", "-1", "abc", "", str(2**63), "9" * 30, "０"])
def test_remove_a_line_that_is_not_there(place, headers, client):
    page = pressed(client, "remove_product", {"product": "A"}, value=place, headers=headers)
    assert page.status == 200
    assert [row["product"] for row in shown(page)] == ["A"]


def test_a_line_keeps_its_number_through_the_buttons(client):
    draft = EntitlementFactory(products=[{"product": "A"}, {"product": "B"}])
    first, second = draft.product_keys.all()
    page = pressed(client, "remove_product", {"id": first.pk}, {"id": second.pk}, value="0", headers=HTMX)
    assert shown(page)[0]["id"] == str(second.pk)


def test_no_more_lines_than_an_entitlement_may_have(client):
    rows = [{"product": f"P{number}"} for number in range(MOST_PRODUCT_KEYS)]
    page = pressed(client, "add_product", *rows, headers=HTMX)
    assert len(shown(page)) == MOST_PRODUCT_KEYS
    assert "at most 200 products" in page.text


# Saving


def test_lines_are_added_changed_and_removed(client):
    draft = EntitlementFactory(products=[{"product": "A"}, {"product": "B"}, {"product": "C"}])
    a, _, c = draft.product_keys.all()
    kept = {"id": a.pk, "product": "A", "quantity": "10"}
    changed = {"id": c.pk, "product": "C2", "quantity": "3", "start_date": "2026-02-01"}
    answer = save(client, kept, {"product": "D"}, changed, {}, address=edit_of(draft), version="1")
    assert answer.status_code == 302
    names = "pk", "product", "quantity", "start_date"
    assert list(draft.product_keys.values_list(*names))[:2] == [
        (a.pk, "A", 10, None),
        (c.pk, "C2", 3, date(2026, 2, 1)),
    ]
    assert draft.product_keys.latest("pk").product == "D"


@pytest.mark.parametrize(
    "blank",
    [
        {},
        {"quantity": ""},
        {"product": "  ", "product_version": "\t"},
        {"quantity": " 1 "},
        {"quantity": " "},
    ],
)
def test_blank_lines_are_left_out(blank, client):
    assert save(client, blank, {"product": "A"}, blank).status_code == 302
    assert ProductKey.objects.get().product == "A"


@pytest.mark.parametrize("initial", ["0", "3", "99", "abc", "-1", ""])
def test_a_forged_number_of_initial_lines(initial, client):
    answer = save(client, {}, {"product": "A"}, **{"products-INITIAL_FORMS": initial})
    assert answer.status_code in {302, 422}
    assert ProductKey.objects.count() == (answer.status_code == 302)


TOO_BIG = "The quantity is at most 2147483647."


@pytest.mark.parametrize(
    ("row", "field", "message"),
    [
        ({"quantity": "2"}, "product", "This field is required"),
        ({"product_version": "1"}, "product", "This field is required"),
        ({"never_expires": "on"}, "product", "This field is required"),
        ({"product": "..."}, "product", "at least one letter or digit"),
        ({"product": "x" * 101}, "product", "at most 100 characters"),
        ({"product": "a\0"}, "product", "Null characters are not allowed"),
        ({"product": "A", "product_version": "v" * 51}, "product_version", "at most 50 characters"),
        ({"product": "A", "product_version": "a\u202eb"}, "product_version", "invisible character"),
        ({"product": "A", "quantity": ""}, "quantity", "This field is required"),
        ({"product": "A", "quantity": "0"}, "quantity", "The quantity is 1 or more."),
        ({"product": "A", "quantity": "-1"}, "quantity", "The quantity is 1 or more."),
        ({"product": "A", "quantity": "１２"}, "quantity", "Enter a whole number, such as 12."),
        ({"product": "A", "quantity": "٣"}, "quantity", "Enter a whole number, such as 12."),
        ({"product": "A", "quantity": "1.5"}, "quantity", "Enter a whole number, such as 12."),
        ({"product": "A", "quantity": "1e3"}, "quantity", "Enter a whole number, such as 12."),
        ({"product": "A", "quantity": "abc"}, "quantity", "Enter a whole number, such as 12."),
        ({"product": "A", "quantity": str(2**31)}, "quantity", TOO_BIG),
        ({"product": "A", "quantity": str(2**63)}, "quantity", TOO_BIG + "|Enter a whole number"),
        ({"product": "A", "quantity": "9" * 5000}, "quantity", TOO_BIG + "|Enter a whole number"),
        ({"product": "A", "start_date": "2026-02-30"}, "start_date", "Enter a date that exists"),
        ({"product": "A", "start_date": "２０２６-０１-０１"}, "start_date", "Enter a date that exists"),
        ({"product": "A", "start_date": "01/02/2026"}, "start_date", "Enter a date that exists"),
        ({"product": "A", "start_date": "0001-01-01"}, "start_date", "Choose dates from 1 January 1900"),
        ({"product": "A", "start_date": "9999-12-31"}, "start_date", "Choose dates from 1 January 1900"),
        ({"product": "A", "end_date": "9999-12-31"}, "end_date", "to 31 December 9998"),
        ({"product": "A", "end_date": "0000-00-00"}, "end_date", "Enter a date that exists"),
        ({"product": "A", "end_date": "12026-01-01"}, "end_date", "Enter a date that exists"),
        ({"product": "A", "end_date": "2025-12-31"}, "end_date", "The end date is before the start date."),
        (
            {"product": "A", "end_date": "2026-12-31", "never_expires": "on"},
            "end_date",
            "Give an end date or “never expires”, not both.",
        ),
    ],
)
def test_an_error_stands_at_its_field_and_nothing_is_lost(row, field, message, client):
    before = everything()
    answer = save(client, {"product": "Fine"}, row)
    page = Served(answer)
    assert answer.status_code == 422
    assert everything() == before
    leads = {address for _, address in page.links if address.startswith("#id_")}
    assert leads <= {f"#id_products-1-{field}", "#id_products-1-start_date", "#id_products-1-end_date"}
    assert any(words in page.text for words in message.split("|"))
    again = {"quantity": "1"} | {name: value for name, value in row.items() if value}
    if row.get("quantity") == "":
        del again["quantity"]
    assert shown(page) == [{"product": "Fine", "quantity": "1"}, again]
    ids = [attrs["aria-describedby"] for _, attrs in page.tags if attrs.get("aria-invalid") == "true"]
    assert all(any(attrs.get("id") == one for _, attrs in page.tags) for one in ids)


def test_the_list_of_errors_names_the_line(client):
    page = Served(save(client, {"product": "Fine"}, {"product": "Suite", "quantity": "0"}))
    assert ("Line 2 (Suite): Quantity: The quantity is 1 or more.", "#id_products-1-quantity") in page.links


@pytest.mark.parametrize("row", [{"product": "  "}, {"product": "", "quantity": ""}])
def test_a_saved_line_that_is_emptied_is_not_taken_for_blank(row, client):
    draft = EntitlementFactory(products=[{"product": "A"}])
    before = everything()
    key = draft.product_keys.get()
    assert save(client, {"id": key.pk} | row, address=edit_of(draft), version="1").status_code == 422
    assert everything() == before


def test_too_many_lines_are_refused_and_kept(client):
    rows = [{"product": f"P{number}"} for number in range(MOST_PRODUCT_KEYS + 1)]
    before = everything()
    answer = save(client, *rows)
    page = Served(answer)
    assert answer.status_code == 422
    assert "An entitlement has at most 200 products." in page.text
    assert len(shown(page)) == MOST_PRODUCT_KEYS + 1
    assert everything() == before


def test_blank_lines_do_not_count(client):
    rows = [{"product": f"P{number}"} for number in range(MOST_PRODUCT_KEYS)]
    assert save(client, *rows, {}).status_code == 302
    assert ProductKey.objects.count() == MOST_PRODUCT_KEYS


@pytest.mark.parametrize("total", ["", "abc", "1e3", "\0", "0", "-1", str(2**63)])
@pytest.mark.parametrize("button", ["save", "add_product", "find_customers"])
def test_a_garbled_number_of_lines(total, button, client):
    before = everything()
    answer = save(client, {"product": "A"}, **{"products-TOTAL_FORMS": total, button: "1"})
    assert answer.status_code in {200, 422} or total == str(2**63)
    if answer.status_code != 302:
        assert everything() == before


def test_no_lines_at_all(client):
    """The list is missing from the post, which is not the same as empty."""
    draft = EntitlementFactory(products=[{"product": "A"}])
    before = everything()
    data = {name: value for name, value in (TYPED | VALID).items() if name != "never_expires"}
    assert client.post(edit_of(draft), data | {"version": "1"}).status_code == 422
    assert everything() == before


# Lines of others


def test_a_line_of_another_entitlement(client):
    draft = EntitlementFactory(products=[{"product": "Mine"}])
    other = ProductKeyFactory(entitlement__state="draft", product="Other")
    mine = {"id": draft.product_keys.get().pk, "product": "Mine"}
    before = everything()
    for address in (ADD, edit_of(draft)):
        rows = [{"id": other.pk, "product": "Other"}] + ([mine] if address != ADD else [])
        answer = save(client, *rows, address=address, version="1")
        assert answer.status_code == 422
        assert "This product belongs to another entitlement. Remove the line." in Served(answer).text
    assert everything() == before


def test_a_line_twice(client):
    draft = EntitlementFactory(products=[{"product": "Mine"}])
    row = {"id": draft.product_keys.get().pk, "product": "Mine", "quantity": "10"}
    before = everything()
    answer = save(client, row, row | {"quantity": "11"}, address=edit_of(draft), version="1")
    assert answer.status_code == 422
    assert "This product stands in the list twice" in Served(answer).text
    assert everything() == before


@pytest.mark.parametrize("key", ["abc", "-1", "0", str(2**63), "9" * 30, "1.5", "１", "4711", "\0"])
@pytest.mark.parametrize("adding", [True, False])
def test_a_line_that_never_was(key, adding, client):
    address = ADD if adding else edit_of(EntitlementFactory(products=[{"product": "Mine"}]))
    before = everything()
    answer = save(client, {"id": key, "product": "X"}, address=address, version="1")
    assert answer.status_code == 422
    assert "Null characters" in Served(answer).text or "ine" in Served(answer).text
    assert everything() == before


def test_a_line_that_somebody_removed_meanwhile(client):
    draft = EntitlementFactory(products=[{"product": "A"}, {"product": "B"}])
    a, b = draft.product_keys.all()
    actions.save(Entitlement.objects.get(pk=draft.pk), by=UserFactory(username="colleague"), product_keys=[a])
    rows = [{"id": key.pk, "product": key.product, "quantity": "7"} for key in (a, b)]
    before = everything()
    data = {"customer": draft.customer_id, "end_date": "", "never_expires": "on", "version": "1"}
    answer = save(client, *rows, address=edit_of(draft), **data)
    assert answer.status_code == 409
    assert "colleague changed" in Served(answer).text
    assert everything() == before


# Windows


def test_windows_follow_from_the_dates_and_the_zone(client):
    berlin = CustomerFactory(time_zone="Europe/Berlin")
    dates = {"start_date": "2026-01-01", "end_date": "2026-12-31"}
    rows = [{}, {"start_date": "2026-06-01"}, {"never_expires": "on"}, {"end_date": "2026-03-31"}]
    posted = {name: value for name, value in TYPED.items() if name != "never_expires"} | dates
    for customer, zone in [("", "UTC"), (str(berlin.pk), "Europe/Berlin")]:
        answer = client.post(
            ADD, posted | lines(*rows) | {"customer": customer, "show_windows": "1"}, headers=HTMX
        )
        page = Pane(answer.content.decode())
        assert [window(page, place) for place in range(4)] == [
            f"1 Jan 2026 – 31 Dec 2026 {zone}",
            f"1 Jun 2026 – 31 Dec 2026 {zone}",
            f"1 Jan 2026 – never expires {zone}",
            f"1 Jan 2026 – 31 Mar 2026 {zone}",
        ]
        assert ("in UTC until a customer is chosen" in page.text) is (not customer)


def test_windows_are_there_when_a_draft_is_opened(client):
    customer = CustomerFactory(time_zone="Asia/Tokyo")
    draft = EntitlementFactory(customer=customer, products=[{"product": "A"}])
    assert window(Served(client.get(edit_of(draft)))) == "1 Jan 2026 – never expires Asia/Tokyo"


@pytest.mark.parametrize(
    ("dates", "row", "sentence"),
    [
        ({}, {"start_date": "2026-06-01"}, "Follows from the dates"),
        ({"start_date": "x", "end_date": "y"}, {}, "Follows from the dates"),
        (
            {"start_date": "2026-01-01", "end_date": "2026-12-31"},
            {"start_date": "x"},
            "Follows from the dates",
        ),
        (
            {"start_date": "2026-01-01", "end_date": "2026-12-31"},
            {"end_date": "2025-01-01"},
            "The end date is before the start date.",
        ),
        (
            {"start_date": "2011-01-01", "end_date": "2012-12-31"},
            {"start_date": "2011-12-30"},
            "30 December 2011 did not exist in Pacific/Apia: the calendar skipped it.",
        ),
        ({"start_date": "2026-01-01"}, {"end_date": "9999-12-31"}, "Choose dates from 1 January 1900"),
        ({"end_date": "2026-01-01"}, {"start_date": "0001-01-01"}, "Choose dates from 1 January 1900"),
    ],
)
def test_no_window(dates, row, sentence, client):
    apia = CustomerFactory(time_zone="Pacific/Apia")
    empty = {"start_date": "", "end_date": "", "never_expires": "", "customer": str(apia.pk)}
    page = pressed(client, "show_windows", {"product": "A"} | row, headers=HTMX, **empty | dates)
    assert page.status == 200
    assert sentence in window(page)


def test_impossible_dates_of_the_entitlement_are_told_once(client):
    dates = {"start_date": "2026-01-01", "end_date": "2025-12-31", "never_expires": ""}
    page = pressed(client, "show_windows", {"product": "A"}, {"product": "B"}, headers=HTMX, **dates)
    assert page.text.count("The end date is before the start date.") == 1
    assert window(page) == "Follows from the dates"


def test_the_missing_day_stands_at_its_field(client):
    apia = CustomerFactory(time_zone="Pacific/Apia")
    dates = {"start_date": "2011-01-01", "customer": apia.pk}
    page = Served(save(client, {"product": "A", "start_date": "2011-12-30"}, **dates))
    assert page.status == 422
    told = "Line 1 (A): Start date: 30 December 2011 did not exist in Pacific/Apia: the calendar skipped it."
    assert (told, "#id_products-0-start_date") in page.links
