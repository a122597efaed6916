"""`roomdesk bench`: made-up messages for measuring, in demo and test."""

from __future__ import annotations

import click

from roomdesk.cli.base import actor_name, emit, json_option, with_desk


@click.group()
def bench() -> None:
    """Make up messages for measuring, in demo and test."""


@bench.command()
@click.option("--messages", type=click.IntRange(1, 20_000_000), required=True, help="How many to add.")
@click.option(
    "--workspaces", type=click.IntRange(1, 99_999), required=True, help="Among how many; missing ones are made."
)
@click.option(
    "--cases", type=click.IntRange(0, 5_000_000), default=0, help="How many cases to add, one in fifty of them open."
)
@json_option
@with_desk
def seed(messages: int, workspaces: int, cases: int, as_json: bool) -> None:
    """Add made-up messages of the last two years to workspaces bench-00001 and so on. They have no evidence in the audit."""
    from roomdesk.audit.work import Actor
    from roomdesk.demo import crowd
    from roomdesk.runtime import clock

    crowd.seed(
        messages,
        workspaces,
        Actor("cli", actor_name()),
        clock.now(),
        lambda words: click.echo(words, err=True),
        cases=cases,
    )
    value = {"messages": messages, "workspaces": workspaces, "cases": cases}
    emit(
        value,
        as_json,
        f"{messages:,} messages{f' and {cases:,} cases' if cases else ''} were added to {workspaces:,} workspaces.",
    )
