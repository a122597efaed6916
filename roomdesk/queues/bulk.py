"""Many rows in one statement: COPY for new ones, UPDATE … FROM unnest for changed ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

from django.db import connection, models


@cache
def _columns(model: type[models.Model]) -> tuple[Callable[[models.Model], Sequence[Any]], str]:
    """Reads the fields that an INSERT writes off a row, and names their columns; an automatic key is left to the database.

    Values go to psycopg as they stand on the row, without Django's preparation: our models hold what PostgreSQL takes
    (text, numbers, aware times, lists of text), and preparing each value was half the cost of an event.
    """
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    return attrgetter(*(field.attname for field in fields)), columns


def insert(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Writes new rows by COPY. Automatic keys are not read back: give ids beforehand where they are needed."""
    values, columns = _columns(model)
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(model._meta.db_table)
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(values(row))


def update(model: type[models.Model], rows: Sequence[models.Model], names: Iterable[str]) -> None:
    """Writes the named fields of existing rows in one statement. Array fields are not supported."""
    fields = [model._meta.get_field(name) for name in sorted(names)]
    key = model._meta.pk
    assert key is not None
    arrays = [[getattr(row, field.attname) for row in rows] for field in (key, *fields)]
    casts = ", ".join(f"%s::{_base_type(field)}[]" for field in (key, *fields))
    names_sql = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    sets = ", ".join(f"{connection.ops.quote_name(f.column)} = v.{connection.ops.quote_name(f.column)}" for f in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} AS t SET {sets} FROM unnest({casts}) AS v(pk, {names_sql}) "  # noqa: S608 (names are ours)
            f"WHERE t.{connection.ops.quote_name(key.column)} = v.pk",
            arrays,
        )


def _base_type(field: Any) -> str:
    kind = str(field.rel_db_type(connection) if field.is_relation else field.cast_db_type(connection))
    return kind.partition("(")[0]
