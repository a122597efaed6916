"""What staff do with cases on the command line: `roomdesk case severity`, `resolve`, `split`, `merge`, …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from roomdesk.cli.base import emit, json_option, plain, with_desk
from roomdesk.cli.case import case, cli_actor
from roomdesk.cli.directory import table, viewer
from roomdesk.cli.sla import Instant

by_option = click.option("--as", "author", metavar="PERSON", help="The member of the staff who does it.")
reason_option = click.option("--reason", default="", help="Why.")
messages_argument = click.argument("messages", nargs=-1, required=True, type=int)


def act(name: str) -> Callable[[Callable[..., None]], click.Command]:
    """A command with what all of these share: who, why, `--json`."""

    def wrapped(command: Callable[..., None]) -> click.Command:
        return case.command(name)(by_option(reason_option(json_option(with_desk(command)))))

    return wrapped


def _by(author: str | None) -> dict[str, Any]:
    """Who acts, and when."""
    from roomdesk.runtime import clock

    return {"author": author, "actor": cli_actor(), "now": clock.now()}


def _change(ref: str, author: str | None, as_json: bool, **given: Any) -> None:
    from roomdesk.cases import changing

    done = changing.do_change(viewer(), ref, changing.Change(**given), **_by(author))
    tell(done, as_json)


def tell(done: Any, as_json: bool) -> None:
    """Prints the case that something was done with."""
    from roomdesk.cases import story

    value = story.case(done)
    whose = f", {value['assignee']}" if value["assignee"] else ""
    emit(value, as_json, f"{value['ref']} is {value['state']}: {value['kind']}, {value['severity']}{whose}.")


@act("severity")
@click.argument("ref")
@click.argument("severity")
def set_severity(ref: str, severity: str, author: str | None, reason: str, as_json: bool) -> None:
    """Set the severity of the case REF. A lower one needs --reason, and stands in the report."""
    _change(ref, author, as_json, severity=severity, reason=reason)


@act("kind")
@click.argument("ref")
@click.argument("kind")
def set_kind(ref: str, kind: str, author: str | None, reason: str, as_json: bool) -> None:
    """Set the kind of the case REF; its clocks follow the table's row for it."""
    _change(ref, author, as_json, kind=kind, reason=reason)


@act("undo-triage")
@click.argument("ref")
def undo_triage(ref: str, author: str | None, reason: str, as_json: bool) -> None:
    """Take back what the desk found by itself in the case REF: kind, severity and answer, unless staff have decided since."""
    from roomdesk.cases import untriaging

    tell(untriaging.do_undo(viewer(), ref, reason=reason, **_by(author)), as_json)


@act("assign")
@click.argument("ref")
@click.argument("person", required=False)
def assign(ref: str, person: str | None, author: str | None, reason: str, as_json: bool) -> None:
    """Give the case REF to PERSON; without one, to nobody."""
    _change(ref, author, as_json, assignee=person, reason=reason)


@act("take")
@click.argument("ref")
def take(ref: str, author: str | None, reason: str, as_json: bool) -> None:
    """Take the case REF; --as says who."""
    if author is None:
        raise click.UsageError("Say with --as who takes it.")
    _change(ref, author, as_json, assignee=author, reason=reason)


@act("ack")
@click.argument("ref")
def acknowledge(ref: str, author: str | None, reason: str, as_json: bool) -> None:
    """Say that the case REF is seen. That is no answer to the customer."""
    _change(ref, author, as_json, state="acknowledged", reason=reason)


@act("wait")
@click.argument("ref")
@click.option("--third-party", is_flag=True, help="For somebody else than the customer.")
@click.option("--until", type=Instant(), help="Until then at most: out of sight, and then it goes on.")
def wait(ref: str, third_party: bool, until: datetime | None, author: str | None, reason: str, as_json: bool) -> None:
    """Wait for the customer: update and resolution clocks stand still. For a third party they run on."""
    snoozed = {"snoozed_until": until} if until else {}
    state = "waiting_third_party" if third_party else "waiting_customer"
    _change(ref, author, as_json, state=state, reason=reason, **snoozed)


@act("go-on")
@click.argument("ref")
def go_on(ref: str, author: str | None, reason: str, as_json: bool) -> None:
    """Work on the case REF: from any waiting, or for the first time."""
    _change(ref, author, as_json, state="investigating", reason=reason)


@act("snooze")
@click.argument("ref")
@click.argument("until", type=Instant(), required=False)
def snooze(ref: str, until: datetime | None, author: str | None, reason: str, as_json: bool) -> None:
    """Put the case REF out of sight until UNTIL, or until the customer writes; without UNTIL, back into sight."""
    _change(ref, author, as_json, snoozed_until=until, reason=reason)


@act("resolve")
@click.argument("ref")
@click.option("--fix", default="", help="What made it work again.")
@click.option("--root-cause", default="", help="Why it had failed.")
@click.option("--root-cause-unknown", is_flag=True, help="Nobody knows why it had failed.")
@click.option("--alone", is_flag=True, help="Cases attached to it are not resolved with it.")
def resolve(
    ref: str,
    fix: str,
    root_cause: str,
    root_cause_unknown: bool,
    alone: bool,
    author: str | None,
    reason: str,
    as_json: bool,
) -> None:
    """Resolve the case REF: with the immediate fix and the root cause, or that nobody knows it."""
    how = {"fix": fix, "root_cause": root_cause, "root_cause_unknown": root_cause_unknown, "alone": alone}
    _change(ref, author, as_json, state="resolved", reason=reason, **how)


