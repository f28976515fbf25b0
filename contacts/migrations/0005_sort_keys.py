from django.db import migrations

from ems_site.keys import SortKeyField

BATCH = 500


def fill(apps, schema_editor):
    contacts = apps.get_model("contacts", "Contact").objects.using(schema_editor.connection.alias)
    last = 0
    while batch := list(contacts.filter(pk__gt=last).order_by("pk")[:BATCH]):
        for contact in batch:
            contact.name_key = SortKeyField.fold(contact.name)
            contact.phone_key = SortKeyField.fold(contact.phone)
        contacts.bulk_update(batch, ["name_key", "phone_key"])
        last = batch[-1].pk


class Migration(migrations.Migration):
    dependencies = [("contacts", "0004_customers_index")]

    operations = [
        migrations.AddField(
            "contact", "name_key", SortKeyField(of="name", default=""), preserve_default=False
        ),
        migrations.AddField(
            "contact", "phone_key", SortKeyField(of="phone", default=""), preserve_default=False
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
