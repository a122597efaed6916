"""Answering with a file of others in a way that no browser runs anything of it."""

from __future__ import annotations

from django.http import FileResponse

from roomdesk.record import store
from roomdesk.record.models import File
from roomdesk.refusals import Conflict
from roomdesk.rules.file_type import PICTURES, UNKNOWN


def inert(file: File) -> FileResponse:
    """The kept copy, to be saved under its name. Only a picture, by its own first bytes, keeps its type.

    Raises `Conflict` while it is being fetched.
    """
    if file.state != File.State.KEPT:
        raise Conflict("This file is still being fetched from the homeserver; try again in a moment.", field="id")
    kind = file.type if file.type in PICTURES else UNKNOWN
    content = store.place_of(file.sha256).open("rb")
    answer = FileResponse(content, as_attachment=True, filename=file.name, content_type=kind)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer
