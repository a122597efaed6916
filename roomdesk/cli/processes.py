"""`roomdesk web`, `roomdesk worker` and `roomdesk watchdog`: the kinds of process an installation runs."""

from __future__ import annotations

import signal
import socket
import sys
from types import FrameType

import click

from roomdesk.cli.base import with_desk
from roomdesk.runtime.settings import Settings

#: Seconds that requests under way get after SIGTERM.
_GRACE = 5


@click.command()
@with_desk
def web() -> None:
    """Serve pages, REST and the homeserver's calls until SIGTERM."""
    import uvicorn

    from roomdesk import bootstrap
    from roomdesk.runtime import logs
    from roomdesk.web import ready

    settings = bootstrap.settings
    logs.configure(settings, process="web")
    config = uvicorn.Config(
        "roomdesk.web.asgi:application",
        access_log=False,
        log_config=None,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=_GRACE,
        server_header=False,
        proxy_headers=False,
    )
    # uvicorn raises the signal again once it has ended gently; that is no failure.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    server = uvicorn.Server(config)
    ends = server.handle_exit

    def handle_exit(number: int, frame: FrameType | None) -> None:
        """Streams last as long as somebody looks at a page; they are let go first."""
        from roomdesk.web.asgi import LIVE

        LIVE.end()
        ends(number, frame)

    server.handle_exit = handle_exit  # type: ignore[assignment, method-assign]
    ready.begin()
    server.run(sockets=[_listen(settings)])


def _listen(settings: Settings) -> socket.socket:
    """Several web processes share the port; one alone refuses to, so that a second installation is noticed."""
    assert settings.port is not None
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # The protocol is named because asyncio switches Nagle's algorithm off only then; with it each answer takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if settings.web_processes > 1:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((settings.host, settings.port))
    listener.listen(2048)
    return listener


@click.command()
@with_desk
def watchdog() -> None:
    """Look whether the desk would still wake somebody, and call people by itself where it would not. Needs no database."""
    from roomdesk import bootstrap
    from roomdesk.runtime import logs
    from roomdesk.worker.watchdog import main

    logs.configure(bootstrap.settings, process="watchdog")
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    main(bootstrap.settings)


@click.command()
@with_desk
def worker() -> None:
    """Work off what came in, send what must go out, fire timers, until SIGTERM."""
    from roomdesk import bootstrap
    from roomdesk.runtime import logs
    from roomdesk.worker.main import main

    logs.configure(bootstrap.settings, process="worker")
    main()
