from django.db import migrations

from ems_site.trigrams import index_search_key


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]

    operations = [index_search_key("customers_customer")]
