"""Whatever stands in a product file, reading it ends in a product or in whole sentences, never in a crash."""

from __future__ import annotations

import copy
import datetime
import random
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from roomdesk.product import loading
from roomdesk.product.problems import ProductError

FOLDER = Path(__file__).parents[2] / "products" / "plana-business-cloud"
FILES = [*loading.FILES, "texts.en.toml", "texts.bg.toml"]
GONE = object()
FAULTS = [
    *(0, -1, 10**30, 1.5, True, "", "x", "all", "{due} {x}"),
    *([], [1], ["x"], {}, {"a": 1}),
    datetime.date(2026, 1, 1),
    datetime.datetime(2026, 1, 1, 3, tzinfo=datetime.UTC),
    GONE,
]


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in nested tables and lists."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield (*path, key)
        yield from paths(below, (*path, key))


def put(table: Any, path: tuple[Any, ...], value: object) -> None:
    for key in path[:-1]:
        table = table[key]
    if value is GONE:
        del table[path[-1]]
    else:
        table[path[-1]] = value


def test_any_fault_is_said_in_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = {name: tomllib.loads((FOLDER / name).read_text(encoding="utf-8")) for name in FILES}
    places = [(name, path) for name, table in tables.items() for path in paths(table)]
    chance = random.Random(38)
    for name, path in chance.sample(places, 150):
        spoilt = copy.deepcopy(tables)
        put(spoilt[name], path, chance.choice(FAULTS))
        monkeypatch.setattr(loading, "_read_toml", lambda file, _, spoilt=spoilt: spoilt[file.name])
        try:
            loading.read_product(FOLDER)
        except ProductError as error:
            reasons = [problem.reason for problem in error.problems]
            assert [reason for reason in reasons if "is refused" in reason or reason[-1] not in ".?"] == []
