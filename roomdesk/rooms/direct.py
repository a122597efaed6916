"""A word of the desk to one member of the staff, in their room for direct messages (decision 0020): there it calls them."""

from __future__ import annotations

import json

from roomdesk.bootstrap import settings
from roomdesk.channels.matrix import send as matrix
from roomdesk.channels.matrix.errors import MatrixError
from roomdesk.queues.models import OutboxRow
from roomdesk.rooms import naming
from roomdesk.rooms.models import Room


class NoRoom(MatrixError):
    """The person has no room with the desk yet: it is being made, or nobody has asked for it. Another way may be faster."""

    def __init__(self, slug: str) -> None:
        super().__init__(0, "", slug)
        self.args = (f"{slug} has no room with the desk yet; `!desk direct` in the control room asks for one.",)


def say(slug: str, row: OutboxRow, text: str) -> None:
    """Says it, once however often the same row is sent. Raises `MatrixError`, `NoRoom` among them."""
    room = Room.objects.filter(kind=Room.Kind.DIRECT, person__slug=slug).exclude(room_id="").select_related("person")
    found = room.first()
    if found is None or found.person is None:
        raise NoRoom(slug)
    user = naming.person_id(found.person, settings.matrix_server_name)
    # Clients are silent about notices, and about what mentions nobody.
    content = {"msgtype": "m.text", "body": text, "m.mentions": {"user_ids": [user]}}
    payload = {"room_id": found.room_id, "type": "m.room.message", "content": content, "as": None}
    given = {"payload": json.dumps(payload), "attempts": row.attempts, "first_claimed_at": row.first_claimed_at}
    matrix.send(OutboxRow(key=row.key, kind="send", **given))
