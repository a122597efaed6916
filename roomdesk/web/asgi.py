"""The web process' application: the homeserver's calls and open pages' streams apart, everything else to Django."""

from __future__ import annotations

from roomdesk import bootstrap

bootstrap.setup()  # What is imported below needs Django.

from roomdesk.web.appservice import PREFIX, Appservice, Receive, Scope, Send
from roomdesk.web.live import endpoint
from roomdesk.web.one_thread import Pages

_django = Pages()
#: The open pages of this process.
LIVE = endpoint.Live(bootstrap.settings.database_url or "")
_appservice = Appservice(bootstrap.settings, is_awaited=LIVE.watches)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI entry point."""
    if scope["type"] == "http" and scope["path"].startswith(PREFIX):
        await _appservice(scope, receive, send)
    elif scope["type"] == "http" and scope["path"].startswith(endpoint.PREFIX):
        await LIVE(scope, receive, send)
    else:
        await _django(scope, receive, send)  # type: ignore[arg-type]
