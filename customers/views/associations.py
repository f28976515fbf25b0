"""A contact's customers: associated, their kind changed and removed from the contact's side."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from contacts.log_on_state import LogOnState
from contacts.models import Contact
from customers import actions
from customers.models import Association, Customer, offers_of
from ems_site.audit.changes import change_lines
from ems_site.forms import ReasonForm, kept
from ems_site.lists.keyset import Sort
from ems_site.lists.picking import Picker
from ems_site.paging import Pages
from ems_site.parameters import whole_number

BY_NAME = Sort(("name_key",))
UNPROCESSABLE = 422
UNREADABLE = "This could not be read, so nothing was changed. Choose again."


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(["contacts.view_contact", "customers.view_customer"], raise_exception=True)
def of_contact(request: HttpRequest, pk: int) -> HttpResponse:
    """Each change is a post of its own: `associate` with a kind, or `remove`; both name a customer."""
    contact = get_object_or_404(Contact, pk=pk)
    if request.method != "POST":
        return _show(request, contact)
    if not request.user.has_perm("customers.change_customer"):
        raise PermissionDenied
    removing = "remove" in request.POST
    kind = "" if removing else request.POST.get("kind", "")
    key = whole_number(request.POST.get("remove" if removing else "associate"))
    if key is None or not (kind or removing):
        return _show(request, contact, refusal=UNREADABLE)
    customer = Customer.objects.filter(pk=key).first()
    if customer is None:
        return _show(request, contact, refusal="This customer has been deleted meanwhile.")
    if kind and not customer.is_enabled() and not contact.customers.contains(customer):
        return _show(request, contact, refusal=f"{customer} is disabled. Enable it first.")
    if removing and "comment" not in request.POST and _signs_out(contact, customer):
        return _show_removal(request, contact, customer, ReasonForm())
    reason = ReasonForm(request.POST)
    if not reason.is_valid():
        return _show_removal(request, contact, customer, reason)
    return _change(request, contact, customer, kind, reason.cleaned_data["comment"])


def _signs_out(contact, customer):
    """Removing it would take the last enabled customer of somebody who has a log-on."""
    is_associated = contact.associations.filter(customer=customer).exists()
    return is_associated and customer.is_last_enabled_of(contact) and contact.has_password()


def _show_removal(request, contact, customer, form):
    context = {
        "contact": contact,
        "customer": customer,
        "reason_form": form,
        "signed_in": Contact.objects.filter(pk=contact.pk).signed_in().exists(),
        "stays_out": contact.customers.exclude(pk=customer.pk).exists(),
        "here": request.get_full_path(),
    }
    return render(request, "customers/of_contact_removal.html", context, status=UNPROCESSABLE)


def _change(request, contact, customer, kind, comment):
    before = LogOnState.of(contact).obstacle
    held = contact.associations.filter(customer=customer).first()
    asked = {"by": request.user, "confirmed": request.POST.get("confirmation")}
    try:
        if kind:
            actions.associate(customer, contact, kind, **asked)
        else:
            actions.dissociate(customer, contact, comment=comment, **asked)
    except actions.ConfirmationRequired as refusal:
        return _show_confirmation(request, customer, refusal)
    except ValidationError as error:
        return _show(request, contact, refusal=" ".join(error.messages))
    state = LogOnState.of(contact)
    consequence = f" {state}." if state.obstacle != before else ""
    if kind == (held.kind if held else ""):
        messages.info(request, f"Nothing was changed between {contact} and {customer}.")
    else:
        messages.success(request, _sentence(contact, customer, kind) + consequence)
    return redirect(request.get_full_path())


def _sentence(contact, customer, kind):
    if kind:
        return f"{contact} is {Association.Kind(kind).label} of {customer}."
    return f"{contact} is no longer associated with {customer}."


def _show_confirmation(request, customer, refusal):
    context = {
        "customer": customer,
        "refusal": refusal,
        "lines": change_lines(Customer, refusal.changes),
        "kept": kept(request.POST),
        "action": request.get_full_path(),
        "done": request.get_full_path(),
    }
    return render(request, "customers/of_contact_confirm.html", context, status=UNPROCESSABLE)


def _show(request, contact, *, refusal=""):
    picker = Picker.read(Customer, request.GET)
    links = contact.associations.select_related("customer").order_by("customer__name_key", "customer")
    context = {
        "contact": contact,
        "refusal": refusal,
        "picker": picker,
        "kinds": Association.Kind.choices,
        "kind": request.POST.get("kind", Association.Kind.STANDARD),
        "here": request.get_full_path(),
    }
    if request.user.has_perm("customers.change_customer"):
        others = Customer.objects.enabled().exclude(pk__in=contact.associations.values("customer"))
        found, more = picker.found(others, BY_NAME)
        context |= {"found": found, "more": more}
    if request.htmx.target == "customer-results":
        return render(request, "customers/of_contact.html#customer-results", context)
    kept = {name: request.GET.get(name, "") for name in ("q", "in", "how")}
    context["pages"] = Pages(links, request.GET, kept)
    return render(request, "customers/of_contact.html", context, status=UNPROCESSABLE if refusal else 200)


@require_POST
@permission_required(["customers.view_customer", "customers.change_customer"], raise_exception=True)
def withdraw(request: HttpRequest, pk: int, invitation: int) -> HttpResponse:
    """Ends an invitation that an Administrator of the customer has sent."""
    customer = get_object_or_404(Customer, pk=pk)
    pending = get_object_or_404(offers_of(customer).pending(), pk=invitation)
    actions.withdraw(pending, by=request.user)
    messages.success(request, f"The invitation of {pending.email} to {customer} is withdrawn.")
    return redirect(customer)
