"""What somebody wrote with structure, drawn on a page: nothing in it runs, loads or looks like a part of the page."""

from __future__ import annotations

import json

from django.utils.safestring import SafeString

from roomdesk.record.models import Message
from roomdesk.rules.rich_text import FORMAT, cleaned


def drawn(message: Message) -> SafeString | str:
    """The message as a room draws it; empty where that is its text alone, also of what was edited since or removed."""
    if message.redacted_at or message.edited_at or '"formatted_body"' not in message.content:
        return ""
    given = json.loads(message.content)
    html = given.get("formatted_body") if isinstance(given, dict) and given.get("format") == FORMAT else None
    return SafeString(cleaned(html)) if isinstance(html, str) else ""
