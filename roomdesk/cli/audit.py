"""`roomdesk audit`: the chain of evidence."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, TextIO

import click

from roomdesk.cli.base import Refused, emit, json_option, plain, with_desk

if TYPE_CHECKING:
    from roomdesk.audit.verify import Verdict

_WORKSPACE = "workspace:"


@click.group()
def audit() -> None:
    """The chain of evidence: who did what, in an order that cannot be changed unseen."""


@audit.command()
@click.option("--scope", help="Only this chain: vendor, or workspace:<slug>. Left out: all.")
@click.option(
    "--jobs", type=click.IntRange(1, 64), help="So many processes. Default: one a core where there is enough to do."
)
@json_option
@with_desk
def verify(scope: str | None, jobs: int | None, as_json: bool) -> None:
    """Recompute every link and commitment, and hold the newest signed roots against them. Exit 1 if anything is wrong, with the first wrong entry named."""
    from roomdesk.audit.parallel import verify_many

    verdicts = verify_many(_scopes(scope), jobs)
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
        rooted = f"; a signed root vouches for it up to number {verdict.rooted}" if verdict.rooted else ""
        return f"{verdict.scope}: {verdict.entries} entries{erased}, all in order; head {verdict.head}{rooted}"
    where = f" (entry {verdict.fault.entry_id})" if verdict.fault.entry_id else ""
    return f"{verdict.scope}, number {verdict.fault.seq}{where}: {verdict.fault.reason}"


@audit.command()
@click.argument("scope")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False),
    help="A new folder: chain, roots, keys, and a program that checks them.",
)
@with_desk
def export(scope: str, folder: str | None) -> None:
    """Write the chain SCOPE as JSON lines: entries with their salts and contents. With --to, all that a stranger needs to check it."""
    from roomdesk.audit import exporting

    name = _scopes(scope)[0]
    if folder is not None:
        click.echo(exporting.write(name, folder))
        return
    for line in exporting.exported(name):
        click.echo(json.dumps(line, default=plain))


@audit.command()
@click.argument("file", type=click.File(encoding="utf-8"))
@with_desk
def roots(file: TextIO) -> None:
    """Hold the signed roots in FILE, as somebody has kept them, against the chains. Exit 1 with the first that does not fit."""
    from roomdesk.audit import roots as kept
    from roomdesk.audit.signing import public_keys

    wrong = kept.check(file, {one["key_id"]: one["public"] for one in public_keys()})
    if wrong:
        raise Refused("\n".join(f"Line {one.line}: {one.reason}" for one in wrong))
    click.echo("Every root fits its chain.")


@audit.command()
@click.argument("scope")
@click.argument("numbers", type=int, nargs=-1)
@click.option("--person", help="Instead of numbers: everything that this person said in the workspace.")
@click.option("--everything", is_flag=True, help="Instead of numbers: everything that was said in the workspace.")
@click.option("--reason", required=True, help="Which request, under which law; it stays in the chain.")
@click.option("--dry-run", is_flag=True, help="Say what would be erased, and erase nothing.")
@json_option
def erase(scope: str, numbers: tuple[int, ...], as_json: bool, **given: Any) -> None:
    """Remove, for good, what the entries NUMBERS of the chain SCOPE say; or what a person, or everybody, said in the workspace, with its files,
    as a law may demand. Who, when and every hash stay, and the chain verifies.

    Needs ROOMDESK_DATABASE_OWNER_URL: the running service cannot do it.
    """
    if sum((bool(numbers), given["person"] is not None, given["everything"])) != 1:
        raise click.UsageError("Give NUMBERS, or --person, or --everything.")
    os.environ["ROOMDESK_AS_OWNER"] = "1"
    _erase(scope, numbers, as_json, given)


@with_desk
def _erase(scope: str, numbers: tuple[int, ...], as_json: bool, given: dict[str, Any]) -> None:
    from roomdesk.cli.case import cli_actor
    from roomdesk.consent import erasing, forgetting
    from roomdesk.runtime import clock

    name, reason = _scopes(scope)[0], given["reason"]
    by: dict[str, Any] = {"dry_run": given["dry_run"], "actor": cli_actor(), "now": clock.now()}
    if numbers:
        count = erasing.do_erase(name, numbers, reason, **by)
        value = {"entries": count, "numbers": sorted(set(numbers)), "dry_run": given["dry_run"]}
        words = f"{count} of {len(set(numbers))} entries had content"
    elif not name.startswith(_WORKSPACE):
        raise Refused("People speak in workspaces: give workspace:<slug>.")
    else:
        value = forgetting.do_forget(name.removeprefix(_WORKSPACE), given["person"], reason, **by).as_json()
        words = ", ".join(
            f"{value[what]} {what}" for what in ("messages", "files", "cases", "consents", "words", "entries")
        )
    emit(
        value,
        as_json,
        f"{words}; {'nothing is removed' if given['dry_run'] else 'removed. The chain is as whole as before'}.",
    )


def _scopes(scope: str | None) -> list[str]:
    from roomdesk.audit import verify

    known = verify.scopes()
    if scope is not None and scope not in known:
        raise Refused(f'There is no chain "{scope}"; there are vendor and workspace:<slug> of workspaces that exist.')
    return [scope] if scope is not None else known
