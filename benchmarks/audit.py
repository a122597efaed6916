"""How fast a chain is checked, beside plain SHA-256 over the same bytes in the same process: what the check costs beyond the hashing it must do.

.venv/bin/python benchmarks/audit.py [entries]
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from roomdesk.audit import offline
from roomdesk.rules.canonical_json import sha256_of

ENTRIES = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
DATA = '{"channel":"matrix","ref":"BC-C12","text":"yes, replace prod","sha256":"%064x"}'


def made(path: Path) -> bytes:
    """Writes a chain as the desk exports one; gives all bytes that are hashed in checking it."""
    previous, hashed, at = "0" * 64, [], datetime(2026, 3, 2, tzinfo=UTC)
    with path.open("w", encoding="utf-8") as file:
        for seq in range(1, ENTRIES + 1):
            salt, data = f"{seq:032x}", DATA % seq
            at += timedelta(milliseconds=7)
            entry = {
                "scope": "workspace:acme", "seq": seq, "at": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "actor_kind": "person", "actor": "olga",
                "action": "message.recorded", "subject": f"message:${seq}", "commitment": offline.sha256(salt + data), "previous": previous,
            }  # fmt: skip
            form = offline.compact(entry)
            previous = offline.sha256(form)
            hashed += [(salt + data).encode(), form.encode()]
            line = {**entry, "hash": previous, "content": {"salt": salt, "data": data}}
            file.write(offline.compact(line) + "\n")
    return b"\0".join(hashed)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chain.jsonl"
        parts = made(path).split(b"\0")
        began = time.perf_counter()
        for part in parts:
            hashlib.sha256(part).digest()
        plain = time.perf_counter() - began
        began = time.perf_counter()
        hashes, _ = offline.chain(path)
        checked = time.perf_counter() - began
    assert len(hashes) == ENTRIES + 1
    print(f"plain SHA-256 over the same bytes: {ENTRIES / plain:,.0f} entries/s")
    print(f"an export's verify.py: {ENTRIES / checked:,.0f} entries/s, {checked / plain:.1f} times plain SHA-256")
    began = time.perf_counter()
    for _ in range(10_000):
        sha256_of({"do": "restore", "target": "current", "database": "acme", "tables": ["orders", "lines"]})
    print(f"canonical JSON and its hash: {10_000 / (time.perf_counter() - began):,.0f} actions/s")


if __name__ == "__main__":
    main()
