"""An export as a folder: lines for programs, pages for people, the kept files, and what proves that nothing of it was changed.

It is written beside its place and moved there when it is whole, so a folder of that name is complete or not there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Protocol

from django.db import connection, transaction

from roomdesk.audit.work import Actor
from roomdesk.cases import exporting
from roomdesk.cases.exporting import Entry, Wanted
from roomdesk.record import store
from roomdesk.record.models import File
from roomdesk.refusals import Conflict

RECORD, MANIFEST, SUMS = "record.jsonl", "manifest.json", "SHA256SUMS"
_BLOCK = 1 << 20


class Pages(Protocol):
    """What draws pages for people, with a bounded number of lines in hand; `finish` draws what is left."""

    def add(self, line: dict[str, Any]) -> None: ...

    def finish(self) -> None: ...


#: Makes it, given what is exported and the folder to write in.
Drawing = Callable[[Wanted, "Folder"], Pages]


@dataclass
class Folder:
    """What is being written. `sums` are the checksums of the files that are done, by their path in the folder."""

    place: Path
    sums: dict[str, tuple[int, str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def writing(self, name: str) -> Iterator[_Summed]:
        """A new file of this name, readable by its owner; its checksum is known when it is closed."""
        with (self.place / name).open("xb") as file:
            written = _Summed(file)
            yield written
            file.flush()
            os.fsync(file.fileno())
        self.sums[name] = (written.size, written.digest.hexdigest())

    def write(self, name: str, text: str) -> None:
        with self.writing(name) as file:
            file.write(text.encode("utf-8", "replace"))


class _Summed:
    """A file that is being written, and what it holds by now."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest, self.size = file, hashlib.sha256(), 0

    def write(self, content: bytes) -> None:
        self._file.write(content)
        self.digest.update(content)
        self.size += len(content)


def do_export(
    wanted: Wanted,
    to: Path,
    *,
    draw: Drawing,
    actor: Actor,
    now: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Writes the export to the folder `to` and gives its manifest. All of one moment; bounded memory.

    Conflict where something of that name is there already: nothing is written then.
    """
    _check(to)
    beside = Path(tempfile.mkdtemp(prefix=f".{to.name}.", dir=to.parent))
    try:
        folder = Folder(beside)
        (beside / "files").mkdir(mode=0o700)
        _write(wanted, folder, draw, progress)
        manifest = _finish(wanted, folder, actor, now)
        exporting.note(wanted, actor, now, counts=manifest["counts"], sha256=folder.sums[RECORD][1])
        _check(to)
        beside.rename(to)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return manifest


def _check(to: Path) -> None:
    if to.exists() or to.is_symlink():
        raise Conflict(f"{to} is there already; name a folder that does not exist yet.", field="to")
    if not to.parent.is_dir() or not os.access(to.parent, os.W_OK):
        raise Conflict(f"{to.parent} is no folder that can be written to.", field="to")


def _write(wanted: Wanted, folder: Folder, draw: Drawing, progress: Callable[[int], None]) -> None:
    pages = draw(wanted, folder)
    with transaction.atomic(durable=True), folder.writing(RECORD) as lines:
        _see_one_moment()
        for entry in exporting.entries(wanted):
            line = exporting.line(entry, sealed=wanted.sealed)
            if line["file"] is not None:
                line["file"]["path"] = _copied(entry, folder)
            lines.write(exporting.written(line))
            pages.add(line)
            _count(entry, folder)
            progress(folder.counts["entries"])
    pages.finish()


def _see_one_moment() -> None:
    """One snapshot: the desk goes on writing while we read."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def _count(entry: Entry, folder: Folder) -> None:
    folder.counts.update(("entries", f"kind:{entry.message.kind}"))
    folder.counts["sealed"] += entry.is_sealed


def _copied(entry: Entry, folder: Folder) -> str | None:
    """Where the kept copy lies in the folder; None where there is none. Equal content is there once."""
    file = entry.file
    if file is None or file.state != File.State.KEPT:
        return None
    name = f"files/{file.sha256}"
    if name in folder.sums:
        return name
    try:
        with store.place_of(file.sha256).open("rb") as kept, folder.writing(name) as copy:
            while block := kept.read(_BLOCK):
                copy.write(block)
    except FileNotFoundError:
        folder.counts["files_missing"] += 1
        return None
    # A copy that rotted is given as it is; the difference of name and checksum tells it.
    folder.counts["files_damaged"] += folder.sums[name][1] != file.sha256
    folder.counts["files"] += 1
    return name


def _finish(wanted: Wanted, folder: Folder, actor: Actor, now: datetime) -> dict[str, Any]:
    """The checksums as `sha256sum -c` reads them, and the manifest, which is written last."""
    listed = sorted(folder.sums.items())
    folder.write(SUMS, "".join(f"{digest}  {name}\n" for name, (_, digest) in listed))
    counts = folder.counts
    manifest = {
        "format": exporting.FORMAT,
        **wanted.shown(),
        "made_at": now,
        "made_by": f"{actor.kind}:{actor.name}",
        "counts": {
            "entries": counts["entries"],
            "kinds": {name[5:]: count for name, count in sorted(counts.items()) if name.startswith("kind:")},
            **{name: counts[name] for name in ("sealed", "files", "files_missing", "files_damaged")},
        },
        "files": [
            {"path": name, "size": size, "sha256": digest} for name, (size, digest) in sorted(folder.sums.items())
        ],
    }
    told = json.loads(json.dumps(manifest, default=lambda at: at.isoformat().replace("+00:00", "Z")))
    folder.write(MANIFEST, json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    return dict(told)
