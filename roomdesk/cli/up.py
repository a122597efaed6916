"""`roomdesk up` and `roomdesk demo`: everything an installation needs, started by one command."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from roomdesk.cli.base import Refused, emit, json_option

if TYPE_CHECKING:
    from roomdesk.demo.welcome import Welcome
    from roomdesk.runtime.supervisor import Running

#: Seconds that workers get to come up after everything else answers.
_WORKERS_WITHIN = 30.0


@click.command()
@json_option
def up(as_json: bool) -> None:
    """Start the desk and keep it running until Ctrl-C or SIGTERM.

    With --json one line on stdout says that everything answers; progress goes to stderr.
    """
    _run(lambda facts: emit(facts, as_json, _addresses(facts)))


@click.command()
@json_option
def demo(as_json: bool) -> None:
    """Start the desk with example customers and living conversations; the next start continues with them."""

    def announce(facts: dict[str, Any]) -> None:
        told = _seed()
        emit({**facts, "sign_ins": told.sign_ins}, as_json, f"\n{_addresses(facts)}\n\n{told.words}\n")

    _run(announce)


def _progress(sentence: str) -> None:
    click.echo(sentence, err=True)


def _run(announce: Callable[[dict[str, Any]], None]) -> None:
    from roomdesk.refusals import DeskError
    from roomdesk.runtime import settings, supervisor

    try:
        wanted = settings.load(os.environ)
        began = time.monotonic()
        supervisor.run(wanted, progress=_progress, on_ready=lambda running: _open(running, announce, began))
    except (settings.SettingsError, supervisor.InstanceError, supervisor.ChildError, DeskError) as error:
        raise Refused(str(error)) from error


def _open(running: Running, announce: Callable[[dict[str, Any]], None], began: float) -> None:
    """Brings products in once all parts run, and says that the desk is ready."""
    from roomdesk import bootstrap

    bootstrap.setup()
    try:
        _load_products()
        _await_workers()
        announce(_facts(running))
    finally:
        _let_go()
    _progress(f"Ready after {time.monotonic() - began:.1f} s. Ctrl-C stops everything.")


def _load_products() -> None:
    from roomdesk import bootstrap
    from roomdesk.audit.work import Actor
    from roomdesk.directory import services
    from roomdesk.product.folders import products_folder
    from roomdesk.runtime import clock

    folder = products_folder(bootstrap.settings)
    if folder is None:
        _progress("There are no product files here; load some with `roomdesk product load FOLDER`.")
        return
    for version, is_new in services.load_all(folder, Actor("system", "up"), clock.now()):
        if is_new:
            _progress(f"{version.slug}: version {version.number} is loaded.")


def _await_workers() -> None:
    from roomdesk import bootstrap
    from roomdesk.queues import workers

    wanted, until = bootstrap.settings.worker_processes, time.monotonic() + _WORKERS_WITHIN
    while len(workers.living()) < wanted:
        if time.monotonic() > until:
            log = bootstrap.settings.data / "log" / "worker.log"
            raise Refused(f"The worker does not come up; its log {log} says why.")
        time.sleep(0.05)


def _let_go() -> None:
    """Gives the database's connections and their threads back: from here on only children are watched."""
    from django.db import connection

    connection.close()
    close_pool = getattr(connection, "close_pool", None)
    if close_pool is not None:
        close_pool()


def _seed() -> Welcome:
    from roomdesk import bootstrap
    from roomdesk.demo import seed

    return seed(bootstrap.settings, _progress)


def _facts(running: Running) -> dict[str, Any]:
    settings = running.settings
    return {
        "ready": True,
        "url": settings.public_url,
        "matrix_url": settings.matrix_public_url,
        "api_token": settings.api_token,
        "data": settings.data,
        "mode": settings.mode,
        "server_name": settings.matrix_server_name,
    }


def _addresses(facts: dict[str, Any]) -> str:
    lines = {
        "console": facts["url"],
        "REST": f"{facts['url']}/api/v1",
        "homeserver": facts["matrix_url"],
        "API token": facts["api_token"] or "none; make one with `roomdesk token`",
        "data": facts["data"],
    }
    return "\n".join(f"{name}: {value}" for name, value in lines.items())
