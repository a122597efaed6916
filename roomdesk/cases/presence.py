"""Who of the staff looks at a case just now, and who writes an answer: so that two do not answer at once (decision 0042).

Told by the browser every few seconds and believed for a little longer. It decides nothing, is on no record, and no customer hears of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from roomdesk.cases.models import Case, Presence
from roomdesk.directory.models import Person
from roomdesk.queues.signals import live

#: How long a word is believed: three that the browser did not say.
HERE = timedelta(seconds=45)
WRITES = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody else at the case."""

    person: Person
    is_writing: bool


def note_presence(case: Case, person: Person, *, is_writing: bool, now: datetime) -> None:
    """The person has the case open; the others' pages hear of it where that is new. The caller has access to the case."""
    with transaction.atomic(), connection.cursor() as cursor:
        before = Presence.objects.filter(case=case, person=person).first()
        cursor.execute(_PUT, [case.pk, person.pk, now + HERE, now + WRITES if is_writing else None])
        was_here = before is not None and before.here_until > now
        was_writing = before is not None and before.writes_until is not None and before.writes_until > now
        if (was_here, was_writing) != (True, is_writing):
            live([case.workspace.lane_id])


_PUT = """
INSERT INTO cases_presence (case_id, person_id, here_until, writes_until) VALUES (%s, %s, %s, %s)
ON CONFLICT (case_id, person_id) DO UPDATE SET here_until = excluded.here_until, writes_until = excluded.writes_until
"""


def leave(case: Case, person: Person) -> None:
    """The person has closed the page, or sent what they wrote."""
    with transaction.atomic():
        if Presence.objects.filter(case=case, person=person).delete()[0]:
            live([case.workspace.lane_id])


def others_at(case: Case, person: Person, now: datetime) -> Sequence[Other]:
    """Who else has the case open, those who write first. One query."""
    rows = Presence.objects.filter(case=case, here_until__gt=now).exclude(person=person).select_related("person")
    found = [Other(row.person, row.writes_until is not None and row.writes_until > now) for row in rows]
    return sorted(found, key=lambda one: (not one.is_writing, one.person.name))
