"""Filing what was said, so that search finds it: after it was recorded, many messages at once (docs/decisions/0016).

Triggers of `record_message` put each new or changed message into the queue `Unfiled`, and take a changed one out of `Findable` in the
transaction that changes it. So nothing is missed, whoever writes and whatever dies, and nothing is found by what it no longer says.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DataError, connection, transaction
from django.db.models import Count, Min

from roomdesk.record.models import Message, Unfiled
from roomdesk.rules.search_index import Said, marks, vector

_LOG = logging.getLogger(__name__)

#: Messages of one transaction: many cost little each, few are soon done.
BATCH = 500
#: Reactions, edits and removals have no words of their own: they change what they speak of.
SPEECH = (Message.Kind.MESSAGE, Message.Kind.FILE)


def file_waiting(limit: int = BATCH) -> int:
    """Files some of what waits, the newest first; returns how many were taken off the queue. Any number may do this at once.

    The newest first: what was said just now is soon found, though a million older ones wait after an upgrade.
    """
    with transaction.atomic(durable=True):
        # One statement after the other: what is read must be seen as it is once its places in the queue are held. A change that was
        # committed before is read; one that comes after waits at the queue for our commit, and then takes away what we wrote.
        taken = _all(_TAKE, [limit])
        said = _all(_READ, [[pk for pk, _ in taken], [at for _, at in taken]]) if taken else []
        _write(said)
    return len(taken)


_TAKE = """
WITH free AS MATERIALIZED (
  SELECT message_id FROM record_unfiled ORDER BY message_id DESC LIMIT %s FOR UPDATE SKIP LOCKED)
DELETE FROM record_unfiled u USING free WHERE u.message_id = free.message_id RETURNING u.message_id, u.recorded_at
"""

# `recorded_at` leads to their months (D37).
_READ = """
SELECT m.id, m.workspace_id, m.case_id, m.at, m.recorded_at, w.product, COALESCE(m.author_id::text, m.author_ref), m.author_kind,
  m.kind = 'file', CASE WHEN m.edited_body <> '' THEN m.edited_body ELSE m.body END
FROM unnest(%s::bigint[], %s::timestamptz[]) u(id, recorded_at)
JOIN record_message m ON m.id = u.id AND m.recorded_at = u.recorded_at
JOIN directory_workspace w ON w.id = m.workspace_id
WHERE m.redacted_at IS NULL ORDER BY m.id
"""

_WRITE = """
INSERT INTO record_findable (id, workspace_id, case_id, at, recorded_at, words)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::tsvector[])
ON CONFLICT (id) DO UPDATE SET case_id = EXCLUDED.case_id, words = EXCLUDED.words
"""


def _write(rows: Sequence[Sequence[Any]]) -> None:
    if not rows:
        return
    said = [_said(row) for row in rows]
    try:
        with transaction.atomic():
            _put(rows, [vector(one) for one in said])
    except DataError:
        _write_singly(rows, said)


def _write_singly(rows: Sequence[Sequence[Any]], said: Sequence[Said]) -> None:
    """PostgreSQL takes a megabyte of words a message. One that has more must not stop all others: filters find it, words do not."""
    for row, one in zip(rows, said, strict=True):
        try:
            with transaction.atomic():
                _put([row], [vector(one)])
        except DataError as error:
            _LOG.warning("Message %s cannot be found by its words: %s", row[0], error)
            _put([row], [marks(one)])


def _put(rows: Sequence[Sequence[Any]], words: Sequence[str]) -> None:
    ids, workspaces, cases, said_at, recorded_at, *_ = zip(*rows, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [*map(list, (ids, workspaces, cases, said_at, recorded_at)), list(words)])


def _said(row: Sequence[Any]) -> Said:
    _, workspace, _, at, _, product, author, author_kind, is_file, text = row
    return Said(text, workspace, product, author, author_kind, is_file, at)


def _all(statement: str, values: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


@dataclass(frozen=True, slots=True)
class Lag:
    """How many messages wait to be filed, and how long ago the oldest of them was recorded."""

    count: int
    age: timedelta


def lag(now: datetime) -> Lag:
    found = Unfiled.objects.aggregate(count=Count("pk"), since=Min("recorded_at"))
    return Lag(found["count"], now - found["since"] if found["since"] else timedelta(0))
