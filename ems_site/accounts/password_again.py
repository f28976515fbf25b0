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
UNPROCESSABLE = 422


def ask(request: HttpRequest) -> HttpResponse | None:
    """The page that asks for the password and holds everything that was posted; None where it was
    given within the last PASSWORD_AGAIN_AFTER, or stands in this post."""
    if _is_recent(request):
        return None
    typed = request.POST if "old_password" in request.POST else None
    form = PresentPasswordForm(request.user, typed)
    if form.is_valid():
        request.session[GIVEN] = _now()
        posted = request.POST.copy()
        posted.pop("old_password")
        request.POST = posted  # type: ignore[assignment]
        return None
    context = {"form": form, "kept": kept(request.POST, but="old_password")}
    return render(request, "registration/password_again.html", context, status=UNPROCESSABLE)


def _is_recent(request):
    given = request.session.get(GIVEN) or request.session.get(STARTED) or _now()
    return _now() - given < settings.PASSWORD_AGAIN_AFTER.total_seconds()


def _now() -> int:
    return int(timezone.now().timestamp())
