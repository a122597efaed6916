"""Looking through the inbox for an answer by staff that is not worked on yet (D26)."""

from __future__ import annotations

from roomdesk.bootstrap import settings
from roomdesk.channels.matrix.events import read_event
from roomdesk.channels.matrix.names import localpart
from roomdesk.directory.models import StaffRole
from roomdesk.directory.services.intervals import valid_at
from roomdesk.oncall.models import Page
from roomdesk.queues import inbox
from roomdesk.runtime import clock

#: Of a longer backlog only the newest: an answer is most likely among them.
MOST = 500
_SPEECH = frozenset({"message", "file"})


def is_answer_waiting(page: Page) -> bool:
    """Whether somebody of the staff has spoken in the workspace's room since the page's message, and it is not heard yet."""
    if page.workspace is None:
        return False
    raw = inbox.waiting_after(page.workspace.lane_id, "matrix", page.event_id, MOST)
    if not raw:
        return False
    staff = StaffRole.objects.filter(valid_at(clock.now())).values_list("person__localpart", flat=True)
    known = set(staff)
    return any(one.kind in _SPEECH and _local(one.sender) in known for one in map(read_event, raw))


def _local(sender: str) -> str:
    """The name of one of our own homeserver's users; whoever is from elsewhere is none of the staff."""
    return localpart(sender) if sender.endswith(f":{settings.matrix_server_name}") else ""
