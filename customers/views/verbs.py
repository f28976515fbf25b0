"""Delete, Disable and Enable: one customer, or those ticked in the list.

Each verb shows what will happen and what will be left out, and then does exactly that: the plan
travels signed, bound to the person, the verb, and each customer as it was shown.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from customers import actions, counts
from customers.forms import ReasonForm
from customers.models import Customer, CustomerQuerySet
from ems_site.errors import Refused
from ems_site.parameters import whole_number

PLAN_SALT = "customers.plan"
PLAN_SECONDS = 12 * 60 * 60
MOST_AT_ONCE = 200
BLOCKERS_SHOWN = 5
UNPROCESSABLE = 422


@dataclass(frozen=True)
class Verb:
    name: str
    done: str
    permission: str
    act: Callable
    eligible: Callable[[CustomerQuerySet], CustomerQuerySet]
    why_not: str

    @property
    def label(self) -> str:
        return self.name.capitalize()

    def count(self, customers: list[Customer]) -> int:
        """Delete takes associations away; the others are about people."""
        return counts.associations(customers) if self.name == "delete" else counts.people(customers)

    @property
    def way_back(self) -> str:
        return {"disable": "enable", "enable": "disable"}.get(self.name, "")

    @property
    def button_class(self) -> str:
        return "btn-danger" if self.name == "delete" else "btn-primary"


VERBS = {
    verb.name: verb
    for verb in [
        Verb(
            name="delete",
            done="deleted",
            permission="customers.delete_customer",
            act=actions.delete,
            eligible=CustomerQuerySet.deletable,
            why_not="Has entitlements",
        ),
        Verb(
            name="disable",
            done="disabled",
            permission="customers.change_customer",
            act=actions.disable,
            eligible=CustomerQuerySet.enabled,
            why_not="Is disabled already",
        ),
        Verb(
            name="enable",
            done="enabled",
            permission="customers.change_customer",
            act=actions.enable,
            eligible=CustomerQuerySet.disabled,
            why_not="Is enabled already",
        ),
    ]
}


@dataclass
class Plan:
    """What a verb would do to these customers now."""

    verb: Verb
    will: list[Customer]
    left_out: list[Customer]
    token: str

    @property
    def size(self) -> int:
        return len(self.will) + len(self.left_out)

    @classmethod
    def of(cls, verb: Verb, customers: CustomerQuerySet, by) -> "Plan":
        customers = customers.order_by("name_key", "pk")
        will = list(verb.eligible(customers))
        chosen = {customer.pk for customer in will}
        left_out = [customer for customer in customers if customer.pk not in chosen]
        rows = [[customer.pk, customer.version] for customer in will]
        return cls(verb, will, left_out, signing.dumps([verb.name, by.pk, rows], salt=PLAN_SALT))


def shown_rows(token: str, verb: Verb, by) -> list[tuple[int, int]] | None:
    """The keys and versions that this person was shown for this verb, or None."""
    try:
        name, person, rows = signing.loads(token, salt=PLAN_SALT, max_age=PLAN_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return [(pk, version) for pk, version in rows] if [name, person] == [verb.name, by.pk] else None


def _verb(request, name):
    verb = VERBS[name]
    if not request.user.has_perms(["customers.view_customer", verb.permission]):
        raise PermissionDenied
    return verb


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """A customer's Delete, Disable or Enable: GET shows the consequence, POST does it."""
    verb = _verb(request, name)
    customer = get_object_or_404(Customer, pk=pk)
    if request.method == "POST":
        return _do(request, verb, customer)
    return _show(request, verb, [customer.pk], customer)


@require_POST
def ticked(request: HttpRequest, name: str) -> HttpResponse:
    """The same for the customers ticked in the list: the first post shows the plan."""
    verb = _verb(request, name)
    if "plan" in request.POST:
        return _do(request, verb)
    keys = {whole_number(key) for key in request.POST.getlist("pk")}
    if None in keys or len(keys) > MOST_AT_ONCE:
        return _unreadable(request)
    if not keys:
        messages.warning(request, f"Tick the customers to {verb.name} first.")
        return redirect("customers:list")
    return _show(request, verb, keys)


def _unreadable(request):
    context = {"most": MOST_AT_ONCE}
    return render(request, "customers/unreadable.html", context, status=UNPROCESSABLE)


def _do(request, verb, customer=None):
    rows = shown_rows(request.POST.get("plan", ""), verb, request.user)
    if rows is None or (customer and [pk for pk, _ in rows] != [customer.pk]):
        return _show_again(request, verb, rows, customer, "Look once more, then confirm.")
    form = ReasonForm(request.POST)
    customers = Customer.objects.as_shown(rows)
    if not form.is_valid():
        return _show_again(request, verb, rows, customer, form.errors["comment"][0])
    if customers.count() != len(rows):
        return _show_again(request, verb, rows, customer, "Something changed since. Look again.")
    try:
        done = verb.act(customers, by=request.user, comment=form.cleaned_data["comment"])
    except Refused as refusal:
        return _show_again(request, verb, rows, customer, str(refusal))
    _say_done(request, verb, done)
    if customer and verb.name != "delete":
        return redirect(customer)
    return redirect("customers:list")


def _show_again(request, verb, rows, customer, sentence):
    if customer is None and rows is None:
        return _unreadable(request)
    keys = [customer.pk] if customer else [pk for pk, _ in rows]
    return _show(request, verb, keys, customer, refusal=sentence, status=UNPROCESSABLE)


def _show(request, verb, keys, customer=None, *, refusal="", status=200):
    plan = Plan.of(verb, Customer.objects.filter(pk__in=keys), request.user)
    sees_entitlements = request.user.has_perm("entitlements.view_entitlement")
    if sees_entitlements:
        counts.attach_entitlements(plan.left_out)
    context = {
        "plan": plan,
        "verb": verb,
        "customer": customer,
        "refusal": refusal,
        "reason_form": ReasonForm(request.POST or None),
        "contact_count": verb.count(plan.will),
        "sees_entitlements": sees_entitlements,
        "cancel": customer.get_absolute_url() if customer else reverse("customers:list"),
    }
    if customer and sees_entitlements:
        context["blockers"] = customer.entitlements.order_by("-pk")[:BLOCKERS_SHOWN]
        context["blocker_count"] = customer.entitlements.count()
    return render(request, "customers/verb.html", context, status=status)


def _say_done(request, verb, done):
    if len(done) == 1 and verb.name != "delete":
        way_back = reverse("customers:verb", args=[done[0].pk, verb.way_back])
        link = format_html('<a href="{}" data-dialog>{} again</a>', way_back, verb.way_back.capitalize())
        messages.success(request, format_html("{} {}. {}", done[0], verb.done, link))
    elif len(done) == 1:
        messages.success(request, f"{done[0]} deleted.")
    else:
        messages.success(request, f"{len(done)} customers {verb.done}.")
