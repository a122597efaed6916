"""What an open page shows, as one short text each: the same as long as nothing of it has changed, another one after that.

A page is drawn with the mark of what it shows; whoever has an older one is behind. A mark is made of the rows themselves (their
numbers under the lane lock, D36, and PostgreSQL's row versions), so that there is no list of changes that could have a gap, and only of
rows that the reader may see: nothing else wakes their pages. It says nothing and is compared for equality only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Sum
from django.db.models.expressions import RawSQL

from roomdesk.cases import queries, room_reading, room_talk
from roomdesk.cases.models import Case, Presence, Reading
from roomdesk.cases.questions import access_questions
from roomdesk.clocks.queries import access_notices
from roomdesk.directory.customers import Customer
from roomdesk.directory.models import Person, Workspace
from roomdesk.directory.queries import Viewer
from roomdesk.queues.models import Lane
from roomdesk.record.models import File
from roomdesk.runtime import clock


def of_inbox(viewer: Viewer) -> str:
    """Open cases that the viewer may know of, in whatever order, and what asks for attention. Three queries."""
    found = queries.access_cases(viewer).filter(state__in=Case.OPEN).select_related(None).prefetch_related(None)
    # How many, their versions together, and the newest one: no change leaves all three as they were.
    version = Sum(RawSQL("cases_case.xmin::text::bigint", []))
    cases = found.order_by().aggregate(count=Count("pk"), versions=version, newest=Max("pk"))
    asked = access_questions(viewer).filter(answered_at=None).order_by("-pk").values_list("pk", flat=True)[:100]
    told = access_notices(viewer).select_related(None).order_by("-pk").values_list("pk", flat=True)[:1]
    return digest(sorted(cases.items()), list(asked), list(told))


def of_case(case: Case, viewer: Viewer) -> str:
    """Everything that staff see on the page of a case that they may read, and who else is there. Two queries.

    Of the case itself as it was fetched: a page that shows an older one than there is has another mark. That the viewer is there is
    no news to them.
    """
    now = clock.now()
    here = (
        Presence.objects.filter(case=case, here_until__gt=now).exclude(person_id=viewer.person_id or 0).order_by("pk")
    )
    present = [(pk, until is not None and until > now) for pk, until in here.values_list("person", "writes_until")]
    fields = [getattr(case, field.attname) for field in case._meta.concrete_fields]
    return digest(fields, _first(_OF_CASE, {"id": case.pk}), present)


def of_stub(case: Case) -> str:
    """What staff outside the security role see of a restricted case: state, assignee, its running clocks. One query."""
    return digest(case.state, case.assignee_id, _first(_OF_STUB, {"id": case.pk}))


def of_request(case: Case) -> str:
    """What customers see of their request: nothing of notes, of clocks that are not theirs, or of how staff work on it. One query."""
    shown = case.title, case.state, case.severity, case.kind
    return digest(shown, _first(_OF_REQUEST, {"id": case.pk, "told": sorted(queries.TOLD)}))


def of_workspace(customer: Customer) -> str:
    """What a person of the workspace sees of it in the portal besides single requests. Two queries at most."""
    shown = _first(
        _OF_PEOPLE, {"id": customer.workspace.pk, "mine": None if customer.may_decide else customer.person.pk}
    )
    requests = _first(_OF_REQUESTS, {"id": customer.workspace.pk}) if customer.may_read else None
    return digest(customer.role, customer.has_access, shown, requests)


def of_room(workspace: Workspace, person: Person, readings: Sequence[Reading]) -> str:
    """What is said in the room with its files, what became of the person's own words, and how far others have read (`readings` of the room). Three queries."""
    files = File.objects.filter(workspace=workspace).values("state").order_by("state")
    number = Lane.objects.values_list("told_number", flat=True).get(pk=workspace.lane_id)
    now = clock.now()
    waiting = [(one.text, one.problem) for one in room_talk.sending(workspace, person, now)]
    kept = list(files.annotate(many=Count("pk")).values_list("state", "many"))
    return digest(number, kept, waiting, room_reading.mark_of(readings, person, now))


