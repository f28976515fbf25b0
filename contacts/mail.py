"""Mails to people who are not in yet."""

from django.conf import settings

from contacts.models import Invitation
from ems_site.accounts.mail import link
from ems_site.mail import send


def send_invitation(invitation_pk: int, key: str, sender_name: str, customer_name: str = "") -> None:
    """To a known contact at the address as it is stored, in their language; nothing when the invitation
    has ended meanwhile."""
    invitation = Invitation.objects.open().select_related("contact").filter(pk=invitation_pk).first()
    if invitation is None:
        return
    contact = invitation.recipient()
    send(
        "invitation",
        contact.email if contact else invitation.email,
        contact.language if contact else invitation.language,
        for_contacts=True,
        name=contact.name if contact else "",
        link=link("invitation", key, for_contacts=True),
        expires=invitation.expires,
        sender=sender_name,
        customer=customer_name,
        site=settings.PORTAL_URL,
    )
