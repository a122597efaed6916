from django.apps import AppConfig


class Config(AppConfig):
    name = "roomdesk.cases"
    label = "cases"
    default_auto_field = "django.db.models.BigAutoField"
