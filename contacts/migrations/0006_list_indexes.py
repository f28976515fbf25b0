from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0005_sort_keys"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="contact",
            options={
                "ordering": ["email_key"],
                "permissions": [("export_contact", "Can export contacts")],
                "verbose_name": "contact",
            },
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["status", "email_key", "id"], name="contact_by_status"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["name_key", "id"], name="contact_by_name"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["phone_key", "id"], name="contact_by_phone"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["language", "id"], name="contact_by_language"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["created", "id"], name="contact_by_created"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["changed", "id"], name="contact_by_changed"),
        ),
    ]
