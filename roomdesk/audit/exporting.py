"""A chain as a folder that can be checked by anybody who has Python, without the desk and without its database."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from roomdesk.audit import chain, offline, signing
from roomdesk.audit.models import Root
from roomdesk.audit.roots import as_json
from roomdesk.audit.walking import Stretch, rows
from roomdesk.refusals import Conflict


def exported(scope: str) -> Iterator[dict[str, Any]]:
    """The chain as it can be checked without this database: every entry, with its salt and exact content where there are any."""
    names = ("seq", "at", "actor_kind", "actor", "action", "subject", "commitment", "previous", "hash")
    for seq, _, at, *others, salt, data in rows(Stretch(scope)):
        fields = dict(zip(names, (seq, chain.instant(at), *others), strict=True))
        yield {"scope": scope, **fields, "content": {"salt": salt, "data": data}}


def write(scope: str, to: str) -> str:
    """Writes it into a folder that is empty or not there; says what is in it. Conflict where something is there already."""
    folder = Path(to)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Conflict(f'"{folder}" is not empty; give a new folder.')
    count = 0
    with (folder / "chain.jsonl").open("w", encoding="utf-8") as file:
        for line in exported(scope):
            file.write(offline.compact(line) + "\n")
            count += 1
    roots = [offline.compact(as_json(root)) + "\n" for root in Root.objects.filter(scope=scope).order_by("day")]
    (folder / "roots.jsonl").write_text("".join(roots), encoding="utf-8")
    (folder / "keys.json").write_text(offline.keys_form(signing.public_keys()), encoding="utf-8")
    shutil.copyfile(offline.__file__, folder / "verify.py")
    return f"{count} entries and {len(roots)} roots of {scope} are in {folder}; check them with: python3 {folder}/verify.py"
