from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_export_role"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contacts", "0007_search_lines"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="user",
            index=models.Index(fields=["last_login", "contact"], name="user_by_last_log_on"),
        ),
    ]
