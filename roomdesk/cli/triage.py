"""`roomdesk triage`: what messages want."""

from __future__ import annotations

from functools import partial

import click

from roomdesk.cli.lines import answer_lines


@click.group()
def triage() -> None:
    """What messages want: kind, severity, the answer to give at once."""


@triage.command()
@click.option("--why", is_flag=True, help="Add what each finding was told by.")
def classify(why: bool) -> None:
    """Judge messages, one JSON object a line on stdin (id, product, locale, text), one finding a line on stdout.

    Needs no running desk. A line that cannot be understood is answered with `error`, and the next goes on.
    """
    from roomdesk.product.vocabulary import vocabulary
    from roomdesk.rules.triage_lines import answer_line

    answer_lines(partial(answer_line, vocabulary=lambda _: vocabulary(), with_why=why))
