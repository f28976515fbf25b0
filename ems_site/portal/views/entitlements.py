"""An entitlement's page, Activate, and the licenses.

The entitlement in the address determines the customer; every request asks anew what the contact sees.
"""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from ems_site.accounts.models import User
from ems_site.errors import Gone
from ems_site.paging import Pages
from ems_site.portal.acting import Acting
from ems_site.portal.forms import PortalActivateForm
from ems_site.portal.pages import UNPROCESSABLE, portal_page, show
from entitlements import actions, activating
from entitlements.models import Entitlement

GONE = 410


@require_safe
@portal_page
def detail(request, pk: int):
    """Acts for the entitlement's customer, whichever the session remembers."""
    return _show(request, _entitlement(request, pk))


def _entitlement(request, pk):
    """Foreign ones are as absent as those that are not there."""
    visible = Entitlement.objects.visible_to(request.user.contact).select_related("customer")
    return get_object_or_404(visible, pk=pk)


def _show(request, entitlement, *, refusal="", status=200):
    acting = Acting(request, entitlement.customer_id)
    pages = Pages(activating.activations_of(entitlement), request.GET, {})
    stock = activating.Stock(entitlement)
    context = {
        "entitlement": entitlement,
        "keys": stock.keys.values(),
        "activatable": stock.activatable(),
        "obstacle": stock.obstacle,
        "pages": pages,
        "activations": _told(entitlement.customer, pages.page.object_list),
        "refusal": refusal,
    }
    return show(request, "entitlement.html", context, section="home", acting=acting, status=status)


def _told(customer, activations):
    """(activation, by whom, for whom), as the customer's people may know it.

    They know one another. Of the vendor's staff nobody is named, nor whoever has left the customer.
    """
    keys = {activation.activated_by_key for activation in activations} - {None}
    whom = {activation.activatee_id for activation in activations}
    contacts = customer.contacts.select_related("user")
    people = {contact.pk: contact for contact in contacts.filter(pk__in=whom)}
    doers = {contact.user.pk: contact for contact in contacts.filter(user__in=keys)}
    by = {key: gettext("by %(person)s") % {"person": _called(doer)} for key, doer in doers.items()}
    staff = User.objects.filter(contact=None, pk__in=keys).values_list("pk", flat=True)
    by |= dict.fromkeys(staff, gettext("by the vendor"))
    return [
        (activation, by.get(activation.activated_by_key, ""), people.get(activation.activatee_id))
        for activation in activations
    ]


def _called(contact):
    return contact.name or contact.email


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page
def activate(request, pk: int):
    """`key` in the address chooses a product key."""
    entitlement = _entitlement(request, pk)
    acting = Acting(request, entitlement.customer_id)
    data = request.POST if request.method == "POST" else None
    contact, key = request.user.contact, request.GET.get("key")
    form = PortalActivateForm(entitlement, contact, acting.is_administrator, data, key=key)
    if data is None or not form.is_valid():
        return _show_form(request, acting, form)
    try:
        activation = actions.activate(by=request.user, **form.arguments())
    except Gone:
        raise Http404 from None
    except ValidationError as refusal:
        form.refuse(refusal)
        return _show_form(request, acting, form)
    file = reverse("portal:license", args=[entitlement.pk, activation.pk])
    messages.success(request, activating.announcement(activation, file))
    return redirect("portal:entitlement", entitlement.pk)


def _show_form(request, acting, form):
    context = {
        "form": form,
        "entitlement": form.entitlement,
        "offered": activating.offered(form.people) if acting.is_administrator else [],
    }
    status = UNPROCESSABLE if form.is_bound else 200
    return show(request, "activate.html", context, section="home", acting=acting, status=status)


@require_safe
@portal_page
def license_file(request, pk: int, activation: int):
    """A license that was revoked is not handed out any more."""
    entitlement = _entitlement(request, pk)
    found = get_object_or_404(activating.activations_of(entitlement), pk=activation)
    if found.is_revoked():
        text = gettext("This activation has been revoked. Its license cannot be downloaded any more.")
        return _show(request, entitlement, refusal=text, status=GONE)
    return activating.license_response(found)
