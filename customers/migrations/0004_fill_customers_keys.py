from django.db import migrations

from ems_site.folding import search_key


def fill(apps, schema_editor):
    """Contacts are found by what their customers are called."""
    contacts = apps.get_model("contacts", "Contact").objects.using(schema_editor.connection.alias)
    links = apps.get_model("customers", "Association").objects.using(schema_editor.connection.alias)
    texts = {}
    names = links.order_by("contact_id", "customer_id").values_list(
        "contact", "customer__name", "customer__customer_id"
    )
    for contact, name, customer_id in names.iterator():
        texts.setdefault(contact, []).extend([name, customer_id])
    for contact, found in texts.items():
        contacts.filter(pk=contact).update(customers_key=search_key(found))


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0004_customers_index"),
        ("customers", "0003_association_offers"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
