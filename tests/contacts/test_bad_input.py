"""Whatever is typed for a contact: a message at its own field, no row, and never an error of the server."""

import pytest
from django.core.exceptions import ValidationError

from contacts import actions
from contacts.models import Contact, tidy_email
from tests.factories import ContactFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db

ADD = "/contacts/add/"

REQUIRED = "required"
NOT_VALID = "valid email"
UNPRINTABLE = "cannot be used"
INVISIBLE = "invisible character"
NUL = "Null characters are not allowed"
TAKEN = "Another contact has this"

EMAILS = [
    ("", REQUIRED),
    ("   ", REQUIRED),
    ("anna", NOT_VALID),
    ("a@b", NOT_VALID),
    ("@example.com", NOT_VALID),
    ("anna@", NOT_VALID),
    ("anna@@example.com", NOT_VALID),
    ("anna@example.com.", NOT_VALID),
    ("anna.@example.com", NOT_VALID),
    ("an..na@example.com", NOT_VALID),
    ("anna@example..com", NOT_VALID),
    ("anna@-example.com", NOT_VALID),
    ("anna@exa mple.com", NOT_VALID),
    ("an na@example.com", NOT_VALID),
    ('"an na@example.com', NOT_VALID),
    ('"an\nna"@example.com', UNPRINTABLE),
    ("Anna <anna@example.com>", NOT_VALID),
    ("anna@example.com,bert@example.com", NOT_VALID),
    ("anna@example.com\nBcc: all@example.com", UNPRINTABLE),
    ("anna@example.com\r\nBcc: all@example.com", UNPRINTABLE),
    ("mailto:anna@example.com", NOT_VALID),
    ("änna@example.com", NOT_VALID),
    ("an\u200bna@example.com", INVISIBLE),
    ("anna\u00ad@example.com", INVISIBLE),
    ("an\u200dna@example.com", INVISIBLE),
    ("anna@exam\u2060ple.com", INVISIBLE),
    ("\u202eanna@example.com", INVISIBLE),
    ("anna\x07@example.com", UNPRINTABLE),
    ("anna\0@example.com", NUL),
    ("TAKEN@Example.COM", TAKEN),
    (" taken@example.com ", TAKEN),
    ("\ttaken@example.com\n", TAKEN),
    ("ｔaken@example.com", NOT_VALID),
    ("taken@ｅxample.com", TAKEN),
    ("n" * 243 + "@example.com", "at most 254"),
    ("n" * 5000 + "@example.com", "at most 254"),
]
OTHERS = [
    ("ref_id1", "RÉF-1", TAKEN),
    ("ref_id1", " réf-1 ", TAKEN),
    ("ref_id1", "ｒéｆ-1", TAKEN),
    ("ref_id1", "re\u0301f-1", TAKEN),
    ("ref_id1", "ré\u200bf-1", INVISIBLE),
    ("ref_id1", "x" * 101, "at most 100"),
    ("ref_id1", "\0", NUL),
    ("ref_id2", "x" * 101, "at most 100"),
    ("ref_id2", "a\x1bb", UNPRINTABLE),
    ("ref_id2", "a\0", NUL),
    ("name", "x" * 101, "at most 100"),
    ("name", "a\nb", UNPRINTABLE),
    ("name", "a\u202eb", INVISIBLE),
    ("name", "\0", NUL),
    ("phone", "x" * 101, "at most 100"),
    ("phone", "1\t2", UNPRINTABLE),
    ("phone", "1\0", NUL),
    ("language", "", REQUIRED),
    ("language", "xx", "valid choice"),
    ("language", "DE", "valid choice"),
    ("language", "de\0", "valid choice"),
    ("language", "x" * 5000, "valid choice"),
]
BAD = [("email", *row) for row in EMAILS] + OTHERS


@pytest.fixture
def client(manager, signed_in):
    return signed_in(manager)


@pytest.fixture
def taken():
    return ContactFactory(email="taken@example.com", ref_id1="réf-1")


def values(**typed):
    return {"email": "new@example.com", "language": "en", "version": "", "save": "", **typed}


@pytest.mark.parametrize(("name", "value", "message"), BAD, ids=lambda value: ascii(value)[:30])
def test_a_message_at_the_field(name, value, message, taken, client, manager):
    mine = ContactFactory(email="mine@example.com")
    before = everything()
    edit = values(email="mine@example.com", version="1")
    for address, good in ((ADD, values()), (f"/contacts/{mine.pk}/edit/", edit)):
        answer = client.post(address, good | {name: value})
        assert answer.status_code == 422
        errors = answer.context["form"].errors
        assert list(errors) == [name]
        assert message in " ".join(errors[name])
        assert message in Served(answer).text
    assert everything() == before


SAID_ANOTHER_WAY = {REQUIRED: "cannot be blank", NUL: UNPRINTABLE, "valid choice": "not a valid choice"}


