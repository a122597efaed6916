"""`roomdesk migrate`: brings the database to this version, with the owner's role, and sets the application's rights."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import click

from roomdesk.cli.base import with_desk


@click.command()
@click.option("--check", is_flag=True, help="Only say whether the database is behind (exit 1).")
def migrate(check: bool) -> None:
    """Bring the database to this version. Safe to run again."""
    os.environ["ROOMDESK_AS_OWNER"] = "1"
    _migrate(check)


@with_desk
def _migrate(check: bool) -> None:
    from django.core.management import call_command

    if check:
        call_command("migrate", check_unapplied=True, plan=True, verbosity=1)
        return
    call_command("migrate", interactive=False, verbosity=0)
    _after()
    click.echo("The database is at this version.")


def _after() -> None:
    from roomdesk import bootstrap
    from roomdesk.audit import grants
    from roomdesk.directory import services
    from roomdesk.queues import partitions
    from roomdesk.runtime import clock
    from roomdesk.web.identity.provider import ensure_synapse_client

    partitions.ensure(clock.now())
    if bootstrap.settings.database_url:
        grants.apply(urlsplit(bootstrap.settings.database_url).username or "")
    services.ensure_bootstrap_token(bootstrap.settings.api_token, clock.now())
    ensure_synapse_client(clock.now())
