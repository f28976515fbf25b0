"""The Add Customer and Edit Customer pages."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_safe

from contacts.models import Contact
from customers import actions, associates, conflicts
from customers.forms import CustomerForm
from customers.models import Association, Customer
from ems_site.accounts.models import User
from ems_site.audit.changes import change_lines
from ems_site.conflicts import CHOICE, deletion, since
from ems_site.errors import Conflict, Gone
from ems_site.folding import identity_key
from ems_site.forms import add_refusal, kept
from ems_site.parameters import whole_number

UNPROCESSABLE = 422
MOVES_SHOWN = 100


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("customers.add_customer", raise_exception=True)
def add(request: HttpRequest) -> HttpResponse:
    return _page(request, Customer())


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(["customers.view_customer", "customers.change_customer"], raise_exception=True)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    customer = Customer.objects.filter(pk=pk).first()
    if customer:
        return _page(request, customer)
    if request.method == "POST":
        return _deleted(request, pk)
    raise Http404


def _page(request, customer):
    customer.known_as = str(customer)
    if request.method != "POST":
        return _show(request, CustomerForm(instance=customer), associates.of_customer(customer))
    if "back" in request.POST:
        return _back(request, customer)
    if verb := associates.pressed(request.POST):
        _check_pane(request.user, verb)
        return _press(request, customer)
    return _save(request, customer, _resolved(request, customer))


def _resolved(request, customer):
    if any(name.startswith(CHOICE) for name in request.POST):
        return conflicts.resolve(request.POST, customer)
    return request.POST


def _save(request, customer, data):
    adding = customer.pk is None
    form, pane = CustomerForm(data, instance=customer), associates.posted(data)
    if not _both_valid(form, pane, request.user):
        return _show(request, form, pane, status=UNPROCESSABLE)
    seen = customer.version
    people = pane.rows.associates() if _may_associate(request.user) else None
    try:
        actions.save(customer, by=request.user, associates=people, confirmed=data.get("confirmation"))
    except actions.ConfirmationRequired as refusal:
        return _show_confirmation(request, form, refusal, data)
    except Conflict as conflict:
        return _show_conflict(request, customer, people, conflict, data)
    except Gone:
        return _deleted(request, customer.pk)
    except ValidationError as error:
        add_refusal(form, error)
        return _show(request, form, pane, status=UNPROCESSABLE)
    if adding or customer.version != seen:
        _say_saved(request, customer, "added" if adding else "saved")
    else:
        messages.info(request, f"Nothing was changed in {customer.known_as}.")
    return redirect(customer if request.user.has_perm("customers.view_customer") else "customers:add")


def _both_valid(form, pane, user):
    form_is_valid = form.is_valid()
    if not _may_associate(user):
        return form_is_valid
    rows_are_valid = pane.rows.is_valid()
    new = [row for row in pane.rows.forms if row.is_new()]
    if new and not user.has_perm("contacts.add_contact"):
        form.add_error(None, "You may not add contacts. Remove the new ones from the list.")
        return False
    return form_is_valid and rows_are_valid


def _check_pane(user, verb):
    may_add = user.has_perm("contacts.add_contact") or verb not in {"add_contact", "save_contact"}
    if not (_may_associate(user) and may_add):
        raise PermissionDenied


def _may_associate(user):
    return user.has_perm("contacts.view_contact")


def _press(request, customer):
    """A button of the pane: everything typed stays as it is, unchecked."""
    pane = associates.press(request.POST)
    status = UNPROCESSABLE if pane.new_contact and pane.new_contact.errors else 200
    return _show(request, _unchecked(customer, request.POST), pane, status=status)


def _back(request, customer):
    """From the confirmation or the conflict back to the form, with the choices made."""
    data = _resolved(request, customer)
    pane = associates.press(data)
    return _show(request, _unchecked(customer, data), pane)


def _unchecked(customer, data):
    return CustomerForm(instance=customer, initial=data.dict())


def _deleted(request, pk):
    entry = deletion(Customer, pk)
    if entry is None or not request.user.has_perm("customers.add_customer"):
        raise Http404
    messages.error(
        request,
        f"{entry.actor_name or 'The system'} deleted {entry.subject_name} meanwhile. "
        "What you typed stands below: saving adds it as a new customer.",
    )
    form = _unchecked(Customer(), request.POST)
    return _show(request, form, associates.press(request.POST), status=409)


def _show(request, form, pane, *, status=200):
    customer = form.instance
    may_associate = _may_associate(request.user)
    if may_associate:
        pane.offer(Contact.objects.enabled())
    in_pane = request.htmx and request.htmx.target in {"contacts-pane", "contact-results"}
    context = {
        "form": form,
        "pane": pane if may_associate else None,
        "customer": customer if customer.pk else None,
        "action": _address(customer),
        "kinds": Association.Kind.choices,
        "typed": request.method == "POST",
        "same_name": _same_name(request.user, form["name"].value(), customer.pk),
    }
    if customer.pk and not in_pane:
        context["completed_count"] = customer.entitlements.completed().count()
    template = "customers/form.html#contacts-pane" if in_pane else "customers/form.html"
    return render(request, template, context, status=status)


def _address(customer):
    if customer.pk:
        return reverse("customers:edit", args=[customer.pk])
    return reverse("customers:add")


def _show_confirmation(request, form, refusal, data):
    context = {
        "customer": form.instance,
        "form": form,
        "refusal": refusal,
        "lines": change_lines(Customer, refusal.changes),
        "moves": moved(refusal, request.user),
        "kept": kept(data),
        "action": _address(form.instance),
        "done": form.instance.get_absolute_url(),
    }
    return render(request, "customers/confirm.html", context, status=UNPROCESSABLE)


def moved(refusal: actions.ConfirmationRequired, by: User) -> dict | None:
    """What a new time zone moves to other instants, the first of them by name for those who may see
    entitlements; None where the time zone stays."""
    if "time_zone" not in refusal.changes:
        return None
    felt = [move for move in refusal.moves if move.is_felt()]
    shown = felt[:MOVES_SHOWN] if by.has_perm("entitlements.view_entitlement") else []
    _old, time_zone = refusal.changes["time_zone"]
    return {"count": len(felt), "shown": shown, "more": len(felt) - len(shown), "time_zone": time_zone}


def _show_conflict(request, customer, people, conflict, data):
    entries = since(conflict.current, customer.version)
    context = {
        "customer": conflict.current,
        "differences": conflicts.differences(customer, people, conflict.current, entries),
        "entries": entries,
        "kept": kept(data, but="version"),
    }
    return render(request, "customers/conflict.html", context, status=409)


def _say_saved(request, customer, verb):
    link = format_html('<a href="{}">Add another customer</a>', reverse("customers:add"))
    messages.success(request, format_html("{} {}. {}", customer, verb, link if verb == "added" else ""))


@require_safe
@permission_required("customers.view_customer", raise_exception=True)
def same_name(request: HttpRequest) -> HttpResponse:
    """The hint under the name while it is typed: other customers that have it already."""
    other_than = whole_number(request.GET.get("other_than"))
    found = _same_name(request.user, request.GET.get("name", ""), other_than)
    return render(request, "customers/_same_name.html", {"same_name": found})


def _same_name(user, name, pk):
    """Customers of this name that the person may see: the first three and how many there are."""
    if not (name or "").strip() or not user.has_perm("customers.view_customer"):
        return None
    others = Customer.objects.named(name)
    others = others.exclude(pk=pk) if pk else others
    key = identity_key(name)
    first = [other for other in others.order_by("pk")[:50] if identity_key(other.name) == key][:4]
    return {"customers": first[:3], "more": len(first) > 3} if first else None
