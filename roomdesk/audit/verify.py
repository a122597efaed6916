"""Walking a chain: every link recomputed, every commitment that still has its content checked, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from roomdesk.audit import chain
from roomdesk.audit.models import Content, Entry, Head

#: Entries held in memory at once.
PAGE = 1000

Row = tuple[Entry, Content | None]


@dataclass(frozen=True, slots=True)
class Fault:
    """The first entry that is wrong. `seq` is the number it should have had; 0 where there is no entry to name."""

    seq: int
    entry_id: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a walk found. `erased` entries have lost their content to an erasure; their links hold all the same."""

    scope: str
    entries: int
    erased: int
    head: str
    fault: Fault | None = None

    def as_json(self) -> dict[str, Any]:
        fault = self.fault and {"seq": self.fault.seq, "entry_id": self.fault.entry_id, "reason": self.fault.reason}
        return {
            "scope": self.scope,
            "ok": self.fault is None,
            "entries": self.entries,
            "erased": self.erased,
            "head": self.head,
            "fault": fault,
        }


def scopes() -> list[str]:
    """Every scope that has a chain, or entries without one."""
    heads = set(Head.objects.values_list("scope", flat=True))
    return sorted(heads | set(Entry.objects.order_by().values_list("scope", flat=True).distinct()))


def verify(scope: str) -> Verdict:
    """Walks the chain of `scope` as it is at this moment; entries that are added meanwhile are not looked at."""
    with transaction.atomic():
        # One snapshot for head and entries: the desk goes on writing while we read.
        _see_one_moment()
        head = Head.objects.filter(scope=scope).first() or Head(scope=scope, seq=0, hash=chain.GENESIS)
        return _walk(head)


def _see_one_moment() -> None:
    from django.db import connection

    if len(connection.savepoint_ids) == 0:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def _walk(head: Head) -> Verdict:
    seq, previous, erased = 0, chain.GENESIS, 0
    for entry, content in rows(head.scope):
        seq += 1
        reason = _fault(entry, content, seq, previous)
        if reason:
            return Verdict(head.scope, seq - 1, erased, head.hash, Fault(seq, entry.pk, reason))
        previous, erased = entry.hash, erased + (content is None)
    return Verdict(head.scope, seq, erased, head.hash, _head_fault(head, seq, previous))


def rows(scope: str) -> Iterator[Row]:
    """All entries of a scope in their order, each with its content if that is still there."""
    seq, pk = -1, -1
    while True:
        # A number may wrongly be there twice, also across the end of a page.
        found = Entry.objects.filter(scope=scope, seq__gte=seq).exclude(seq=seq, pk__lte=pk)
        page = list(found.order_by("seq", "pk")[:PAGE])
        contents = Content.objects.in_bulk([entry.pk for entry in page])
        yield from ((entry, contents.get(entry.pk)) for entry in page)
        if len(page) < PAGE:
            return
        seq, pk = page[-1].seq, page[-1].pk


def _fault(entry: Entry, content: Content | None, seq: int, previous: str) -> str:
    if entry.seq != seq:
        return f"An entry is missing or is there twice: after number {seq - 1} comes number {entry.seq}."
    if entry.previous != previous:
        return "It does not follow from the entry before it: the hash kept as `previous` is another."
    if chain.link(fields(entry)) != entry.hash:
        return "Its hash does not fit what it says: the entry was changed after it was written."
    if content is not None and chain.commitment(content.salt, content.data) != entry.commitment:
        return "Its content is not what it commits to: the content was changed after it was written."
    return ""


def fields(entry: Entry) -> dict[str, Any]:
    """What the hash of an entry is over."""
    names = ("scope", "seq", "actor_kind", "actor", "action", "subject", "commitment", "previous")
    return {**{name: getattr(entry, name) for name in names}, "at": chain.instant(entry.at)}


def _head_fault(head: Head, seq: int, last: str) -> Fault | None:
    if head.seq != seq:
        return Fault(seq + 1, None, f"The head says that there are {head.seq} entries, there are {seq}.")
    if head.hash != last:
        return Fault(seq, None, "The head's hash is not that of the last entry.")
    return None


def exported(scope: str) -> Iterator[dict[str, Any]]:
    """The chain as it can be checked without this database: every entry, with its salt and exact content where there are any."""
    for entry, content in rows(scope):
        kept = {"salt": content.salt, "data": content.data} if content else {"salt": None, "data": None}
        yield {**fields(entry), "hash": entry.hash, "content": kept}
