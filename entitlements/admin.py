import re
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import Q, prefetch_related_objects
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator

from contacts.models import Contact
from customers import associates
from ems_site.action_admin import ActionAdmin, PostedInlineFormSet, PostedRowForm
from ems_site.forms import VersionedForm
from ems_site.parameters import whole_number
from entitlements import actions, conflicts, panes
from entitlements.forms import DayField
from entitlements.models import Entitlement, ProductKey
from entitlements.views.verbs import VERBS

PREFIX = "product_keys"
PRODUCTS_SHOWN = 3
ACTIVATIONS_SHOWN = 100
LONGEST_CELL = 60
NO_KEY = -1
DAYS: dict[type[models.Field], dict[str, Any]] = {models.DateField: {"form_class": DayField}}


class ProductKeyFormSet(PostedInlineFormSet):
    """Each row says which product key it is. One that is none of this entitlement the action refuses."""

    def _construct_form(self, i, **kwargs):
        if self.is_bound and (key := self._posted_key(i)):
            kwargs |= {"instance": key, "empty_permitted": False}
        form = super()._construct_form(i, **kwargs)  # type: ignore[misc]
        form.instance.entitlement = self.instance
        return form

    def _posted_key(self, i):
        text = self.data.get(f"{self.add_prefix(i)}-id")
        if not text:
            return None
        pk = whole_number(text)
        own = {key.pk: key for key in self.get_queryset()}
        return own.get(pk) or _claimed(pk or NO_KEY)

    def add_fields(self, form, index):
        """The row's key as it stands in the post, which `_posted_key` reads."""
        super().add_fields(form, index)
        shown = form.fields["id"].initial
        form.fields["id"] = forms.Field(required=False, initial=shown, widget=forms.HiddenInput)

    def clean(self):
        super().clean()
        if self.management_form.cleaned_data["TOTAL_FORMS"] != self.posted_rows():
            raise ValidationError("The list of products could not be read. Look through it again.")

    def product_keys(self) -> list[ProductKey]:
        """What stands in the rows; a new one that is still empty is none."""
        return [form.instance for form in self.forms if form.instance.pk or form.has_changed()]


def _claimed(pk):
    """What the post takes for a saved product key."""
    key = ProductKey(pk=pk)
    key._state.adding = False
    return key


class ProductKeyForm(PostedRowForm):
    class Meta:
        fields = ProductKey.ATTRIBUTES
        widgets = {"product_version": forms.TextInput({"size": 12})}


class ProductKeyInline(admin.TabularInline):
    """Shown and changed with its entitlement."""

    model = ProductKey
    form = ProductKeyForm
    formset = ProductKeyFormSet
    formfield_overrides = DAYS
    readonly_fields = ("window", "left")
    verbose_name = "product"
    verbose_name_plural = "products"

    def get_fields(self, request, obj=None):
        is_final = obj is not None and not obj.is_draft()
        return (*ProductKey.ATTRIBUTES, *(self.readonly_fields if is_final else ()))

    def get_extra(self, request, obj=None, **kwargs):
        return 0 if obj else 1

    def get_queryset(self, request):
        return ProductKey.objects.with_activated()

    @admin.display(description="License window")
    def window(self, key):
        return key.validity()

    @admin.display(description="Left to activate")
    def left(self, key):
        return key.available()

    def has_view_permission(self, request, obj=None):
        return True

    def _may_change(self, request, obj=None):
        entitlements = self.admin_site.get_model_admin(Entitlement)
        if obj is None:
            return entitlements.has_add_permission(request)
        return entitlements.has_change_permission(request, obj)

    has_add_permission = has_change_permission = has_delete_permission = _may_change


class DraftForm(VersionedForm):
    """Whoever may view customers sees the contacts of customers, and no others."""

    sees_contacts = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        field: Any = self.fields.get("contact")
        if field and not self.sees_contacts:
            customer_key = whole_number(self["customer"].value()) or 0
            of_customer = Q(pk__in=Contact.objects.enabled().filter(customers=customer_key).values("pk"))
            field.queryset = Contact.objects.filter(of_customer | Q(pk=self.instance.contact_id))
            field.error_messages["invalid_choice"] = "Choose a contact of this customer."
            field.help_text = "Its contacts are offered here once the customer is saved."

    def _post_clean(self):
        """Without its customer, which was refused, nothing is said about the contact."""
        if "customer" in self.errors:
            self.cleaned_data.pop("contact", None)
        super()._post_clean()


