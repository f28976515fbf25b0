from collections import defaultdict

from django.db import migrations

from ems_site.folding import search_key
from ems_site.trigrams import full_text

BATCH = 500
SEARCHED = ("name", "customer_id", "crm_id", "description", "external_id", "ref_id", "time_zone")
EMAIL = 7
# Its number among those of contacts.
CUSTOMER = 5


def fill(apps, schema_editor):
    """Each line of a search key says which attribute it is."""
    alias = schema_editor.connection.alias
    customers = apps.get_model("customers", "Customer").objects.using(alias)
    links = apps.get_model("customers", "Association").objects.using(alias)
    last = 0
    while batch := list(customers.filter(pk__gt=last).order_by("pk").only(*SEARCHED)[:BATCH]):
        emails = defaultdict(list)
        of_batch = links.filter(customer__in=batch).order_by("contact_id")
        for key, email in of_batch.values_list("customer", "contact__email"):
            emails[key].append((EMAIL, email))
        for customer in batch:
            texts = [(number, getattr(customer, name)) for number, name in enumerate(SEARCHED)]
            customer.search_key = search_key(texts + emails[customer.pk])
        customers.bulk_update(batch, ["search_key"])
        last = batch[-1].pk


def fill_customers_keys(apps, schema_editor):
    alias = schema_editor.connection.alias
    contacts = apps.get_model("contacts", "Contact").objects.using(alias)
    links = apps.get_model("customers", "Association").objects.using(alias)
    last = 0
    while batch := list(contacts.filter(pk__gt=last).order_by("pk").only("pk")[:BATCH]):
        texts = defaultdict(list)
        of_batch = links.filter(contact__in=batch).order_by("customer_id")
        for key, *names in of_batch.values_list("contact", "customer__name", "customer__customer_id"):
            texts[key] += [(CUSTOMER, name) for name in names]
        for contact in batch:
            contact.customers_key = search_key(texts[contact.pk])
        contacts.bulk_update(batch, ["customers_key"])
        last = batch[-1].pk


class Migration(migrations.Migration):
    dependencies = [("contacts", "0007_search_lines"), ("customers", "0005_list_indexes")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(fill_customers_keys, migrations.RunPython.noop),
        full_text("customers_customer"),
    ]
