"""Many rows in one statement: COPY for new ones, UPDATE … FROM unnest for changed ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

from django.db import connection, models


@cache
def _columns(model: type[models.Model]) -> tuple[Callable[[object], Sequence[Any]], str]:
    """Reads the fields that an INSERT writes off a row, and names their columns; an automatic key is left to the database.

    Values go to psycopg as they stand on the row, without Django's preparation: our models hold what PostgreSQL takes
    (text, numbers, aware times, lists of text), and preparing each value was half the cost of an event.
    """
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    columns = ", ".join(quoted(field.column) for field in fields)
    return attrgetter(*(field.attname for field in fields)), columns


def insert(model: type[models.Model], rows: Sequence[object]) -> None:
    """Writes new rows, objects with the model's attributes, by COPY.

    Automatic keys are not read back: give ids beforehand where they are needed.
    """
    values, columns = _columns(model)
    copied = f"COPY {quoted(model._meta.db_table)} ({columns}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(copied) as copy:
        for row in rows:
            copy.write_row(values(row))


def update(model: type[models.Model], rows: Sequence[models.Model], names: Iterable[str]) -> None:
    """Writes the named fields of existing rows in one statement. Array fields are not supported."""
    fields = [_field(model, name) for name in ("pk", *sorted(names))]
    key, *others = [quoted(field.column) for field in fields]
    arrays = [[getattr(row, field.attname) for row in rows] for field in fields]
    casts = ", ".join(f"%s::{_base_type(field)}[]" for field in fields)
    sets = ", ".join(f"{name} = v.{name}" for name in others)
    with connection.cursor() as cursor:
        # Every name in this statement is a table or column of ours.
        cursor.execute(
            f"UPDATE {quoted(model._meta.db_table)} AS t SET {sets} "  # noqa: S608
            f"FROM unnest({casts}) AS v(pk, {', '.join(others)}) WHERE t.{key} = v.pk",
            arrays,
        )


def quoted(name: str | None) -> str:
    return connection.ops.quote_name(name or "")


def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    assert isinstance(field, models.Field)
    return field


def _base_type(field: Any) -> str:
    kind = str(field.rel_db_type(connection) if field.is_relation else field.cast_db_type(connection))
    return kind.partition("(")[0]