@admin.register(Entitlement)
class EntitlementAdmin(ActionAdmin):
    form = DraftForm
    formfield_overrides = DAYS
    change_form_template = "admin/entitlement_change_form.html"
    readonly_fields = ("eid", "state", "created", "changed")
    autocomplete_fields = ("customer", "contact")
    inlines = (ProductKeyInline,)
    list_display = ("eid", "state", "of_customer", "for_contact", "products", "start_date", "end")
    list_select_related = ("customer", "contact")
    list_filter = ("state",)
    filters_allowed = ("state__exact",)
    search_fields = ("search_key",)
    actions = ("complete_selected", "disable_selected", "enable_selected", "close_selected", "copy_selected")

    def get_fields(self, request, obj=None):
        """A new one has no EID until it is saved."""
        typed = (*(name for name in Entitlement.ATTRIBUTES if name != "state"), "version")
        return ("eid", "state", *typed, "created", "changed") if obj else typed

    def get_form(self, request, obj=None, change=False, **kwargs):
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.sees_contacts = request.user.has_perm("contacts.view_contact")
        return form

    def get_autocomplete_fields(self, request):
        may_pick = request.user.has_perm("contacts.view_contact")
        return self.autocomplete_fields if may_pick else ("customer",)

    @admin.display(description="Customer", ordering="customer_key")
    def of_customer(self, entitlement):
        return entitlement.customer and Truncator(entitlement.customer).chars(LONGEST_CELL)

    @admin.display(description="Contact")
    def for_contact(self, entitlement):
        return entitlement.contact and Truncator(entitlement.contact).chars(LONGEST_CELL)

    @admin.display(description="Products")
    def products(self, entitlement):
        keys = list(entitlement.product_keys.all())
        more = [f"{len(keys) - PRODUCTS_SHOWN} more"] if len(keys) > PRODUCTS_SHOWN else []
        return ", ".join([*map(str, keys[:PRODUCTS_SHOWN]), *more]) or None

    @admin.display(description="End date", ordering="end_date", empty_value="never expires")
    def end(self, entitlement):
        return entitlement.end_date

    def get_changelist_instance(self, request):
        changelist = super().get_changelist_instance(request)
        prefetch_related_objects(changelist.result_list, "product_keys")
        return changelist

    def has_add_permission(self, request):
        return super().has_add_permission(request) and _sees_customers(request)

    def has_copy_permission(self, request):
        return super().has_add_permission(request) and self.has_view_permission(request)

    def has_change_permission(self, request, obj=None):
        """The form is for drafts, and for those who may choose a customer in it."""
        may = super().has_change_permission(request, obj)
        return may if obj is None else may and obj.is_draft() and _sees_customers(request)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and (obj is None or obj.is_draft())

    def save_model(self, request, obj, form, change):
        """Saved with its product keys, in save_related."""

    def save_related(self, request, form, formsets, change):
        (formset,) = formsets
        request.attempt = formset.product_keys()
        actions.save(form.instance, by=request.user, product_keys=request.attempt)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except PermissionDenied:
            final = self._final(request, object_id)
            if final is None or not super().has_change_permission(request, final):
                raise
            state = final.get_state_display()
            return self._back_to(request, final, f"Entitlement {final} is {state}: only drafts are edited.")

    def delete_view(self, request, object_id, extra_context=None):
        try:
            return super().delete_view(request, object_id, extra_context)
        except PermissionDenied:
            final = self._final(request, object_id)
            if final is None or not super().has_delete_permission(request, final):
                raise
            return self._back_to(request, final, f"Entitlement {final} {final.why_not('delete')}")

    def _final(self, request, object_id):
        """The entitlement, if it is a draft no more."""
        found = self.get_object(request, unquote(object_id)) if object_id else None
        return None if found is None or found.is_draft() else found

    def _back_to(self, request, entitlement, refusal):
        self.message_user(request, refusal, messages.ERROR)
        return HttpResponseRedirect(self._address(entitlement))

    def differences(self, request, conflict, entries):
        return conflicts.differences(conflict.mine, request.attempt, conflict.current, entries)

    def propose_theirs(self, request, current, names):
        super().propose_theirs(request, current, names)
        if conflicts.PRODUCTS in names:
            request.POST = associates.write(request.POST, panes.rows_of(current), prefix=PREFIX)
        else:
            _add_anew(request.POST, current)

    def get_deleted_objects(self, objs, request):
        for entitlement in objs:
            if why := entitlement.why_not("delete"):
                raise actions.NotAllowed(f"Entitlement {entitlement} {why}")
        return super().get_deleted_objects(objs, request)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj:
            rows = obj.activations().select_related("activatee", "product_key__entitlement")
            context |= {"activations": rows[:ACTIVATIONS_SHOWN], "activation_count": rows.count()}
        return super().render_change_form(request, context, add, change, form_url, obj)

    def delete_model(self, request, obj):
        actions.delete(Entitlement.objects.filter(pk=obj.pk), by=request.user)

    def delete_queryset(self, request, queryset):
        actions.delete(queryset, by=request.user)

    @admin.action(permissions=["change"], description="Complete selected entitlements")
    def complete_selected(self, request, queryset):
        return self.do_as_shown(request, queryset, VERBS, "complete")

    @admin.action(permissions=["change"], description="Disable selected entitlements")
    def disable_selected(self, request, queryset):
        return self.do_as_shown(request, queryset, VERBS, "disable")

    @admin.action(permissions=["change"], description="Enable selected entitlements")
    def enable_selected(self, request, queryset):
        return self.do_as_shown(request, queryset, VERBS, "enable")

    @admin.action(permissions=["change"], description="Close selected entitlements for good")
    def close_selected(self, request, queryset):
        return self.do_as_shown(request, queryset, VERBS, "close")

    @admin.action(permissions=["copy"], description="Copy selected entitlements to new drafts")
    def copy_selected(self, request, queryset):
        self.require_few(queryset, "copied")
        for entitlement in queryset:
            try:
                self._say_copied(request, entitlement, actions.copy(entitlement, by=request.user))
            except ValidationError as refusal:
                told = f"Entitlement {entitlement} was not copied: {' '.join(refusal.messages)}"
                self.message_user(request, told, messages.ERROR)

    def _say_copied(self, request, entitlement, draft):
        link = format_html('<a href="{}">{}</a>', self._address(draft), draft)
        text = format_html("Entitlement {} was copied to the draft {}.", entitlement, link)
        self.message_user(request, text, messages.SUCCESS)

    def _address(self, entitlement):
        return reverse("admin:entitlements_entitlement_change", args=[entitlement.pk])


def _add_anew(data, entitlement):
    """Rows whose product keys somebody removed meanwhile are new ones from now on."""
    there = {str(key.pk) for key in entitlement.product_keys.all()}
    for name in [name for name in data if re.fullmatch(rf"{PREFIX}-[0-9]+-id", name)]:
        if data[name] not in there:
            data[name] = ""


def _sees_customers(request):
    return request.user.has_perm("customers.view_customer")
