"""How long the server takes for a page, and what a page weighs. Run: `python benchmarks/pages.py [SCALE] [--in FOLDER]`.

Twice, at 1 % and at SCALE (1: all; 0.1: a tenth) of 10,000 workspaces, 100,000 cases and 1,000,000 messages, each in an installation of its own on an
embedded PostgreSQL alone, made by what `roomdesk bench seed` calls. With `--in` they stay there, and the next run measures them again. A page is asked for
through the whole of Django (middleware, session, view, template), in this process, `TIMES` times with other cases, words and workspaces; the figure is
the p95. Its weight is the page with every stylesheet and script that it names, compressed as nginx does (gzip 6). The aims: p95 under
50 ms for the inbox and a case, 100 ms for search and reports, a growth from 1 % of at most 1.5, under 150 kB. A bare round trip to the database
stands beside it, measured in the same run.
"""

from __future__ import annotations

import argparse
import gzip
import multiprocessing
import os
import random
import re
import shutil
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.support.installation import installation, migrate

WORKSPACES, CASES, MESSAGES = 10_000, 100_000, 1_000_000
TIMES = 100
#: Name, address, the aim of its p95 in milliseconds (0: none is set).
PAGES = (
    ("inbox", "/console/", 50),
    ("case", "/console/cases/{ref}", 50),
    ("all cases", "/console/?view=all", 50),
    ("search", "/console/search?q={word}", 100),
    ("reports", "/console/reports", 100),
    ("support", "/portal/{slug}/", 0),
    ("request", "/portal/{slug}/cases/{own}", 0),
    ("requests", "/portal/{slug}/cases?view=all", 0),
    ("portal search", "/portal/{slug}/search?q={word}", 100),
)


def main(scale: float, kept: str) -> int:
    folder = Path(kept or tempfile.mkdtemp(prefix="roomdesk-bench-"))
    print(f"load of the machine before: {_load()}, {os.cpu_count()} cores", flush=True)
    try:
        small, large = (_in_a_process(folder / f"{share}", share) for share in (0.01, scale))
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"load of the machine after: {_load()}")
    return 0 if _told(small, large) else 1


def _told(small: dict[str, Any], large: dict[str, Any]) -> bool:
    is_good = True
    print(f"bare round trip p95: {small['bare']:.2f} ms and {large['bare']:.2f} ms")
    for name, _address, aim in PAGES:
        if name not in large["times"]:
            print(f"{name:14} is not there")
            continue
        before, after, weight = small["times"][name], large["times"][name], large["weights"][name]
        growth = after / before
        met = (not aim or after < aim) and growth <= 1.5 and weight < 150
        is_good = is_good and met
        wanted = f"under {aim} ms" if aim else "none"
        print(
            f"{name:14} p95 {before:6.1f} ms at 1 %, {after:6.1f} ms (aim: {wanted}); growth {growth:.2f}; {weight:.0f} kB"
            f"{'' if met else '   NOT MET'}"
        )
    return is_good


def _in_a_process(folder: Path, share: float) -> dict[str, Any]:
    """One installation to a process: its settings hold for the whole of it."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measure, folder, share).result()


def _measure(folder: Path, share: float) -> dict[str, Any]:
    with installation(folder, parts={"postgres"}):
        migrate()
        if not (folder / "filled").exists():
            began = time.monotonic()
            _fill(share)
            (folder / "filled").touch()
            print(f"{share:.0%} of the data made in {time.monotonic() - began:.0f} s", flush=True)
        return _asked(random.Random(7))


def _fill(share: float) -> None:
    import psycopg

    from benchmarks.search import take_off
    from roomdesk.audit.work import Actor
    from roomdesk.bootstrap import settings
    from roomdesk.demo.crowd import seed
    from roomdesk.runtime import clock

    counts = [max(1, int(number * share)) for number in (MESSAGES, WORKSPACES, CASES)]
    with psycopg.connect(str(settings.database_owner_url), autocommit=True) as owner:
        # Indexes and references made afterwards are several times as fast.
        again = take_off(owner)
        seed(counts[0], counts[1], Actor("cli", "bench"), clock.now(), _progress, cases=counts[2])
        for statement in again:
            owner.execute(statement)
        _lead()
        owner.execute("VACUUM ANALYZE")


def _lead() -> None:
    """Somebody who sees every case."""
    from roomdesk.audit.work import Actor
    from roomdesk.directory import services
    from roomdesk.runtime import clock

    services.do_put_staff(id="bench-lead", roles=["lead"], actor=Actor("cli", "bench"), now=clock.now())


def _asked(dice: random.Random) -> dict[str, Any]:
    from django.test import Client

    from roomdesk.cases.models import Case
    from roomdesk.demo.babble import vocabulary

    cases = list(
        Case.objects.filter(cycles__number=1)
        .order_by("-pk")
        .values_list("ref", "workspace__slug", "is_restricted")[: TIMES * 20]
    )
    plain = [(ref, slug) for ref, slug, is_restricted in cases if not is_restricted]
    words = vocabulary("en")[100:2_000]
    lead, owners = _signed_in("bench-lead"), dict[str, Client]()
    times: dict[str, list[float]] = {}
    weights: dict[str, float] = {}
    for round_number in range(TIMES + 5):
        ref, slug = dice.choice(plain)
        given = {"ref": ref, "own": ref, "slug": slug, "word": dice.choice(words)}
        for name, address, _aim in PAGES:
            is_portal = address.startswith("/portal/")
            client = owners.setdefault(slug, _signed_in(f"{slug}-owner")) if is_portal else lead
            where = address.format(**given)
            began = time.perf_counter()
            answer = client.get(where)
            took = (time.perf_counter() - began) * 1000
            if answer.status_code == 404:
                continue
            assert answer.status_code == 200, (where, answer.status_code)
            # The first few find neither caches nor compiled templates.
            if round_number >= 5:
                times.setdefault(name, []).append(took)
                weights[name] = max(weights.get(name, 0), _weight(client, answer.content))
    return {"times": {name: _p95(some) for name, some in times.items()}, "weights": weights, "bare": _bare()}


def _signed_in(slug: str) -> Any:
    from django.test import Client

    from roomdesk.directory.models import Person

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(Person.objects.get(slug=slug), "allauth.account.auth_backends.AuthenticationBackend")
    return client


_KNOWN: dict[str, int] = {}


def _weight(client: Any, page: bytes) -> float:
    """kB of the page and of every file that it names; there are no fonts and pictures of ours beside these."""
    named = set(re.findall(r'(?:href|src)="(/(?:static|brand)/[^"]+)"', page.decode()))
    for address in named - _KNOWN.keys():
        answer = client.get(address)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        _KNOWN[address] = len(gzip.compress(content, 6))
    return (len(gzip.compress(page, 6)) + sum(_KNOWN[address] for address in named)) / 1000


def _bare() -> float:
    from django.db import connection

    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
        times.append((time.perf_counter() - began) * 1000)
    return _p95(times)


def _p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95) - 1]


def _progress(words: str) -> None:
    print(f"  {words}, {time.strftime('%H:%M:%S')}", file=sys.stderr, flush=True)


def _load() -> str:
    return " ".join(f"{part:.1f}" for part in os.getloadavg())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("scale", nargs="?", type=float, default=1.0)
    parser.add_argument("--in", dest="kept", default="")
    chosen = parser.parse_args()
    sys.exit(main(chosen.scale, chosen.kept))
