"""Files on their way to the homeserver's store: laid down by a page, uploaded as the person, and gone once the room has them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from roomdesk import bootstrap
from roomdesk.channels.matrix.client import Json, Matrix
from roomdesk.channels.matrix.names import path

#: In a content that is still to be sent: the name under which its file lies.
FILE = "solutions.roomdesk.file"
_BLOCK = 1 << 18


def outgoing(name: str) -> Path:
    """Where the file lies; nobody is given it from here."""
    settings = bootstrap.settings
    place = (settings.files or settings.data / "files") / "outgoing" / name
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def upload(matrix: Matrix, user: str, content: Json) -> Json:
    """The content with the address that the file now has. FileNotFoundError where it does not lie there any more. Raises `MatrixError`.

    Repeated, it leaves a copy in the store that no event names.
    """
    named = {name: value for name, value in content.items() if name != FILE}
    place = outgoing(content[FILE])
    length = place.stat().st_size
    where = path("upload", base="/_matrix/media/v3")
    answer = matrix.give(where, _blocks(place), length, user=user, name=content["body"])
    return {**named, "url": str(answer["content_uri"])}


def _blocks(place: Path) -> Iterator[bytes]:
    with place.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
