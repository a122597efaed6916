"""Daily signed roots: the head of each chain, given to those who are to hold it, and kept in a folder outside the database (D30, D42).

Whoever can write the whole database can compute a new chain. They cannot take back what others hold.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from roomdesk.audit import offline, signing
from roomdesk.audit.models import Entry, Head, Root
from roomdesk.audit.work import DESK
from roomdesk.bootstrap import settings

KIND = "roomdesk.audit.root.1"


def due(now: datetime) -> list[str]:
    """Chains to which others than the desk have added something on a day that is over (UTC), since their last root. One query."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"today": midnight.date(), "midnight": midnight, "desk": DESK.kind})
        return [row[0] for row in cursor.fetchall()]


#: What the desk itself says of a root is on record too: it must not be the reason for the next one.
_DUE = """
SELECT h.scope FROM audit_head h
LEFT JOIN LATERAL (SELECT day, seq FROM audit_root r WHERE r.scope = h.scope ORDER BY day DESC LIMIT 1) last ON true
WHERE (last.day IS NULL OR last.day < %(today)s) AND EXISTS (
  SELECT 1 FROM audit_entry e WHERE e.scope = h.scope AND e.seq > COALESCE(last.seq, 0) AND e.actor_kind <> %(desk)s
    AND e.at < %(midnight)s)
ORDER BY h.scope
"""


def make(scope: str, now: datetime) -> Root | None:
    """Signs the present head. None where there is one of today already: another worker was quicker."""
    with transaction.atomic():
        head = Head.objects.select_for_update(no_key=True).filter(scope=scope).first()
        day = now.astimezone(UTC).date()
        if head is None or Root.objects.filter(scope=scope, day=day).exists():
            return None
        document = {"type": KIND, "scope": scope, "day": day.isoformat(), "seq": head.seq, "hash": head.hash}
        signed = signing.sign(document, now)
        return Root.objects.create(
            scope=scope, day=day, seq=head.seq, hash=head.hash, at=now, text=signed.text, signature=signed.signature, key_id=signed.key_id
        )  # fmt: skip


def folder() -> Path:
    """Where roots are kept outside the database."""
    return settings.roots or settings.data / "roots"


def file_waiting(now: datetime) -> int:
    """Writes what is not filed yet, each month a file, on disk before it is noted; returns how many. A crash in between writes a line twice."""
    waiting = list(Root.objects.filter(filed_at=None).order_by("pk"))
    for root in waiting:
        folder().mkdir(parents=True, exist_ok=True, mode=0o700)
        line = offline.compact(as_json(root)) + "\n"
        with (folder() / f"roots-{root.day:%Y-%m}.jsonl").open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        Root.objects.filter(pk=root.pk).update(filed_at=now)
    return len(waiting)


def as_json(root: Root) -> dict[str, str]:
    return {"signed": root.text, "signature": root.signature, "key": root.key_id}


@dataclass(frozen=True, slots=True)
class Wrong:
    """A root that the chain does not hold to, or that is none."""

    line: int
    reason: str


def check(lines: Iterable[str], keys: dict[str, str]) -> list[Wrong]:
    """Holds roots, as JSON lines that somebody has kept, against the chains; `keys` are public keys by id. Empty: all fit."""
    return [Wrong(number, reason) for number, line in enumerate(lines, 1) if line.strip() and (reason := _wrong(line, keys))]  # fmt: skip


def _wrong(line: str, keys: dict[str, str]) -> str:
    try:
        kept: dict[str, Any] = json.loads(line)
        root = json.loads(kept["signed"])
        scope, seq, digest = str(root["scope"]), int(root["seq"]), str(root["hash"])
    except (ValueError, KeyError, TypeError):
        return "This line is no root."
    public = keys.get(str(kept.get("key")), "")
    if root.get("type") != KIND or not signing.is_signed(kept["signed"], str(kept.get("signature")), public):
        return "It is not signed by the desk."
    found = Entry.objects.filter(scope=scope, seq=seq).values_list("hash", flat=True)
    if list(found) != [digest]:
        return f"{scope} had the hash {digest} at number {seq} on {root.get('day')}; now it is another chain."
    return ""


@dataclass(frozen=True, slots=True)
class Held:
    """A root of one chain as it is kept in a `place`: the hash at a number, on a day, and whether it is as the desk signed it."""

    seq: int
    hash: str
    day: str
    place: str
    is_signed: bool


def held(scopes: Sequence[str]) -> dict[str, list[Held]]:
    """Every root of each chain in the database, and the newest in the folder outside it: all before that one follow from the chain."""
    keys = signing.recorded_keys()
    found: dict[str, list[Held]] = {scope: [] for scope in scopes}
    for root in Root.objects.filter(scope__in=set(scopes)).order_by("seq", "pk").iterator():
        found[root.scope].append(_in_table(root, keys))
    for scope, kept in _newest_filed(set(scopes)).items():
        found[scope].append(_held(kept, str(folder()), keys))
    return found


def _in_table(root: Root, keys: dict[str, str]) -> Held:
    """A root whose columns say what its signed text says; anything else was changed after it was signed."""
    columns = (root.scope, root.day.isoformat(), root.seq, root.hash)
    try:
        signed = json.loads(root.text)
        is_same = (signed["scope"], signed["day"], signed["seq"], signed["hash"]) == columns
    except (ValueError, KeyError, TypeError):
        is_same = False
    is_signed = is_same and signing.is_signed(root.text, root.signature, keys.get(root.key_id, ""))
    return Held(root.seq, root.hash, root.day.isoformat(), "the database", is_signed)


def scopes() -> set[str]:
    """The chains of which there is a root, here or in the folder: one that is gone altogether is missed by it."""
    return set(Root.objects.order_by().values_list("scope", flat=True).distinct()) | _newest_filed(None).keys()


def _held(kept: dict[str, Any], place: str, keys: dict[str, str]) -> Held:
    root = json.loads(kept["signed"])
    is_signed = signing.is_signed(kept["signed"], str(kept.get("signature")), keys.get(str(kept.get("key")), ""))
    return Held(int(root["seq"]), str(root["hash"]), str(root["day"]), place, is_signed)


def _newest_filed(wanted: set[str] | None) -> dict[str, dict[str, Any]]:
    """By scope, from the newest file back until every chain was met; without `wanted` all there are."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(folder().glob("roots-*.jsonl"), reverse=True):
        if wanted is not None and wanted <= found.keys():
            break
        # The last of a file's lines for a chain is its newest.
        met = {scope: kept for scope, kept in _filed(file) if wanted is None or scope in wanted}
        found = met | found
    return found


def _filed(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every whole line of it: one that a crash cut short is written again after it."""
    for line in file.read_text("utf-8").split("\n"):
        try:
            kept = json.loads(line)
            scope = str(json.loads(kept["signed"])["scope"])
        except (ValueError, KeyError, TypeError):
            continue
        yield scope, kept
