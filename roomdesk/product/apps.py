from django.apps import AppConfig


class Config(AppConfig):
    name = "roomdesk.product"
    label = "product"
    default_auto_field = "django.db.models.BigAutoField"
