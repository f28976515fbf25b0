"""The two ways in, the staff's and the contacts': what their pages of log-on, password and sessions share."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from ems_site import context, failures
from ems_site.accounts import actions, links, lockout, mail, throttles
from ems_site.accounts.forms import (
    ChangePasswordForm,
    LogOnForm,
    NewPasswordForm,
    PresentPasswordForm,
    ResetForm,
)
from ems_site.accounts.models import Session, User
from ems_site.accounts.tokens import reset_tokens
from ems_site.folding import identity_key

security = logging.getLogger("ems.security")

RESET_KEY = "password_reset_key"
MAILS_PER_HOUR = 3
CONFLICT = 409
GONE = 410
UNPROCESSABLE = 422


@dataclass(frozen=True)
class Door:
    """namespace stands before the names of its addresses, folder has its templates."""

    for_contacts: bool
    namespace: str
    folder: str
    log_on_form: type[LogOnForm]
    next_page: Callable[[HttpRequest], str]

    def show(self, request, template: str, values: dict | None = None, *, status: int = 200) -> HttpResponse:
        return render(request, f"{self.folder}/{template}", values, status=status)

    def to(self, name: str) -> HttpResponse:
        return redirect(f"{self.namespace}{name}")


def log_on(request, door: Door) -> HttpResponse:
    page = door.next_page(request)
    if request.method != "POST":
        return door.show(request, "login.html", {"form": door.log_on_form(request), "next": page})
    if lockout.is_address_exhausted():
        security.warning("Log-on refused: too many from this address", extra={"event": "log_on.throttled"})
        return failures.too_many(request, minutes=60)
    form = door.log_on_form(request, request.POST)
    if not form.is_valid() or not _open_session(request, form):
        return door.show(request, "login.html", {"form": form, "next": page})
    return redirect(page)


def _open_session(request, form) -> bool:
    if actions.log_on(request, form.user):
        return True
    # Cut off, or signed out everywhere, in this very instant.
    now = User.objects.filter(pk=form.user.pk).first()
    request.log_on_refusal = "disabled" if now and not now.may_log_on() else "signed out"
    form.add_error(None, form.refusal())
    return False


def log_out(request, door: Door) -> HttpResponse:
    if request.user.is_authenticated:
        security.info("Logged out", extra={"event": "log_out", "subject_id": request.user.pk})
    logout(request)
    answer = door.to("login")
    answer["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def password_reset(request, door: Door) -> HttpResponse:
    """Says the same and takes the same time whether or not anyone has the address."""
    form = ResetForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return door.show(request, "password_reset.html", {"form": form})
    email = form.cleaned_data["email"]
    for who in (f"address:{context.client_address.get()}", f"account:{identity_key(email)}"):
        if not throttles.take("reset-mail", who, limit=MAILS_PER_HOUR, seconds=throttles.HOUR):
            security.warning("Reset mail refused: too many", extra={"event": "password_reset.throttled"})
            return failures.too_many(request, minutes=60)
    mail.later(mail.send_reset_links, email, door.for_contacts)
    return door.to("password_reset_done")


def password_reset_confirm(request, door: Door) -> HttpResponse:
    """The key goes from the link into the session and out of the address. Looking uses nothing up."""
    key = request.GET.get("key") or request.session.get(RESET_KEY, "")
    user = reset_tokens.user_of(key, door.for_contacts)
    if user is None:
        return door.show(request, "password_reset_invalid.html", status=GONE)
    if "key" in request.GET:
        request.session[RESET_KEY] = key
        return door.to("password_reset_confirm")
    shown: dict = {"link": links.name_of(key), "form": NewPasswordForm(user)}
    if links.is_of_another(request, key):
        return door.show(request, "password_reset_confirm.html", shown, status=CONFLICT)
    form = NewPasswordForm(user, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return door.show(request, "password_reset_confirm.html", shown | {"form": form})
    try:
        actions.reset_password(key, form.cleaned_data["new_password"], door.for_contacts)
    except actions.LinkUsed:
        return door.show(request, "password_reset_invalid.html", status=GONE)
    del request.session[RESET_KEY]
    messages.success(request, _("Your password is changed. Log on with the new one."))
    return door.to("login")


def password_change(request, door: Door, values: dict | None = None) -> HttpResponse:
    """Keeps this session and ends the others. values are what the door's page needs besides."""
    form = ChangePasswordForm(request.user, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return door.show(request, "password_change.html", {"form": form, **(values or {})})
    user = actions.set_password(request.user, form.cleaned_data["new_password"], by=request.user)
    update_session_auth_hash(request, user)
    messages.success(request, _("Your password is changed. Your other sessions have ended."))
    return door.to("home")


def end_sessions(request, door: Door) -> HttpResponse:
    """Everywhere, here as well."""
    actions.end_sessions(User.objects.filter(pk=request.user.pk), by=request.user)
    answer = log_out(request, door)
    messages.success(request, _("You are signed out everywhere."))
    return answer


def end_session(
    request, door: Door, public_id: str, *, back: str, values: dict | None = None
) -> HttpResponse:
    """Asks the password. back is the name of the page with the sessions, values as of password_change."""
    session = _other_session(request, public_id)
    form = PresentPasswordForm(request.user, request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        status = UNPROCESSABLE if form.is_bound else 200
        context = {"form": form, "session": session, **(values or {})}
        return door.show(request, "session_end.html", context, status=status)
    actions.end_session(request.user, public_id, by=request.user)
    messages.success(request, _("The other session has ended."))
    return door.to(back)


def _other_session(request, public_id) -> Session:
    """One of the person's others: this one ends by logging out."""
    for session in request.user.sessions.open().exclude(session_key=request.session.session_key):
        if session.public_id() == public_id:
            return session
    raise Http404
