"""Drafts of entitlements: add, edit, copy."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_http_methods

from ems_site.conflicts import CHOICE, deletion, since
from ems_site.errors import Conflict, Gone
from ems_site.forms import add_refusal, kept
from ems_site.lists import places
from ems_site.parameters import LARGEST_VERSION, whole_number
from entitlements import actions, conflicts, panes
from entitlements.forms import EntitlementForm
from entitlements.models import Entitlement

UNPROCESSABLE = 422
MAY_EDIT = ("entitlements.view_entitlement", "entitlements.change_entitlement", "customers.view_customer")


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(["entitlements.add_entitlement", "customers.view_customer"], raise_exception=True)
def add(request: HttpRequest) -> HttpResponse:
    """`?customer=5` begins with this customer."""
    return _page(request, Entitlement())


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(MAY_EDIT, raise_exception=True)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    entitlement = Entitlement.objects.select_related("customer", "contact").filter(pk=pk).first()
    if entitlement:
        return _page(request, entitlement)
    if request.method == "POST":
        return _deleted(request, pk)
    raise Http404


def _page(request, entitlement):
    if request.method != "POST":
        return _open(request, entitlement)
    if "back" in request.POST:
        return _unchecked(request, entitlement, _resolved(request, entitlement))
    if panes.pressed(request.POST):
        return _unchecked(request, entitlement, request.POST)
    if not entitlement.is_draft():
        return _show_final(request, entitlement, request.POST)
    return _save(request, entitlement, _resolved(request, entitlement))


def _open(request, entitlement):
    if not entitlement.is_draft():
        messages.warning(request, f"{entitlement} is {_state(entitlement)}: only drafts are edited.")
        return redirect(entitlement)
    owner = panes.owner_of(entitlement, request.GET.get("customer", ""))
    return _show(request, EntitlementForm(instance=entitlement), owner, panes.products_of(entitlement))


def _state(entitlement):
    return entitlement.get_state_display().lower()


def _resolved(request, entitlement):
    if any(name.startswith(CHOICE) for name in request.POST):
        return conflicts.resolve(request.POST, entitlement)
    return request.POST


def _unchecked(request, entitlement, data, *, status=200):
    """A button of a pane, or back from the conflict: everything typed stays as it is, unchecked."""
    typed = {name: data.get(name, "") for name in EntitlementForm.base_fields}
    form = EntitlementForm(instance=entitlement, initial=typed)
    return _show(request, form, *panes.press(data, entitlement), status=status)


def _save(request, entitlement, data):
    adding = entitlement.pk is None
    owner, form = panes.owner_posted(data, entitlement), EntitlementForm(data, instance=entitlement)
    products = panes.products_posted(data, form)
    # The lines are judged by the dates and the customer of the form, which come first.
    if not all([form.is_valid(), products.rows.is_valid()]):
        return _show(request, form, owner, products, status=UNPROCESSABLE)
    seen, keys = entitlement.version, products.rows.product_keys()
    try:
        actions.save(entitlement, by=request.user, product_keys=keys)
    except Conflict as conflict:
        return _show_conflict(request, keys, conflict, data)
    except Gone:
        return _deleted(request, entitlement.pk)
    except actions.NotAllowed:
        return _show_final(request, entitlement, data)
    except ValidationError as error:
        add_refusal(form, error)
        return _show(request, form, owner, products, status=UNPROCESSABLE)
    return _saved(request, entitlement, adding=adding, changed=adding or entitlement.version != seen)


def _saved(request, entitlement, *, adding, changed):
    complete = reverse("entitlements:verb", args=[entitlement.pk, "complete"])
    goes_on = "save_and_complete" in request.POST and _may_complete(request.user)
    if changed:
        _say_saved(request, entitlement, complete="" if goes_on else complete, adding=adding)
    elif not goes_on:
        messages.info(request, f"Nothing was changed in {entitlement}.")
    if goes_on:
        return redirect(complete)
    return redirect(entitlement if request.user.has_perm(MAY_EDIT[0]) else "entitlements:add")


def _say_saved(request, entitlement, *, complete, adding):
    """With what to do next; `complete` is the address that completes it."""
    steps = []
    if complete and _may_complete(request.user) and not entitlement.why_not("complete"):
        steps.append(format_html('<a href="{}" data-dialog>Complete it</a>', complete))
    if complete and adding:
        steps.append(format_html('<a href="{}">Add another</a>', reverse("entitlements:add")))
    links = format_html_join(" ", "{}", ((step,) for step in steps))
    done = "added" if adding else "saved"
    messages.success(
        request, format_html('{} {}. <span class="message-actions">{}</span>', entitlement, done, links)
    )


def _may_complete(user):
    return user.has_perms(["entitlements.view_entitlement", "entitlements.change_entitlement"])


def _deleted(request, pk):
    entry = deletion(Entitlement, pk)
    if entry is None or not request.user.has_perm("entitlements.add_entitlement"):
        raise Http404
    if not request.htmx:
        messages.error(
            request,
            f"{entry.actor_name or 'The system'} deleted {entry.subject_name} meanwhile. "
            "What you typed stands below: saving adds it as a new draft.",
        )
    rows = [row | {"id": ""} for row in panes.values(request.POST)]
    data = panes.write(request.POST.copy(), rows)
    return _unchecked(request, Entitlement(), data, status=200 if request.htmx else 409)


def _show(request, form, owner, products, *, status=200):
    entitlement = form.instance
    owner.offer()
    products.show_windows(form, owner.time_zone())
    context = {
        "form": form,
        "owner": owner,
        "products": products,
        "entitlement": entitlement if entitlement.pk else None,
        "action": _address(entitlement),
        "typed": request.method == "POST",
        "may_complete": _may_complete(request.user),
    }
    template = "entitlements/form.html#panes" if request.htmx else "entitlements/form.html"
    return render(request, template, context, status=status)


def _address(entitlement):
    if entitlement.pk:
        return reverse("entitlements:edit", args=[entitlement.pk])
    return reverse("entitlements:add")


def _show_conflict(request, keys, conflict, data):
    entries = since(conflict.current, conflict.mine.version)
    context = {
        "entitlement": conflict.current,
        "differences": conflicts.differences(conflict.mine, keys, conflict.current, entries),
        "entries": entries,
        "kept": kept(data, but="version"),
    }
    return render(request, "entitlements/conflict.html", context, status=409)


def _show_final(request, entitlement, data):
    """It was completed meanwhile: nothing is saved, and what was typed is shown once more."""
    current = get_object_or_404(Entitlement, pk=entitlement.pk)
    mine = EntitlementForm(data, instance=get_object_or_404(Entitlement, pk=entitlement.pk))
    mine.full_clean()
    seen = whole_number(data.get("version"), at_most=LARGEST_VERSION)
    entries = since(current, current.version if seen is None else seen)
    context = {
        "entitlement": current,
        "differences": conflicts.differences(mine.instance, panes.typed_keys(data), current, entries),
        "entries": entries,
        "final": True,
    }
    return render(request, "entitlements/conflict.html", context, status=409)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(["entitlements.view_entitlement", "entitlements.add_entitlement"], raise_exception=True)
def copy(request: HttpRequest, pk: int) -> HttpResponse:
    """GET says what is copied, POST does it."""
    entitlement = get_object_or_404(Entitlement, pk=pk)
    if request.method != "POST":
        return _show_copy(request, entitlement)
    try:
        draft = actions.copy(entitlement, by=request.user)
    except Gone as refusal:
        messages.error(request, str(refusal))
        return redirect(places.address(request, "entitlements"))
    except ValidationError as refusal:
        return _show_copy(request, entitlement, refusal.messages)
    may_edit = request.user.has_perms(MAY_EDIT)
    messages.success(
        request, f"{draft} added as a copy of {entitlement}.{' Choose its customer.' if may_edit else ''}"
    )
    return redirect(_address(draft) if may_edit else draft)


def _show_copy(request, entitlement, refusals=()):
    context = {"entitlement": entitlement, "refusals": refusals, "products": entitlement.product_keys.all()}
    status = UNPROCESSABLE if refusals else 200
    return render(request, "entitlements/copy.html", context, status=status)
