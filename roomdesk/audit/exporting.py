"""A chain as a folder that can be checked by anybody who has Python, without the desk and without its database."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from roomdesk.audit import offline, signing, verify
from roomdesk.audit.models import Root
from roomdesk.audit.roots import as_json
from roomdesk.refusals import Conflict


def write(scope: str, to: str) -> str:
    """Writes it into a folder that is empty or not there; says what is in it. Conflict where something is there already."""
    folder = Path(to)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Conflict(f'"{folder}" is not empty; give a new folder.')
    count = 0
    with (folder / "chain.jsonl").open("w", encoding="utf-8") as file:
        for line in verify.exported(scope):
            file.write(offline.compact(line) + "\n")
            count += 1
    roots = [offline.compact(as_json(root)) + "\n" for root in Root.objects.filter(scope=scope).order_by("day")]
    (folder / "roots.jsonl").write_text("".join(roots), encoding="utf-8")
    (folder / "keys.json").write_text(json.dumps(signing.public_keys(), indent=1), encoding="utf-8")
    shutil.copyfile(offline.__file__, folder / "verify.py")
    return f"{count} entries and {len(roots)} roots of {scope} are in {folder}; check them with: python3 {folder}/verify.py"
