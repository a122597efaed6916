"""Commands that answer JSON Lines: one question a line on stdin, one answer a line on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping


def answer_lines(answer: Callable[[str], Mapping[str, object]]) -> None:
    """Writes `answer(line)` for each line that is not empty, each at once. A line that is no text is answered with `error`."""
    for raw in sys.stdin.buffer:
        if line := raw.strip():
            try:
                given = answer(line.decode("utf-8"))
            except UnicodeDecodeError:
                given = {"id": None, "error": "The line is not UTF-8 text."}
            sys.stdout.write(json.dumps(given, separators=(",", ":")) + "\n")
            sys.stdout.flush()
