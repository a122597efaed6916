"""Walking many chains by several processes: each chain is walked by one, and hashing keeps a core busy."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

from roomdesk import bootstrap

#: A process of its own takes a second to be ready; so many entries take about as long.
_WORTH_IT = 20_000


if TYPE_CHECKING:
    from roomdesk.audit.verify import Verdict


def verify_many(scopes: Sequence[str], jobs: int | None = None) -> list[Verdict]:
    """The verdicts in the order of `scopes`. `jobs`: so many processes; by default one a core where there is enough to do."""
    from roomdesk.audit.models import Head

    if jobs is None:
        is_much = sum(Head.objects.filter(scope__in=scopes).values_list("seq", flat=True)) > _WORTH_IT
        jobs = (os.cpu_count() or 1) if is_much else 1
    jobs = min(jobs, len(scopes))
    if jobs < 2:
        return [_verify(scope) for scope in scopes]
    # Forked ones would share this process's connections.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=bootstrap.setup) as pool:
        return list(pool.map(_verify, scopes))


def _verify(scope: str) -> Verdict:
    # Models can be imported once Django is up, and in a process of its own it comes up after this module.
    from roomdesk.audit.verify import verify

    return verify(scope)
