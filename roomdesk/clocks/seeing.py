"""Acknowledging what one was told."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.clocks.models import Notice, NoticeSeen
from roomdesk.clocks.queries import access_notice
from roomdesk.directory.models import Person
from roomdesk.directory.queries import Viewer


def do_acknowledge(viewer: Viewer, notice_id: int, *, person: Person, actor: Actor, now: datetime) -> Notice:
    """Notes that the person has seen the notice; a second time changes nothing. NotFound where it is not theirs to see."""
    notice = access_notice(notice_id, viewer)
    with transaction.atomic():
        _, is_new = NoticeSeen.objects.get_or_create(notice=notice, person=person, defaults={"at": now})
        if is_new:
            case = notice.clock.case
            work = Work(now, actor)
            data = {
                "clock": str(notice.clock.kind),
                "step": notice.step,
                "revision": notice.revision,
                "by": person.slug,
            }
            work.audit("clock.notice_seen", f"case:{case.ref}", data, scope=f"workspace:{case.workspace.slug}")
            work.flush()
    return notice
