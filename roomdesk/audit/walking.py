"""Walking a stretch of a chain: every link recomputed, every commitment that still has its content checked, in bounded memory.

A stretch knows nothing of what stands before it. Whoever joins stretches looks at their seams, so that many may be walked at once and
find exactly what one walk from end to end finds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from roomdesk.audit import chain

#: Entries held in memory at once.
PAGE = 1000
#: Beyond every number of an entry.
_FAR = 2**62

_ROWS = """
SELECT e.seq, e.id, e.at, e.actor_kind, e.actor, e.action, e.subject, e.commitment, e.previous, e.hash, c.salt, c.data
FROM audit_entry e LEFT JOIN audit_content c ON c.entry_id = e.id
WHERE e.scope = %s AND e.seq >= %s AND (e.seq, e.id) > (%s, %s) AND e.seq < %s
ORDER BY e.seq, e.id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """The first entry that is wrong. `seq` is the number it should have had; 0 where there is no entry to name."""

    seq: int
    entry_id: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """The entries of a chain with numbers from `first` on and before `until`."""

    scope: str
    first: int = -_FAR
    until: int = _FAR


@dataclass(slots=True)
class Walked:
    """What a walk found. `first` is (number, id, previous) of the first entry, None for an empty stretch; `bare` are the numbers of
    entries without content, with their ids; `named` the numbers, as (first, last), that are said to be erased. It ends at a fault.
    """

    first: tuple[int, int, str] | None = None
    seq: int = 0
    hash: str = chain.GENESIS
    entries: int = 0
    bare: dict[int, int] = field(default_factory=dict)
    named: list[tuple[int, int]] = field(default_factory=list)
    fault: Fault | None = None


Row = tuple[Any, ...]


def rows(stretch: Stretch) -> Iterator[Row]:
    """Its entries in their order, each with salt and content, None where they are gone."""
    # A number may wrongly be there twice, also across the end of a page.
    seq, pk = stretch.first, -_FAR
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_ROWS, [stretch.scope, seq, seq, pk, stretch.until, PAGE])
            page = cursor.fetchall()
        yield from page
        if len(page) < PAGE:
            return
        seq, pk = page[-1][0], page[-1][1]


def walk(stretch: Stretch) -> Walked:
    """Walks it until its end or its first fault. Within a transaction that sees one moment."""
    found = Walked()
    for row in rows(stretch):
        seq, pk, at, actor_kind, actor, action, subject, commitment, previous, kept, salt, data = row
        if found.first is None:
            found.first = (seq, pk, previous)
        elif reason := seam(found.seq, found.hash, seq, previous):
            found.fault = Fault(found.seq + 1, pk, reason)
            return found
        fields = {
            "scope": stretch.scope, "seq": seq, "at": chain.instant(at), "actor_kind": actor_kind, "actor": actor, "action": action,
            "subject": subject, "commitment": commitment, "previous": previous,
        }  # fmt: skip
        if reason := _wrong(fields, kept, salt, data):
            found.fault = Fault(seq, pk, reason)
            return found
        found.seq, found.hash, found.entries = seq, kept, found.entries + 1
        if data is None:
            found.bare[seq] = pk
        elif action == chain.ERASED:
            # An erasure is of what was there already.
            found.named += [(first, min(last, seq)) for first, last in chain.named(data)]
    return found


def seam(seq: int, last: str, next_seq: int, previous: str) -> str:
    """Why an entry does not follow the one with number `seq` and hash `last`; empty if it does."""
    if next_seq != seq + 1:
        return f"An entry is missing or is there twice: after number {seq} comes number {next_seq}."
    if previous != last:
        return "It does not follow from the entry before it: the hash kept as `previous` is another."
    return ""


def _wrong(fields: dict[str, Any], kept: str, salt: str | None, data: str | None) -> str:
    if not chain.is_link(fields, kept):
        return "Its hash does not fit what it says: the entry was changed after it was written."
    if salt is not None and chain.commitment(salt, data or "") != fields["commitment"]:
        return "Its content is not what it commits to: the content was changed after it was written."
    return ""


def joined(parts: Sequence[Walked]) -> Walked:
    """What one walk over all of them would have found; they are in order and without a gap between them."""
    found = Walked(first=(1, 0, chain.GENESIS))
    for part in parts:
        if part.first is None:
            continue
        seq, pk, previous = part.first
        if reason := seam(found.seq, found.hash, seq, previous):
            found.fault = Fault(found.seq + 1, pk, reason)
            return found
        found.bare |= part.bare
        found.named += part.named
        found.entries += part.entries
        if part.fault:
            found.fault = part.fault
            return found
        found.seq, found.hash = part.seq, part.hash
    return found
