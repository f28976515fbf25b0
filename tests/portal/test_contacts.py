"""What an Administrator sees and does about a customer's contacts."""

import re

import pytest

from contacts import actions
from contacts.models import Contact, Invitation
from customers.models import Association, Customer
from ems_site.accounts import throttles
from ems_site.accounts.models import User
from ems_site.audit.models import Entry
from tests.conftest import events
from tests.factories import UserFactory
from tests.pages import Served, everything
from tests.portal.conftest import ADMINISTRATOR, PASSWORD, associate, entitlement, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(signed_in, administrator):
    return signed_in(administrator)


@pytest.fixture
def home(acme):
    return f"/portal/customers/{acme.pk}/contacts/"


def invite(client, home, email):
    return client.post(f"{home}invite/", {"email": email})


# The list


def test_the_contacts_of_this_customer_only(client, home, standard, alone, foreigner):
    Contact.objects.filter(pk=standard.contact_id).update(phone="+49 30 1234567")
    served = Served(client.get(home))
    assert served.column("Name") == ["Arthur", "Stella"]
    assert served.column("Email") == ["arthur@example.com", "stella@example.com"]
    assert served.column("Phone") == ["", "+49 30 1234567"]
    assert served.column("Kind") == ["Administrator", "Standard"]


def test_what_a_contact_is_elsewhere_is_not_said(client, home, foreign, standard, acme):
    both = person("both@example.com", name="Both", ref_id1="secret-ref")
    associate(acme, both)
    associate(foreign, both, ADMINISTRATOR)
    page = client.get(home).content.decode() + client.get(f"{home}{both.contact_id}/end/").content.decode()
    assert "Both" in page
    for hidden in ("Foreign", "C-FOREIGN", "secret-ref"):
        assert hidden not in page


def test_names_of_contacts_are_text(client, home, acme):
    nasty = "\"><script>alert('x')</script>{{7*7}}"
    user = person("nasty@example.com", name=nasty, phone=nasty[:90])
    associate(acme, user)
    Customer.objects.filter(pk=acme.pk).update(name=nasty)
    for path in (home, f"{home}{user.contact_id}/end/", "/portal/"):
        page = client.get(path).content.decode()
        assert "<script" not in page
        assert "{{7*7}}" in page


def test_pages(client, home, acme):
    for number in range(51):
        Association.objects.create(
            customer=acme, contact=Contact.objects.create(email=f"p{number:02}@example.com")
        )
    assert len(Served(client.get(home)).tables[0]) == 51
    assert "51–52 of 52" in client.get(f"{home}?page=2").content.decode()


# Inviting


def test_an_invitation(client, home, acme, mailoutbox, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        assert invite(client, home, " New@Example.org ").url == home
    assert mailoutbox[0].to == ["New@Example.org"]
    page = client.get(home).content.decode()
    assert "The invitation of New@Example.org is on its way." in page
    assert acme.offers.get().kind == "standard"
    assert Entry.objects.of(acme).first().actor_name


def strip(page, email):
    """Without what differs from one page to the next anyway."""
    page = page.replace(email, "EMAIL")
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)
    return re.sub(r"/invitations/\d+/withdraw/", "", page)


def test_every_address_is_answered_alike(client, home, acme, foreigner, alone, of_disabled, staff):
    """Known, with a password or without, disabled, of another customer, of staff, or nobody's."""
    UserFactory(username="manager@vendor.example", email="manager@vendor.example")
    disabled = person("disabled@example.com", name="Secret Name", phone="555")
    Contact.objects.filter(pk=disabled.contact_id).update(status="disabled")
    emails = [
        *("nobody@example.org", foreigner.username, alone.username, of_disabled.username),
        *(disabled.username, "manager@vendor.example"),
    ]
    seen = set()
    for email in emails:
        answer = invite(client, home, email)
        pages = [client.get(home).content.decode() for _ in range(2)]
        seen.add((answer.status_code, answer.url, *(strip(page, email) for page in pages)))
        row = acme.offers.get(invitation__ended=None).invitation
        assert row.email == email
        client.post(f"/portal/customers/{acme.pk}/invitations/{row.pk}/withdraw/")
        client.get(home)
    assert len(seen) == 1


def test_who_gets_a_mail(client, home, alone, mailoutbox, django_capture_on_commit_callbacks):
    disabled = person("disabled@example.com")
    Contact.objects.filter(pk=disabled.contact_id).update(status="disabled")
    User.objects.create_user("manager@vendor.example", "manager@vendor.example", PASSWORD)
    with django_capture_on_commit_callbacks(execute=True):
        for email in (alone.username, disabled.username, "manager@vendor.example"):
            invite(client, home, email)
    assert [mail.to for mail in mailoutbox] == [[alone.username]]


