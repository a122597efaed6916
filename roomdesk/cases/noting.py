"""Internal notes from the desk's own pages: on record with the case, seen by no customer, stopping no clock (D9)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from roomdesk.audit.work import Actor
from roomdesk.bootstrap import settings
from roomdesk.cases import acting
from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_case
from roomdesk.cases.wording import Wording
from roomdesk.cases.writing import check_text
from roomdesk.directory.queries import Viewer
from roomdesk.record import services as record
from roomdesk.record.models import Message
from roomdesk.record.services import Saying
from roomdesk.rules.rich_text import rich

_WHY = ("note", "Written on the case's page.")


def do_note(viewer: Viewer, ref: str, text: str, *, channel: str, author: str, actor: Actor, now: datetime) -> Case:
    """Notes it, in Markdown, in the case, or in what it was merged into. Invalid for an empty text; NotFound, Forbidden as for every act of staff.

    Nothing of it goes to any room, not even the staff's own: of a restricted case everybody there would read it.
    """
    text = check_text(text)
    with transaction.atomic():
        held = acting.hold(viewer, ref, author=author, actor=actor, now=now)
        person, conversation, entry = held.author, held.conversation, held.entry(ref)
        assert person is not None
        saying = Saying(
            channel=channel,
            external_id="",
            address="",
            author_id=person.pk,
            author_ref=f"@{person.localpart}:{settings.matrix_server_name}",
            author_kind="staff",
            kind=Message.Kind.NOTE,
            body=text,
            content=Wording(text, rich(text)).recorded,
            at=now,
            received_at=now,
        )
        record.record(
            held.work,
            saying,
            workspace_id=conversation.workspace.pk,
            scope=conversation.scope,
            number=conversation.next_number(saying.kind),
            case_id=entry.case.pk,
            why=_WHY,
        )
        held.flush()
    return access_case(ref, viewer)
