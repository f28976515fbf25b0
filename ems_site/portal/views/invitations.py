"""The page behind an invitation's link: whoever has it chooses a password, joins a customer, or both."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from contacts.models import Invitation
from customers import actions
from ems_site.accounts import links
from ems_site.accounts.actions import LinkUsed
from ems_site.forms import add_refusal
from ems_site.portal.forms import AcceptForm

KEY = "invitation_key"
CONFLICT = 409
GONE = 410


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def invitation(request):
    """The key goes from the link into the session and out of the address. Looking uses nothing up."""
    key = request.GET.get("key") or request.session.get(KEY, "")
    found = Invitation.objects.of_key(key)
    if found is None:
        return _dead(request)
    if "key" in request.GET:
        request.session[KEY] = key
        return redirect("portal:invitation")
    if links.is_of_another(request, key):
        return _show(request, found, key, AcceptForm(found), status=CONFLICT)
    form = AcceptForm(found, request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _show(request, found, key, form)
    try:
        _accept(key, form)
    except LinkUsed:
        return _dead(request)
    except ValidationError as refusal:
        add_refusal(form, refusal)
        return _show(request, found, key, form)
    del request.session[KEY]
    messages.success(request, gettext("Done. You can log on now."))
    return redirect("portal:login")


def _accept(key, form):
    typed = form.cleaned_data
    actions.accept(
        key,
        password=typed.get("new_password"),
        name=typed.get("name", ""),
        language=get_language() or "",
    )


def _dead(request):
    return render(request, "portal/invitation_dead.html", status=GONE)


def _show(request, found, key, form, *, status=200):
    """Who sent it is told where one of a customer's Administrators did."""
    recipient, offered = found.recipient(), getattr(found, "offer", None)
    customers = recipient.customers.enabled() if recipient and not offered else []
    context = {
        "invitation": found,
        "offered": offered,
        "customers": customers,
        "form": form,
        "link": links.name_of(key),
    }
    return render(request, "portal/invitation.html", context, status=status)
