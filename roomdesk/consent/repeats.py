"""The same question again: a program that asks every second whether it may go on is told so every second, and stands in the chain once an
hour, with how often it asked (docs/decisions/0039). Whatever is different in any way stands there at once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Sum

from roomdesk.audit.work import Work
from roomdesk.consent.models import Refused, Request

#: So long the same is counted only.
QUIET = timedelta(hours=1)


def is_news(work: Work, request: Request, key: dict[str, str]) -> dict[str, Any] | None:
    """What the chain is to be told beside the facts of `key` (`what`, `verdict`, `action_sha256`, `by`): how often the same was asked since
    it was told last. None where that was less than an hour ago; then it is counted. Under the lane's lock.
    """
    row = Refused.objects.filter(request=request, **key).first()
    if row is None:
        work.insert(Refused(request=request, **key, told_at=work.now))
        return {}
    if work.now - row.told_at < QUIET:
        row.again += 1
        work.update(row, "again")
        return None
    again, row.again, row.told_at = row.again, 0, work.now
    work.update(row, "again", "told_at")
    return {"again": again} if again else {}


def untold(request: Request) -> dict[str, Any]:
    """For the entry that ends a request: how often it was asked for since that was told."""
    count = Refused.objects.filter(request=request).aggregate(count=Sum("again"))["count"]
    return {"asked_again": count} if count else {}
