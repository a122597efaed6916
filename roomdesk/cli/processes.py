"""`roomdesk web` and `roomdesk worker`: the two kinds of process an installation runs."""

from __future__ import annotations

import socket

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

    settings = bootstrap.settings
    logs.configure(settings, process="web")
    config = uvicorn.Config("roomdesk.web.asgi:application", access_log=False, log_config=None, lifespan="off", ws="none",
                            timeout_graceful_shutdown=_GRACE, server_header=False, proxy_headers=False)
    uvicorn.Server(config).run(sockets=[_listen(settings)])


def _listen(settings: Settings) -> socket.socket:
    """Several web processes share the port; one alone refuses to, so that a second installation is noticed."""
    assert settings.port is not None
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    return socket.create_server((settings.host, settings.port), family=family, backlog=2048, reuse_port=settings.web_processes > 1)


@click.command()
@with_desk
def worker() -> None:
    """Work off what came in, send what must go out, fire timers, until SIGTERM."""
    from roomdesk import bootstrap
    from roomdesk.runtime import logs
    from roomdesk.worker.main import main

    logs.configure(bootstrap.settings, process="worker")
    main()
