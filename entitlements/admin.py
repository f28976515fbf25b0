from django.contrib import admin, messages
from django.core.exceptions import ValidationError

from ems_site.action_admin import ActionAdmin
from ems_site.forms import VersionedForm
from entitlements import actions
from entitlements.models import Entitlement

DRAFT = Entitlement.State.DRAFT


@admin.register(Entitlement)
class EntitlementAdmin(ActionAdmin):
    form = VersionedForm
    fields = (
        *("eid", "state", "customer", "contact", "ref_id1", "ref_id2", "external_id"),
        *("start_date", "end_date", "version", "created", "changed"),
    )
    readonly_fields = ("eid", "state", "created", "changed")
    autocomplete_fields = ("customer", "contact")
    list_display = ("eid", "state", "customer", "start_date", "end_date", "changed")
    list_select_related = ("customer",)
    list_filter = ("state",)
    filters_allowed = ("state__exact",)
    search_fields = ("search_key",)
    actions = ("complete_selected", "disable_selected", "enable_selected", "close_selected")

    def has_change_permission(self, request, obj=None):
        """Only drafts are edited; a completed entitlement changes by its actions alone."""
        is_final = obj is not None and obj.state != DRAFT
        return super().has_change_permission(request, obj) and not is_final

    def has_delete_permission(self, request, obj=None):
        is_final = obj is not None and obj.state != DRAFT
        return super().has_delete_permission(request, obj) and not is_final

    def save_model(self, request, obj, form, change):
        actions.save(obj, by=request.user)

    def delete_model(self, request, obj):
        actions.delete(Entitlement.objects.filter(pk=obj.pk), by=request.user)

    def delete_queryset(self, request, queryset):
        actions.delete(queryset, by=request.user)

    @admin.action(permissions=["change"], description="Complete selected entitlements")
    def complete_selected(self, request, queryset):
        self._each(request, queryset, actions.complete, "completed")

    @admin.action(permissions=["change"], description="Disable selected entitlements")
    def disable_selected(self, request, queryset):
        self._each(request, queryset, actions.disable, "disabled")

    @admin.action(permissions=["change"], description="Re-enable selected entitlements")
    def enable_selected(self, request, queryset):
        self._each(request, queryset, actions.enable, "enabled")

    @admin.action(permissions=["change"], description="Close selected entitlements for good")
    def close_selected(self, request, queryset):
        self._each(request, queryset, actions.close, "closed")

    def _each(self, request, queryset, action, done):
        changed = 0
        for entitlement in queryset:
            try:
                action(entitlement, by=request.user)
                changed += 1
            except ValidationError as refusal:
                sentence = " ".join(refusal.messages)
                self.message_user(request, f"Entitlement {entitlement}: {sentence}", messages.ERROR)
        if changed:
            noun = "entitlement" if changed == 1 else "entitlements"
            self.message_user(request, f"{changed} {noun} {done}.", messages.SUCCESS)
