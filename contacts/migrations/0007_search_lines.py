from django.db import migrations

from ems_site.folding import search_key
from ems_site.trigrams import full_text

BATCH = 500
SEARCHED = ("email", "name", "phone", "ref_id1", "ref_id2")


def fill(apps, schema_editor):
    """Each line of a search key says which attribute it is."""
    contacts = apps.get_model("contacts", "Contact").objects.using(schema_editor.connection.alias)
    last = 0
    while batch := list(contacts.filter(pk__gt=last).order_by("pk").only(*SEARCHED)[:BATCH]):
        for contact in batch:
            contact.search_key = search_key(
                (number, getattr(contact, name)) for number, name in enumerate(SEARCHED)
            )
        contacts.bulk_update(batch, ["search_key"])
        last = batch[-1].pk


class Migration(migrations.Migration):
    dependencies = [("contacts", "0006_list_indexes")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        full_text("contacts_contact"),
        full_text("contacts_contact", "customers_key"),
    ]
