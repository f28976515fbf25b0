"""Django admin over the same rows, as quick as its own options make it: what the lists are compared with.

Nothing of ours is in it: plain ModelAdmins, which search the attributes themselves. What a page shows of
other tables is counted for its rows alone, by a query for each table.
"""

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, QuerySet

from contacts.models import Contact
from customers.models import Association, Customer
from entitlements.models import Entitlement, ProductKey


class CountingChangeList(ChangeList):
    def get_results(self, request) -> None:
        super().get_results(request)
        rows, counts = list(self.result_list), getattr(self.model_admin, "counts", {})
        for name, (model, holder) in counts.items():
            held = model.objects.filter(**{f"{holder}__in": [row.pk for row in rows]}).order_by()
            numbers = dict(held.values_list(holder).annotate(Count("pk")))
            for row in rows:
                setattr(row, name, numbers.get(row.pk, 0))
        self.result_list = rows


class PlainAdmin(ModelAdmin):
    list_per_page = 50
    show_full_result_count = False
    actions = None
    counts: dict[str, tuple] = {}

    def get_changelist(self, request, **kwargs) -> type[ChangeList]:
        return CountingChangeList

    def get_queryset(self, request) -> QuerySet:
        """Without the keys of our own search, which DISTINCT would otherwise compare."""
        keys = [field.name for field in self.model._meta.concrete_fields if hasattr(field, "of")]
        return super().get_queryset(request).defer(*keys)

    def contact_count(self, row) -> int:
        return row.contact_count

    def entitlement_count(self, row) -> int:
        return row.entitlement_count

    def customer_count(self, row) -> int:
        return row.customer_count

    def line_count(self, row) -> int:
        return row.line_count


class CustomerAdmin(PlainAdmin):
    list_display = (
        *("name", "status", "customer_id", "crm_id", "external_id", "time_zone"),
        *("contact_count", "entitlement_count", "created", "changed"),
    )
    ordering = ("name_key", "pk")
    search_fields = (
        *("name", "customer_id", "crm_id", "description", "external_id", "ref_id", "time_zone"),
        "contacts__email",
    )
    counts = {"contact_count": (Association, "customer"), "entitlement_count": (Entitlement, "customer")}


class ContactAdmin(PlainAdmin):
    list_display = ("name", "status", "email", "phone", "language", "customer_count", "entitlement_count")
    ordering = ("email_key",)
    search_fields = (
        *("email", "name", "phone", "ref_id1", "ref_id2"),
        *("customers__name", "customers__customer_id"),
    )
    counts = {"customer_count": (Association, "contact"), "entitlement_count": (Entitlement, "contact")}


class EntitlementAdmin(PlainAdmin):
    list_display = ("eid", "state", "customer", "contact", "line_count", "start_date", "end_date", "created")
    list_select_related = ("customer", "contact")
    ordering = ("-created", "-pk")
    search_fields = (
        *(
            "eid",
            "ref_id1",
            "ref_id2",
            "external_id",
            "product_keys__product",
            "product_keys__product_version",
        ),
        *("customer__name", "customer__customer_id", "contact__email", "contact__name"),
    )
    counts = {"line_count": (ProductKey, "entitlement")}


site = AdminSite("plain")
site.register(Customer, CustomerAdmin)
site.register(Contact, ContactAdmin)
site.register(Entitlement, EntitlementAdmin)
