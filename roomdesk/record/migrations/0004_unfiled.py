"""The queue of messages to be filed for search, kept by the database itself (docs/decisions/0016). What is on record already waits in it."""

from django.db import migrations, models

# The row in the queue is the lock between a change and whoever files: a change takes it first, and waits for the filing that has it in hand.
UNFILE = """
CREATE FUNCTION record_unfile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO record_unfiled (message_id, recorded_at) VALUES (NEW.id, NEW.recorded_at)
  ON CONFLICT (message_id) DO UPDATE SET recorded_at = EXCLUDED.recorded_at;
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM record_findable WHERE id = NEW.id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER record_said AFTER INSERT ON record_message
FOR EACH ROW WHEN (NEW.kind IN ('message', 'file')) EXECUTE FUNCTION record_unfile();
CREATE TRIGGER record_changed AFTER UPDATE OF body, edited_body, redacted_at, case_id ON record_message
FOR EACH ROW WHEN (NEW.kind IN ('message', 'file')) EXECUTE FUNCTION record_unfile();
INSERT INTO record_unfiled (message_id, recorded_at)
SELECT id, recorded_at FROM record_message WHERE kind IN ('message', 'file')
"""
NO_MORE = """
DROP TRIGGER record_said ON record_message;
DROP TRIGGER record_changed ON record_message;
DROP FUNCTION record_unfile()
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0003_findable")]
    operations = [
        migrations.CreateModel(
            name="Unfiled",
            fields=[
                ("message_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("recorded_at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(UNFILE, NO_MORE),
    ]
