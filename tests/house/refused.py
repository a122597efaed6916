"""Refusals of the parts below as their code says them, with `x` for whatever is filled in."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import roomdesk

DESK = Path(roomdesk.__file__).parent
_BASE = "DeskError"


def refusals(*folders: str) -> Iterator[tuple[str, str]]:
    """Each with its file, for all files of the folders, or for files. What is said by a name is not read: where it is given its words, they are."""
    classes = _classes()
    for path in sorted(path for place in folders for path in _files(DESK / place)):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args and _name(node.func) in classes:
                yield from ((path.relative_to(DESK).as_posix(), words) for words in _words(node.args[0]) if words)


def _files(place: Path) -> Iterator[Path]:
    yield from [place] if place.is_file() else place.rglob("*.py")


def texts(path: Path) -> Iterator[str]:
    """All pieces of text in a file of code; what stands on several lines and is one is one."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _classes() -> set[str]:
    """`DeskError` and all that is made of it."""
    bases = [
        (node.name, {_name(base) for base in node.bases})
        for path in DESK.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    found, before = {_BASE}, 0
    while len(found) > before:
        before = len(found)
        found |= {name for name, parents in bases if parents & found}
    return found


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _words(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from _words(node.body)
        yield from _words(node.orelse)
