from django.db import migrations, models

from ems_site.audit import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):
    """SQLite alters a column by making the table anew, which drops its triggers."""

    dependencies = [("audit", "0002_append_only")]

    operations = [
        migrations.RunPython(remove, install),
        migrations.AlterField(
            model_name="entry",
            name="actor_name",
            field=models.CharField(blank=True, max_length=254),
        ),
        migrations.RunPython(install, remove),
    ]
