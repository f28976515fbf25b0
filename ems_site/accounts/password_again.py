"""Asks who is there once more before what cannot be taken back: whoever finds an open screen, or has
stolen a session, does not know the password."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from ems_site.accounts.forms import PresentPasswordForm
from ems_site.accounts.session_store import STARTED
from ems_site.forms import kept

GIVEN = "password_given_at"
# Of Django admin's: which way to log on, and the buttons.
NO_PASSWORDS = {"usable_password", "set-password", "unset-password"}
UNPROCESSABLE = 422


def ask(request: HttpRequest) -> HttpResponse | None:
    """The page that asks for the password and holds everything that was posted but passwords; None
    where it was given within the last PASSWORD_AGAIN_AFTER, or stands in this post."""
    if _is_recent(request):
        return None
    form = PresentPasswordForm(request.user, request.POST if "old_password" in request.POST else None)
    if _is_given(request, form):
        posted = request.POST.copy()
        posted.pop("old_password")
        request.POST = posted  # type: ignore[assignment]
        return None
    typed = kept(request.POST, but="old_password")
    without = [(name, value) for name, value in typed if not _is_password(name)]
    context = {"form": form, "kept": without, "has_left_out": without != typed}
    return render(request, "registration/password_again.html", context, status=UNPROCESSABLE)


def beside(request: HttpRequest) -> PresentPasswordForm | None:
    """A form with the one field old_password, for pages that ask it beside their own fields, because
    what is typed there cannot be kept; None where ask() would ask nothing."""
    if _is_recent(request):
        return None
    form = PresentPasswordForm(request.user, request.POST if request.method == "POST" else None)
    form.fields["old_password"].label = "Your own password"
    return None if _is_given(request, form) else form


def _is_given(request, form) -> bool:
    """Whether it stands in this post; then it counts as given from now on."""
    if form.is_valid():
        request.session[GIVEN] = _now()
    return form.is_valid()


def _is_password(name: str) -> bool:
    return "password" in name.lower() and name not in NO_PASSWORDS


def _is_recent(request):
    given = request.session.get(GIVEN) or request.session.get(STARTED) or _now()
    return _now() - given < settings.PASSWORD_AGAIN_AFTER.total_seconds()


def _now() -> int:
    return int(timezone.now().timestamp())
