"""A contact's page and its history."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from contacts.log_on_state import LogOnState
from contacts.models import Contact
from ems_site.audit.models import Entry, withhold_links
from ems_site.paging import Pages

LATEST = 10
LATEST_LOG_ONS = 5
LATEST_ACTIVATIONS = 5


@require_safe
@permission_required("contacts.view_contact", raise_exception=True)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    contact = get_object_or_404(Contact, pk=pk)
    entries = Entry.objects.of(contact)
    context = {
        "contact": contact,
        "entries": withhold_links(entries[:LATEST], request.user),
        "entry_count": entries.count(),
        "deletable": contact.may_be_deleted(),
        "in_the_way": "Has entitlements or activations",
        **_getting_in(contact),
    }
    if request.user.has_perm("customers.view_customer"):
        context |= _customers(contact)
    if request.user.has_perm("entitlements.view_entitlement"):
        context |= {"sees_entitlements": True, **_entitlements(contact)}
    return render(request, "contacts/detail.html", context)


def _entitlements(contact):
    """Those addressed to it, and the activations that name it."""
    rows = contact.entitlements.select_related("customer").prefetch_related("product_keys")
    activations = contact.activations.select_related("product_key__entitlement__customer").order_by("-pk")
    counted = {"entitlement": contact.entitlements.count(), "activation": activations.count()}
    words = [f"{count} {noun}{'' if count == 1 else 's'}" for noun, count in counted.items() if count]
    return {
        "entitlements": rows.order_by("-pk")[:LATEST],
        "entitlement_count": counted["entitlement"],
        "activations": activations[:LATEST_ACTIVATIONS],
        "activation_count": counted["activation"],
        "in_the_way": f"Has {' and '.join(words)}",
    }


def _customers(contact):
    links = contact.associations.select_related("customer").order_by("customer__name_key", "customer")
    return {"sees_customers": True, "associations": links[:LATEST], "association_count": links.count()}


def _getting_in(contact):
    """What the Log-on panel shows."""
    state = LogOnState.of(contact)
    user = state.user
    return {
        "state": state,
        "invitations": contact.invitations.open().filter(is_offer=False),
        "session_count": user.sessions.open().count() if user else 0,
        "log_ons": user.log_ons.all()[:LATEST_LOG_ONS] if user else [],
    }


@require_safe
@permission_required("contacts.view_contact", raise_exception=True)
def history(request: HttpRequest, pk: int) -> HttpResponse:
    contact = get_object_or_404(Contact, pk=pk)
    pages = Pages(Entry.objects.of(contact), request.GET, {})
    withhold_links(pages.page.object_list, request.user)
    return render(request, "contacts/history.html", {"contact": contact, "pages": pages})
