"""What contacts say about themselves, and where they are signed in."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect
from django.utils.translation import gettext, override
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from contacts import actions
from contacts.models import Contact
from ems_site.accounts import doors
from ems_site.errors import Conflict
from ems_site.forms import add_refusal
from ems_site.portal.acting import Acting
from ems_site.portal.forms import ProfileForm, own_names_of_languages
from ems_site.portal.pages import UNPROCESSABLE, portal_page, show
from ems_site.portal.views.log_on import PORTAL


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page
def profile(request):
    contact = Contact.objects.get(pk=request.user.contact_id)
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=contact)
    if request.method != "POST":
        return _show(request, form)
    if not form.is_valid():
        return _show(request, form, status=UNPROCESSABLE)
    try:
        saved = actions.save(contact, by=request.user)
    except Conflict as conflict:
        return _show_conflict(request, conflict.current)
    except ValidationError as refusal:
        add_refusal(form, refusal)
        return _show(request, form, status=UNPROCESSABLE)
    with override(saved.language):
        messages.success(request, gettext("Your profile is saved."))
    return redirect("portal:profile")


def _show(request, form, *, status=200, **context):
    context |= {"form": form, "sessions": request.user.sessions.open()}
    return show(request, "profile.html", context, section="profile", status=status)


def _show_conflict(request, current):
    """What was typed stays; saving once more replaces what stands there now."""
    data = request.POST.copy()
    data["version"] = str(current.version)
    form = ProfileForm(data, instance=Contact.objects.get(pk=current.pk))
    language = dict(own_names_of_languages()).get(current.language, current.language)
    context = {"current": current, "current_language": language}
    return _show(request, form, status=UNPROCESSABLE, **context)


@require_POST
@portal_page
def end_sessions(request):
    return doors.end_sessions(request, PORTAL)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@portal_page
def end_session(request, public_id: str):
    values = {"section": "profile", "acting": Acting(request)}
    return doors.end_session(request, PORTAL, public_id, back="profile", values=values)
