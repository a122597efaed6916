"""How fast a chain is checked, beside plain SHA-256 over the same bytes in the same run. Run: `python benchmarks/audit.py [ENTRIES]`.

One chain is written into an embedded PostgreSQL in a folder that is removed afterwards, by what every act of the desk writes it with. It is
checked by `audit verify` with one process and with one a core (a chain is cut in stretches), and by the program that an export carries.
Bytes are what the hashes are over: salt and content, and the canonical form of the entry. Medians of several walks.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.support.installation import installation, migrate

ENTRIES = 100_000
SCOPE = "workspace:acme"
WALKS = 3
_PAGE = 1000


def main(entries: int = ENTRIES) -> None:
    print(f"load of the machine before: {_load()}, {os.cpu_count()} cores", flush=True)
    with installation(parts={"postgres"}), tempfile.TemporaryDirectory() as folder:
        migrate()
        began = time.perf_counter()
        write(entries)
        print(f"{entries:,} entries written in {time.perf_counter() - began:.0f} s", flush=True)
        measure(entries, Path(folder) / "chain.jsonl")
    print(f"load of the machine after: {_load()}")


def write(entries: int) -> None:
    """A chain as talk and consents make it."""
    from django.db import transaction

    from roomdesk.audit.work import Actor, Work

    at = datetime(2026, 3, 2, tzinfo=UTC)
    for first in range(0, entries, _PAGE):
        with transaction.atomic():
            work = Work(at + timedelta(seconds=first), Actor("customer", "@olga:support.example"), id_block=_PAGE)
            for number in range(first, min(first + _PAGE, entries)):
                told = {"channel": "matrix", "ref": "BC-C12", "text": "yes, replace prod", "sha256": f"{number:064x}"}
                work.audit("message.recorded", f"message:${number}", told, scope=SCOPE)
            work.flush()


def measure(entries: int, path: Path) -> None:
    from roomdesk.audit import exporting, offline
    from roomdesk.audit.parallel import verify_many

    with path.open("w", encoding="utf-8") as file:
        file.writelines(offline.compact(line) + "\n" for line in exporting.exported(SCOPE))
    parts = _hashed(path)
    plain = _median(lambda: [hashlib.sha256(part).digest() for part in parts])
    print(f"plain SHA-256 over the same bytes: {entries / plain:,.0f} entries/s")

    def told(what: str, walk: Callable[[], object]) -> None:
        took = _median(walk)
        print(f"{what}: {entries / took:,.0f} entries/s, {took / plain:.1f} times plain SHA-256", flush=True)

    def walked(jobs: int) -> None:
        (verdict,) = verify_many([SCOPE], jobs)
        assert (verdict.fault, verdict.entries) == (None, entries)

    told("audit verify, one process", lambda: walked(1))
    cores = os.cpu_count() or 1
    told(f"audit verify, {cores} processes (with their start)", lambda: walked(cores))
    told("an export's verify.py", lambda: offline.chain(path))


def _hashed(path: Path) -> list[bytes]:
    from roomdesk.audit import offline

    found = []
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True), 1):
        entry, form = offline.read_entry(line, number)
        found += [(entry["content"]["salt"] + entry["content"]["data"]).encode(), form.encode()]
    return found


def _median(act: Callable[[], object]) -> float:
    took = []
    for _ in range(WALKS):
        began = time.perf_counter()
        act()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def _load() -> str:
    return " ".join(f"{part:.1f}" for part in os.getloadavg())


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
