"""Files that somebody gives on the room's page, until the homeserver has them (`channels/matrix/upload.py`).

A file is laid down before the transaction that plans its sending ends: a crash leaves a file that nobody knows, never a call without one.
Once the room has it, it comes back like any file said there: fetched, scanned, kept.
"""

from __future__ import annotations

import mimetypes
import uuid

from roomdesk.cases.attaching import Upload
from roomdesk.channels.matrix.upload import FILE, outgoing

_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")


def lay_down(upload: Upload) -> dict[str, object]:
    """The content of the event to be, without its `url`. What the sender says of the file is not believed anywhere."""
    name, size = uuid.uuid4().hex, 0
    with outgoing(name).open("xb") as place:
        for block in upload.blocks:
            size += len(block)
            place.write(block)
    kind = mimetypes.guess_type(upload.name)[0] or "application/octet-stream"
    return {
        "msgtype": "m.image" if kind in _PICTURES else "m.file",
        "body": upload.name,
        "info": {"mimetype": kind, "size": size},
        "m.mentions": {},
        FILE: name,
    }
