from django.apps import AppConfig


class Config(AppConfig):
    name = "roomdesk.web"
    label = "web"

    def ready(self) -> None:
        from roomdesk.web.identity import factors_told

        factors_told.listen()
