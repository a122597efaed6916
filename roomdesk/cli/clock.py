"""`roomdesk clock`: the time of a demo or test installation."""

from __future__ import annotations

import re
from datetime import timedelta

import click

from roomdesk.cli.base import Refused, emit, iso, json_option, with_desk

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_DURATION = re.compile(r"(?:[0-9]{1,6}[dhms])+")


class Duration(click.ParamType[timedelta]):
    """`90s`, `30m`, `4h`, `2d`, or several in a row: `1d4h30m`."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        text = str(value)
        if not _DURATION.fullmatch(text):
            self.fail(f'"{text}" is no duration; give one like 90s, 30m, 4h, 2d or 1d4h30m.', param, ctx)
        return sum(
            (timedelta(**{_UNITS[unit]: int(amount)}) for amount, unit in re.findall(r"([0-9]+)([dhms])", text)),
            timedelta(),
        )


@click.group()
def clock() -> None:
    """The time of a demo or test installation."""


@clock.command()
@json_option
@with_desk
def show(as_json: bool) -> None:
    """Show the desk's time, and how far it was moved."""
    _say(as_json)


@clock.command()
@click.argument("duration", type=Duration())
@click.option("--jump", is_flag=True, help="At once, as after a downtime, instead of through each due instant.")
@json_option
@with_desk
def advance(duration: timedelta, jump: bool, as_json: bool) -> None:
    """Move the clock forward by DURATION (90s, 30m, 4h, 2d, 1d4h), working off what becomes due on the way."""
    from roomdesk.queues import stepping
    from roomdesk.runtime import clock as time

    try:
        steps = 0 if jump else stepping.advance(duration)
        if jump:
            time.advance(duration)
    except time.ClockRefused as error:
        raise Refused(str(error)) from error
    _say(as_json, steps)


def _say(as_json: bool, steps: int | None = None) -> None:
    from roomdesk.runtime import clock as time

    now, offset = time.now(), time.offset()
    value = {"now": iso(now), "offset_seconds": offset // timedelta(seconds=1)}
    words = f"The desk's time is {now:%Y-%m-%d %H:%M:%S} UTC, {offset} ahead of real time."
    emit(value if steps is None else {**value, "steps": steps}, as_json, words)
