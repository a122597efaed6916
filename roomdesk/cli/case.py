"""`roomdesk case`: what customers brought up, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from roomdesk.cli.base import actor_name, emit, json_option, plain, with_desk
from roomdesk.cli.directory import table, viewer

if TYPE_CHECKING:
    from roomdesk.audit.work import Actor

as_option = click.option("--as", "author", required=True, metavar="PERSON", help="Who says it.")


@click.group()
def case() -> None:
    """What customers brought up, and what became of it."""


@case.command("list")
@click.option("--workspace", help="Only cases of this workspace.")
@click.option("--state", help="open, or one state such as new, acknowledged, resolved.")
@click.option("--before", help="Continue after the page whose `next` this is.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@json_option
@with_desk
def list_cases(workspace: str | None, state: str | None, before: str | None, limit: int, as_json: bool) -> None:
    """List cases, newest first."""
    from roomdesk.cases import queries, story

    page = queries.page_of_cases(viewer(), workspace=workspace, state=state, before=before, limit=limit)
    value = story.cases(page)
    rows = [(i["ref"], i["workspace"], i["severity"], i["state"], _due(i), i["title"]) for i in value["items"]]
    emit(value, as_json, table(rows, "There is no such case."))


def _due(item: dict[str, Any]) -> str:
    """The nearest due time that still runs."""
    running = [plain(c["due_at"]) for c in item["clocks"] if c["due_at"] and not c["stopped_at"]]
    return f"due {min(running)}" if running else ""


@case.command()
@click.argument("ref")
@json_option
@with_desk
def show(ref: str, as_json: bool) -> None:
    """Show the whole story of the case REF: clocks, messages, changes."""
    from roomdesk.cases import queries, story

    found = queries.access_case(ref, viewer())
    value = story.whole(found, viewer())
    emit(value, as_json, "\n".join(_words(value)))


def _words(value: dict[str, Any]) -> list[str]:
    flag = ", P0" if value["p0"] else ""
    head = f"{value['ref']} ({value['workspace']}): {value['title']}"
    facts = f"{value['kind']}, {value['severity']}{flag}, {value['state']}; opened {plain(value['opened_at'])} over {value['channel']}"
    return [
        head,
        facts,
        *_links(value),
        *_triage(value["triage"]),
        *_report(value["report"]),
        *map(_cycle, value["cycles"]),
        *map(_clock, value["clocks"]),
        *map(_message, value["messages"]),
        *map(_change, value["changes"]),
    ]


def _links(value: dict[str, Any]) -> list[str]:
    """What the case has to do with others, and who has it."""
    found = [
        f"assigned to {value['assignee']}" if value["assignee"] else "",
        f"escalated to {', '.join(value['escalations'])}" if value["escalations"] else "",
        f"snoozed until {plain(value['snoozed_until'])}" if value["snoozed_until"] else "",
        f"attached to {value['incident']}" if value["incident"] else "",
        f"leads {', '.join(value['attached'])}" if value["attached"] else "",
        f"has to do with {', '.join(value['links'])}" if value["links"] else "",
        f"merged into {value['merged_into']}" if value["merged_into"] else "",
        f"linked to {value['linked_to']}" if value["linked_to"] else "",
        f"with {', '.join(value['merged'])} merged into it" if value["merged"] else "",
    ]
    return ["; ".join(words for words in found if words)] if any(found) else []


def _triage(triage: dict[str, Any] | None) -> list[str]:
    if triage is None:
        return []
    answer = f", answered with {triage['answer']}" if triage["answer"] else ""
    why = " ".join(why["words"].rstrip(".") + "." for why in triage["why"])
    return [f"triage: {triage['kind']}, {triage['severity']}{answer}. {why}".rstrip()]


def _report(report: dict[str, Any]) -> list[str]:
    """What is known of the matter, a line each, and what is asked for still."""
    fields = ("where", "steps", "expected", "actual", "urgency")
    found = [f"{field}: {' '.join(report[field].split())}" for field in fields if report[field]]
    lists = [f"{name}: {', '.join(report[name])}" for name in ("attachments", "missing") if report[name]]
    return [*found, *lists]


def _cycle(cycle: dict[str, Any]) -> str:
    begun = f"cycle {cycle['number']}: {cycle['tier']}, policy version {cycle['policy_version']}, since {plain(cycle['started_at'])}"
    if not cycle["ended_at"]:
        return begun
    cause = cycle["root_cause"] or "unknown"
    rated = f" The customer says: {cycle['satisfaction']}." if cycle["satisfaction"] else ""
    return f"{begun}, resolved {plain(cycle['ended_at'])}: {cycle['fix']} Root cause: {cause}{rated}"


def _clock(clock: dict[str, Any]) -> str:
    due = f"due {plain(clock['due_at'])}" if clock["due_at"] else "without a due time"
    stopped = f", stopped {plain(clock['stopped_at'])} by {clock['stopped_by']}" if clock["stopped_at"] else ""
    return f"clock {clock['kind']} of cycle {clock['cycle']}: {clock['state']}, {due}{stopped}"


def _message(message: dict[str, Any]) -> str:
    text = "(removed)" if message["text"] is None else message["text"]
    return f"{plain(message['at'])} {message['author']} ({message['author_kind']}): {text}  [{message['why']['words']}]"


def _change(change: dict[str, Any]) -> str:
    reason = f" ({change['reason']})" if change["reason"] else ""
    mark = f" [{change['mark']}]" if change["mark"] else ""
    return f"{plain(change['at'])} {change['what']}: {change['before'] or '-'} → {change['after'] or '-'}{mark} by {change['by']}{reason}"


@case.command("open")
@click.argument("workspace")
@click.argument("text")
@as_option
@click.option("--severity", help="Default: the product's.")
@json_option
@with_desk
def open_case(workspace: str, text: str, author: str, severity: str | None, as_json: bool) -> None:
    """Open a case in WORKSPACE with TEXT, said by a customer, or begun by staff."""
    from roomdesk.cases import story, writing
    from roomdesk.runtime import clock

    made = writing.do_open_case(
        workspace=workspace,
        author=author,
        text=text,
        channel="cli",
        severity=severity,
        actor=cli_actor(),
        now=clock.now(),
    )
    value = story.case(made)
    clocks = "; ".join(map(_clock, value["clocks"])) or "no clock runs"
    emit(value, as_json, f"{made.ref} is open. {clocks[0].upper()}{clocks[1:]}.")


@case.command()
@click.argument("ref")
@click.argument("text")
@as_option
@json_option
@with_desk
def answer(ref: str, text: str, author: str, as_json: bool) -> None:
    """Say TEXT in the case REF, as a customer or as staff. It counts once the room has it."""
    from roomdesk.cases import story, writing
    from roomdesk.runtime import clock

    message = writing.do_say(ref=ref, author=author, text=text, channel="cli", actor=cli_actor(), now=clock.now())
    value = {"ref": ref, **story.said(message)}
    emit(value, as_json, f"Message {message.pk} is {value['state']}.")


def cli_actor() -> Actor:
    """Who runs the command, for the audit."""
    from roomdesk.audit.work import Actor

    return Actor("cli", actor_name())
