from copy import copy
from functools import partial

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group

from ems_site.accounts import actions, password_again
from ems_site.accounts.forms import AddAccountForm, AdminPasswordForm
from ems_site.accounts.models import User


class SuperusersOnly(admin.ModelAdmin):
    """Whoever may change accounts or roles could give themselves every right: superusers alone, who
    are asked for their password once more."""

    def changeform_view(self, request, *args, **kwargs):
        return self._asked(request) or super().changeform_view(request, *args, **kwargs)

    def changelist_view(self, request, *args, **kwargs):
        return self._asked(request) or super().changelist_view(request, *args, **kwargs)

    def _asked(self, request):
        return password_again.ask(request) if request.method == "POST" else None

    def has_module_permission(self, request):
        return request.user.is_superuser

    def has_view_permission(self, request, obj=None):
        return request.user.is_superuser

    def has_add_permission(self, request):
        return request.user.is_superuser

    def has_change_permission(self, request, obj=None):
        return request.user.is_superuser

    def has_delete_permission(self, request, obj=None):
        """Accounts are made inactive instead: the history speaks of them."""
        return False


@admin.register(User)
class AccountAdmin(SuperusersOnly, UserAdmin):
    add_form = AddAccountForm
    list_display = ("username", "email", "first_name", "last_name", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_superuser", "is_active", "groups")
    readonly_fields = ("contact", "last_login", "date_joined")
    actions = ("end_sessions", "unlock")
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "email", "usable_password", "password1", "password2"),
            },
        ),
    )

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        return (*fieldsets, ("Contact", {"fields": ("contact",)})) if obj else fieldsets

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("contact")

    def get_readonly_fields(self, request, obj=None):
        """A contact's user is named by its Email, which the contact's own page changes."""
        named_by_contact = ("username", "email") if obj and obj.is_contact() else ()
        return (*super().get_readonly_fields(request, obj), *named_by_contact)

    def save_model(self, request, obj, form, change):
        actions.save(
            obj,
            by=request.user,
            groups=form.cleaned_data.get("groups"),
            permissions=form.cleaned_data.get("user_permissions"),
        )

    def user_change_password(self, request, id, form_url=""):  # noqa: A002
        if asked := self._asked(request):
            return asked
        # The form is made deep inside; a copy of this admin, for this request only, hands it the actor.
        mine = copy(self)
        mine.change_password_form = partial(AdminPasswordForm, by=request.user)
        return super(AccountAdmin, mine).user_change_password(request, id, form_url)

    @admin.action(description="End all sessions of the selected users")
    def end_sessions(self, request, queryset):
        count = actions.end_sessions(queryset, by=request.user)
        messages.success(request, f"{count} users are logged out everywhere.")

    @admin.action(description="Unlock the log-on of the selected users")
    def unlock(self, request, queryset):
        count = actions.unlock(queryset, by=request.user)
        messages.success(
            request, f"{count} of the selected users were locked or had failures; now they have none."
        )


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(SuperusersOnly, GroupAdmin):
    pass