@pytest.mark.parametrize("spelling", ["stella@example.com", "STELLA@example.com", "arthur@example.com"])
def test_a_contact_already_is_said_at_the_field(client, home, standard, spelling):
    answer = invite(client, home, spelling)
    assert answer.status_code == 422
    assert "is a contact of this customer already." in str(answer.context["form"].errors["email"])
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    "email",
    [
        *("", " ", "a@b", "a@", "@example.com", "a b@example.com", "a@example.com\nBcc: x@example.com"),
        *("a@exam\u200bple.com", "a@example.com\0", "x" * 243 + "@example.com", "a@-example.com"),
    ],
)
def test_bad_addresses(client, home, email):
    answer = invite(client, home, email)
    assert answer.status_code == 422
    assert "email" in answer.context["form"].errors
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("local", ["a", "A.b+c", '"quoted"', "x" * 238])
@pytest.mark.parametrize("domain", ["@example.example", "@bücher.example"])
def test_good_addresses(client, home, local, domain):
    assert invite(client, home, local + domain).status_code == 302
    assert Invitation.objects.get().email == local + domain


def test_fifty_an_hour(client, home, monkeypatch, caplog):
    assert throttles.INVITATIONS_PER_HOUR == 50
    monkeypatch.setattr(throttles, "INVITATIONS_PER_HOUR", 2)
    answers = [invite(client, home, f"p{number}@example.org").status_code for number in range(3)]
    assert answers == [302, 302, 429]
    assert Invitation.objects.count() == 2
    assert events(caplog) == ["invitation.throttled"]


def test_withdrawing(client, home, acme):
    invite(client, home, "new@example.org")
    path = f"/portal/customers/{acme.pk}/invitations/{Invitation.objects.get().pk}/withdraw/"
    assert client.post(path).url == home
    page = client.get(home).content.decode()
    assert "The invitation of new@example.org is withdrawn." in page
    assert "Nobody has an invitation" in page
    assert client.post(path).status_code == 404


def test_an_invitation_by_staff_is_no_invitation_to_the_customer(client, home, standard, staff, acme):
    User.objects.filter(pk=standard.pk).update(password="!")
    invitation = actions.invite(Contact.objects.get(pk=standard.contact_id), by=staff)
    assert "Nobody has an invitation" in client.get(home).content.decode()
    path = f"/portal/customers/{acme.pk}/invitations/{invitation.pk}/withdraw/"
    assert client.post(path).status_code == 404


# Ending an association


def test_ending_shows_the_consequence_first(client, home, standard, acme):
    entitlement(acme, standard)
    entitlement(acme, standard, state="draft")
    path, before = f"{home}{standard.contact_id}/end/", everything()
    text = Served(client.get(path)).text
    assert "Stella <stella@example.com>" in text
    assert "Acme Ltd C-ACME" in text
    assert "1 entitlement is addressed to them; it stays with the customer." in text
    assert everything() == before


@pytest.mark.parametrize("state", ["draft", "complete"])
def test_ending(client, home, standard, acme, beta, state, administrator):
    """With a completed entitlement, too, which would have to be confirmed elsewhere."""
    associate(beta, standard)
    row = entitlement(acme, standard, state=state)
    assert client.post(f"{home}{standard.contact_id}/end/").url == home
    assert [link.customer for link in standard.contact.associations.all()] == [beta]
    row.refresh_from_db()
    assert row.contact == standard.contact
    assert (
        "Stella &lt;stella@example.com&gt; is no longer a contact of Acme Ltd"
        in client.get(home).content.decode()
    )
    assert Entry.objects.of(acme).first().actor_name
    assert client.post(f"{home}{standard.contact_id}/end/").status_code == 404


def test_ending_with_a_completed_entitlement_asks_nothing_more(client, home, standard, acme):
    entitlement(acme, standard)
    assert client.post(f"{home}{standard.contact_id}/end/").url == home
    assert not standard.contact.associations.exists()


def test_another_administrator_may_be_ended(client, home, acme):
    other = person("other@example.com")
    associate(acme, other, ADMINISTRATOR)
    assert client.post(f"{home}{other.contact_id}/end/").status_code == 302
    assert not other.contact.associations.exists()


def test_not_ones_own(client, home, administrator):
    path, before = f"{home}{administrator.contact_id}/end/", everything()
    assert "End association" not in client.get(home).content.decode()
    for answer in (client.get(path), client.post(path)):
        assert "you cannot end yourself" in answer.content.decode()
        assert "btn-danger" not in answer.content.decode()
    assert client.post(path).status_code == 422
    assert everything() == before


def test_the_ended_one_is_out_of_the_customer_at_once(client, home, standard, signed_in, rows):
    theirs = signed_in(standard)
    assert theirs.get(f"/portal/entitlements/{rows.own.pk}/").status_code == 200
    client.post(f"{home}{standard.contact_id}/end/")
    assert theirs.get(f"/portal/entitlements/{rows.own.pk}/").status_code in {302, 404}
    assert "C-ACME" not in theirs.get("/portal/", follow=True).content.decode()
