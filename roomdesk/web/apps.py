from django.apps import AppConfig


class Config(AppConfig):
    name = "roomdesk.web"
    label = "web"
