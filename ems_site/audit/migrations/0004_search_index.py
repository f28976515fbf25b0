from django.db import migrations

from ems_site.trigrams import full_text, index_search_key


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_longer_actor_names")]

    operations = [index_search_key("audit_entry"), full_text("audit_entry")]
