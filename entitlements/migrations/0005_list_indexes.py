from django.db import migrations, models

import ems_site.keys
import entitlements.models.entitlements


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0006_list_indexes"),
        ("customers", "0005_list_indexes"),
        ("entitlements", "0004_fill_search_keys"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="entitlement",
            options={
                "ordering": ["-pk"],
                "permissions": [("export_entitlement", "Can export entitlements")],
                "verbose_name": "entitlement",
            },
        ),
        migrations.AddField(
            model_name="entitlement",
            name="customer_key",
            field=ems_site.keys.SortKeyField(default="", editable=False, max_length=600, of="customer_name"),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="entitlement",
            name="eid",
            field=ems_site.keys.BytewiseCharField(
                default=entitlements.models.entitlements.new_eid,
                editable=False,
                max_length=35,
                unique=True,
                verbose_name="EID",
            ),
        ),
        migrations.AddIndex(
            model_name="entitlement",
            index=models.Index(fields=["state", "created", "id"], name="entitlement_by_state"),
        ),
        migrations.AddIndex(
            model_name="entitlement",
            index=models.Index(fields=["customer_key", "id"], name="entitlement_by_customer"),
        ),
        migrations.AddIndex(
            model_name="entitlement",
            index=models.Index(fields=["start_date", "id"], name="entitlement_by_start_date"),
        ),
        migrations.AddIndex(
            model_name="entitlement",
            index=models.Index(fields=["end_date", "id"], name="entitlement_by_end_date"),
        ),
        migrations.AddIndex(
            model_name="entitlement",
            index=models.Index(fields=["created", "id"], name="entitlement_by_created"),
        ),
        migrations.AddIndex(
            model_name="entitlement",
            index=models.Index(fields=["changed", "id"], name="entitlement_by_changed"),
        ),
    ]
