from django.apps import AppConfig


class Config(AppConfig):
    name = "roomdesk.oncall"
    label = "oncall"
    default_auto_field = "django.db.models.BigAutoField"
