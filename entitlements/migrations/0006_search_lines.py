from collections import defaultdict

from django.db import migrations

from ems_site.folding import search_key
from ems_site.keys import SortKeyField
from ems_site.trigrams import full_text

BATCH = 500
EID, CUSTOMER, CONTACT, PRODUCT, REF_ID1, REF_ID2, EXTERNAL_ID = range(7)


def fill(apps, schema_editor):
    """Each line of a search key says which attribute it is; entitlements are sorted by their customers."""
    alias = schema_editor.connection.alias
    entitlements = apps.get_model("entitlements", "Entitlement").objects.using(alias)
    keys = apps.get_model("entitlements", "ProductKey").objects.using(alias)
    last = 0
    while batch := list(
        entitlements.filter(pk__gt=last).select_related("customer", "contact").order_by("pk")[:BATCH]
    ):
        products = defaultdict(list)
        of_batch = keys.filter(entitlement__in=batch).order_by("pk")
        for key, product, version in of_batch.values_list("entitlement", "product", "product_version"):
            products[key].append((PRODUCT, f"{product} {version}".strip()))
        for row in batch:
            texts = [
                *((EID, row.eid), (REF_ID1, row.ref_id1), (REF_ID2, row.ref_id2)),
                (EXTERNAL_ID, row.external_id),
            ]
            if row.customer:
                texts += [(CUSTOMER, row.customer.name), (CUSTOMER, row.customer.customer_id)]
                row.customer_key = SortKeyField.fold(row.customer.name)
            if row.contact:
                texts += [(CONTACT, row.contact.email), (CONTACT, row.contact.name)]
            row.search_key = search_key(texts + list(dict.fromkeys(products[row.pk])))
        entitlements.bulk_update(batch, ["search_key", "customer_key"])
        last = batch[-1].pk


class Migration(migrations.Migration):
    dependencies = [("customers", "0006_search_lines"), ("entitlements", "0005_list_indexes")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        full_text("entitlements_entitlement"),
    ]
