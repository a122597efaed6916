"""One transaction's writes, collected and flushed in bulk in the order of locks: rows, outbox, then the chain's heads."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from django.db import models, transaction

from roomdesk.audit import chain
from roomdesk.audit.models import Content, Entry, Head
from roomdesk.queues import bulk, inbox, timers
from roomdesk.queues.errors import LockOutsideTransaction
from roomdesk.queues.ids import IdBlock, taking
from roomdesk.queues.making import made
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.outbox import putting
from roomdesk.queues.statements import Statement, Statements
from roomdesk.queues.timers import Wanted
from roomdesk.runtime.randomness import new_uuid, token

M = TypeVar("M", bound=models.Model)

#: Scope of entries that belong to no workspace.
VENDOR = "vendor"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: `kind` is person, staff, token, cli, desk or system; `name` their id."""

    kind: str
    name: str


DESK = Actor("desk", "desk")


@dataclass(frozen=True, slots=True)
class _Draft:
    scope: str
    at: datetime
    actor: Actor
    action: str
    subject: str
    data: str


@dataclass(frozen=True, slots=True)
class _Link:
    """A row of `Entry` to be copied in. Thousands are made a second, and making a model of Django's costs more than hashing it."""

    id: int
    scope: str
    seq: int
    at: datetime
    actor_kind: str
    actor: str
    action: str
    subject: str
    commitment: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class _Content:
    """A row of `Content` to be copied in."""

    entry_id: int
    salt: str
    data: str


class Work:
    """Collects what one transaction writes. Call `flush()` once, as the last thing inside `transaction.atomic`.

    Nothing of it waits for the answer to another: it goes to the database in two exchanges, and only very many new rows take more.

    Rows need their ids beforehand (`new_id`) where others point at them. `now` is the time of the act for every entry.
    """

    def __init__(self, now: datetime, actor: Actor, *, id_block: int = 1) -> None:
        self.now = now
        self.actor = actor
        self._ids = IdBlock(id_block)
        self._inserts: dict[type[models.Model], list[models.Model]] = {}
        self._updates: dict[type[models.Model], dict[Any, tuple[models.Model, set[str]]]] = {}
        self._outbox: list[OutboxRow] = []
        self._drafts: list[_Draft] = []
        self._timers: dict[tuple[str, int], Wanted] = {}
        self._told: dict[tuple[str, str], None] = {}
        self._last: list[Statement] = []
        self._new: set[int] = set()
        self._known: dict[str, Any] = {}

    def remember(self, what: str, read: Callable[[], Any]) -> Any:
        """What `read` gives, asked for once in this transaction."""
        if what not in self._known:
            self._known[what] = read()
        return self._known[what]

    def new_id(self, model: type[models.Model]) -> int:
        return self._ids.take(model)

    def expect(self, counts: Mapping[type[models.Model], int]) -> None:
        """Has so many ids of these models at hand, all of them by one question."""
        self._ids.reserve(counts)

    def lastly(self, *statements: Statement) -> None:
        """Plans statements that are written after everything else."""
        self._last += statements

    def insert(self, row: M) -> M:
        """Plans a new row; changes made to the object before `flush` are written with it."""
        self._inserts.setdefault(type(row), []).append(row)
        self._new.add(id(row))
        return row

    def update(self, row: models.Model, *names: str) -> None:
        """Plans a change of the named fields of an existing row; a no-op for a row planned by `insert`."""
        if id(row) in self._new:
            return
        _, fields = self._updates.setdefault(type(row), {}).setdefault(row.pk, (row, set()))
        fields.update(names)

    def send(
        self,
        channel: str,
        kind: str,
        destination: str,
        payload: Mapping[str, Any],
        *,
        once: str | None = None,
        lane_id: int | None = None,
        case_id: int | None = None,
        message_id: int | None = None,
        priority: int = 0,
        after: OutboxRow | None = None,
    ) -> OutboxRow:
        """Plans a call to the outside. With `once`, a row that says the same thing already makes this one vanish.

        `after` is a row whose result this one needs (`{"$after": "event_id"}` in the payload); it is sent once that is.
        """
        row = made(
            OutboxRow,
            id=self.new_id(OutboxRow),
            key=str(new_uuid()),
            once=once,
            after_id=after.pk if after is not None else None,
            channel=channel,
            kind=kind,
            destination=destination,
            payload=json.dumps(payload),
            lane_id=lane_id,
            case_id=case_id,
            message_id=message_id,
            priority=priority,
            next_at=self.now,
            created_at=self.now,
        )
        self._outbox.append(row)
        return row

    def remind(self, lane_id: int, kind: str, subject_id: int, at: datetime | None) -> None:
        """Plans that the subject's one pending timer of this kind stands at `at`, or is taken away (None)."""
        self._timers[kind, subject_id] = Wanted(lane_id, kind, subject_id, at)

    def tell(self, lane_key: str, kind: str, **data: Any) -> None:
        """Plans an event of our own in another lane, once however often the same is told; no lane of this key, no event.

        That lane is not held: what hears it looks at what is written by then.
        """
        self._told[lane_key, json.dumps({"kind": kind, **data})] = None

    def audit(
        self,
        action: str,
        subject: str,
        data: Mapping[str, Any],
        *,
        scope: str = VENDOR,
        actor: Actor | None = None,
    ) -> None:
        """Plans an audit entry (`action` like `case.opened`, `subject` like `case:BC-1042`)."""
        self._drafts.append(_Draft(scope, self.now, actor or self.actor, action, subject, chain.canonical(data)))

    def flush(self) -> None:
        """Writes everything. Must be called inside the caller's transaction."""
        if not transaction.get_connection().in_atomic_block:
            raise LockOutsideTransaction
        plan = Statements()
        # Changes first: what ends gives room to what begins (one running clock of a kind, say).
        for model, changes in self._updates.items():
            plan.add(*_changing(model, changes))
        # What is copied comes first, for what waits goes out before it; references are looked at when the transaction commits.
        for model, rows in sorted(self._inserts.items(), key=lambda item: (len(item[1]) <= bulk.FEW, _depth(item[0]))):
            bulk.insert(plan, model, rows)
        plan.add(*timers.putting(self._timers.values()))
        if self._told:
            plan.add(inbox.telling(list(self._told), self.now))
        if self._outbox:
            plan.add(*putting(self._outbox))
        if self._drafts:
            _add_links(plan, self._drafts)
        plan.add(*self._last)
        plan.run()
        self._inserts, self._updates, self._timers, self._outbox, self._drafts = {}, {}, {}, [], []
        self._told.clear()
        self._last.clear()
        self._new.clear()


