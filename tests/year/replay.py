"""Computes a year's clocks anew from exported chains alone, and says where they differ from what was exported and held.

`python -m tests.year.replay FOLDER` prints one JSON document. It knows neither Roomdesk nor a database.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tests.year.evidence import Entry, chain
from tests.year.promises import policies
from tests.year.schedule import END
from tests.year.story import TOLD, Story
from tests.year.watch import Key, Watch

HELD = ("due_at", "breached_at", "stopped_at", "paused_at", "revision", "told", "caused_by", "state", "consumed")
NOTICE = {"is_late": "late"}


def replayed(vendor: list[Entry], entries: list[Entry], held: dict[str, Any]) -> Story:
    """The story of one workspace, compared with its part of what the database held."""
    product = next(entry.data["after"]["product"] for entry in entries if entry.action == "workspace.created")
    story = Story(policies(vendor)[product])
    story.tell(entries)
    _compare_clocks(story, held["clocks"])
    _compare_notices(story, held["notices"])
    return story


def _key(row: dict[str, Any]) -> Key:
    return (row["ref"], row["cycle"], row["clock"], row["started_at"])


def _compare_clocks(story: Story, rows: list[dict[str, Any]]) -> None:
    ours: dict[Key, list[dict[str, Any]]] = {}
    for case in story.cases.values():
        for watch in case.watches:
            ours.setdefault(watch.key, []).append(_ended(watch))
    theirs: dict[Key, list[dict[str, Any]]] = {}
    for row in rows:
        theirs.setdefault(_key(row), []).append({name: row[name] for name in HELD})
    for key in sorted(ours.keys() | theirs.keys()):
        for one, other in _pairs(ours.get(key, []), theirs.get(key, [])):
            if one != other:
                wrong = [name for name in HELD if (one or {}).get(name) != (other or {}).get(name)]
                story.differ(key, "held", *({name: (side or {}).get(name) for name in wrong} for side in (one, other)))


def _pairs(ours: list[Any], theirs: list[Any]) -> list[tuple[Any, Any]]:
    longest = max(len(ours), len(theirs))
    return list(zip(ours + [None] * (longest - len(ours)), theirs + [None] * (longest - len(theirs)), strict=True))


def _ended(watch: Watch) -> dict[str, Any]:
    at = END if watch.stopped_at is None else watch.stopped_at
    used = watch.promise.used(watch.pauses, at)
    view = {**watch.view(), "told": watch.told, "caused_by": watch.caused_by, "consumed": used}
    return {name: view[name] for name in HELD}


def _compare_notices(story: Story, rows: list[dict[str, Any]]) -> None:
    theirs: Counter[str] = Counter()
    for row in rows:
        told = {name: row["is_late" if name == "late" else name] for name in TOLD if name != "reached_at"}
        theirs[json.dumps([_key(row), told])] += 1
    ours: Counter[str] = Counter()
    for case in story.cases.values():
        for watch in case.watches:
            for one in watch.expected:
                told = {name: one[name] for name in TOLD if name != "reached_at"}
                ours[json.dumps([watch.key, told])] += 1
    for text in sorted((ours - theirs) + (theirs - ours)):
        key, told = json.loads(text)
        story.differ(tuple(key), "notice", *((told, None) if ours[text] > theirs[text] else (None, told)))


def all_replayed(folder: Path) -> dict[str, Any]:
    """Every workspace of an exported folder: what differs, and how much there was."""
    chains, held = folder / "chains", json.loads((folder / "held.json").read_text(encoding="utf-8"))
    vendor, counts, differences = chain(chains, "vendor"), Counter[str](), []
    for file in sorted(chains.glob("workspace@*.jsonl")):
        scope = file.stem.replace("@", ":")
        mine = {name: [row for row in rows if row["scope"] == scope] for name, rows in held.items()}
        story = replayed(vendor, chain(chains, scope), mine)
        counts += counted(story)
        differences += story.differences
    return {"counts": counts, "differences": differences}


def counted(story: Story) -> Counter[str]:
    watches = [watch for case in story.cases.values() for watch in case.watches]
    found = Counter(
        {"workspaces": 1, "cases": len(story.cases), "clocks": len(watches), "entries compared": story.marks}
    )
    for watch in watches:
        found[watch.state] += 1
        found["caused breaches"] += bool(watch.caused_by)
        found["revisions"] += watch.revision - 1
        found["pauses"] += len(watch.ended)
        found["told"] += len(watch.expected)
        found["told late"] += sum(one["late"] for one in watch.expected)
    return found


def _no_network(event: str, arguments: object) -> None:
    """For `sys.addaudithook`: whoever has no sockets has no database."""
    if event.startswith("socket."):
        raise AssertionError(f"The replay tried to use the network: {event}.")


def main(folder: str) -> None:
    sys.addaudithook(_no_network)
    answer = all_replayed(Path(folder))
    strangers = sorted({name.partition(".")[0] for name in sys.modules} & {"roomdesk", "django", "psycopg"})
    print(json.dumps({**answer, "strangers": strangers}, default=str))


if __name__ == "__main__":
    main(sys.argv[1])
