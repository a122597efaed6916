"""Links and incidents on the command line: `roomdesk case link`, `attach`, `answer-all`, …"""

from __future__ import annotations

from typing import Any

import click

from roomdesk.cli.base import emit, json_option, with_desk
from roomdesk.cli.case import as_option, case, cli_actor
from roomdesk.cli.case_acts import act, tell
from roomdesk.cli.directory import viewer


def _hands(author: str | None) -> Any:
    from roomdesk.cases.together import Hands
    from roomdesk.runtime import clock

    return Hands(viewer(), author, cli_actor(), clock.now())


@act("link")
@click.argument("ref")
@click.argument("to")
def link(ref: str, to: str, author: str | None, reason: str, as_json: bool) -> None:
    """Say that the cases REF and TO have to do with each other."""
    from roomdesk.cases import linking

    tell(linking.do_link(_hands(author), ref, to, reason=reason), as_json)


@act("unlink")
@click.argument("ref")
@click.argument("to")
def unlink(ref: str, to: str, author: str | None, reason: str, as_json: bool) -> None:
    """Take the link of the cases REF and TO away."""
    from roomdesk.cases import linking

    tell(linking.do_unlink(_hands(author), ref, to, reason=reason), as_json)


@act("attach")
@click.argument("ref")
@click.argument("to")
def attach(ref: str, to: str, author: str | None, reason: str, as_json: bool) -> None:
    """Attach the case REF to the incident that the case TO leads, of whatever workspace."""
    from roomdesk.cases import linking

    tell(linking.do_attach(_hands(author), ref, to, reason=reason), as_json)


@act("detach")
@click.argument("ref")
def detach(ref: str, author: str | None, reason: str, as_json: bool) -> None:
    """Take the case REF out of its incident."""
    from roomdesk.cases import linking

    tell(linking.do_detach(_hands(author), ref, reason=reason), as_json)


@case.command("answer-all")
@click.argument("ref")
@click.argument("text")
@click.option("--in", "texts", nargs=2, multiple=True, metavar="LOCALE TEXT", help="For workspaces that speak it.")
@as_option
@json_option
@with_desk
def answer_all(ref: str, text: str, texts: tuple[tuple[str, str], ...], author: str, as_json: bool) -> None:
    """Say TEXT to the customers of the incident that the case REF leads, each once in their own room."""
    from roomdesk.cases import incidents

    words = incidents.Words(text, dict(texts))
    told = incidents.do_answer_all(_hands(author), ref, words, channel="cli")
    emit(incidents.shown(told), as_json, incidents.in_words(told))
