from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0002_life")]
    operations = [
        migrations.AddIndex(
            model_name="case",
            index=models.Index(condition=models.Q(("is_restricted", True)), fields=["id"], name="case_restricted"),
        ),
    ]
