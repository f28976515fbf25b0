"""Django admin as one more surface: it checks rights, calls actions, and shows what they refuse."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms.models import model_to_dict
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse

from ems_site import conflicts
from ems_site.accounts import password_again
from ems_site.audit.models import Entry, withhold_links
from ems_site.conflicts import THEIRS, Difference
from ems_site.errors import Conflict, Refused
from ems_site.forms import ReasonForm
from ems_site.parameters import whole_number
from ems_site.verbs import MOST_AT_ONCE, UNPROCESSABLE, VERBS, Plan, Verbs, shown_rows

DISABLE = VERBS["disable"]


class KeyAutocomplete(AutocompleteSelect):
    """Leaves out what cannot be a key, which a form that is shown again would look up."""

    def optgroups(self, name, value, attr=None):
        return super().optgroups(name, [key for key in value if whole_number(key) is not None], attr)


class KeyAutocompletes(BaseModelAdmin):
    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = KeyAutocomplete(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ActionAdmin(KeyAutocompletes, admin.ModelAdmin):
    """Refusals are caught outside the admin's own transaction: caught inside, it would announce
    success with nothing saved. History is written by the actions, not by the admin."""

    change_form_template = "admin/action_change_form.html"
    show_full_result_count = False
    filters_allowed: tuple[str, ...] = ()

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

    def _refuse(self, request, refusal):
        self.message_user(request, str(refusal), messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def has_change_permission(self, request, obj=None):
        """As on the pages: whoever changes something may see it, too."""
        return super().has_change_permission(request, obj) and self._may_view(request)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and self._may_view(request)

    def _may_view(self, request):
        return request.user.has_perm(f"{self.opts.app_label}.view_{self.opts.model_name}")

    def shown_in_the_way(self, request, protected: list) -> list:
        """An entitlement is in the way whatever the person may do; only some may see which."""
        may_see = request.user.has_perm("entitlements.view_entitlement")
        return protected if may_see or not protected else ["Entitlements"]

    def enable_at_once(self, request, queryset, verbs: Verbs) -> None:
        """Takes nothing from anybody, so nothing is asked; says how many were enabled already."""
        chosen = queryset.count()
        changed = len(verbs.acts["enable"](queryset, by=request.user))
        left_out = f" {chosen - changed} left out: enabled already." if changed < chosen else ""
        self.message_user(request, f"{self._counted(changed)} enabled.{left_out}", messages.SUCCESS)

    def disable_as_shown(self, request, queryset, verbs: Verbs):
        """The first post shows whom it hits; the second does that, with a reason, and nothing else."""
        if "plan" not in request.POST:
            return self._show_plan(request, queryset, verbs)
        chosen = self.model.objects.filter(pk__in=request.POST.getlist(ACTION_CHECKBOX_NAME))
        rows = shown_rows(request.POST.get("plan", ""), self.model, DISABLE, request.user)
        if rows is None:
            return self._show_plan(request, chosen, verbs, "Look once more, then confirm.")
        records = self.model.objects.as_shown(rows)
        if records.count() != len(rows):
            return self._show_plan(request, chosen, verbs, "Something changed since. Look again.")
        form = ReasonForm(request.POST)
        if not form.is_valid():
            return self._show_plan(request, chosen, verbs, "Please correct the error below.")
        done = verbs.acts["disable"](records, by=request.user, comment=form.cleaned_data["comment"])
        self.message_user(request, f"{self._counted(len(done))} disabled.", messages.SUCCESS)
        return None

    def _show_plan(self, request, queryset, verbs, refusal=""):
        nouns = self.opts.verbose_name_plural
        if queryset.count() > MOST_AT_ONCE:
            raise Refused(f"At most {MOST_AT_ONCE} {nouns} can be disabled at once. Select fewer.")
        plan = Plan.of(DISABLE, queryset.order_by(*verbs.order), request.user)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Disable {nouns}",
            "opts": self.opts,
            "noun": self.opts.verbose_name,
            "nouns": nouns,
            "verb": DISABLE,
            "plan": plan,
            "refusal": refusal,
            "reason_form": ReasonForm(request.POST),
            "consequence_template": f"{verbs.namespace}/_consequence.html",
            **verbs.consequence(DISABLE, plan.will, request.user),
        }
        request.current_app = self.admin_site.name
        status = UNPROCESSABLE if refusal else 200
        return TemplateResponse(request, "admin/disable_selected.html", context, status=status)

    def _counted(self, count):
        return f"{count} {self.opts.verbose_name if count == 1 else self.opts.verbose_name_plural}"

    def get_search_results(self, request, queryset, search_term):
        """Pickers offer what is enabled; the list has everything."""
        if request.resolver_match.url_name == "autocomplete":
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
