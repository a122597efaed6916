"""Since when a file that was given on the room's page waits to be said there (docs/decisions/0044)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("record", "0008_filed_by_time")]
    operations = [
        migrations.AddField("file", "unsaid_since", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "file",
            models.Index(fields=["unsaid_since"], name="file_unsaid", condition=models.Q(unsaid_since__isnull=False)),
        ),
    ]
