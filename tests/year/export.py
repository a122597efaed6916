"""What leaves the desk at the end of the year: the chains as `roomdesk audit export` writes them, and what the database held."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from roomdesk.audit.verify import scopes
from roomdesk.cli import main
from roomdesk.clocks.measure import pauses_of, promise_of
from roomdesk.clocks.models import Clock, Notice
from roomdesk.rules.due_time import consumed, six_decimals
from tests.year import schedule

CHAINS, HELD = "chains", "held.json"


def leave(folder: Path) -> None:
    """Writes `chains/<scope>.jsonl` and `held.json` (clocks and notices by workspace) into the folder."""
    (folder / CHAINS).mkdir(parents=True)
    for scope in scopes():
        told = CliRunner().invoke(main, ["audit", "export", scope])
        assert told.exit_code == 0, told.stderr
        (folder / CHAINS / f"{scope.replace(':', '@')}.jsonl").write_text(told.stdout, encoding="ascii")
    (folder / HELD).write_text(
        json.dumps({"clocks": _clocks(), "notices": _notices()}, default=_plain), encoding="utf-8"
    )


def _plain(value: object) -> Any:
    assert isinstance(value, datetime), value
    return schedule.micros(value)


def _clocks() -> list[dict[str, Any]]:
    rows = Clock.objects.select_related("case__workspace", "cycle").order_by("id")
    return [{**_key(clock), **_held(clock)} for clock in rows]


def _key(clock: Clock) -> dict[str, Any]:
    return {
        "scope": f"workspace:{clock.case.workspace.slug}",
        "ref": clock.case.ref,
        "cycle": clock.cycle.number,
        "clock": str(clock.kind),
        "started_at": clock.started_at,
    }


def _held(clock: Clock) -> dict[str, Any]:
    names = ("due_at", "breached_at", "stopped_at", "paused_at", "revision", "told", "caused_by")
    promise = promise_of(clock)
    at = clock.stopped_at or schedule.instant(schedule.END)
    used = consumed(promise.compiled, promise.target, promise.counted_from, pauses_of(clock), at)
    return {**{name: getattr(clock, name) for name in names}, "state": str(clock.state), "consumed": six_decimals(used)}


def _notices() -> list[dict[str, Any]]:
    rows = Notice.objects.select_related("clock__case__workspace", "clock__cycle").order_by("id")
    names = ("revision", "step", "due_at", "planned_at", "told_at", "is_late", "audience", "digest")
    return [{**_key(row.clock), **{name: getattr(row, name) for name in names}} for row in rows]
