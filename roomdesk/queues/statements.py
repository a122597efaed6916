"""Several statements in one exchange with the database: whatever needs no answer of another one does not wait for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

Statement = tuple[str, Sequence[Any]]


class Statements:
    """Statements in their order, sent together by `run`. Each is a single one, and sees what those before it have written."""

    def __init__(self) -> None:
        self._waiting: list[Statement] = []

    def add(self, *statements: Statement) -> None:
        self._waiting += statements

    def run(self) -> list[list[tuple[Any, ...]]]:
        """Sends what waits; gives the rows of each statement, none for one that returns none. The first error ends it."""
        if not self._waiting:
            return []
        waiting, self._waiting = self._waiting, []
        with connection.cursor() as cursor:
            # Each is filled by itself: what is sent often is known then, and need not be taken apart again.
            cursor.execute(";\n".join([cursor.mogrify(*statement) for statement in waiting]))
            found = [_rows(cursor)]
            while cursor.nextset():
                found.append(_rows(cursor))
        return found


def _rows(cursor: Any) -> list[tuple[Any, ...]]:
    return list(cursor.fetchall()) if cursor.description else []
