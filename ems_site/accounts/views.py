"""Log-on, log-out and passwords of staff."""

import logging

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from ems_site import context, failures
from ems_site.accounts import actions, lockout, mail, throttles
from ems_site.accounts.addresses import next_page
from ems_site.accounts.forms import ChangePasswordForm, LogOnForm, NewPasswordForm, ResetForm
from ems_site.accounts.tokens import reset_tokens
from ems_site.folding import identity_key

security = logging.getLogger("ems.security")

RESET_KEY = "password_reset_key"
HOUR = 60 * 60
MAILS_PER_HOUR = 3


@require_safe
def home(request):
    """Sends each person to where their work is."""
    path = "/portal/" if request.user.is_contact() else "/customers/"
    try:
        resolve(path)
    except Resolver404:
        raise PermissionDenied from None
    return redirect(path)


@login_not_required
@sensitive_post_parameters()
def log_on(request):
    page = next_page(request)
    if request.method != "POST":
        if request.user.is_authenticated:
            return redirect(page)
        return render(request, "registration/login.html", {"form": LogOnForm(request), "next": page})
    if lockout.is_address_exhausted():
        security.warning("Log-on refused: too many from this address", extra={"event": "log_on.throttled"})
        return failures.too_many(request, minutes=60)
    form = LogOnForm(request, request.POST)
    if not form.is_valid():
        return render(request, "registration/login.html", {"form": form, "next": page})
    # Nothing of what a stranger may have put into the session stays.
    request.session.flush()
    login(request, form.user)
    security.info("Logged on", extra={"event": "log_on.good", "subject_id": form.user.pk})
    return redirect(page)


@login_not_required
@require_POST
def log_out(request):
    if request.user.is_authenticated:
        security.info("Logged out", extra={"event": "log_out", "subject_id": request.user.pk})
    logout(request)
    answer = redirect(settings.LOGOUT_REDIRECT_URL)
    answer["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@login_not_required
@require_safe
def admin_log_on(request):
    """Django admin has no log-on of its own. Whoever is logged on and comes here has no rights there."""
    if request.user.is_authenticated and not request.user.is_staff:
        raise PermissionDenied
    return redirect(reverse("login", query={"next": next_page(request)}))


@login_not_required
def password_reset(request):
    """Says the same and takes the same time whether or not anyone has the address."""
    form = ResetForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "registration/password_reset.html", {"form": form})
    email = form.cleaned_data["email"]
    for who in (f"address:{context.client_address.get()}", f"account:{identity_key(email)}"):
        if not throttles.take("reset-mail", who, limit=MAILS_PER_HOUR, seconds=HOUR):
            security.warning("Reset mail refused: too many", extra={"event": "password_reset.throttled"})
            return failures.too_many(request, minutes=60)
    mail.later(mail.send_reset_links, email)
    return redirect("password_reset_done")


@login_not_required
@require_safe
def password_reset_done(request):
    return render(request, "registration/password_reset_done.html")


@login_not_required
@sensitive_post_parameters()
def password_reset_confirm(request):
    """The key goes from the link into the session and out of the address. Looking uses nothing up."""
    key = request.GET.get("key") or request.session.get(RESET_KEY, "")
    user = reset_tokens.user_of(key)
    if user is None:
        return render(request, "registration/password_reset_invalid.html", status=410)
    if "key" in request.GET:
        request.session[RESET_KEY] = key
        return redirect("password_reset_confirm")
    form = NewPasswordForm(user, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "registration/password_reset_confirm.html", {"form": form})
    try:
        actions.reset_password(key, form.cleaned_data["new_password"])
    except actions.LinkUsed:
        return render(request, "registration/password_reset_invalid.html", status=410)
    del request.session[RESET_KEY]
    messages.success(request, "Your password is changed. Log on with the new one.")
    return redirect("login")


@sensitive_post_parameters()
def password_change(request):
    if request.user.is_contact():
        raise PermissionDenied
    form = ChangePasswordForm(request.user, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "registration/password_change.html", {"form": form})
    user = actions.set_password(request.user, form.cleaned_data["new_password"], by=request.user)
    update_session_auth_hash(request, user)
    messages.success(request, "Your password is changed. Your other sessions have ended.")
    return redirect("home")
