from django.db import migrations

from ems_site.accounts import roles


def apply(apps, schema_editor):
    """The new role alone: what an operator made of the others stays."""
    roles.apply(apps, schema_editor.connection.alias, ["Export"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_entitlement_management_role"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(apply, migrations.RunPython.noop, elidable=False)]
