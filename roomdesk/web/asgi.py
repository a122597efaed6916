"""The web process' application: the homeserver's calls apart, everything else to Django."""

from __future__ import annotations

from roomdesk import bootstrap

bootstrap.setup()  # What is imported below needs Django.

from django.core.asgi import get_asgi_application

from roomdesk.web.appservice import PREFIX, Appservice, Receive, Scope, Send

_django = get_asgi_application()
_appservice = Appservice(bootstrap.settings)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI entry point."""
    if scope["type"] == "http" and scope["path"].startswith(PREFIX):
        await _appservice(scope, receive, send)
    else:
        await _django(scope, receive, send)  # type: ignore[arg-type]
