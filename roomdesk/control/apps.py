from django.apps import AppConfig


class Config(AppConfig):
    name = "roomdesk.control"
    label = "control"
    default_auto_field = "django.db.models.BigAutoField"
