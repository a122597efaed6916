"""Erasure by law: what entries of a chain say is removed for good, and the words of grants among them; the chain verifies all the same (D30)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from roomdesk.audit.models import Content, Entry
from roomdesk.audit.work import Actor, Work
from roomdesk.consent.models import Grant
from roomdesk.refusals import Invalid, NotFound

GIVEN = "consent.given"


def do_erase(scope: str, numbers: Collection[int], reason: str, *, actor: Actor, now: datetime) -> int:
    """Removes salt and content of these entries (by their number in the chain); returns how many still had any. What was erased, and why, is an
    entry of its own. Only the owner of the tables may: the running service cannot.

    NotFound for a number that the chain does not have; Invalid without a reason.
    """
    if not reason.strip():
        raise Invalid("Say why: which request, under which law.", field="reason")
    wanted = sorted(set(numbers))
    with transaction.atomic():
        entries = list(Entry.objects.filter(scope=scope, seq__in=wanted).order_by("seq"))
        if len(entries) != len(wanted):
            missing = sorted(set(wanted) - {entry.seq for entry in entries})
            raise NotFound(f"The chain {scope} has no number {missing[0]}.", field="numbers")
        erased = Content.objects.filter(entry_id__in=[entry.pk for entry in entries]).delete()[0]
        for entry in entries:
            if entry.action == GIVEN:
                _erase_grant(entry)
        work = Work(now, actor)
        work.audit("audit.erased", scope, {"numbers": wanted, "reason": reason.strip()}, scope=scope)
        work.flush()
    return erased


def _erase_grant(entry: Entry) -> None:
    """Who agreed to what, and when, stays; their words, the event and the session go."""
    ref = entry.subject.removeprefix("consent:")
    found = Grant.objects.filter(request__ref=ref, person__slug=entry.actor, recorded_at=entry.at)
    found.update(text="", raw="", session="")
