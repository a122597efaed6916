"""Rows of several tables read in one exchange with the database, as the models that they are.

For what every event asks: to write such a statement anew by the ORM costs several times what it takes to answer it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from typing import Any, Generic, TypeVar

from django.db import connection, models

from roomdesk.queues.bulk import quoted
from roomdesk.queues.making import read
from roomdesk.queues.statements import Statement, Statements

M = TypeVar("M", bound=models.Model)


class Rows(Generic[M]):
    """The rows of a model for which `rest` holds: what follows `WHERE` in SQL, with its order. Fields `without` are not fetched.

    They are there once they were read (`together`); gone through before, they are read by themselves.
    """

    def __init__(self, model: type[M], rest: str, *values: Any, without: Collection[str] = ()) -> None:
        self._model, self._rest, self._values = model, rest, values
        self._without = frozenset(without)
        self._found: list[M] | None = None

    def __iter__(self) -> Iterator[M]:
        if self._found is None:
            together(self)
        assert self._found is not None
        return iter(self._found)

    @property
    def statement(self) -> Statement:
        columns, _, _ = _shape(self._model, self._without)
        # Every name in this statement is a table or column of ours.
        return f"SELECT {columns} FROM {quoted(self._model._meta.db_table)} WHERE {self._rest}", self._values  # noqa: S608

    def fill(self, rows: list[tuple[Any, ...]]) -> None:
        _, names, converters = _shape(self._model, self._without)
        found = (_converted(row, converters) for row in rows) if converters else rows
        self._found = [read(self._model, connection.alias, names, values) for values in found]


def together(*wanted: Rows[Any]) -> None:
    """Reads them all in one exchange."""
    plan = Statements()
    plan.add(*(one.statement for one in wanted))
    for one, rows in zip(wanted, plan.run(), strict=True):
        one.fill(rows)


def first(text: str, *values: Any) -> Any:
    """The first column of the first row of a statement; None where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        row = cursor.fetchone()
    return row[0] if row else None


_Converters = list[tuple[int, Any]]


@cache
def _shape(model: type[models.Model], without: frozenset[str]) -> tuple[str, list[str], _Converters]:
    """Columns in the order in which the model takes them, its names of them, and what makes values of some of them."""
    fields = [field for field in model._meta.concrete_fields if field.name not in without]
    columns = ", ".join(quoted(field.column) for field in fields)
    converters = [(n, one) for n, field in enumerate(fields) for one in field.get_db_converters(connection)]
    return columns, [field.attname for field in fields], converters


def _converted(row: tuple[Any, ...], converters: _Converters) -> list[Any]:
    values = list(row)
    for place, convert in converters:
        values[place] = convert(values[place], None, connection)
    return values
