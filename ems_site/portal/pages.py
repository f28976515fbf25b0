"""What every page of the portal for a contact who is signed in has in common."""

from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ems_site.portal.acting import Acting

UNPROCESSABLE = 422


def portal_page(view):
    """For contacts only. Strangers are sent to the portal's log-on, staff are refused."""

    @wraps(view)
    def wrapper(request, *args, **kwargs):
        if not request.user.is_contact():
            raise PermissionDenied
        return view(request, *args, **kwargs)

    wrapper.login_url = "portal:login"  # type: ignore[attr-defined]
    return wrapper


def show(
    request: HttpRequest,
    template: str,
    context: dict | None = None,
    *,
    section: str,
    acting: Acting | None = None,
    status: int = 200,
) -> HttpResponse:
    """section: which entry of the navigation the page belongs to."""
    values = {"section": section, "acting": acting or Acting(request)}
    return render(request, f"portal/{template}", values | (context or {}), status=status)
