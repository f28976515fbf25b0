"""Text fields: what they tidy, what they refuse, and that all doors agree on it."""

import unicodedata

import pytest
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.test import RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.forms import ContactForm
from contacts.models import Contact
from customers.forms import CustomerForm
from customers.models import Customer
from ems_site.fields import tidy, validate_identifier, validate_line, validate_lines
from ems_site.forms import VersionedForm

unhurried = settings(
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

LIMITS = [
    (Customer, "name", 255),
    (Customer, "customer_id", 100),
    (Customer, "crm_id", 255),
    (Customer, "description", 510),
    (Customer, "external_id", 60),
    (Customer, "ref_id", 255),
    (Contact, "email", 254),
    (Contact, "name", 100),
    (Contact, "ref_id1", 100),
    (Contact, "ref_id2", 100),
    (Contact, "phone", 100),
]
FIELDS = [(model, name) for model, name, _ in LIMITS]
IDENTIFIERS = [(Customer, "customer_id"), (Customer, "external_id"), (Contact, "ref_id1"), (Contact, "email")]
ALPHANUMERIC = ["name", "description", "external_id", "ref_id"]
GOOD = {
    Customer: {"name": "Acme", "customer_id": "A-1", "time_zone": "UTC"},
    Contact: {"email": "anna@example.com", "language": "en"},
}
FORMS = {Customer: CustomerForm, Contact: ContactForm}


@pytest.fixture
def doors(superuser):
    """Asks the model, the page's form and Django admin's form about a value: {door: (stored, messages)}."""
    request = RequestFactory().get("/")
    request.user = superuser

    def ask(model, name, value):
        values = {**GOOD[model], name: value}
        instance, errors = model(**values), {}
        try:
            instance.full_clean()
        except ValidationError as refused:
            errors = refused.message_dict
        answers = {"model": (getattr(instance, name), errors.get(name, []))}
        admin_form = admin.site.get_model_admin(model).get_form(request, fields=model.ATTRIBUTES)
        for door, form in (("page", FORMS[model](values)), ("admin", admin_form(values))):
            answers[door] = (form.cleaned_data[name] if form.is_valid() else None, form.errors.get(name, []))
        return answers

    return ask


def filled(name, length, filler="x"):
    """A text of so many code points that is good but for its length."""
    if name == "email":
        return "x" * (length - len("@example.com")) + "@example.com"
    return "a" + filler * (length - 1)


def accepted(answers, value):
    assert {door: stored for door, (stored, _) in answers.items()} == dict.fromkeys(answers, value)
    assert not any(messages for _, messages in answers.values())


def refused(answers, *parts):
    for door, (_, messages) in answers.items():
        assert any(all(part in message for part in parts) for message in messages), (door, messages)


@pytest.mark.parametrize(("model", "name", "limit"), LIMITS)
def test_exactly_as_long_as_allowed(doors, model, name, limit):
    accepted(doors(model, name, filled(name, limit)), filled(name, limit))


@pytest.mark.parametrize(("model", "name", "limit"), LIMITS)
def test_one_too_long(doors, model, name, limit):
    refused(doors(model, name, filled(name, limit + 1)), str(limit))


@pytest.mark.parametrize(("model", "name", "limit"), [row for row in LIMITS if row[1] != "email"])
@pytest.mark.parametrize("filler", ["e\u0301", "𐌰", "株"])
def test_limits_count_code_points_after_composing(doors, model, name, limit, filler):
    composed = unicodedata.normalize("NFC", filled(name, limit, filler))
    assert len(composed) == limit
    accepted(doors(model, name, filled(name, limit, filler)), composed)
    refused(doors(model, name, filled(name, limit + 1, filler)), str(limit))


@pytest.mark.parametrize("mark", ["\u0958", "\ufb2c", "\U0001d160"])
def test_text_that_grows_when_composed_counts_at_its_full_length(doors, mark):
    each = len(unicodedata.normalize("NFC", mark))
    assert each > 1
    fits = "a" + mark * ((255 - 1) // each)
    accepted(doors(Customer, "name", fits), unicodedata.normalize("NFC", fits))
    refused(doors(Customer, "name", "a" + mark * 200), "255")


@pytest.mark.parametrize(("model", "name"), FIELDS)
def test_blanks_around_are_trimmed(doors, model, name):
    value = "a@b.example" if name == "email" else "a b"
    accepted(doors(model, name, f" \u3000{value}\t\u00a0\r\n"), value)


@pytest.mark.parametrize(("model", "name"), [row for row in FIELDS if row[1] not in {"name", "email"}])
@pytest.mark.parametrize("blank", ["", "  ", "\u3000\t\n"])
def test_blank_is_empty(doors, model, name, blank):
    accepted(doors(model, name, blank), "")


@pytest.mark.parametrize(("model", "name"), [(Customer, "name"), (Contact, "email")])
@pytest.mark.parametrize("blank", ["", "  ", "\u3000\t\n"])
def test_what_is_required_is_not_blank(doors, model, name, blank):
    answers = doors(model, name, blank)
    assert all(messages for _, messages in answers.values())


def test_a_description_breaks_lines_in_one_way(doors):
    accepted(doors(Customer, "description", "one\r\ntwo\rthree\n\nfour"), "one\ntwo\nthree\n\nfour")


def test_a_line_break_counts_once(doors):
    accepted(doors(Customer, "description", "ab\r\n" * 169 + "abc"), "ab\n" * 169 + "abc")


@pytest.mark.parametrize(("model", "name"), [row for row in FIELDS if row[1] != "description"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_a_line_does_not_break(doors, model, name, line_break):
    refused(doors(model, name, f"ab{line_break}c@d.example"), "position 3")


@pytest.mark.parametrize(("model", "name"), FIELDS)
@pytest.mark.parametrize(
    "mark",
    [
        *("\a", "\t", "\x1b", "\x85", "\u2028", "\u2029", "\ud800", "\udfff", "\u00ad", "\u061c", "\u200b"),
        *("\u200e", "\u200f", "\u202e", "\u2060", "\u3164", "\ufeff", "\U000e0041"),
    ],
)
def test_what_cannot_be_seen_is_refused_with_its_place(doors, model, name, mark):
    refused(doors(model, name, f"ab{mark}c@d.example"), f"U+{ord(mark):04X}", "position 3")


@pytest.mark.parametrize(("model", "name"), FIELDS)
def test_nul_is_refused(doors, model, name):
    answers = doors(model, name, "ab\0c@d.example")
    assert "U+0000, position 3" in answers.pop("model")[1][0]
    refused(answers, "Null characters")


JOINED = ["می\u200cخواهم", "क\u094d\u200dष", "Team 👩\u200d💻", "Heart ❤\ufe0f", "葛\U000e0100城"]


@pytest.mark.parametrize("text", JOINED)
@pytest.mark.parametrize(
    ("model", "name"), [(Customer, "name"), (Customer, "description"), (Contact, "name")]
)
def test_joiners_and_variants_are_part_of_names(doors, model, name, text):
    accepted(doors(model, name, text), text)


@pytest.mark.parametrize(("model", "name"), IDENTIFIERS)
@pytest.mark.parametrize("mark", ["\u200c", "\u200d", "\ufe00", "\ufe0f", "\U000e0100"])
def test_no_invisible_mark_hides_in_an_identity(doors, model, name, mark):
    refused(doors(model, name, f"ab{mark}c@d.example"), f"U+{ord(mark):04X}", "position 3")


@pytest.mark.parametrize("name", ALPHANUMERIC)
@pytest.mark.parametrize(
    "text", ["Acme, Inc.", "Müller & Söhne", "株式会社", "شركة", "7", "٣", "é", "ꔀ", "🍏 Ltd"]
)
def test_a_letter_or_digit_of_any_script_will_do(doors, name, text):
    accepted(doors(Customer, name, text), text)


@pytest.mark.parametrize("name", ALPHANUMERIC)
@pytest.mark.parametrize("text", ["-", "...", "& _ &", "🍏🍏", "❤\ufe0f", "\u0301", "—", "€", "\u2800"])
def test_something_to_read_is_needed(doors, name, text):
    refused(doors(Customer, name, text), "at least one letter or digit")


@pytest.mark.parametrize(
    "email", ["anna", "anna@", "@example.com", "a b@example.com", "anna@example", "a@b@c.de"]
)
def test_an_email_is_valid(doors, email):
    refused(doors(Contact, "email", email), "valid email")


def test_the_admin_has_the_same_fields_as_the_pages(superuser):
    request = RequestFactory().get("/")
    request.user = superuser
    for model, form in FORMS.items():
        admin_form = admin.site.get_model_admin(model).get_form(request)
        assert issubclass(admin_form, VersionedForm)
        assert set(admin_form.base_fields) - {"version"} == set(form.base_fields) - {"version"}


@given(st.text(st.characters(exclude_categories=["Cs"])), st.booleans())
@unhurried
def test_tidying_twice_is_tidying_once(text, lines):
    once = tidy(text, lines=lines)
    assert tidy(once, lines=lines) == once
    assert once == once.strip()
    assert unicodedata.is_normalized("NFC", once)
    assert not (lines and "\r" in once)


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1))
@unhurried
def test_visible_text_is_welcome(text):
    blank = {"\u3164", "\u115f", "\u1160", "\uffa0"}
    seen = "".join(mark for mark in text if mark not in blank)
    for validate in (validate_line, validate_lines, validate_identifier):
        validate(seen)


@pytest.mark.django_db
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=120), st.sampled_from(LIMITS[:6]))
@unhurried
def test_the_form_and_the_model_agree_on_every_text(text, row):
    _, name, _ = row
    values = {**GOOD[Customer], name: text}
    form, instance = CustomerForm(values), Customer(**values)
    try:
        instance.full_clean()
    except ValidationError:
        assert not form.is_valid()
    else:
        assert form.is_valid(), form.errors
        assert form.cleaned_data[name] == getattr(instance, name)