@act("close")
@click.argument("ref")
def close(ref: str, author: str | None, reason: str, as_json: bool) -> None:
    """Close the resolved case REF before its quiet days are over."""
    _change(ref, author, as_json, state="closed", reason=reason)


@act("reopen")
@click.argument("ref")
def reopen(ref: str, author: str | None, reason: str, as_json: bool) -> None:
    """Reopen the case REF: a new cycle, without a first response until the customer speaks."""
    from roomdesk.cases import changing

    tell(changing.do_reopen(viewer(), ref, reason=reason, **_by(author)), as_json)


@act("split")
@click.argument("ref")
@messages_argument
@click.option("--severity", help="Default: by P0, else the product's.")
@click.option("--kind", help="Default: other.")
def split(
    ref: str,
    messages: tuple[int, ...],
    severity: str | None,
    kind: str | None,
    author: str | None,
    reason: str,
    as_json: bool,
) -> None:
    """Make a case of MESSAGES (ids) of the case REF; tells the new one."""
    from roomdesk.cases import parting

    leaving = parting.Parting(messages, reason, severity, kind)
    tell(parting.do_split(viewer(), ref, leaving, **_by(author)), as_json)


@act("move")
@click.argument("ref")
@messages_argument
@click.option("--to", "into", required=True, metavar="REF", help="The case they belong to.")
def move(ref: str, messages: tuple[int, ...], into: str, author: str | None, reason: str, as_json: bool) -> None:
    """Put MESSAGES (ids) of the case REF into another case of the workspace; tells that one."""
    from roomdesk.cases import parting

    tell(parting.do_move(viewer(), ref, into, parting.Parting(messages, reason), **_by(author)), as_json)


@act("merge")
@click.argument("ref")
@click.argument("into")
def merge(ref: str, into: str, author: str | None, reason: str, as_json: bool) -> None:
    """Merge the case REF into the case INTO; tells that one."""
    from roomdesk.cases import joining

    tell(joining.do_merge(viewer(), ref, into, reason=reason, **_by(author)), as_json)


@act("unmerge")
@click.argument("ref")
def unmerge(ref: str, author: str | None, reason: str, as_json: bool) -> None:
    """Undo the merge of the case REF, within ten minutes."""
    from roomdesk.cases import joining

    tell(joining.do_unmerge(viewer(), ref, reason=reason, **_by(author)), as_json)


@act("escalate")
@click.argument("ref")
@click.argument("field")
def escalate(ref: str, field: str, author: str | None, reason: str, as_json: bool) -> None:
    """Call the specialists of FIELD into the customer's room for the case REF."""
    from roomdesk.cases import escalating

    tell(escalating.do_escalate(viewer(), ref, field, reason=reason, **_by(author)), as_json)


@act("deescalate")
@click.argument("ref")
@click.argument("field", default="")
def deescalate(ref: str, field: str, author: str | None, reason: str, as_json: bool) -> None:
    """End the escalation of the case REF to FIELD; without one, all of them."""
    from roomdesk.cases import escalating

    tell(escalating.do_deescalate(viewer(), ref, field, reason=reason, **_by(author)), as_json)


@case.command("call")
@click.argument("ref")
@click.argument("direction", type=click.Choice(["inbound", "outbound"]))
@click.option("--connected/--in-vain", required=True, help="Whether the customer was spoken to.")
@click.option("--note", default="", help="What was said; an outbound call counts only with it.")
@click.option("--at", type=Instant(), help="When. Default: now.")
@click.option("--as", "author", required=True, metavar="PERSON", help="The member of the staff who spoke.")
@json_option
@with_desk
def call(ref: str, direction: str, connected: bool, note: str, at: datetime | None, author: str, as_json: bool) -> None:
    """Note a phone call about the case REF. An answered one from the customer is a first response."""
    from roomdesk.cases import calls

    by = _by(author)
    tell(calls.note_call(viewer(), ref, calls.Call(direction, connected, at or by["now"], note), **by), as_json)


@case.command("questions")
@click.option("--workspace", help="Only of this workspace.")
@click.option("--answered", is_flag=True, help="Those that were answered, the newest first.")
@json_option
@with_desk
def list_questions(workspace: str | None, answered: bool, as_json: bool) -> None:
    """List messages of staff of which nothing says which case they answer."""
    from roomdesk.cases import questions

    items = questions.shown(questions.open_questions(viewer(), workspace=workspace, is_open=not answered))
    emit({"items": items, "next": None}, as_json, table([*map(_row, items)], "There is no such question."))


def _row(item: dict[str, Any]) -> tuple[str, ...]:
    text = " ".join((item["text"] or "(removed)").split())
    return str(item["id"]), item["workspace"], plain(item["at"]), item["author"], " ".join(item["choices"]), text[:60]


@case.command("answer-question")
@click.argument("question", type=int)
@click.argument("ref", required=False)
@click.option("--none", "is_none", is_flag=True, help="It answers none of them.")
@by_option
@json_option
@with_desk
def answer_question(question: int, ref: str | None, is_none: bool, author: str | None, as_json: bool) -> None:
    """Say that the message of QUESTION answers the case REF. It counts at the message's own time."""
    from roomdesk.cases import questions

    if (ref is None) != is_none:
        raise click.UsageError("Give the case that it answers, or --none.")
    done = questions.do_answer(viewer(), question, ref=ref, **_by(author))
    emit(questions.shown([done])[0], as_json, f"The message belongs to {ref or 'no case'}.")
