"""The verdict on a chain: its walk, its head, what was erased of it, and the newest signed root that is held of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

from roomdesk.audit import chain, roots
from roomdesk.audit.models import Entry, Head
from roomdesk.audit.roots import Held
from roomdesk.audit.walking import Fault, Walked, joined


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a walk found. `erased` entries have lost their content to an erasure; their links hold all the same.

    `rooted` is the number up to which a signed root vouches for it; 0 where none is held.
    """

    scope: str
    entries: int
    erased: int
    head: str
    fault: Fault | None = None
    rooted: int = 0

    def as_json(self) -> dict[str, Any]:
        fault = self.fault and {"seq": self.fault.seq, "entry_id": self.fault.entry_id, "reason": self.fault.reason}
        return {
            "scope": self.scope,
            "ok": self.fault is None,
            "entries": self.entries,
            "erased": self.erased,
            "head": self.head,
            "rooted": self.rooted,
            "fault": fault,
        }


def scopes() -> list[str]:
    """Every scope that has a chain, entries without one, or a root of one."""
    heads = set(Head.objects.values_list("scope", flat=True))
    return sorted(heads | set(Entry.objects.order_by().values_list("scope", flat=True).distinct()) | roots.scopes())


def verify(scope: str) -> Verdict:
    """Walks the chain of `scope` as it is at this moment; entries that are added meanwhile are not looked at."""
    from roomdesk.audit.parallel import verify_many

    return verify_many([scope], jobs=1)[0]


def see_one_moment(snapshot: str | None = None) -> None:
    """One snapshot for head and entries, first thing in a transaction: the desk goes on writing while we read. `snapshot` is another's."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        if snapshot is not None:
            cursor.execute("SET TRANSACTION SNAPSHOT %s", [snapshot])


def judged(head: Head, parts: Sequence[Walked]) -> Verdict:
    """The verdict, by the parts of its walk in their order."""
    walked = joined(parts)
    if walked.fault:
        return Verdict(head.scope, walked.fault.seq - 1, len(walked.bare), head.hash, walked.fault)
    fault = _bare_fault(walked) or _head_fault(head, walked)
    return Verdict(head.scope, walked.entries, len(walked.bare), head.hash, fault)


def _bare_fault(walked: Walked) -> Fault | None:
    """A content may be gone by law, and then the chain says so; anybody else who takes one away is found."""
    seq = chain.first_unnamed(walked.bare, walked.named)
    if seq is None:
        return None
    return Fault(seq, walked.bare[seq], "Its content is gone, and no entry of the chain says that it was erased.")


def _head_fault(head: Head, walked: Walked) -> Fault | None:
    if head.seq != walked.seq:
        return Fault(walked.seq + 1, None, f"The head says that there are {head.seq} entries, there are {walked.seq}.")
    if head.hash != walked.hash:
        return Fault(walked.seq, None, "The head's hash is not that of the last entry.")
    return None


def held_against(verdict: Verdict, held: Sequence[Held]) -> Verdict:
    """The verdict with these roots held against the chain: an end cut off, or a past written anew, differs from them."""
    if verdict.fault is not None or not held:
        return verdict
    # Numbers are there once: the chain was walked without a fault.
    entries = Entry.objects.filter(scope=verdict.scope, seq__in={root.seq for root in held})
    hashes = dict(entries.values_list("seq", "hash"))
    for root in held:
        if fault := _root_fault(root, verdict, fits=hashes.get(root.seq) == root.hash):
            return replace(verdict, fault=fault)
        verdict = replace(verdict, rooted=max(verdict.rooted, root.seq))
    return verdict


def _root_fault(root: Held, verdict: Verdict, *, fits: bool) -> Fault | None:
    where = min(root.seq, verdict.entries + 1)
    if not root.is_signed:
        return Fault(where, None, f"The root of {root.day} in {root.place} is not signed by the desk.")
    if not fits:
        words = f"number {root.seq} had the hash {root.hash} in the root that was signed on {root.day} ({root.place})."
        return Fault(where, None, f"The chain is another one now: {words}")
    return None