def _changing(model: type[models.Model], changes: Mapping[Any, tuple[models.Model, set[str]]]) -> list[Statement]:
    groups: dict[frozenset[str], list[models.Model]] = {}
    for row, names in changes.values():
        groups.setdefault(frozenset(names), []).append(row)
    return [bulk.updating(model, rows, group) for group, rows in groups.items()]


def _add_links(plan: Statements, drafts: Sequence[_Draft]) -> None:
    """Adds the chain's new links. What the plan holds already is written by it: the heads must be known first."""
    heads, ids = _lock_heads(plan, drafts)
    links = [_entry(draft, heads[draft.scope], number) for draft, number in zip(drafts, ids, strict=True)]
    bulk.insert(plan, Entry, [entry for entry, _ in links])
    bulk.insert(plan, Content, [content for _, content in links])
    plan.add(bulk.updating(Head, list(heads.values()), ["seq", "hash"]))


def _lock_heads(plan: Statements, drafts: Sequence[_Draft]) -> tuple[dict[str, Head], list[int]]:
    """The heads by scope, and ids of the new links. Locked in one order, last of all locks: two transactions with the same two
    scopes cannot wait for each other."""
    scopes = sorted({draft.scope for draft in drafts})
    plan.add((_BEGIN_HEADS, [chain.GENESIS, scopes]), (_LOCK_HEADS, [scopes]), taking(Entry, len(drafts)))
    *_, heads, ids = plan.run()
    return {scope: Head(scope=scope, seq=seq, hash=link) for scope, seq, link in heads}, sorted(row[0] for row in ids)


_BEGIN_HEADS = """
INSERT INTO audit_head (scope, seq, hash)
SELECT v.scope, 0, %s FROM unnest(%s::text[]) WITH ORDINALITY AS v(scope, place) ORDER BY v.place
ON CONFLICT DO NOTHING
"""
_LOCK_HEADS = "SELECT scope, seq, hash FROM audit_head WHERE scope = ANY(%s) ORDER BY scope FOR NO KEY UPDATE"


def _entry(draft: _Draft, head: Head, entry_id: int) -> tuple[_Link, _Content]:
    salt = token(16).hex()
    commitment, previous = chain.commitment(salt, draft.data), head.hash
    fields = {
        "scope": draft.scope,
        "seq": head.seq + 1,
        "at": chain.instant(draft.at),
        "actor_kind": draft.actor.kind,
        "actor": draft.actor.name,
        "action": draft.action,
        "subject": draft.subject,
        "commitment": commitment,
        "previous": previous,
    }
    head.seq, head.hash = head.seq + 1, chain.link(fields)
    link = _Link(
        entry_id, draft.scope, head.seq, draft.at, draft.actor.kind, draft.actor.name, draft.action, draft.subject,
        commitment, previous, head.hash,
    )  # fmt: skip
    return link, _Content(entry_id, salt, draft.data)


@cache
def _depth(model: type[models.Model]) -> int:
    """How many tables must be written before this one, so that foreign keys find their rows."""
    targets = [f.related_model for f in model._meta.concrete_fields if f.is_relation and f.related_model is not model]
    return 1 + max((_depth(target) for target in targets if isinstance(target, type)), default=0)
