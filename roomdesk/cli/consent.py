"""`roomdesk consent`: what was asked of customers, what they granted, and using it."""

from __future__ import annotations

import json
from typing import Any

import click

from roomdesk.cli.base import Refused, emit, json_option, plain, with_desk
from roomdesk.cli.lines import answer_lines

by_option = click.option("--as", "author", metavar="PERSON", help="The member of the staff who does it.")
action_option = click.option(
    "--action", metavar="JSON", help="Exactly what would be done, as a JSON object; @FILE reads it."
)


@click.group()
def consent() -> None:
    """What customers were asked for, and what they granted."""


@consent.command()
def check() -> None:
    """Judge answers to consent requests, one JSON object a line on stdin, one verdict a line on stdout.

    Needs no running desk. A line that cannot be understood is answered with `error`, and the next goes on.
    """
    from roomdesk.rules.consent_lines import answer_line

    answer_lines(answer_line)


@consent.command("list")
@click.option("--workspace", help="Only of this workspace.")
@click.option("--case", help="Only about this case.")
@click.option("--state", help="open, granted, refused, withdrawn, expired or used.")
@click.option("--before", help="Continue after the page whose `next` this is.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@json_option
@with_desk
def list_consents(
    workspace: str | None, case: str | None, state: str | None, before: str | None, limit: int, as_json: bool
) -> None:
    """List what was asked, newest first."""
    from roomdesk.cli.directory import table, viewer
    from roomdesk.consent import queries

    page = queries.page_of_consents(viewer(), workspace=workspace, case=case, state=state, before=before, limit=limit)
    value = queries.shown_page(page, viewer())
    rows = [
        (i["id"], i["workspace"], i["kind"], i["state"], plain(i["expires_at"]), i["words"][:60])
        for i in value["items"]
    ]
    emit(value, as_json, table(rows, "Nothing was asked."))


@consent.command()
@click.argument("ref")
@json_option
@with_desk
def show(ref: str, as_json: bool) -> None:
    """Show the request REF: what was asked, who agreed with which words, what was done."""
    from roomdesk.cli.directory import viewer
    from roomdesk.consent import queries

    _tell(queries.access_consent(ref, viewer()), as_json)


@consent.command()
@click.argument("kind")
@click.argument("words")
@click.option("--workspace", default="", help="Of whom.")
@click.option("--case", default="", help="Or: of whose case.")
@action_option
@click.option("--feature", default="", help="The security feature that is to be switched off.")
@click.option("--person", default="", help="The sign-in name of the person a reset is for.")
@click.option("--target", default="", help="Of a restore: copy or current.")
@click.option("--details", default="", help="What changes, before and after.")
@click.option("--hours", type=click.IntRange(1, 10_000), help="For how long; never longer than the product says.")
@by_option
@json_option
@with_desk
def ask(kind: str, words: str, action: str | None, author: str | None, as_json: bool, **given: Any) -> None:
    """Ask for a consent of KIND: WORDS say what would be done."""
    from roomdesk.consent import asking

    wish = asking.Wish(kind=kind, words=words, action=_json(action) if action else None, **given)
    _tell(asking.do_ask(**_by(), wish=wish, author=author), as_json)


@consent.command()
@click.argument("ref")
@click.option("--reason", default="", help="Why.")
@by_option
@json_option
@with_desk
def withdraw(ref: str, reason: str, author: str | None, as_json: bool) -> None:
    """Take the question REF back, or a grant that nobody has used."""
    from roomdesk.consent import asking

    _tell(asking.do_withdraw(**_by(), ref=ref.upper(), reason=reason, author=author), as_json)


@consent.command("verify-identity")
@click.argument("ref")
@click.option("--method", required=True, help="How: a call back, a video call, a document.")
@click.option("--evidence", required=True, help="What was seen or asked, so that others can judge it.")
@by_option
@json_option
@with_desk
def verify_identity(ref: str, method: str, evidence: str, author: str | None, as_json: bool) -> None:
    """Keep that the person the reset REF is for was verified."""
    from roomdesk.consent import identifying

    _tell(identifying.do_verify_identity(**_by(), ref=ref, method=method, evidence=evidence, author=author), as_json)


@consent.command()
@click.argument("ref")
@action_option
@click.option("--nonce", required=True, help="New for every use; the same again gives the same receipt.")
@click.option("--dry-run", is_flag=True, help="Say what would be, and use nothing.")
@json_option
@with_desk
def consume(ref: str, action: str | None, nonce: str, dry_run: bool, as_json: bool) -> None:
    """Use the consent REF for exactly this action, once. Exit 1 with the reason: do nothing."""
    from roomdesk.consent import using

    if not action:
        raise click.UsageError("Say with --action what is about to be done.")
    receipt = using.do_consume(**_by(), ref=ref, action=_json(action), nonce=nonce, dry_run=dry_run)
    done = f"{ref} may be used for this." if dry_run else f"{ref} is used; it allows this once.\n{receipt.text}"
    emit(receipt.as_json(), as_json, done)


@consent.command()
@click.argument("ref")
@click.argument("outcome", type=click.Choice(["done", "failed", "partial"]))
@click.option("--words", default="", help="What came of it.")
@click.option("--code", type=int, help="The exit code of the program.")
@json_option
@with_desk
def result(ref: str, outcome: str, words: str, code: int | None, as_json: bool) -> None:
    """Say how the use of REF ended; the room is told."""
    from roomdesk.consent import using

    _tell(using.do_result(**_by(), ref=ref, result=outcome, words=words, code=code), as_json)


@consent.command()
@json_option
@with_desk
def keys(as_json: bool) -> None:
    """The public keys by which receipts are checked without the desk."""
    from roomdesk.audit.signing import public_keys

    found = public_keys()
    emit({"items": found}, as_json, "\n".join(f"{one['key_id']}  {one['public']}" for one in found))


def _by() -> dict[str, Any]:
    from roomdesk.cli.case import cli_actor
    from roomdesk.cli.directory import viewer
    from roomdesk.runtime import clock

    return {"viewer": viewer(), "actor": cli_actor(), "now": clock.now()}


def _tell(found: Any, as_json: bool) -> None:
    from roomdesk.cli.directory import viewer
    from roomdesk.consent import queries

    value = queries.shown_one(found, viewer())
    agreed = ", ".join(f"{one['name']} ({one['role']}, {one['channel']})" for one in value["grants"])
    lines = [f"{value['id']} is {value['state']}: {value['words']}", f"It takes exactly: {value['phrase']}"]
    emit(value, as_json, "\n".join([*lines, *([f"Agreed: {agreed}."] if agreed else [])]))


def _json(text: str) -> Any:
    try:
        if text.startswith("@"):
            with open(text[1:], encoding="utf-8") as file:
                text = file.read()
        return json.loads(text)
    except (OSError, ValueError) as error:
        raise Refused(f"The action cannot be read: {error}.") from error
