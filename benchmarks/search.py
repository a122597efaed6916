"""Search of the record: p95 of 50 query kinds for staff and within one workspace. Run: `python benchmarks/search.py [SMALL LARGE] [--in FOLDER] [--kinds]`.

10,000 and 1,000,000 messages in 100 and 10,000 workspaces are made, each size in an installation of its own on an embedded PostgreSQL alone,
by what `roomdesk bench seed` calls. With `--in` they stay there, and the next run measures them again without making them; otherwise they
are removed. What is measured is `cases.search.search` with its page of messages, as every face calls it. Each kind is asked `TIMES`
times with other words of the same frequency; the figure of a size is the p95 over all of them. They are asked twice, with words of
their own each time: the first round, told beside the figure, is that of a database that was just started and has nothing at hand. Both
sizes are asked in turn, kind by kind: whatever else the machine does weighs on both. The aim of issue 5: p95 under 100 ms and a growth
of at most 1.5. A bare round trip to the database is measured beside it, in the same run.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.support.installation import installation, migrate

SIZES = (10_000, 1_000_000)
PER_WORKSPACE = 100
TIMES = 5
_STARTED = "just started"
#: The installation of this process, in the processes that have one.
_RUNNING = ExitStack()


def main(sizes: list[int], kept: str, *, with_kinds: bool = False) -> None:
    folder = Path(kept or tempfile.mkdtemp(prefix="roomdesk-bench-"))
    print(f"load of the machine before: {_load()}, {os.cpu_count()} cores", flush=True)
    try:
        found = _measured([(size, folder / str(size)) for size in sorted(sizes)])
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)
    small, large = min(sizes), max(sizes)
    for size in found:
        _tell(size, found[size])
    for what in ("staff", "workspace", "all", _STARTED):
        ratio = _p95(_of(found[large], what)) / _p95(_of(found[small], what))
        print(f"growth of p95 ({what}) from {small:,} to {large:,}: {ratio:.2f} (aim: at most 1.5)")
    if with_kinds:
        _tell_kinds(found[small], found[large])
    print(f"load of the machine after: {_load()}")


def _tell_kinds(small: dict[str, list[float]], large: dict[str, list[float]]) -> None:
    """What makes the growth: the median of each kind at both sizes, in ms, those that cost most at the larger one first."""
    for kind in sorted(large, key=lambda kind: -_median(large[kind])):
        before, after = _median(small[kind]) * 1000, _median(large[kind]) * 1000
        print(f"  {before:7.1f} {after:7.1f} {after / before:6.2f}  {kind}")


def _measured(places: list[tuple[int, Path]]) -> dict[int, dict[str, list[float]]]:
    """Seconds of each size by kind. The sizes are asked in turn, so that whatever else the machine does weighs on all of them."""
    with ExitStack() as stack:
        # One process to an installation: its settings hold for the whole of it.
        pools = {size: stack.enter_context(_process()) for size, _ in places}
        for size, folder in places:
            pools[size].submit(_begin, folder, size).result()
            stack.callback(lambda pool: pool.submit(_RUNNING.close).result(), pools[size])
        found: dict[int, dict[str, list[float]]] = {size: {_STARTED: []} for size in pools}
        for who, kind in _ASKED:
            for size, pool in pools.items():
                found[size][_STARTED] += pool.submit(_ask, who, kind, size, _STARTED).result()
        for who, kind in (*_ASKED, *(("best", kind) for kind in KINDS[:2])):
            for size, pool in pools.items():
                found[size][f"{who} {kind}"] = pool.submit(_ask, who, kind, size).result()
        for size, pool in pools.items():
            found[size]["round trip"] = pool.submit(_round_trips).result()
        return found


def _process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


def _begin(folder: Path, size: int) -> None:
    _RUNNING.enter_context(installation(folder, parts={"postgres"}))
    migrate()
    if not (folder / "filled").exists():
        began = time.monotonic()
        _fill(size)
        (folder / "filled").touch()
        print(f"{size:>9,} messages made in {time.monotonic() - began:.0f} s", flush=True)
    else:
        _file_anew(size)
    print(f"{size:>9,} messages: index {_index_size()}", flush=True)


def _file_anew(size: int) -> None:
    """A folder that was kept may be of an older version, which filed messages otherwise: then the workers would be at it now."""
    import psycopg

    from roomdesk.bootstrap import settings
    from roomdesk.record import finding

    began, count = time.monotonic(), 0
    while filed := finding.file_waiting(10_000):
        count += filed
    if count:
        with psycopg.connect(settings.database_owner_url, autocommit=True) as owner:
            owner.execute("VACUUM ANALYZE record_findable")
        print(f"{size:>9,} messages: {count:,} filed anew in {time.monotonic() - began:.0f} s", flush=True)


def _load() -> str:
    return " ".join(f"{part:.1f}" for part in os.getloadavg())


def _fill(size: int) -> None:
    """Fills the emptied tables with indexes and references off, which is several times as fast, and makes those anew."""
    import psycopg

    from roomdesk.audit.work import Actor
    from roomdesk.bootstrap import settings
    from roomdesk.demo.crowd import seed
    from roomdesk.runtime import clock

    with psycopg.connect(settings.database_owner_url, autocommit=True) as owner:
        owner.execute(
            "TRUNCATE record_findable, record_unfiled, record_message, cases_case, directory_workspace, queues_lane, directory_person CASCADE"
        )
        again = take_off(owner)
        seed(size, max(1, size // PER_WORKSPACE), Actor("cli", "bench"), clock.now(), _progress)
        for statement in again:
            owner.execute(statement)
        owner.execute("VACUUM ANALYZE record_findable")
        owner.execute("VACUUM ANALYZE record_message")
        owner.execute("ANALYZE")


def _progress(words: str) -> None:
    print(f"  {words}, {time.strftime('%H:%M:%S')}", file=sys.stderr, flush=True)


def take_off(owner: Any) -> list[str]:
    """Drops what makes writing slow; gives the statements that bring it back."""
    again = []
    for table in ("record_findable", "record_message"):
        keys = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass"
        for name, definition in owner.execute(keys, [table]).fetchall():
            owner.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
            again.append(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        indexes = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT LIKE '%%_pkey'"
        for name, definition in owner.execute(indexes, [table]).fetchall():
            owner.execute(f'DROP INDEX "{name}"')
            again.append(definition.replace(" ON ONLY ", " ON "))
    return again


def _index_size() -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_size_pretty(pg_relation_size('findable_words')), pg_size_pretty(pg_total_relation_size('record_findable'))"
        )
        return "{} of {}".format(*cursor.fetchone())


def _rank(language: str, rank: int) -> Callable[[random.Random], str]:
    """A word of about this rank: another one each time."""
    from roomdesk.demo.babble import vocabulary

    return lambda dice: vocabulary(language)[rank + dice.randrange(max(1, rank // 10))]


#: Query kinds for staff: 38. `{en0}` is a word of English of rank 0 (in most messages), `{en5}` one of the rank of five digits.
KINDS = (
    "{en0}", "{en1}", "{en2}", "{en3}", "{pt0}", "{pt1}", "{pt2}", "{bg0}", "{bg1}", "{bg2}", "{bg3}", "{number}", "nothinglikethis",
    "{en0} {en1}", "{en1} {en1}", "{en1} {en2}", "{en2} {en2}", "{en2} {en3}", "{bg1} {bg2}", "{pt1} {pt2}", "{en1} {en1} {en1}",
    '"{en0} {en1}"', '"{en1} {en1}"', '"{bg1} {bg1}"', "inv*", "фак*", "rel*", "{en1} exp*",
    "from:staff {en1}", "from:bench-staff-3 {en1}", "from:bench-staff-3", "has:file", "has:file {en1}",
    "after:{year} {en1}", "before:{year} {en1}", "before:{year} {en2}", "after:{day}", "case:{case} {en0}",
)  # fmt: skip
#: And within one workspace: 12.
WITHIN = (
    "{en0}", "{en1}", "{en2}", "{bg1}", "{pt1}", "{en1} {en1}", '"{en0} {en1}"', "inv*", "from:staff", "has:file", "before:{year}",
    "{number}",
)  # fmt: skip
_RANKS = {"0": 0, "1": 20, "2": 300, "3": 3_000}


def _queries(kind: str, size: int, among: str = "") -> Iterator[str]:
    from roomdesk.cases.models import Case
    from roomdesk.record.models import Message
    from roomdesk.runtime import clock

    dice, now = random.Random(f"{kind}{among}"), clock.now()
    refs = list(Case.objects.values_list("ref", flat=True)[:500])
    last = Message.objects.order_by("-id").values_list("id", flat=True)[0]
    for _ in range(TIMES):
        text = kind
        for language in ("en", "pt", "bg"):
            for digit, rank in _RANKS.items():
                while f"{{{language}{digit}}}" in text:
                    text = text.replace(f"{{{language}{digit}}}", _rank(language, rank)(dice), 1)
        yield text.format(
            number=last - dice.randrange(size),
            year=f"{now - timedelta(days=365):%Y-%m-%d}",
            day=f"{now - timedelta(days=2):%Y-%m-%d}",
            case=dice.choice(refs),
        )


#: Who asks what.
_ASKED = (*(("staff", kind) for kind in KINDS), *(("workspace", kind) for kind in WITHIN))


def _ask(who: str, kind: str, size: int, among: str = "") -> list[float]:
    """Seconds of a kind: for `staff`, within a `workspace`, or in the order of the `best`."""
    from roomdesk.cases.search import BEST, NEWEST, search
    from roomdesk.directory.models import Workspace
    from roomdesk.directory.queries import Viewer
    from roomdesk.runtime import clock

    slugs = list(Workspace.objects.order_by("slug").values_list("pk", flat=True)[:TIMES])
    found, order = [], BEST if who == "best" else NEWEST
    for number, text in enumerate(_queries(kind, size, among)):
        viewer = Viewer("staff", "bench", sees_all=True)
        if who == "workspace":
            viewer = Viewer("token", "bench", workspaces=frozenset({slugs[number % len(slugs)]}))
        began = time.perf_counter()
        search(viewer, text, clock.now(), order=order)
        found.append(time.perf_counter() - began)
    return found


def _round_trips() -> list[float]:
    return [_round_trip() for _ in range(100)]


def _round_trip() -> float:
    from django.db import connection

    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return time.perf_counter() - began


def _of(found: dict[str, list[float]], who: str) -> list[float]:
    return [
        t
        for kind, times in found.items()
        for t in times
        if kind.startswith(("staff", "workspace") if who == "all" else who)
    ]


def _p95(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.95)]


def _median(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) // 2]


def _tell(size: int, found: dict[str, list[float]]) -> None:
    for who in ("staff", "workspace", "all", _STARTED, "best", "round trip"):
        times = _of(found, who)
        print(f"{size:>9,} {who}: p95 {_p95(times) * 1000:.1f} ms, median {_median(times) * 1000:.1f} ms", flush=True)
    slow = sorted(found, key=lambda kind: -_median(found[kind]))[:8]
    print("  the slowest kinds: " + "; ".join(f"{kind} {_median(found[kind]) * 1000:.0f} ms" for kind in slow))


if __name__ == "__main__":
    words = argparse.ArgumentParser()
    words.add_argument("sizes", type=int, nargs="*", default=SIZES)
    words.add_argument("--in", dest="folder", default="")
    words.add_argument("--kinds", action="store_true", help="print the median of each kind at both sizes")
    asked = words.parse_args()
    main(list(asked.sizes), asked.folder, with_kinds=asked.kinds)
