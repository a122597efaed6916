"""Every requirement has an acceptance test or a line in `pending.toml`, which may only shrink (D41)."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
REQUIREMENTS = HERE.parent / "data" / "requirements.md"

#: How many were pending when this was written. Lower it with every requirement that is built; it never rises.
MOST_PENDING = 24


def required() -> set[str]:
    return set(re.findall(r"^\| (R\d\d) \|", REQUIREMENTS.read_text(), re.MULTILINE))


def pending() -> dict[str, str]:
    found: dict[str, str] = tomllib.loads((HERE / "pending.toml").read_text())["pending"]
    return found


def shown() -> set[str]:
    """Numbers named by `pytest.mark.requirement` on tests of this folder."""
    calls = (
        node
        for path in HERE.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.requirement"
    )
    return {argument.value for call in calls for argument in call.args if isinstance(argument, ast.Constant)}


def test_nothing_is_forgotten() -> None:
    assert len(required()) == 58
    assert required() - shown() - set(pending()) == set()
    assert shown() <= required()
    assert set(pending()) <= required()


def test_what_is_pending_says_what_is_missing_and_shrinks() -> None:
    assert all(len(reason.split()) >= 3 for reason in pending().values())
    assert len(pending()) <= MOST_PENDING
