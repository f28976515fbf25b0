from django.db import migrations


class Migration(migrations.Migration):
    """It filled what 0006_search_lines fills in another form."""

    dependencies = [
        ("contacts", "0004_customers_index"),
        ("customers", "0003_association_offers"),
    ]

    operations = []
