"""Files in the homeserver's store: which one an event names, fetching, giving and removing it (matrix-facts §9)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.errors import MediaFilled
from roomdesk.channels.matrix.events import text
from roomdesk.channels.matrix.names import path

#: `mxc://server/id` (client-server API, "Matrix Content (mxc://) URIs"); the id's letters are those the specification allows.
_MXC = re.compile(r"mxc://([A-Za-z0-9.:\-\[\]]{1,230})/([A-Za-z0-9_\-]{1,200})")
_LARGEST = 1 << 53


@dataclass(frozen=True, slots=True)
class FileNamed:
    """What the sender says of a file: nothing of it is believed but where it lies. `size` in bytes."""

    url: str
    name: str
    type: str
    size: int | None


def caption_of(content: str) -> str:
    """What the content (JSON text) of a file event says beside the file's name; empty where it says nothing (MSC2530)."""
    given = json.loads(content) if content else {}
    body, name = (given.get("body"), given.get("filename")) if isinstance(given, dict) else (None, None)
    is_caption = isinstance(body, str) and isinstance(name, str) and body != name
    return text(body, 70_000) if is_caption else ""


def file_named(content: str) -> FileNamed | None:
    """The file that the content (JSON text) of a file event names; None where it names none that can be fetched.

    Where `filename` stands, `body` is a caption (MSC2530, specification 1.10).
    """
    given: dict[str, Any] = json.loads(content) if content else {}
    url = given.get("url")
    if not isinstance(url, str) or not _MXC.fullmatch(url):
        return None
    info = given.get("info")
    info = info if isinstance(info, dict) else {}
    size = info.get("size")
    return FileNamed(
        url=url,
        name=_plain_name(given.get("filename")) or _plain_name(given.get("body")) or "file",
        type=text(info.get("mimetype"), 100),
        size=size if type(size) is int and 0 <= size < _LARGEST else None,
    )


def _plain_name(value: Any) -> str:
    """A name without folders and control characters, which people could mistake for another."""
    last = re.split(r"[/\\]", text(value, 1000))[-1]
    return "".join(letter for letter in last if letter.isprintable()).strip()[:200]


@contextmanager
def download(matrix: Matrix, url: str, begin: int = 0) -> Iterator[httpx.Response]:
    """The file as it comes, from byte `begin` on where the store can do that (status 206), else from the first. Raises `MatrixError`."""
    found = _MXC.fullmatch(url)
    assert found is not None
    where = path("media", "download", *found.groups(), base="/_matrix/client/v1")
    with matrix.stream(where, {"Range": f"bytes={begin}-"} if begin else {}) as answer:
        yield answer


def make(matrix: Matrix, user: str) -> str:
    """Reserves an address in the store for a file of `user` (`POST /_matrix/media/v1/create`). One that stays empty is forgotten in a day."""
    return str(matrix.call("POST", path("create", base="/_matrix/media/v1"), {}, user=user)["content_uri"])


def put(matrix: Matrix, url: str, user: str, content: Path, name: str) -> None:
    """Fills an address that `make` gave (`PUT /_matrix/media/v3/upload/{server}/{id}`); filled already is what was asked for. Raises `MatrixError`."""
    found = _MXC.fullmatch(url)
    assert found is not None
    where = path("upload", *found.groups(), base="/_matrix/media/v3")
    with suppress(MediaFilled):
        matrix.upload(where, content, user=user, name=name)


def remove(matrix: Matrix, url: str) -> None:
    """Takes the file from the store for everybody, with the administrator's token (D47). Raises `MatrixError`."""
    found = _MXC.fullmatch(url)
    assert found is not None
    matrix.admin("DELETE", path("media", *found.groups(), base="/_synapse/admin/v1"))
