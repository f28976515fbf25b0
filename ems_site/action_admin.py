"""Django admin as one more surface: it checks rights, calls actions, and shows what they refuse."""

import re
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms.models import BaseInlineFormSet, model_to_dict
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse

from ems_site import conflicts
from ems_site.accounts import password_again
from ems_site.admin_lists import CappedPaginator, LimitedChangeList
from ems_site.audit.models import Entry, withhold_links
from ems_site.conflicts import THEIRS, Difference
from ems_site.errors import Conflict, Refused
from ems_site.forms import PostedRows, ReasonForm
from ems_site.labels import counted
from ems_site.parameters import whole_number
from ems_site.plans import Plan, Verb, as_shown, shown_rows
from ems_site.rights import SEE_ENTITLEMENTS, right_to
from ems_site.status import StatusQuerySet
from ems_site.verbs import CHANGED, MOST_AT_ONCE, UNPROCESSABLE, Verbs


class KeyAutocomplete(AutocompleteSelect):
    """Leaves out what cannot be a key, which a form that is shown again would look up."""

    def optgroups(self, name, value, attr=None):
        return super().optgroups(name, [key for key in value if whole_number(key) is not None], attr)


class KeyAutocompletes(BaseModelAdmin):
    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = KeyAutocomplete(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class PostedRowForm(forms.ModelForm):
    """Leaves to the action what the rows of the table have to say, which are locked then."""

    def validate_unique(self):
        pass

    def validate_constraints(self):
        pass


class PostedInlineFormSet(PostedRows, BaseInlineFormSet):
    """Takes every row as it was posted. What somebody else did to the rows meanwhile is a conflict,
    which the action tells, and no mistake of the person."""

    def __init__(self, data=None, *args, **kwargs):
        if data is not None and "prefix" in kwargs:
            data = _without_ticked(data.copy(), kwargs["prefix"])
            data[f"{kwargs['prefix']}-INITIAL_FORMS"] = "0"
        super().__init__(data, *args, **kwargs)


def _without_ticked(data, prefix):
    """The rows whose Delete is ticked are left out, and stay out when the form is shown again: Django
    draws that box beside rows that it knows to be saved only."""
    field = re.compile(rf"{re.escape(prefix)}-([0-9]{{1,9}})-(.+)")
    rows: dict[int, dict] = {}
    for name in list(data):
        if match := field.fullmatch(name):
            rows.setdefault(int(match[1]), {})[match[2]] = data.getlist(name)
    if not any("DELETE" in row for row in rows.values()):
        return data
    kept = [rows[number] for number in sorted(rows) if "DELETE" not in rows[number]]
    for number, row in rows.items():
        for name in row:
            del data[f"{prefix}-{number}-{name}"]
    for number, row in enumerate(kept):
        for name, values in row.items():
            data.setlist(f"{prefix}-{number}-{name}", values)
    data[f"{prefix}-TOTAL_FORMS"] = str(len(kept))
    return data


class ActionAdmin(KeyAutocompletes, admin.ModelAdmin):
    """Refusals are caught outside the admin's own transaction: caught inside, it would announce
    success with nothing saved. History is written by the actions, not by the admin."""

    change_form_template = "admin/action_change_form.html"
    show_full_result_count = False
    paginator = CappedPaginator
    filters_allowed: tuple[str, ...] = ()

    def get_changelist(self, request, **kwargs):
        return LimitedChangeList

    def get_form(self, request, obj=None, change=False, **kwargs):
        shown = flatten_fieldsets(self.get_fieldsets(request, obj))
        kwargs["fields"] = [name for name in shown if name != "version"]
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        return form

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except ValidationError as refusal:
            request.refusal = refusal
            if isinstance(refusal, Conflict):
                request.POST = request.POST.copy()
                request.POST["version"] = str(refusal.current.version)
            context = {**(extra_context or {}), **self.refusal_context(request, refusal)}
            return super().changeform_view(request, object_id, form_url, context)

    def refusal_context(self, request, refusal) -> dict:
        """What the form page shows beside the refusal's sentence."""
        if not isinstance(refusal, Conflict):
            return {"refusal": refusal}
        entries = conflicts.since(refusal.current, refusal.mine.version)
        rows = self.differences(request, refusal, entries)
        self.propose_theirs(request, refusal.current, [row.name for row in rows if row.choice == THEIRS])
        return {"refusal": refusal, "entries": entries, "differences": rows}

    def differences(self, request, conflict, entries) -> list[Difference]:
        return conflicts.differences(conflict.mine, conflict.current, conflicts.values_before(entries))

    def propose_theirs(self, request, current, names: list[str]) -> None:
        """What only the other person touched stands as theirs in the form that is shown again."""
        for name, value in model_to_dict(current, names).items():
            request.POST[name] = "" if value is None else str(value)

    def delete_view(self, request, object_id, extra_context=None):
        try:
            return super().delete_view(request, object_id, extra_context)
        except Refused as refusal:
            return self._refuse(request, refusal)

    def changelist_view(self, request, extra_context=None):
        if None in map(whole_number, request.POST.getlist(ACTION_CHECKBOX_NAME)):
            return self._refuse(request, "The selection could not be read. Select again.")
        deletes = request.POST.get("action") == "delete_selected" and "post" in request.POST
        if deletes and (asked := password_again.ask(request)):
            return asked
        try:
            return super().changelist_view(request, extra_context)
        except Refused as refusal:
            return self._refuse(request, refusal)

    def response_action(self, request, queryset):
        """Where all that match are selected, they are more than the page counts."""
        if request.POST.get("action") == "delete_selected" and request.POST.get("select_across") == "1":
            self.require_few(queryset, "deleted")
        return super().response_action(request, queryset)

    def require_few(self, queryset, done: str) -> None:
        """Raises Refused for more than can be done at once here; on the pages of the list all can."""
        if queryset[: MOST_AT_ONCE + 1].count() > MOST_AT_ONCE:
            nouns = self.opts.verbose_name_plural
            raise Refused(f"At most {MOST_AT_ONCE} {nouns} can be {done} at once. Select fewer.")

    def _refuse(self, request, refusal):
        self.message_user(request, str(refusal), messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def has_change_permission(self, request, obj=None):
        """As on the pages: whoever changes something may see it, too."""
        return super().has_change_permission(request, obj) and self._may_view(request)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and self._may_view(request)

    def _may_view(self, request):
        return request.user.has_perm(right_to("view", self.model))

    def shown_in_the_way(self, request, protected: list) -> list:
        """An entitlement is in the way whatever the person may do; only some may see which."""
        may_see = request.user.has_perm(SEE_ENTITLEMENTS)
        return protected if may_see or not protected else ["Entitlements"]

    def enable_at_once(self, request, queryset, verbs: Verbs) -> None:
        """Takes nothing from anybody, so nothing is asked; says how many were enabled already."""
        self.require_few(queryset, "enabled")
        chosen = queryset.count()
        changed = len(verbs.acts["enable"](queryset, by=request.user))
        left_out = f" {chosen - changed} left out: enabled already." if changed < chosen else ""
        self.message_user(request, f"{counted(changed, self.model)} enabled.{left_out}", messages.SUCCESS)

    def disable_as_shown(self, request, queryset, verbs: Verbs):
        return self.do_as_shown(request, queryset, verbs, "disable")

    def do_as_shown(self, request, queryset, verbs: Verbs, name: str):
        """The first post shows what it does; the second does that, with a reason, and nothing else.

        It is the admin action called by the name of the verb, such as `disable_selected`.
        """
        verb = verbs.verbs[name]
        if "plan" not in request.POST:
            return self._show_plan(request, queryset, verbs, verb)
        chosen = self.model.objects.filter(pk__in=request.POST.getlist(ACTION_CHECKBOX_NAME))
        token = request.POST.get("plan", "")
        rows = shown_rows(token, self.model, verb, request.user)
        if rows is None:
            return self._show_plan(request, chosen, verbs, verb, "Look once more, then confirm.")
        records = self.model.objects.as_shown(rows)
        shown = as_shown(token, verbs.loaded(records), verb, request.user)
        if shown is None:
            return self._show_plan(request, chosen, verbs, verb, CHANGED)
        form = ReasonForm(request.POST)
        if not form.is_valid():
            return self._show_plan(request, chosen, verbs, verb, "Please correct the error below.")
        try:
            done = verbs.acts[name](shown, by=request.user, comment=form.cleaned_data["comment"])
        except Refused as refusal:
            return self._show_plan(request, chosen, verbs, verb, str(refusal))
        if not done:
            return self._show_plan(request, chosen, verbs, verb, CHANGED)
        self.message_user(request, f"{counted(len(done), self.model)} {verb.done}.", messages.SUCCESS)
        return None

    def _show_plan(self, request, queryset, verbs, verb, refusal=""):
        self.require_few(queryset, verb.done)
        plan = Plan.of(verb, verbs.loaded(queryset.order_by(*verbs.order)), request.user)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{verb.label} {self.opts.verbose_name_plural}",
            "opts": self.opts,
            "noun": self.opts.verbose_name,
            "nouns": self.opts.verbose_name_plural,
            "verb": verb,
            "plan": plan,
            "left_out": [(record, _reason(verbs, verb, record)) for record in plan.left_out],
            "refusal": refusal,
            "reason_form": ReasonForm(request.POST),
            "consequence_template": f"{verbs.namespace}/_consequence.html",
            **verbs.consequence(verb, plan.will, request.user),
        }
        request.current_app = self.admin_site.name
        status = UNPROCESSABLE if refusal else 200
        return TemplateResponse(request, "admin/verb_selected.html", context, status=status)

    def get_search_results(self, request, queryset, search_term):
        """Pickers offer what is enabled; the list has everything."""
        is_picker = request.resolver_match.url_name == "autocomplete"
        if is_picker and isinstance(queryset, StatusQuerySet):
            queryset = queryset.enabled()
        return self.search(request, queryset, search_term), False

    def search(self, request, queryset, text: str):
        return queryset.search(text)

    def lookup_allowed(self, lookup, value, request=None):
        return lookup in self.filters_allowed and "\0" not in str(value)

    def history_view(self, request, object_id, extra_context=None):
        subject = self.get_object(request, object_id)
        if subject is None:
            raise Http404
        if not self.has_view_permission(request, subject):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": f"History: {subject}",
            "opts": self.opts,
            "object": subject,
            "entries": withhold_links(Entry.objects.of(subject), request.user),
        }
        return TemplateResponse(request, "admin/entries.html", context)

    def construct_change_message(self, request, form, formsets, add=False):
        return ""

    def log_addition(self, request, obj, message):
        return None

    def log_change(self, request, obj, message):
        return None

    def log_deletions(self, request, queryset):
        return None


def _reason(verbs: Verbs, verb: Verb, record) -> str:
    return verbs.why_not(verb, record) if verbs.why_not else verb.why_not
