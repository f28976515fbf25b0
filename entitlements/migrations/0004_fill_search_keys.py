from django.db import migrations


class Migration(migrations.Migration):
    """It filled what 0006_search_lines fills in another form."""

    dependencies = [
        ("contacts", "0005_sort_keys"),
        ("customers", "0004_fill_customers_keys"),
        ("entitlements", "0003_product_keys_and_activations"),
    ]

    operations = []