@pytest.mark.parametrize(("name", "value", "message"), BAD, ids=lambda value: ascii(value)[:30])
def test_the_action_refuses_the_same(name, value, message, taken, manager):
    mine = ContactFactory(email="mine@example.com")
    before = everything()
    for contact in (Contact(email="new@example.com"), mine):
        setattr(contact, name, value)
        with pytest.raises(ValidationError) as refused:
            actions.save(contact, by=manager)
        assert list(refused.value.message_dict) == [name]
        said = " ".join(refused.value.message_dict[name])
        assert message in said or SAID_ANOTHER_WAY.get(message, message) in said
    assert everything() == before


@pytest.mark.parametrize("mark", ["\0", "\ud800"])
@pytest.mark.parametrize("name", Contact.ATTRIBUTES)
def test_what_only_a_program_can_hand_in(mark, name, manager):
    contact = Contact(email="fine@example.com")
    setattr(contact, name, f"a{mark}@example.com" if name == "email" else f"A{mark}")
    with pytest.raises(ValidationError) as refused:
        actions.save(contact, by=manager)
    assert list(refused.value.message_dict) == [name]
    assert not Contact.objects.exists()


@pytest.mark.parametrize("name", ["email", "name", "ref_id1", "ref_id2", "phone"])
@pytest.mark.parametrize("raw", ["a%ED%A0%80", "a%FF"])
def test_bytes_that_are_no_text(name, raw, client):
    """Half a surrogate pair and other broken UTF-8: what was meant cannot be known."""
    body = "&".join(f"{key}={value}" for key, value in (values() | {name: raw}).items())
    answer = client.post(ADD, body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [name]
    assert not Contact.objects.exists()


GOOD = [
    ("email", " Anna@Example.COM ", "Anna@Example.COM"),
    ("email", '"quoted.local"@example.com', None),
    ("email", "o'brien+tag/x=1@example.com", None),
    ("email", "anna@bücher.example", None),
    ("email", "anna@例え.jp", None),
    ("email", "anna@xn--bcher-kva.example", "anna@bücher.example"),
    ("email", "anna@sub.example.museum", None),
    ("email", "anna@[192.0.2.1]", None),
    ("email", "n" * 242 + "@example.com", None),
    ("name", "e\u0301" * 100, "é" * 100),
    ("name", "👩\u200d👧 Müller", None),
    ("name", "株式会社", None),
    ("ref_id1", "   ", ""),
    ("ref_id1", "n" * 100, None),
    ("ref_id2", "réf-1", None),
    ("phone", "+49 (30) 1234/56-7", None),
    ("language", "de", None),
]


@pytest.mark.parametrize(("name", "value", "stored"), GOOD, ids=lambda value: ascii(value)[:30])
def test_accepted(name, value, stored, taken, client, manager):
    expected = value if stored is None else stored
    assert client.post(ADD, values(**{name: value})).status_code == 302
    added = Contact.objects.exclude(pk=taken.pk).get()
    assert getattr(added, name) == expected
    assert client.get(f"/contacts/{added.pk}/").status_code == 200
    added.delete()
    added = actions.save(Contact(**{"email": "new@example.com", name: value}), by=manager)
    assert getattr(Contact.objects.get(pk=added.pk), name) == expected


def test_no_ref_id_never_collides(client):
    for number, blanks in enumerate(["", " ", "\u3000"]):
        assert client.post(ADD, values(email=f"a{number}@example.com", ref_id1=blanks)).status_code == 302
    assert set(Contact.objects.values_list("ref_id1", flat=True)) == {""}


def test_a_contact_may_keep_what_is_its_own(taken, client):
    typed = values(email="TAKEN@example.com", ref_id1="RÉF-1", version="1")
    assert client.post(f"/contacts/{taken.pk}/edit/", typed).status_code == 302
    taken.refresh_from_db()
    assert (taken.email, taken.ref_id1) == ("TAKEN@example.com", "RÉF-1")


def test_an_empty_post(client):
    answer = client.post(ADD)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"email", "language"}


def test_doubled_fields_count_once(client):
    client.post(ADD, values(email=["first@example.com", "second@example.com"]))
    assert Contact.objects.count() == 1


@pytest.mark.parametrize(
    "other", ["anna@xn--bcher-kva.example", "ANNA@XN--BCHER-KVA.example", "anna@BÜCHER.example"]
)
def test_a_domain_is_the_same_in_each_writing(other, manager):
    contact = actions.save(Contact(email="anna@bücher.example"), by=manager)
    with pytest.raises(ValidationError) as refused:
        actions.save(Contact(email=other), by=manager)
    assert list(refused.value.message_dict) == ["email"]
    assert Contact.objects.addressed(other).get() == contact


@pytest.mark.parametrize("email", ["a@xn--.example", "a@xn--999999999.example", "a@xn--aü.example"])
def test_a_domain_that_is_no_such_writing_is_left_alone(email):
    assert tidy_email(email) == email
