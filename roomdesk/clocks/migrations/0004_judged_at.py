from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Coalesce


class Migration(migrations.Migration):
    """Beside what goes on: nobody waits for it."""

    atomic = False
    dependencies = [("clocks", "0003_clock_terms")]

    operations = [
        AddIndexConcurrently("clock", models.Index(Coalesce("breached_at", "due_at"), name="clock_judged_at")),
    ]
