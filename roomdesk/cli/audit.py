"""`roomdesk audit`: the chain of evidence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from roomdesk.cli.base import Refused, emit, json_option, plain, with_desk

if TYPE_CHECKING:
    from roomdesk.audit.verify import Verdict


@click.group()
def audit() -> None:
    """The chain of evidence: who did what, in an order that cannot be changed unseen."""


@audit.command()
@click.option("--scope", help="Only this chain: vendor, or workspace:<slug>. Left out: all.")
@json_option
@with_desk
def verify(scope: str | None, as_json: bool) -> None:
    """Recompute every link and commitment. Exit 1 if anything is wrong, with the first wrong entry named."""
    from roomdesk.audit import verify as walking

    verdicts = [walking.verify(name) for name in _scopes(scope)]
    if as_json:
        ok = all(verdict.fault is None for verdict in verdicts)
        emit({"ok": ok, "items": [verdict.as_json() for verdict in verdicts]}, True, "")
    elif good := [_words(verdict) for verdict in verdicts if verdict.fault is None]:
        click.echo("\n".join(good))
    if bad := [_words(verdict) for verdict in verdicts if verdict.fault is not None]:
        raise Refused("\n".join(bad))


def _words(verdict: Verdict) -> str:
    if verdict.fault is None:
        erased = f", {verdict.erased} of them erased" if verdict.erased else ""
        return f"{verdict.scope}: {verdict.entries} entries{erased}, all in order; head {verdict.head}"
    where = f" (entry {verdict.fault.entry_id})" if verdict.fault.entry_id else ""
    return f"{verdict.scope}, number {verdict.fault.seq}{where}: {verdict.fault.reason}"


@audit.command()
@click.argument("scope")
@with_desk
def export(scope: str) -> None:
    """Write the chain SCOPE as JSON lines: entries with their salts and contents."""
    from roomdesk.audit import verify as walking

    for line in walking.exported(_scopes(scope)[0]):
        click.echo(json.dumps(line, default=plain))


def _scopes(scope: str | None) -> list[str]:
    from roomdesk.audit import verify as walking

    known = walking.scopes()
    if scope is not None and scope not in known:
        raise Refused(f'There is no chain "{scope}"; there are vendor and workspace:<slug> of workspaces that exist.')
    return [scope] if scope is not None else known
