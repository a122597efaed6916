"""Ids given before rows are written, so that rows of one transaction can point at each other and go out in bulk."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection, models

from roomdesk.queues.statements import Statement


class IdBlock:
    """Takes ids of models from their database sequences in blocks. Unused ones are lost, as with any sequence."""

    def __init__(self, size: int = 1) -> None:
        self._size = size
        self._free: dict[type[models.Model], list[int]] = {}

    def take(self, model: type[models.Model]) -> int:
        free = self._free.setdefault(model, [])
        if not free:
            free.extend(next_ids(model, self._size))
        return free.pop()

    def reserve(self, counts: Mapping[type[models.Model], int]) -> None:
        """Has at least so many of each at hand: one question for whatever is wanting, none where nothing is."""
        wanted = {model: count - len(self._free.get(model, ())) for model, count in counts.items()}
        wanted = {model: max(count, self._size) for model, count in wanted.items() if count > 0}
        if not wanted:
            return
        found: dict[str, list[int]] = {_sequence(model): [] for model in wanted}
        with connection.cursor() as cursor:
            cursor.execute(_RESERVE, [list(found), list(wanted.values())])
            for name, number in cursor.fetchall():
                found[name].append(number)
        for model in wanted:
            # Those at hand are older, and are taken first.
            self._free[model] = [*sorted(found[_sequence(model)], reverse=True), *self._free.get(model, ())]


_RESERVE = """
SELECT v.name, nextval(v.name::regclass)
FROM unnest(%s::text[], %s::int[]) AS v(name, count) CROSS JOIN LATERAL generate_series(1, v.count)
"""


def next_ids(model: type[models.Model], count: int) -> list[int]:
    """`count` ids from the model's sequence, the smallest last: take them with `pop()`."""
    with connection.cursor() as cursor:
        cursor.execute(*taking(model, count))
        return sorted((row[0] for row in cursor.fetchall()), reverse=True)


def taking(model: type[models.Model], count: int) -> Statement:
    """The statement that takes `count` ids from the model's sequence."""
    return "SELECT nextval(%s::regclass) FROM generate_series(1, %s)", [_sequence(model), count]


def _sequence(model: type[models.Model]) -> str:
    return f"{model._meta.db_table}_id_seq"
