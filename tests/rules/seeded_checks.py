"""What an engine that is loaded under any name is asked, until an answer is wrong."""

import json
import random
from datetime import datetime
from fractions import Fraction
from functools import cache
from importlib import import_module
from pathlib import Path

from tests.rules import oracle
from tests.rules.questions import SECOND, instant, question

VECTORS = (Path(__file__).parents[1] / "data/sla_vectors.jsonl").read_text("utf-8").splitlines()
SEEDS = range(400)
PARTS = (Fraction(1, 2), Fraction(3, 4), Fraction(9, 10), Fraction(1))


def failing_check(engine):
    """The first check that the engine (name of its package) does not pass, or None."""
    for check in (vector, exact_limit, due_of, start_of):
        for name, case in CASES[check]:
            if not _passes(check, engine, case):
                return name
    return None


def _passes(check, engine, case):
    try:
        check(engine, case)
    except Exception:
        return False
    return True


def vector(engine, line):
    wanted = json.loads(line)
    answer = import_module(f"{engine}.sla_lines").answer_line(line)
    assert answer == {"id": wanted["id"], "expect": wanted["expect"]}


def exact_limit(engine, opening):
    """The only working date lies at the very end of the ten years: from one second later on it counts."""
    rules, time = import_module(f"{engine}.due_time"), import_module(f"{engine}.working_time")
    written = {"timezone": "UTC", "week": {}, "openings": {opening: [["09:00", "10:00"]]}}
    calendar = time.compile_calendar(time.parse_calendar(written))
    target = rules.parse_target({"kind": "business_hours", "hours": 1})
    opens = datetime.fromisoformat(f"{opening}T09:00:00+00:00")
    start = opens.replace(year=opens.year - 10)
    assert rules.due(calendar, target, start.replace(second=1)) == opens.replace(hour=10)
    try:
        rules.due(calendar, target, start)
    except import_module(f"{engine}.errors").NoWorkingTime:
        return
    raise AssertionError


def due_of(engine, seed):
    (written, target, start, waits, at, stopped), told = told_of(seed)
    if told is None:
        return
    rules, calendar, goal, pauses = _prepared(engine, written, target, waits)
    *warned, last, used, states = told
    due = rules.due(calendar, goal, instant(start), pauses)
    assert due == last
    assert rules.warn_times(calendar, goal, instant(start), pauses) == tuple(warned)
    assert rules.consumed(calendar, goal, instant(start), pauses, instant(at)) == used
    assert rules.six_decimals(used) == oracle.six(used)
    assert [rules.state(goal, due, instant(at), instant(end), pauses) for end in (None, stopped)] == states


@cache
def told_of(seed):
    """A question, and three warnings, due, part used and states (running on, stopped) as the oracle tells them; None without working time."""
    asked = written, target, start, waits, at, stopped = question(random.Random(seed))
    plain = oracle.Calendar(written)
    if target["kind"] != "elapsed" and not plain.has_work(start, 10):
        return asked, None
    times = [None if at is None else at * SECOND for at in oracle.reached(plain, target, start, waits, PARTS)]
    used = oracle.used(plain, target, start, at, waits)
    states = [oracle.stands(target, times[-1], at, end, waits) for end in (None, stopped)]
    return asked, (*map(instant, times), used, states)


def start_of(engine, seed):
    (written, target, end, *_), expected = told_start_of(seed)
    if expected is None:
        return
    rules, calendar, goal, _ = _prepared(engine, written, target, [])
    assert rules.latest_start(calendar, goal, instant(end)) == expected


@cache
def told_start_of(seed):
    """A question, and the latest start for its instant as the oracle tells it; None without working time."""
    asked = written, target, end, *_ = question(random.Random(seed))
    plain = oracle.Calendar(written)
    if target["kind"] != "elapsed" and not plain.has_work(end // SECOND * SECOND, -10):
        return asked, None
    return asked, instant(oracle.latest_start(plain, target, end) * SECOND)


def _prepared(engine, written, target, waits):
    rules, time = import_module(f"{engine}.due_time"), import_module(f"{engine}.working_time")
    calendar = time.CompiledCalendar(time.parse_calendar(written))
    return rules, calendar, rules.parse_target(target), [(instant(a), instant(b)) for a, b in waits]


CASES = {
    vector: [(f"vector {json.loads(line)['id']}", line) for line in VECTORS],
    exact_limit: [(f"ten years to {day}", day) for day in ("2036-03-06", "2031-12-31")],
    due_of: [(f"oracle, due, seed {seed}", seed) for seed in SEEDS],
    start_of: [(f"oracle, latest start, seed {seed}", seed) for seed in SEEDS],
}
