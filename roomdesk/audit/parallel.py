"""Walking chains by several processes: each takes a stretch, whichever chain it is of, and hashing keeps a core busy."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from roomdesk import bootstrap

if TYPE_CHECKING:
    from roomdesk.audit.models import Head
    from roomdesk.audit.verify import Verdict
    from roomdesk.audit.walking import Stretch, Walked

#: A process of its own takes a second to be ready; so many entries take about as long.
_WORTH_IT = 60_000
#: Entries of a stretch: some tenths of a second, so that no process is left with a long one at the end.
SIZE = 20_000
#: So many stretches of one chain at most; the last goes to its end.
_MOST = 10_000


def verify_many(scopes: Sequence[str], jobs: int | None = None, *, size: int = SIZE) -> list[Verdict]:
    """The verdicts in the order of `scopes`, all of one moment. `jobs`: so many processes; by default one a core where there is enough to do.

    Each stretch has `size` entries. What is found does not depend on either.
    """
    # Models can be imported once Django is up, and in a process of its own it comes up after this module.
    from django.db import transaction

    from roomdesk.audit import roots, verify
    from roomdesk.audit.models import Head

    with transaction.atomic(durable=True):
        verify.see_one_moment()
        known = Head.objects.in_bulk(scopes)
        heads = [known.get(scope) or Head(scope=scope, seq=0, hash="0" * 64) for scope in scopes]
        stretches = [stretch for head in heads for stretch in _stretches(head, size)]
        walked = _walk_all(stretches, _jobs(jobs, heads, len(stretches)))
        by_scope = groupby(zip(stretches, walked, strict=True), key=lambda pair: pair[0].scope)
        parts = {scope: [part for _, part in pairs] for scope, pairs in by_scope}
        held = roots.held(scopes)
        return [verify.held_against(verify.judged(head, parts[head.scope]), held[head.scope]) for head in heads]


def _stretches(head: Head, size: int) -> list[Stretch]:
    """The chain in stretches by number. The first begins before all, the last ends after all: what does not belong there is seen, too."""
    from roomdesk.audit.walking import Stretch

    # The head's number is not believed: it may be any.
    inner = range(size + 1, head.seq + 1, size)[:_MOST]
    ends = [Stretch(head.scope).first, *inner, Stretch(head.scope).until]
    return [Stretch(head.scope, first, until) for first, until in pairwise(ends)]


def _jobs(jobs: int | None, heads: Sequence[Head], stretches: int) -> int:
    if jobs is None:
        is_much = sum(head.seq for head in heads) > _WORTH_IT
        jobs = (os.cpu_count() or 1) if is_much else 1
    return min(jobs, stretches)


def _walk_all(stretches: Sequence[Stretch], jobs: int) -> list[Walked]:
    from roomdesk.audit.walking import walk

    if jobs < 2:
        return [walk(stretch) for stretch in stretches]
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = str(cursor.fetchone()[0])
    # Forked ones would share this process's connections.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=bootstrap.setup) as pool:
        return list(pool.map(partial(_walk, snapshot), stretches))


def _walk(snapshot: str, stretch: Stretch) -> Walked:
    """In a process of its own, at the moment of the process that asked."""
    from django.db import transaction

    from roomdesk.audit.verify import see_one_moment
    from roomdesk.audit.walking import walk

    with transaction.atomic(durable=True):
        see_one_moment(snapshot)
        return walk(stretch)
