"""Ids given before rows are written, so that rows of one transaction can point at each other and go out in bulk."""

from __future__ import annotations

from django.db import connection, models


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


def next_ids(model: type[models.Model], count: int) -> list[int]:
    """`count` ids from the model's sequence, the smallest last: take them with `pop()`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(%s::regclass) FROM generate_series(1, %s)", [f"{model._meta.db_table}_id_seq", count]
        )
        return sorted((row[0] for row in cursor.fetchall()), reverse=True)
