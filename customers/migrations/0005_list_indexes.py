from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0006_list_indexes"),
        ("customers", "0004_fill_customers_keys"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="customer",
            options={
                "ordering": ["name_key", "pk"],
                "permissions": [("export_customer", "Can export customers")],
                "verbose_name": "customer",
            },
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["status", "name_key", "id"], name="customer_by_status"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["crm_id_key", "id"], name="customer_by_crm_id"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                fields=["id"],
                condition=models.Q(external_id_key__isnull=True),
                name="customer_without_external_id",
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["time_zone", "id"], name="customer_by_time_zone"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["created", "id"], name="customer_by_created"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["changed", "id"], name="customer_by_changed"),
        ),
    ]
