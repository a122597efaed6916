"""Many rows in one statement: COPY for very many new ones, INSERT for some, UPDATE … FROM unnest for changed ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

from django.db import connection, models

from roomdesk.queues.statements import Statement, Statements

#: So many new rows of a table go out together with other statements. COPY is cheaper for more, and takes two exchanges of its own.
FEW = 40


@cache
def _columns(model: type[models.Model], *, keyed: bool = False) -> tuple[Callable[[object], Sequence[Any]], str, int]:
    """Reads the fields that an INSERT writes off a row, and names and counts their columns; an automatic key is left to the
    database unless `keyed`.

    Values go to psycopg as they stand on the row, without Django's preparation: our models hold what PostgreSQL takes
    (text, numbers, aware times, lists of text), and preparing each value was half the cost of an event.
    """
    fields = [field for field in model._meta.concrete_fields if keyed or not isinstance(field, models.AutoField)]
    columns = ", ".join(quoted(field.column) for field in fields)
    return attrgetter(*(field.attname for field in fields)), columns, len(fields)


def insert(plan: Statements, model: type[models.Model], rows: Sequence[object]) -> None:
    """Has new rows written, objects with the model's attributes, after what the plan holds already.

    Automatic keys are not read back: give ids beforehand where they are needed.
    """
    if len(rows) <= FEW:
        plan.add(inserting(model, rows))
        return
    plan.run()
    values, columns, _ = _columns(model)
    copied = f"COPY {quoted(model._meta.db_table)} ({columns}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(copied) as copy:
        for row in rows:
            copy.write_row(values(row))


def inserting(model: type[models.Model], rows: Sequence[object], *, keyed: bool = False) -> Statement:
    """The statement that writes these new rows; with `keyed` under the keys that they have."""
    values, columns, count = _columns(model, keyed=keyed)
    places = f"({', '.join(['%s'] * count)})"
    # Every name in this statement is a table or column of ours.
    text = f"INSERT INTO {quoted(model._meta.db_table)} ({columns}) VALUES {', '.join([places] * len(rows))}"  # noqa: S608
    return text, [value for row in rows for value in values(row)]


def pouring(model: type[models.Model], rows: Sequence[object]) -> Statement:
    """As `inserting` with their keys, all rows as one value: the driver takes a statement with a place for each value apart at every place.

    For text, numbers, times and lists of text.
    """
    values, columns, _ = _columns(model, keyed=True)
    table = quoted(model._meta.db_table)
    names = [field.column for field in model._meta.concrete_fields]
    poured = json.dumps([dict(zip(names, values(row), strict=True)) for row in rows], default=str)
    # Every name in this statement is a table or column of ours.
    return (
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s::json)",  # noqa: S608
        [poured],
    )


def update(model: type[models.Model], rows: Sequence[object], names: Iterable[str]) -> None:
    """Writes the named fields of existing rows in one statement. Array fields are not supported."""
    plan = Statements()
    plan.add(updating(model, rows, names))
    plan.run()


def updating(model: type[models.Model], rows: Sequence[object], names: Iterable[str]) -> Statement:
    """The statement of `update`."""
    fields = [_field(model, name) for name in ("pk", *sorted(names))]
    key, *others = [quoted(field.column) for field in fields]
    arrays = [[getattr(row, field.attname) for row in rows] for field in fields]
    casts = ", ".join(f"%s::{_base_type(field)}[]" for field in fields)
    sets = ", ".join(f"{name} = v.{name}" for name in others)
    # Every name in this statement is a table or column of ours.
    return (
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
