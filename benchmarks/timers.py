"""A pass of the timers with 10 due out of 1,000, 100,000 and 1,000,000 running clocks. Run: `python benchmarks/timers.py [SIZES…]`.

The rows are made with generate_series in a folder that is removed afterwards, on an embedded PostgreSQL alone. A pass is what a
worker does: find what is due, lock the lanes, load, decide, tell, write, commit. The aim of issue 4: the cost is that of
what is due, so the ratio of the largest to the smallest is at most 1.5. Medians of several passes, each with ten other clocks.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.support.installation import installation, migrate

SIZES = (1_000, 100_000, 1_000_000)
DUE = 10
PASSES = 40


def main(sizes: list[int]) -> None:
    with installation(parts={"postgres"}):
        migrate()
        _measure(sizes)


def _measure(sizes: list[int]) -> None:
    from roomdesk.runtime import clock

    print(f"load of the machine before: {' '.join(f'{part:.1f}' for part in os.getloadavg())}, {os.cpu_count()} cores")
    with clock.frozen(clock.now()) as frozen:
        _workspaces()
        medians, made = {}, 0
        for size in sizes:
            began = time.monotonic()
            _rows(made, size, frozen.at)
            made = size
            medians[size] = _passes(frozen)
            print(
                f"{size:>9,} running clocks: {medians[size] * 1000:.1f} ms for a pass with {DUE} due "
                f"(median of {PASSES}; rows made in {time.monotonic() - began:.0f} s)"
            )
    print(f"largest to smallest: {medians[max(sizes)] / medians[min(sizes)]:.2f} (aim: at most 1.5)")
    print(f"load of the machine after: {' '.join(f'{part:.1f}' for part in os.getloadavg())}")


def _workspaces(count: int = 200) -> None:
    from roomdesk.audit.work import Actor
    from roomdesk.directory import services
    from roomdesk.queues.models import InboxEvent
    from roomdesk.runtime import clock

    actor, now = Actor("cli", "bench"), clock.now() - timedelta(days=30)
    for number in range(count):
        slug = f"bench-{number}"
        services.do_put_workspace(slug=slug, product="power-omni", tier="enterprise", actor=actor, now=now)
    InboxEvent.objects.all().delete()


def _rows(first: int, last: int, now: object) -> None:
    """Cases, cycles, clocks and timers from number `first` to `last`: due in a day or later, elapsed, as critical ones are."""
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in _STATEMENTS:
            cursor.execute(statement, {"first": first + 1, "last": last, "now": now})
        for table in ("cases_case", "cases_casecycle", "clocks_clock", "queues_timer"):
            cursor.execute(f"ANALYZE {table}")


_STATEMENTS = (
    """
INSERT INTO cases_case (id, ref, workspace_id, product, title, kind, severity, state, channel, is_restricted,
  root_event_id, opened_at, cycle)
SELECT n, 'PO-' || n, w.ids[1 + n %% cardinality(w.ids)], 'power-omni', 'A matter', 'other', 'critical', 'new', 'form', false,
  '', %(now)s, 1
FROM generate_series(%(first)s, %(last)s) n, (SELECT array_agg(id ORDER BY id) ids FROM directory_workspace) w
""",
    """
INSERT INTO cases_casecycle (id, case_id, number, tier, addons, product_version_id, started_at, first_response, fix,
  root_cause, root_cause_unknown, satisfaction)
SELECT n, n, 1, 'enterprise', '{}', v.id, %(now)s, 'started', '', '', false, ''
FROM generate_series(%(first)s, %(last)s) n, (SELECT id FROM product_productversion WHERE slug = 'power-omni') v
""",
    """
INSERT INTO clocks_clock (id, case_id, cycle_id, kind, severity, tier, addons, target_kind, target_amount, is_soft, is_public, calendar,
  product_version_id, started_at, counted_from, pauses, due_at, state, stopped_by, revision, revised_at, told, cause, without,
  caused_by)
SELECT n, n, n, 'first_response', 'critical', 'enterprise', '', 'elapsed', '48', false, true, 'always', v.id, at, at, '',
  at + interval '48 hours', 'running', '', 1, at, 0, '', '', ''
FROM (SELECT n, %(now)s::timestamptz + make_interval(secs => n %% 80000) AS at
      FROM generate_series(%(first)s, %(last)s) n) s,
  (SELECT id FROM product_productversion WHERE slug = 'power-omni') v
""",
    """
INSERT INTO queues_timer (lane_id, kind, subject_id, next_at, state)
SELECT w.lane_id, 'clock_due', k.id, k.started_at + interval '24 hours', 'pending'
FROM clocks_clock k JOIN cases_case c ON c.id = k.case_id JOIN directory_workspace w ON w.id = c.workspace_id
WHERE k.id BETWEEN %(first)s AND %(last)s
""",
)


def _passes(frozen: object) -> float:
    """Each pass finds ten clocks whose half is over: their steps come a moment ago, everything else stays in the future."""
    seconds = []
    for number in range(PASSES + 3):
        _make_due(number)
        began = time.perf_counter()
        from roomdesk import timers

        fired = timers.fire()
        seconds.append(time.perf_counter() - began)
        assert fired == DUE, fired
    # The first passes read the product and warm the connection.
    return statistics.median(seconds[3:])


def _make_due(number: int) -> None:
    """Ten clocks that began 24 hours ago and were not told of yet, in ten workspaces."""
    from django.db import connection

    from roomdesk.runtime import clock

    low = number * DUE + 1
    values = {"low": low, "high": low + DUE - 1, "now": clock.now()}
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM clocks_notice WHERE clock_id BETWEEN %(low)s AND %(high)s", values)
        cursor.execute(
            "UPDATE clocks_clock SET started_at = at, counted_from = at, revised_at = at, told = 0, due_at = at + interval '48 hours' "
            "FROM (SELECT %(now)s::timestamptz - interval '24 hours 1 second' AS at) s WHERE id BETWEEN %(low)s AND %(high)s",
            values,
        )
        cursor.execute(
            "UPDATE queues_timer SET next_at = %(now)s::timestamptz - interval '1 second' WHERE subject_id BETWEEN %(low)s AND %(high)s",
            values,
        )


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or list(SIZES))
