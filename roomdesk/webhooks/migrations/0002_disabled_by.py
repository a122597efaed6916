"""Who switched an endpoint off stood in the words of the reason alone until now; from there it is taken."""

from django.db import migrations, models

NAME_THEM = r"""
UPDATE webhooks_endpoint SET disabled_by = left(substring(disabled_reason from '^Switched off by (.*)\.$'), 300)
WHERE disabled_at IS NOT NULL AND disabled_reason ~ '^Switched off by .*\.$'
"""


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_first")]
    operations = [
        migrations.AddField(
            "endpoint", "disabled_by", models.CharField(blank=True, default="", max_length=300), preserve_default=False
        ),
        migrations.RunSQL(NAME_THEM, migrations.RunSQL.noop),
    ]
