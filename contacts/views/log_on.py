"""How a contact gets in: an invitation, a password; and out: the end of its sessions."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from contacts import actions
from contacts.log_on_state import LogOnState
from contacts.models import INVITATION_VALID, Contact
from ems_site import failures
from ems_site.accounts import password_again, throttles
from ems_site.accounts.forms import NewPasswordForm
from ems_site.accounts.models import User
from ems_site.errors import Refused
from ems_site.parameters import whole_number

UNPROCESSABLE = 422
PERMISSIONS = ["contacts.view_contact", "contacts.change_contact"]


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(PERMISSIONS, raise_exception=True)
def invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Sends a link with which the contact chooses a password: to the address that was shown."""
    contact = get_object_or_404(Contact, pk=pk)
    if request.method != "POST":
        return _show_invitation(request, contact)
    if whole_number(request.POST.get("version")) != contact.version:
        return _show_invitation(request, contact, "The contact changed since. Look again.")
    if not throttles.invitation(request.user):
        return failures.too_many(request, minutes=60)
    try:
        invitation = actions.invite(contact, by=request.user)
    except Refused as refusal:
        return _show_invitation(request, contact, str(refusal))
    until = date_format(invitation.expires, "j M Y, H:i")
    messages.success(request, f"An invitation is on its way to {contact}. It is valid until {until} UTC.")
    return redirect(contact)


def _show_invitation(request, contact, refusal=""):
    context = {
        "contact": contact,
        "refusal": refusal,
        "state": LogOnState.of(contact),
        "expires": timezone.now() + INVITATION_VALID,
        "days": INVITATION_VALID.days,
        "is_repeated": contact.invitations.open().filter(is_offer=False).exists(),
    }
    status = UNPROCESSABLE if refusal else 200
    return render(request, "contacts/invite.html", context, status=status)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(PERMISSIONS, raise_exception=True)
def password(request: HttpRequest, pk: int) -> HttpResponse:
    """Sets a password, which holds until the person's next log-on."""
    contact = get_object_or_404(Contact, pk=pk)
    asked = password_again.beside(request)
    if request.method != "POST":
        return _show_password(request, contact, NewPasswordForm(_as_user(contact)), asked)
    form = NewPasswordForm(_as_user(contact), request.POST)
    if asked or not form.is_valid():
        return _show_password(request, contact, form, asked, status=UNPROCESSABLE)
    try:
        actions.set_password(contact, form.cleaned_data["new_password"], by=request.user)
    except Refused as refusal:
        form.add_error(None, refusal)
        return _show_password(request, contact, form, status=UNPROCESSABLE)
    messages.success(request, f"The password of {contact} is set. {LogOnState.of(contact)}.")
    return redirect(contact)


def _as_user(contact):
    """Its user, or what that would be: no password may be like the e-mail address or the name."""
    user = LogOnState.of(contact).user or User(username=contact.email, email=contact.email)
    user.first_name = contact.name
    return user


def _show_password(request, contact, form, asked=None, *, status=200):
    context = {
        "contact": contact,
        "form": form,
        "asked": asked,
        "state": LogOnState.of(contact),
    }
    return render(request, "contacts/password.html", context, status=status)


@require_POST
@permission_required(PERMISSIONS, raise_exception=True)
def sign_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Ends all sessions of the contact, for good."""
    contact = get_object_or_404(Contact, pk=pk)
    if actions.sign_out(contact, by=request.user):
        messages.success(request, f"{contact} is signed out everywhere.")
    else:
        messages.info(request, f"{contact} was not signed in.")
    return redirect(contact)
