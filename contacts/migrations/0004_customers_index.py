from django.db import migrations

from ems_site.trigrams import index_search_key


class Migration(migrations.Migration):
    dependencies = [("contacts", "0003_customers_key_and_invitations")]

    operations = [index_search_key("contacts_contact", "customers_key")]
