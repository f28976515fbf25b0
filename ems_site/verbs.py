"""Delete, Disable, Enable and what else is done to one record, or to those ticked in its list.

Each verb shows what will happen and what will be left out, and then does exactly that: the plan
travels signed, bound to the person, the verb, and each record as it was shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html

from ems_site.accounts import password_again
from ems_site.accounts.models import User
from ems_site.counts import attach_count
from ems_site.errors import Refused
from ems_site.forms import ReasonForm
from ems_site.lists import places
from ems_site.parameters import whole_number
from ems_site.plans import Plan, Verb, as_shown, shown_rows
from ems_site.rights import SEE_ENTITLEMENTS, right_to

MOST_AT_ONCE = 200
BLOCKERS_SHOWN = 5
UNPROCESSABLE = 422
CHANGED = "Something changed since. Look again."


VERBS = {
    verb.name: verb
    for verb in [
        Verb(
            name="delete",
            done="deleted",
            right="delete",
            eligible=lambda records: records.deletable(),
            why_not="Has entitlements",
            button_class="btn-danger",
        ),
        Verb(
            name="disable",
            done="disabled",
            right="change",
            eligible=lambda records: records.enabled(),
            why_not="Is disabled already",
            way_back="enable",
        ),
        Verb(
            name="enable",
            done="enabled",
            right="change",
            eligible=lambda records: records.disabled(),
            why_not="Is enabled already",
            way_back="disable",
        ),
    ]
}
# Those of each list, by its namespace.
OF: dict[str, "Verbs"] = {}


def _in_words(name, count, counted):
    return f"{count} {name if count > 1 else name[:-1]}" if counted else name


@dataclass(frozen=True)
class Verbs:
    """The verbs on the pages of a model.

    Its addresses are the `list`, `verb` and `ticked` of the namespace. Its own sentences stand in
    the folder of templates of that name, where `called` names a record in short, and what
    `consequence` counts for the person can be told. `why_not` says of a single record why the verb is
    not possible, where the verb's own sentence does not do; `in_the_way` are the relations that keep a
    record from being deleted; `loaded` takes along what the templates show of each record.
    """

    model: Any
    namespace: str
    order: tuple[str, ...]
    acts: dict[str, Callable]
    called: Callable[[Any], str]
    consequence: Callable[[Verb, list, Any], dict]
    verbs: Mapping[str, Verb] = field(default_factory=lambda: VERBS)
    why_not: Callable[[Verb, Any], str] | None = None
    in_the_way: tuple[str, ...] = ("entitlements",)
    loaded: Callable[[models.QuerySet], models.QuerySet] = lambda records: records

    def __post_init__(self):
        OF[self.namespace] = self

    def one(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """GET shows the consequence, POST does it."""
        verb = self._verb(request, name)
        record = get_object_or_404(self.model, pk=pk)
        if request.method == "POST":
            return self._do(request, verb, record)
        return self._show(request, verb, [record.pk], record)

    def ticked(self, request: HttpRequest, name: str) -> HttpResponse:
        """The same for the records ticked in the list: the first post shows the plan."""
        verb = self._verb(request, name)
        if "plan" in request.POST:
            asked = password_again.ask(request) if verb.name == "delete" else None
            return asked or self._do(request, verb)
        keys = {whole_number(key) for key in request.POST.getlist("pk")}
        if None in keys or len(keys) > MOST_AT_ONCE:
            return self._unreadable(request)
        if not keys:
            messages.warning(request, f"Tick the {self._nouns} to {verb.name} first.")
            return redirect(self._list(request))
        return self._show(request, verb, keys)

    @property
    def _nouns(self):
        return self.model._meta.verbose_name_plural

    def _list(self, request):
        """As the person left it."""
        return places.address(request, self.namespace)

    def may_view(self, user: User) -> bool:
        return self._may(user, "view")

    def may(self, user: User, verb: Verb) -> bool:
        """Has the right to see these records, and to do this to them."""
        return self.may_view(user) and self._may(user, verb.right)

    def _may(self, user, right):
        return user.has_perm(right_to(right, self.model))

    def _verb(self, request, name):
        verb = self.verbs.get(name)
        if verb is None:
            raise Http404
        if not self.may(request.user, verb):
            raise PermissionDenied
        return verb

    def _do(self, request, verb, record=None):
        token = request.POST.get("plan", "")
        rows = shown_rows(token, self.model, verb, request.user)
        if rows is None or (record and [pk for pk, _ in rows] != [record.pk]):
            return self._show_again(request, verb, rows, record, "Look once more, then confirm.")
        form = ReasonForm(request.POST)
        records = self.model.objects.as_shown(rows)
        if not form.is_valid():
            return self._show_again(request, verb, rows, record, form.errors["comment"][0])
        shown = as_shown(token, self.loaded(records), verb, request.user)
        if shown is None:
            return self._show_again(request, verb, rows, record, CHANGED)
        try:
            done = self.acts[verb.name](shown, by=request.user, comment=form.cleaned_data["comment"])
        except Refused as refusal:
            return self._show_again(request, verb, rows, record, str(refusal))
        if not done:
            return self._show_again(request, verb, rows, record, CHANGED)
        self._say_done(request, verb, done)
        return redirect(record if record and verb.name != "delete" else self._list(request))

    def _show_again(self, request, verb, rows, record, sentence):
        if record is None and rows is None:
            return self._unreadable(request)
        keys = [record.pk] if record else [pk for pk, _ in rows]
        return self._show(request, verb, keys, record, refusal=sentence, status=UNPROCESSABLE)

    def _show(self, request, verb, keys, record=None, *, refusal="", status=200):
        records = self.model.objects.filter(pk__in=keys).order_by(*self.order)
        plan = Plan.of(verb, self.loaded(records), request.user)
        self.tell_reasons(verb, plan.left_out, request.user)
        context = {
            "plan": plan,
            "verb": verb,
            "record": record,
            "called": record and self.called(record),
            "already": record and not plan.will and verb.name != "delete" and not self.why_not,
            "refusal": refusal,
            "reason_form": ReasonForm(request.POST or None),
            "cancel": record.get_absolute_url() if record else self._list(request),
            "row_template": f"{self.namespace}/_verb_row.html",
            **self._words(request),
            **self._disable_instead(request.user, verb, record),
            **self._blockers(request.user, record),
            **self.consequence(verb, plan.will, request.user),
        }
        return render(request, f"{self.namespace}/verb.html", context, status=status)

    def _words(self, request):
        kind = self.model._meta
        return {"noun": kind.verbose_name, "nouns": self._nouns, "list_address": self._list(request)}

    def _disable_instead(self, user, verb, record):
        if record:
            address = reverse(f"{self.namespace}:verb", args=[record.pk, "disable"])
        else:
            address = reverse(f"{self.namespace}:ticked", args=["disable"])
        possible = verb.name == "delete" and self._may_be_disabled(record)
        return {"disable_address": address, "may_disable": possible and self._may(user, "change")}

    def _may_be_disabled(self, record):
        if record is None:
            return bool(self.in_the_way)
        return self.verbs["disable"].eligible(self.model.objects.filter(pk=record.pk)).exists()

    def reason(self, verb: Verb, record: Any) -> str:
        """Why this is not done to the record."""
        if self.why_not:
            return self.why_not(verb, record)
        return f"Has {' or '.join(self.in_the_way)}" if verb.name == "delete" else verb.why_not

    def tell_reasons(self, verb: Verb, records: list, user: User, *, counted: bool = True) -> None:
        """Sets `reason` on each of these records, to which this is not done. What is in the way of Delete
        is told to those who may see entitlements; counted says how many."""
        for record in records:
            record.reason = self.reason(verb, record)
        if verb.name != "delete" or not user.has_perm(SEE_ENTITLEMENTS):
            return
        for name in self.in_the_way:
            attach_count(name, records, f"{name}_in_the_way")
        for record in records:
            counts = [(getattr(record, f"{name}_in_the_way"), name) for name in self.in_the_way]
            found = [_in_words(name, count, counted) for count, name in counts if count]
            record.reason = f"Has {' and '.join(found)}" if found else record.reason

    def _blockers(self, user, record):
        """What is in the way of Delete, for those who may see entitlements."""
        if not self.in_the_way or not user.has_perm(SEE_ENTITLEMENTS):
            return {}
        if record is None:
            return {"sees_entitlements": True}
        entitlements = record.entitlements.order_by("-pk")
        found = {
            "sees_entitlements": True,
            "blockers": entitlements[:BLOCKERS_SHOWN],
            "blocker_count": entitlements.count(),
        }
        if "activations" in self.in_the_way:
            activations = record.activations.select_related("product_key__entitlement")
            found |= {"activations": activations[:BLOCKERS_SHOWN], "activation_count": activations.count()}
        return found

    def _unreadable(self, request):
        context = {"most": MOST_AT_ONCE, **self._words(request)}
        return render(request, "verbs/unreadable.html", context, status=UNPROCESSABLE)

    def _say_done(self, request, verb, done):
        if len(done) == 1 and verb.way_back:
            way_back = reverse(f"{self.namespace}:verb", args=[done[0].pk, verb.way_back])
            link = format_html('<a href="{}" data-dialog>{} again</a>', way_back, verb.way_back.capitalize())
            messages.success(request, format_html("{} {}. {}", done[0], verb.done, link))
        elif len(done) == 1:
            messages.success(request, f"{done[0]} {verb.done}.")
        else:
            messages.success(request, f"{len(done)} {self._nouns} {verb.done}.")
