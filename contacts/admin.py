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
    list_display = ("email", "name", "status", "phone", "language", "changed")
    list_filter = ("status",)
    filters_allowed = ("status__exact",)
    search_fields = ("search_key",)

    def save_model(self, request, obj, form, change):
        actions.save(obj, by=request.user)

    def has_delete_permission(self, request, obj=None):
        """Deleting contacts, with its guard, is not offered yet."""
        return False
