"""Words that staff write on the desk's pages: as they were typed, and as a room draws them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from roomdesk.bootstrap import settings
from roomdesk.cases.conversation import Conversation
from roomdesk.directory.models import Person, Workspace
from roomdesk.rooms import naming
from roomdesk.rooms.models import RoomMember
from roomdesk.rules.mentions import Named
from roomdesk.rules.rich_text import FORMAT, PLAIN, Rich, rich


@dataclass(frozen=True, slots=True)
class Wording:
    """A checked text. What it calls and how it is drawn is `rich`; whoever cannot draw it reads the text."""

    text: str
    rich: Rich = PLAIN

    @property
    def content(self) -> dict[str, object]:
        """The content of the event (client-server API, `m.text` and `m.mentions`)."""
        called = {"user_ids": list(self.rich.called)} if self.rich.called else {}
        return {"msgtype": "m.text", "body": self.text, **self._drawn, "m.mentions": called}

    @property
    def recorded(self) -> str:
        """What the record keeps, as JSON."""
        called = {"m.mentions": {"user_ids": list(self.rich.called)}} if self.rich.called else {}
        return json.dumps({"body": self.text, **self._drawn, **called})

    @property
    def _drawn(self) -> dict[str, str]:
        return {"format": FORMAT, "formatted_body": self.rich.html} if self.rich.html else {}


def in_markdown(conversation: Conversation, text: str) -> Wording:
    """The text as Markdown; `@` calls the people who are in the workspace's room. One query, where there is an `@` and a room."""
    users = [user for user, member in conversation.members.items() if member.membership == "join"]
    return Wording(text, rich(text, _named(users) if "@" in text and conversation.room else ()))


def callable_in(workspace: Workspace) -> list[Named]:
    """Who can be called in the workspace's room, by name. Two queries."""
    rows = RoomMember.objects.filter(room__workspace=workspace, membership="join").values_list("user_id", flat=True)
    return _named(list(rows))


def _named(users: list[str]) -> list[Named]:
    server = settings.matrix_server_name
    names = [name for user in users if (name := naming.localpart_of(user, server))]
    people = Person.objects.filter(localpart__in=names, is_active=True).order_by("name", "slug")
    return [Named(one.slug, one.name, naming.person_id(one, server)) for one in people]
