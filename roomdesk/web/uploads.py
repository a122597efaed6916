"""Files of a posted form."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest

from roomdesk.cases.attaching import Upload


def uploads_of(request: HttpRequest) -> list[Upload]:
    """What was chosen in the field `files`."""
    return [
        Upload((one.name or "file")[-200:].replace("\0", ""), one.size or 0, one.chunks())
        for one in request.FILES.getlist("files")
        if one.name or one.size
    ]


def words_of(uploads: Iterable[Upload]) -> list[str]:
    """What makes it the same request or another one."""
    return [f"{one.name}:{one.size}" for one in uploads]
