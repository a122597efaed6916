"""Timers: rows that say when somebody has to look at something. One pending row for each kind and subject.

Written and fired under their lane's lock, so that nothing fires twice and nobody moves what is just being fired.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from roomdesk.queues import lanes
from roomdesk.queues.models import Timer
from roomdesk.queues.signals import TIMERS, notification
from roomdesk.queues.statements import Statement


@dataclass(frozen=True, slots=True)
class Wanted:
    """The subject's timer is to stand at `at`; None takes it away."""

    lane_id: int
    kind: str
    subject_id: int
    at: datetime | None


def putting(wanted: Iterable[Wanted]) -> list[Statement]:
    """The statements that set, move and take away timers: three however many there are."""
    wanted = list(wanted)
    return [
        *_taking_away([one for one in wanted if one.at is None]),
        *_setting([one for one in wanted if one.at is not None]),
    ]


def _setting(wanted: Collection[Wanted]) -> list[Statement]:
    if not wanted:
        return []
    arrays = [[getattr(one, name) for one in wanted] for name in ("lane_id", "kind", "subject_id", "at")]
    return [(_SET, arrays), notification(TIMERS)]


_SET = """
INSERT INTO queues_timer (lane_id, kind, subject_id, next_at, state)
SELECT v.lane_id, v.kind, v.subject_id, v.next_at, 'pending'
FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::timestamptz[]) AS v(lane_id, kind, subject_id, next_at)
ON CONFLICT (kind, subject_id) WHERE state = 'pending' DO UPDATE SET next_at = excluded.next_at
"""


def _taking_away(wanted: Collection[Wanted]) -> list[Statement]:
    return [(_TAKE_AWAY, [[one.kind for one in wanted], [one.subject_id for one in wanted]])] if wanted else []


_TAKE_AWAY = """
DELETE FROM queues_timer t USING unnest(%s::text[], %s::bigint[]) AS v(kind, subject_id)
WHERE t.kind = v.kind AND t.subject_id = v.subject_id AND t.state = 'pending'
"""


def due_lanes(now: datetime, limit: int) -> list[int]:
    """Lanes of the timers that have been due longest and may be fired: see `unheard`."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE_LANES, {"now": now, "limit": limit, "held": now - lanes.HELD_FOR})
        return sorted({row[0] for row in cursor.fetchall()})


def unheard(lane_ids: Collection[int], now: datetime) -> set[int]:
    """Those of the lanes where somebody may have spoken already: events wait, or a room is still being read back (`holds`).

    An answer may be among what waits, so nothing of such a lane is told to have run late.
    """
    with connection.cursor() as cursor:
        cursor.execute(_UNHEARD, {"lanes": list(lane_ids), "held": now - lanes.HELD_FOR})
        return {row[0] for row in cursor.fetchall()}


_DUE_LANES = """
SELECT t.lane_id FROM queues_timer t
WHERE t.state = 'pending' AND t.next_at < %(now)s
  AND NOT EXISTS (SELECT 1 FROM queues_inboxevent e WHERE e.lane_id = t.lane_id AND e.state = 'pending')
  AND NOT EXISTS (SELECT 1 FROM queues_route r
                  WHERE r.lane_id = t.lane_id AND r.unread_from IS NOT NULL AND r.held_since > %(held)s)
ORDER BY t.next_at LIMIT %(limit)s
"""
_UNHEARD = """
SELECT e.lane_id FROM queues_inboxevent e WHERE e.lane_id = ANY(%(lanes)s) AND e.state = 'pending'
UNION
SELECT r.lane_id FROM queues_route r
WHERE r.lane_id = ANY(%(lanes)s) AND r.unread_from IS NOT NULL AND r.held_since > %(held)s
"""


def due(lane_ids: Iterable[int], now: datetime, limit: int) -> list[Timer]:
    """Timers of the (held) lanes that are due, the longest due first."""
    timers = Timer.objects.filter(state=Timer.State.PENDING, next_at__lt=now, lane_id__in=list(lane_ids))
    return list(timers.order_by("next_at", "id")[:limit])
