from django.contrib import admin

from contacts import actions
from contacts.models import Contact
from contacts.views.verbs import VERBS
from ems_site.action_admin import ActionAdmin
from ems_site.forms import VersionedForm


class CustomerFilter(admin.SimpleListFilter):
    """For those who may view customers."""

    title = "Customer"
    parameter_name = "customer"

    def lookups(self, request, model_admin):
        return [("without", "Without"), ("with", "With")]

    def queryset(self, request, queryset):
        if self.value() == "without":
            return queryset.without_customer()
        return queryset.exclude(associations=None) if self.value() == "with" else queryset


@admin.register(Contact)
class ContactAdmin(ActionAdmin):
    form = VersionedForm
    fields = (*Contact.ATTRIBUTES, "version", "status", "created", "changed")
    readonly_fields = ("status", "created", "changed")
    list_display = ("email", "name", "status", "phone", "language", "last_log_on", "changed")
    list_select_related = ("user",)
    list_filter = ("status",)
    filters_allowed = ("status__exact", CustomerFilter.parameter_name)
    search_fields = ("search_key",)
    actions = ("enable_selected", "disable_selected")

    @admin.display(description="Last log-on", ordering="user__last_login", empty_value="never")
    def last_log_on(self, contact):
        return contact.user.last_login if hasattr(contact, "user") else None

    def get_list_filter(self, request):
        return (*self.list_filter, CustomerFilter) if _sees_customers(request) else self.list_filter

    def search(self, request, queryset, text):
        return queryset.search(text, with_customers=_sees_customers(request))

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
        self.enable_at_once(request, queryset, VERBS)

    @admin.action(permissions=["change"], description="Disable selected contacts")
    def disable_selected(self, request, queryset):
        return self.disable_as_shown(request, queryset, VERBS)


def _sees_customers(request):
    return request.user.has_perm("customers.view_customer")
