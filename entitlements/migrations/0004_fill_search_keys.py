from django.db import migrations

from ems_site.folding import search_key


def fill(apps, schema_editor):
    """Entitlements are found by what their customers and contacts are called, too."""
    rows = apps.get_model("entitlements", "Entitlement").objects.using(schema_editor.connection.alias)
    texts = ("eid", "ref_id1", "ref_id2", "external_id")
    others = ("customer__name", "customer__customer_id", "contact__email", "contact__name")
    for pk, *found in rows.values_list("pk", *texts, *others).iterator():
        rows.filter(pk=pk).update(search_key=search_key(text or "" for text in found))


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0005_sort_keys"),
        ("customers", "0004_fill_customers_keys"),
        ("entitlements", "0003_product_keys_and_activations"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
