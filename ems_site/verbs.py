"""Delete, Disable and Enable: one record, or those ticked in its list.

Each verb shows what will happen and what will be left out, and then does exactly that: the plan
travels signed, bound to the person, the verb, and each record as it was shown.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html

from ems_site.accounts import password_again
from ems_site.counts import attach_count
from ems_site.errors import Refused
from ems_site.forms import ReasonForm
from ems_site.parameters import whole_number

PLAN_SECONDS = 12 * 60 * 60
MOST_AT_ONCE = 200
BLOCKERS_SHOWN = 5
UNPROCESSABLE = 422


@dataclass(frozen=True)
class Verb:
    name: str
    done: str
    right: str
    eligible: Callable
    why_not: str
    way_back: str = ""
    button_class: str = "btn-primary"

    @property
    def label(self) -> str:
        return self.name.capitalize()


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


@dataclass
class Plan:
    """What a verb would do to these records now."""

    verb: Verb
    will: list
    left_out: list
    token: str

    @property
    def size(self) -> int:
        return len(self.will) + len(self.left_out)

    @classmethod
    def of(cls, verb: Verb, records: models.QuerySet, by) -> "Plan":
        will = list(verb.eligible(records))
        chosen = {record.pk for record in will}
        left_out = [record for record in records if record.pk not in chosen]
        rows = [[record.pk, record.version] for record in will]
        return cls(verb, will, left_out, signing.dumps([verb.name, by.pk, rows], salt=_salt(records.model)))


def _salt(model):
    return f"{model._meta.label_lower}.plan"


def shown_rows(token: str, model, verb: Verb, by) -> list[tuple[int, int]] | None:
    """The keys and versions that this person was shown for this verb, or None."""
    try:
        name, person, rows = signing.loads(token, salt=_salt(model), max_age=PLAN_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return [(pk, version) for pk, version in rows] if [name, person] == [verb.name, by.pk] else None


@dataclass(frozen=True)
class Verbs:
    """The verbs on the pages of a model.

    Its addresses are the `list`, `verb` and `ticked` of the namespace. Its own sentences stand in
    the folder of templates of that name, where `called` names a record in short, and what
    `consequence` counts for the person can be told.
    """

    model: Any
    namespace: str
    order: tuple[str, ...]
    acts: dict[str, Callable]
    called: Callable[[Any], str]
    consequence: Callable[[Verb, list, Any], dict]

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
            return redirect(self._list)
        return self._show(request, verb, keys)

    @property
    def _nouns(self):
        return self.model._meta.verbose_name_plural

    @property
    def _list(self):
        return reverse(f"{self.namespace}:list")

    def _may(self, user, right):
        kind = self.model._meta
        return user.has_perm(f"{kind.app_label}.{right}_{kind.model_name}")

    def _verb(self, request, name):
        verb = VERBS[name]
        if not (self._may(request.user, "view") and self._may(request.user, verb.right)):
            raise PermissionDenied
        return verb

    def _do(self, request, verb, record=None):
        rows = shown_rows(request.POST.get("plan", ""), self.model, verb, request.user)
        if rows is None or (record and [pk for pk, _ in rows] != [record.pk]):
            return self._show_again(request, verb, rows, record, "Look once more, then confirm.")
        form = ReasonForm(request.POST)
        records = self.model.objects.as_shown(rows)
        if not form.is_valid():
            return self._show_again(request, verb, rows, record, form.errors["comment"][0])
        if records.count() != len(rows):
            return self._show_again(request, verb, rows, record, "Something changed since. Look again.")
        try:
            done = self.acts[verb.name](records, by=request.user, comment=form.cleaned_data["comment"])
        except Refused as refusal:
            return self._show_again(request, verb, rows, record, str(refusal))
        self._say_done(request, verb, done)
        return redirect(record if record and verb.name != "delete" else self._list)

    def _show_again(self, request, verb, rows, record, sentence):
        if record is None and rows is None:
            return self._unreadable(request)
        keys = [record.pk] if record else [pk for pk, _ in rows]
        return self._show(request, verb, keys, record, refusal=sentence, status=UNPROCESSABLE)

    def _show(self, request, verb, keys, record=None, *, refusal="", status=200):
        records = self.model.objects.filter(pk__in=keys).order_by(*self.order)
        plan = Plan.of(verb, records, request.user)
        context = {
            "plan": plan,
            "verb": verb,
            "record": record,
            "called": record and self.called(record),
            "already": record and not plan.will and verb.name != "delete",
            "refusal": refusal,
            "reason_form": ReasonForm(request.POST or None),
            "cancel": record.get_absolute_url() if record else self._list,
            "row_template": f"{self.namespace}/_verb_row.html",
            **self._words(),
            **self._disable_instead(request.user, verb, record),
            **self._blockers(request.user, plan, record),
            **self.consequence(verb, plan.will, request.user),
        }
        return render(request, f"{self.namespace}/verb.html", context, status=status)

    def _words(self):
        return {"noun": self.model._meta.verbose_name, "nouns": self._nouns, "list_address": self._list}

    def _disable_instead(self, user, verb, record):
        if record:
            address = reverse(f"{self.namespace}:verb", args=[record.pk, "disable"])
        else:
            address = reverse(f"{self.namespace}:ticked", args=["disable"])
        possible = verb.name == "delete" and (record is None or record.is_enabled())
        return {"disable_address": address, "may_disable": possible and self._may(user, "change")}

    def _blockers(self, user, plan, record):
        """What is in the way of Delete, for those who may see entitlements."""
        if not user.has_perm("entitlements.view_entitlement"):
            return {}
        attach_count("entitlements", plan.left_out, "entitlement_count")
        if record is None:
            return {"sees_entitlements": True}
        entitlements = record.entitlements.order_by("-pk")
        return {
            "sees_entitlements": True,
            "blockers": entitlements[:BLOCKERS_SHOWN],
            "blocker_count": entitlements.count(),
        }

    def _unreadable(self, request):
        context = {"most": MOST_AT_ONCE, **self._words()}
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
