from django.contrib import admin

from contacts import actions
from contacts.models import Contact
from ems_site.action_admin import ActionAdmin
from ems_site.forms import VersionedForm


@admin.register(Contact)
class ContactAdmin(ActionAdmin):
    form = VersionedForm
    fields = (*Contact.ATTRIBUTES, "version", "status", "created", "changed")
    readonly_fields = ("status", "created", "changed")
    list_display = ("email", "name", "status", "phone", "language", "last_log_on", "changed")
    list_select_related = ("user",)
    list_filter = ("status",)
    filters_allowed = ("status__exact",)
    search_fields = ("search_key",)
    actions = ("enable_selected", "disable_selected")

    @admin.display(description="Last log-on", ordering="user__last_login", empty_value="never")
    def last_log_on(self, contact):
        return contact.user.last_login if hasattr(contact, "user") else None

    def save_model(self, request, obj, form, change):
        actions.save(obj, by=request.user)

    def get_deleted_objects(self, objs, request):
        """Shows the contacts alone: a session is named by its key, which nobody may see."""
        _objects, _counts, _missing, protected = super().get_deleted_objects(objs, request)
        names = [str(contact) for contact in objs]
        counts = {self.opts.verbose_name_plural: len(names)}
        return names, counts, set(), self.shown_in_the_way(request, protected)

    def delete_model(self, request, obj):
        actions.delete(Contact.objects.filter(pk=obj.pk), by=request.user)

    def delete_queryset(self, request, queryset):
        actions.delete(queryset, by=request.user)

    @admin.action(permissions=["change"], description="Enable selected contacts")
    def enable_selected(self, request, queryset):
        self.switch(request, queryset, actions.enable, "enabled")

    @admin.action(permissions=["change"], description="Disable selected contacts")
    def disable_selected(self, request, queryset):
        self.switch(request, queryset, actions.disable, "disabled")
