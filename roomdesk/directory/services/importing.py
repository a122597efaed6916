"""Putting many workspaces from a file: all of them or none, unless the good lines are wanted alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.directory.errors import DeskError
from roomdesk.directory.files import Line
from roomdesk.directory.services.granting import fulfil, grant, lock_lanes
from roomdesk.directory.services.together import together
from roomdesk.directory.services.wishes import Outcome
from roomdesk.queues.models import Lane


@dataclass(frozen=True, slots=True)
class LineReport:
    """What became of one line: created, changed, unchanged or refused (then with the reason)."""

    line: int
    slug: str
    result: str
    error: str = ""
    field: str | None = None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """`is_written` says whether anything at all was kept."""

    lines: list[LineReport]
    is_written: bool

    @property
    def refused(self) -> int:
        return sum(line.result == "refused" for line in self.lines)


class _Undo(Exception):
    """Carries the report out of a transaction that must not stay."""

    def __init__(self, lines: list[LineReport]) -> None:
        self.lines = lines


def do_import(
    lines: Sequence[Line], *, partial: bool = False, dry_run: bool = False, actor: Actor, now: datetime
) -> ImportReport:
    """Puts what the lines wish. Idempotent. With `partial` the refused lines are left out, with `dry_run` nothing stays."""
    if partial and not dry_run:
        reports = [_alone(line, actor, now) for line in lines]
        return ImportReport(reports, is_written=any(r.result in ("created", "changed") for r in reports))
    try:
        return ImportReport(together(lambda: _all(lines, dry_run, actor, now)), is_written=True)
    except _Undo as undo:
        return ImportReport(undo.lines, is_written=False)


def _all(lines: Sequence[Line], dry_run: bool, actor: Actor, now: datetime) -> list[LineReport]:
    """Every line in one transaction, which is undone if one is refused. Each is tried, so that all reasons are found."""
    held = lock_lanes([wish for line in lines for wish in line.wishes])
    work = Work(now, actor)
    reports = [_within(line, held, work) for line in lines]
    if any(report.result == "refused" for report in reports):
        raise _Undo(reports)
    work.flush()
    if dry_run:
        raise _Undo(reports)
    return reports


def _within(line: Line, held: dict[str, Lane], work: Work) -> LineReport:
    if line.refusal:
        return _refused(line, line.refusal)
    try:
        with transaction.atomic():
            return _done(line, [fulfil(wish, held, work) for wish in line.wishes])
    except DeskError as refusal:
        return _refused(line, refusal)


def _alone(line: Line, actor: Actor, now: datetime) -> LineReport:
    try:
        return _refused(line, line.refusal) if line.refusal else _done(line, grant(line.wishes, actor, now))
    except DeskError as refusal:
        return _refused(line, refusal)


def _done(line: Line, outcomes: Sequence[Outcome[object]]) -> LineReport:
    changed = any(outcome.changed for outcome in outcomes)
    return LineReport(
        line.number, line.slug, "created" if outcomes[0].created else "changed" if changed else "unchanged"
    )


def _refused(line: Line, refusal: DeskError) -> LineReport:
    return LineReport(line.number, line.slug, "refused", str(refusal), refusal.field)
