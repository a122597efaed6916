from django.db import migrations, models

# What a clock was last promised stands in its newest revision.
TERMS = """
UPDATE clocks_clock k SET tier = r.tier, addons = array_to_string(r.addons, ' ')
FROM clocks_revision r WHERE r.clock_id = k.id AND r.number = k.revision
"""


class Migration(migrations.Migration):

    dependencies = [('clocks', '0002_clock_life')]

    operations = [
        migrations.AddField(
            model_name='clock', name='tier', field=models.CharField(default='', max_length=80), preserve_default=False
        ),
        migrations.AddField(model_name='clock', name='addons', field=models.TextField(blank=True, default=''), preserve_default=False),
        migrations.RunSQL(TERMS, migrations.RunSQL.noop),
    ]
