"""`roomdesk`: one file per noun. Exit 0 done, 1 refused (the reason on stderr), 2 wrong usage."""

from __future__ import annotations

from importlib import import_module

import click

#: Command → module that holds it. Modules are imported when their command runs, so that `roomdesk` answers at once.
COMMANDS = {
    "up": "roomdesk.cli.up",
    "demo": "roomdesk.cli.up",
    "web": "roomdesk.cli.processes",
    "worker": "roomdesk.cli.processes",
    "watchdog": "roomdesk.cli.processes",
    "migrate": "roomdesk.cli.migrate",
    "doctor": "roomdesk.cli.doctor",
    "product": "roomdesk.cli.product",
    "workspace": "roomdesk.cli.workspace",
    "member": "roomdesk.cli.member",
    "access": "roomdesk.cli.access",
    "staff": "roomdesk.cli.staff",
    "person": "roomdesk.cli.person",
    "token": "roomdesk.cli.token",
    "case": "roomdesk.cli.case_queue",
    "sla": "roomdesk.cli.attainment",
    "consent": "roomdesk.cli.consent",
    "triage": "roomdesk.cli.triage",
    "oncall": "roomdesk.cli.oncall",
    "macro": "roomdesk.cli.macro",
    "rooms": "roomdesk.cli.rooms",
    "record": "roomdesk.cli.record",
    "bench": "roomdesk.cli.bench",
    "inbox": "roomdesk.cli.inbox",
    "audit": "roomdesk.cli.audit",
    "webhook": "roomdesk.cli.webhook",
    "clock": "roomdesk.cli.clock",
    "matrix-login": "roomdesk.cli.matrix_login",
    "settings": "roomdesk.cli.settings",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command = getattr(import_module(COMMANDS[name]), name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="roomdesk")
def main() -> None:
    """Roomdesk: a support desk that lives in Matrix rooms."""
