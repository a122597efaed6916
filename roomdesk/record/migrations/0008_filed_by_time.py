"""What is filed already waits to be filed anew: under the marks of its time and of how its words begin. The workers do so, the newest first."""

from django.db import migrations

FILE_ANEW = """
INSERT INTO record_unfiled (message_id, recorded_at) SELECT id, recorded_at FROM record_findable
ON CONFLICT (message_id) DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0007_message_edits")]
    operations = [migrations.RunSQL(FILE_ANEW, migrations.RunSQL.noop)]
