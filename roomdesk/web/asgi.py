"""The web process' application: the homeserver's calls and open pages' streams apart, everything else to Django."""

from __future__ import annotations

from roomdesk import bootstrap

bootstrap.setup()  # What is imported below needs Django.

from django.core.asgi import get_asgi_application

from roomdesk.web.appservice import PREFIX, Appservice, Receive, Scope, Send
from roomdesk.web.live import endpoint

_django = get_asgi_application()
_appservice = Appservice(bootstrap.settings)
#: The open pages of this process.
LIVE = endpoint.Live(bootstrap.settings.database_url or "")


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI entry point."""
    if scope["type"] == "http" and scope["path"].startswith(PREFIX):
        await _appservice(scope, receive, send)
    elif scope["type"] == "http" and scope["path"].startswith(endpoint.PREFIX):
        await LIVE(scope, receive, send)
    else:
        await _django(scope, receive, send)  # type: ignore[arg-type]
