"""Exported chains read as entries: instants as whole microseconds since 1970, everything else as it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.year.schedule import micros

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")


@dataclass
class Entry:
    seq: int
    at: int
    actor_kind: str
    action: str
    subject: str
    data: dict[str, Any]

    @property
    def ref(self) -> str:
        return self.subject.removeprefix("case:")


def read(lines: Iterable[str]) -> list[Entry]:
    return [_entry(json.loads(line)) for line in lines]


def _entry(line: dict[str, Any]) -> Entry:
    data = json.loads(line["content"]["data"])
    return Entry(line["seq"], moment(line["at"]), line["actor_kind"], line["action"], line["subject"], _timed(data))


def _timed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _timed(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_timed(inner) for inner in value]
    return moment(value) if isinstance(value, str) and _INSTANT.fullmatch(value) else value


def moment(text: str) -> int:
    return micros(datetime.fromisoformat(text))


def chain(folder: Path, scope: str) -> list[Entry]:
    with (folder / f"{scope.replace(':', '@')}.jsonl").open(encoding="ascii") as lines:
        return read(lines)


def pauses(written: list[str]) -> list[tuple[int, int]]:
    """`begin/end` as entries hold the pauses that are over."""
    return [(moment(begin), moment(end)) for begin, end in (one.split("/") for one in written)]
