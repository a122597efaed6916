"""Erasure by law in the chain: what entries say is removed for good, and the words of grants among them; the chain verifies all the same (D30).

Which entries were erased, and why, is an entry of its own: whoever takes a content away in another way is found by `verify`. Only the owner of
the tables may: the running service cannot.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction

from roomdesk.audit import chain
from roomdesk.audit.models import Content, Entry
from roomdesk.audit.work import Actor, Work
from roomdesk.consent.models import Grant
from roomdesk.refusals import Invalid, NotFound

GIVEN = "consent.given"


def do_erase(
    scope: str, numbers: Collection[int], reason: str, *, dry_run: bool = False, actor: Actor, now: datetime
) -> int:
    """Removes salt and content of these entries (by their number in the chain); returns how many still have any. A dry run removes nothing.

    NotFound for a number that the chain does not have; Invalid without a reason, and for an entry that tells of an erasure.
    """
    check_reason(reason)
    wanted = sorted(set(numbers))
    with transaction.atomic():
        entries = list(Entry.objects.filter(scope=scope, seq__in=wanted).order_by("seq"))
        _check(scope, wanted, entries)
        contents = Content.objects.filter(entry_id__in=[entry.pk for entry in entries])
        count = contents.count()
        if dry_run:
            return count
        contents.delete()
        for entry in entries:
            if entry.action == GIVEN:
                _erase_grant(entry)
        work = Work(now, actor)
        note(work, scope, wanted, reason)
        work.flush()
    return count


def check_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid("Say why: which request, under which law.", field="reason")


def _check(scope: str, wanted: list[int], entries: list[Entry]) -> None:
    if len(entries) != len(wanted):
        missing = sorted(set(wanted) - {entry.seq for entry in entries})
        raise NotFound(f"The chain {scope} has no number {missing[0]}.", field="numbers")
    told = next((entry for entry in entries if entry.action == chain.ERASED), None)
    if told is not None:
        raise Invalid(f"Number {told.seq} says what was erased; without it the chain would be wrong.", field="numbers")


def note(work: Work, scope: str, numbers: Collection[int], reason: str, **more: Any) -> None:
    """Plans the entry that says what was erased."""
    work.audit(chain.ERASED, scope, {"numbers": chain.runs(numbers), "reason": reason.strip(), **more}, scope=scope)


def _erase_grant(entry: Entry) -> None:
    """Who agreed to what, and when, stays; their words, the event and the session go."""
    ref = entry.subject.removeprefix("consent:")
    found = Grant.objects.filter(request__ref=ref, person__slug=entry.actor, recorded_at=entry.at)
    found.update(text="", raw="", session="")
