from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('queues', '0005_told_number'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='outboxrow',
            index=models.Index(condition=models.Q(('priority__gte', 100), ('state__in', ['queued', 'sending', 'retry'])), fields=['id'], name='outbox_urgent'),
        ),
    ]
