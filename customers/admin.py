import re

from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget

from customers import actions, associates, conflicts
from customers.forms import CustomerForm
from customers.models import Association, Customer
from customers.views.editing import moved
from customers.views.verbs import VERBS
from ems_site.action_admin import ActionAdmin, KeyAutocompletes, PostedInlineFormSet, PostedRowForm
from ems_site.audit.changes import change_lines
from ems_site.fields import LinesField


class AssociationInlineFormSet(PostedInlineFormSet):
    """Posts no keys of associations: the contacts tell which is which."""

    def __init__(self, data=None, *args, **kwargs):
        if data is not None:
            data = data.copy()
            for name in [name for name in data if re.fullmatch(r".*-[0-9]+-id", name)]:
                data[name] = ""
        super().__init__(data, *args, **kwargs)


class AssociationInline(KeyAutocompletes, admin.TabularInline):
    """Shown to whoever may see contacts, editable for whoever may change the customer."""

    model = Association
    form = PostedRowForm
    formset = AssociationInlineFormSet
    extra = 0
    autocomplete_fields = ("contact",)
    verbose_name_plural = "associated contacts"

    def has_view_permission(self, request, obj=None):
        return request.user.has_perm("contacts.view_contact")

    def _may_change(self, request, obj=None):
        verb = "change" if obj else "add"
        may = request.user.has_perm(f"customers.{verb}_customer")
        return may and self.has_view_permission(request)

    has_add_permission = has_change_permission = has_delete_permission = _may_change


@admin.register(Customer)
class CustomerAdmin(ActionAdmin):
    form = CustomerForm
    fieldsets = (
        (None, {"fields": ("name", "customer_id", "crm_id", "description", "version")}),
        ("Additional Attributes", {"fields": ("external_id", "ref_id", "time_zone")}),
        (None, {"fields": ("status", "created", "changed")}),
    )
    readonly_fields = ("status", "created", "changed")
    formfield_overrides = {LinesField: {"widget": AdminTextareaWidget}}
    inlines = (AssociationInline,)
    list_display = (
        *("name", "status", "customer_id", "crm_id", "external_id", "time_zone"),
        *("created", "changed"),
    )
    list_filter = ("status",)
    filters_allowed = ("status__exact",)
    search_fields = ("search_key",)
    actions = ("enable_selected", "disable_selected")

    def save_model(self, request, obj, form, change):
        """Saved with its associations, in save_related."""

    def save_related(self, request, form, formsets, change):
        request.attempt = form.instance, _people(formsets)
        actions.save(
            form.instance,
            by=request.user,
            associates=_people(formsets),
            confirmed=request.POST.get("confirmation"),
        )

    def refusal_context(self, request, refusal):
        context = super().refusal_context(request, refusal)
        if isinstance(refusal, actions.ConfirmationRequired):
            context["lines"] = change_lines(Customer, refusal.changes)
            context["moves"] = moved(refusal, request.user)
        return context

    def differences(self, request, conflict, entries):
        mine, people = request.attempt
        return conflicts.differences(mine, people, conflict.current, entries)

    def propose_theirs(self, request, current, names):
        super().propose_theirs(request, current, names)
        _mine, people = request.attempt
        if people is None:
            return
        kept = {contact.pk: kind for contact, kind in people}
        links = {link.contact_id: link.kind for link in current.associations.all()}
        for name in names:
            if name.startswith("contact:"):
                key = int(name.removeprefix("contact:"))
                kept.pop(key, None)
                if key in links:
                    kept[key] = links[key]
        rows = [{"contact": key, "kind": kind} for key, kind in kept.items()]
        request.POST = associates.write(request.POST, rows, prefix="associations")

    def get_deleted_objects(self, objs, request):
        """What goes along needs no permission of its own."""
        objects, counts, _missing, protected = super().get_deleted_objects(objs, request)
        return objects, counts, set(), self.shown_in_the_way(request, protected)

    def delete_model(self, request, obj):
        actions.delete(Customer.objects.filter(pk=obj.pk), by=request.user)

    def delete_queryset(self, request, queryset):
        actions.delete(queryset, by=request.user)

    @admin.action(permissions=["change"], description="Enable selected customers")
    def enable_selected(self, request, queryset):
        self.enable_at_once(request, queryset, VERBS)

    @admin.action(permissions=["change"], description="Disable selected customers")
    def disable_selected(self, request, queryset):
        return self.disable_as_shown(request, queryset, VERBS)


def _people(formsets):
    """What stands in the inline rows, or None where the person may not see contacts."""
    rows = [form.cleaned_data for formset in formsets for form in formset.forms]
    if not formsets:
        return None
    return [(row["contact"], row["kind"]) for row in rows if row and not row.get("DELETE")]
