"""Activations of an entitlement: activate, download the license, revoke."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from ems_site.errors import Gone
from ems_site.forms import add_refusal
from entitlements import actions, activating
from entitlements.activating import ActivateForm, RevokeForm
from entitlements.models import Entitlement

UNPROCESSABLE, GONE = 422, 410
PERMISSIONS = ["entitlements.view_entitlement", "entitlements.change_entitlement"]


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(PERMISSIONS, raise_exception=True)
def activate(request: HttpRequest, pk: int) -> HttpResponse:
    """`key` in the address chooses a product key; its `activatee` looks for contacts to pick."""
    entitlement = get_object_or_404(Entitlement.objects.select_related("customer"), pk=pk)
    data = request.POST if request.method == "POST" else None
    form = ActivateForm(entitlement, activating.people_of(entitlement), data, key=request.GET.get("key"))
    if data is None or not form.is_valid():
        return _show(request, form)
    try:
        activation = actions.activate(by=request.user, **form.arguments())
    except Gone:
        raise Http404 from None
    except ValidationError as refusal:
        form.refuse(refusal)
        return _show(request, form)
    file = reverse("entitlements:license", args=[entitlement.pk, activation.pk])
    messages.success(request, activating.announcement(activation, file))
    return redirect(entitlement)


def _show(request, form):
    """Offers contacts to those who may know who they are; others type an address in full."""
    sees_people = request.user.has_perm("customers.view_customer")
    text = request.GET.get("activatee", "")
    context = {
        "form": form,
        "entitlement": form.entitlement,
        "keys": form.stock.keys.values(),
        "offered": activating.offered(form.people, text) if sees_people and not form.stock.obstacle else [],
    }
    return render(
        request, "entitlements/activate.html", context, status=UNPROCESSABLE if form.is_bound else 200
    )


@require_safe
@permission_required("entitlements.view_entitlement", raise_exception=True)
def license_file(request: HttpRequest, pk: int, activation: int) -> HttpResponse:
    """A license that was revoked is not handed out any more."""
    found = _activation(pk, activation)
    if found.is_revoked():
        return _show_revoke(request, found, RevokeForm(), status=GONE)
    return activating.license_response(found)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(PERMISSIONS, raise_exception=True)
def revoke(request: HttpRequest, pk: int, activation: int) -> HttpResponse:
    """GET shows the consequence, which is the confirmation."""
    found = _activation(pk, activation)
    form = RevokeForm(request.POST if request.method == "POST" else None)
    if not form.is_bound:
        return _show_revoke(request, found, form)
    if not form.is_valid():
        return _show_revoke(request, found, form, status=UNPROCESSABLE)
    try:
        revoked = actions.revoke(found, by=request.user, comment=form.cleaned_data["comment"])
    except ValidationError as refusal:
        add_refusal(form, refusal)
        return _show_revoke(request, _activation(pk, activation), form, status=UNPROCESSABLE)
    messages.success(request, f"The activation of {revoked} is revoked. {_left(revoked)}")
    return redirect(found.product_key.entitlement)


def _activation(pk, activation):
    """Of this entitlement, and of no other."""
    entitlement = get_object_or_404(Entitlement, pk=pk)
    return get_object_or_404(activating.activations_of(entitlement), pk=activation)


def _left(revoked):
    key = revoked.product_key
    return f"{key.available()} of {key.quantity} can be activated now."


def _show_revoke(request, activation, form, *, status=200):
    entitlement = activation.product_key.entitlement
    context = {"activation": activation, "entitlement": entitlement, "form": form}
    return render(request, "entitlements/revoke.html", context, status=status)
