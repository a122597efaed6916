"""`roomdesk consent`: what was asked of customers, and what they granted."""

from __future__ import annotations

import click

from roomdesk.cli.lines import answer_lines


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