def digest(*parts: object) -> str:
    return hashlib.blake2s(repr(parts).encode(), digest_size=9).hexdigest()


def _first(sql: str, values: Any) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()


_OF_CASE = """
SELECT
  (SELECT (count(*), max(m.number))::text FROM record_message m WHERE m.case_id = c.id),
  (SELECT (count(*), sum(k.xmin::text::bigint))::text FROM clocks_clock k WHERE k.case_id = c.id),
  (SELECT max(h.id) FROM cases_casechange h WHERE h.case_id = c.id),
  (SELECT (count(*), sum(y.xmin::text::bigint))::text FROM cases_casecycle y WHERE y.case_id = c.id),
  (SELECT sum(o.xmin::text::bigint) FROM queues_outboxrow o WHERE o.case_id = c.id AND o.message_id IS NOT NULL),
  (SELECT sum(f.xmin::text::bigint) FROM record_file f JOIN record_message m ON m.id = f.message_id WHERE m.case_id = c.id),
  (SELECT sum(l.xmin::text::bigint) FROM cases_link l WHERE l.case_id = c.id OR l.other_id = c.id)
FROM cases_case c WHERE c.id = %(id)s
"""
_OF_STUB = """
SELECT string_agg(concat_ws('|', k.id, k.state, k.due_at, k.paused_at, k.stopped_at), ',' ORDER BY k.id)
FROM clocks_clock k WHERE k.case_id = %(id)s
"""
_OF_REQUEST = """
SELECT
  (SELECT (count(*), max(m.number))::text FROM record_message m WHERE m.case_id = c.id AND m.kind <> 'note'),
  (SELECT string_agg(concat_ws('|', k.id, k.state, k.due_at, k.paused_at, k.stopped_at), ',' ORDER BY k.id)
   FROM clocks_clock k WHERE k.case_id = c.id AND k.is_public),
  (SELECT max(h.id) FROM cases_casechange h WHERE h.case_id = c.id AND h.what = ANY(%(told)s)),
  (SELECT string_agg(y.satisfaction, ',' ORDER BY y.number) FROM cases_casecycle y WHERE y.case_id = c.id),
  (SELECT string_agg(concat_ws('|', o.id, o.state), ',' ORDER BY o.id)
   FROM queues_outboxrow o JOIN record_message m ON m.id = o.message_id
   WHERE o.case_id = c.id AND m.case_id = c.id AND m.kind <> 'note'),
  (SELECT string_agg(concat_ws('|', f.id, f.state), ',' ORDER BY f.id)
   FROM record_file f JOIN record_message m ON m.id = f.message_id WHERE m.case_id = c.id AND m.kind <> 'note')
FROM cases_case c WHERE c.id = %(id)s
"""
_OF_REQUESTS = """
SELECT string_agg(concat_ws('|', c.id, c.title, c.state, c.severity, c.last_customer_at, c.last_staff_at, (
  SELECT string_agg(concat_ws('/', k.id, k.state, k.due_at, k.paused_at, k.stopped_at), ';' ORDER BY k.id)
  FROM clocks_clock k WHERE k.case_id = c.id AND k.is_public)), ',' ORDER BY c.id)
FROM cases_case c WHERE c.workspace_id = %(id)s AND NOT c.is_restricted AND c.state IN
  ('new', 'acknowledged', 'investigating', 'waiting_customer', 'waiting_third_party')
"""
_OF_PEOPLE = """
SELECT
  (SELECT sum(m.xmin::text::bigint) FROM directory_membership m WHERE m.workspace_id = %(id)s AND m.valid_to IS NULL),
  (SELECT sum(a.xmin::text::bigint) FROM directory_accessrequest a
   WHERE a.workspace_id = %(id)s AND (%(mine)s::bigint IS NULL OR a.person_id = %(mine)s)),
  (SELECT (count(*), sum(r.xmin::text::bigint))::text FROM rooms_roommember r JOIN rooms_room o ON o.id = r.room_id
   WHERE o.workspace_id = %(id)s AND r.membership IN ('join', 'going'))
"""
