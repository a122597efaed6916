from django.apps import AppConfig


class Config(AppConfig):
    name = "roomdesk.consent"
    label = "consent"
    default_auto_field = "django.db.models.BigAutoField"
