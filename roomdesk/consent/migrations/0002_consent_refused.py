from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_first")]

    operations = [
        migrations.CreateModel(
            name="Refused",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("what", models.CharField(max_length=20)),
                ("verdict", models.CharField(blank=True, max_length=20)),
                ("action_sha256", models.CharField(max_length=64)),
                ("by", models.CharField(max_length=300)),
                ("told_at", models.DateTimeField()),
                ("again", models.PositiveIntegerField(default=0)),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=models.deletion.PROTECT, related_name="refused", to="consent.request"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="refused",
            constraint=models.UniqueConstraint(
                fields=("request", "what", "verdict", "action_sha256", "by"), name="consent_refused_once"
            ),
        ),
    ]
