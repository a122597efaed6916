"""The folder of kept copies: one file for each content, named by its SHA-256. Never served by a web server directly."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from roomdesk.channels.kept import folder, place_of
from roomdesk.rules.file_type import LOOKED_AT, file_type

__all__ = ["folder", "keep", "let_go", "measured", "partial", "place_of"]

_BLOCK = 1 << 20


def partial(file_id: int) -> Path:
    """Where a file lies while it is being fetched; what is there already is gone on with."""
    place = folder() / "partial" / str(file_id)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def measured(path: Path) -> tuple[str, int, str]:
    """SHA-256, size in bytes and type of a file."""
    digest, size, head = hashlib.sha256(), 0, b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            head = head or block[:LOOKED_AT]
            size += len(block)
            digest.update(block)
    return digest.hexdigest(), size, file_type(head)


def keep(path: Path, sha256: str) -> None:
    """Moves a complete file to its place, on the disk before anybody is told; equal content is there once."""
    place = place_of(sha256)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("rb") as file:
        os.fsync(file.fileno())
    path.chmod(0o600)
    path.replace(place)
    _fsync(place.parent)


def let_go(file_id: int, sha256: str, *, is_elsewhere: bool) -> None:
    """Removes what lies here of a file; the copy only where no other file has the same content (`is_elsewhere`)."""
    partial(file_id).unlink(missing_ok=True)
    if sha256 and not is_elsewhere:
        place_of(sha256).unlink(missing_ok=True)


def _fsync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
