from django.apps import AppConfig


class Config(AppConfig):
    name = "roomdesk.queues"
    label = "queues"
    default_auto_field = "django.db.models.BigAutoField"
