"""Django admin over the same rows, as quick as its own options make it: what the lists are compared with.

Nothing of ours is in it: plain ModelAdmins, which search the attributes themselves.
"""

from django.contrib.admin import AdminSite, ModelAdmin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from contacts.models import Contact
from customers.models import Association, Customer
from entitlements.models import Entitlement, ProductKey


def counted(model, holder: str) -> Coalesce:
    """How many rows of the model each record holds, by a subquery of its own."""
    rows = model.objects.filter(**{holder: OuterRef("pk")}).order_by().values(holder)
    return Coalesce(Subquery(rows.annotate(number=Count("pk")).values("number")), 0)


class PlainAdmin(ModelAdmin):
    list_per_page = 50
    show_full_result_count = False
    actions = None

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

    def get_queryset(self, request) -> QuerySet:
        contacts, entitlements = counted(Association, "customer"), counted(Entitlement, "customer")
        return super().get_queryset(request).annotate(contact_count=contacts, entitlement_count=entitlements)


class ContactAdmin(PlainAdmin):
    list_display = ("name", "status", "email", "phone", "language", "customer_count", "entitlement_count")
    ordering = ("email_key",)
    search_fields = (
        *("email", "name", "phone", "ref_id1", "ref_id2"),
        *("customers__name", "customers__customer_id"),
    )

    def get_queryset(self, request) -> QuerySet:
        customers, entitlements = counted(Association, "contact"), counted(Entitlement, "contact")
        return (
            super().get_queryset(request).annotate(customer_count=customers, entitlement_count=entitlements)
        )


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

    def get_queryset(self, request) -> QuerySet:
        return super().get_queryset(request).annotate(line_count=counted(ProductKey, "entitlement"))


site = AdminSite("plain")
site.register(Customer, CustomerAdmin)
site.register(Contact, ContactAdmin)
site.register(Entitlement, EntitlementAdmin)
