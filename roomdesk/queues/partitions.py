"""Tables partitioned by month (D37): made in migrations, given new months by whoever runs.

Rows outside every month land in the default partition: nothing is refused because nobody made a partition in time.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import connection, migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

#: How many months are kept ready ahead of now.
MONTHS_AHEAD = 6

#: Partitioned tables and the column each is partitioned by.
PARENTS = {"record_message": "recorded_at", "audit_entry": "at"}


class CreatePartitionedModel(migrations.CreateModel):
    """CreateModel for a table in `PARENTS`: the database's key gets the partition column, a default partition is made."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        table = model._meta.db_table
        column = PARENTS[table]
        sql, params = schema_editor.table_sql(model)
        head, _, tail = sql.rpartition(")")
        body = head.replace("NOT NULL PRIMARY KEY", "NOT NULL", 1)
        schema_editor.execute(
            f"{body}, PRIMARY KEY (id, {column})) PARTITION BY RANGE ({column}){tail}", params or None
        )
        schema_editor.execute(f"CREATE TABLE {table}_rest PARTITION OF {table} DEFAULT")
        schema_editor.execute(f"CREATE SEQUENCE {table}_id_seq OWNED BY {table}.id")
        for statement in schema_editor._model_indexes_sql(model):  # type: ignore[attr-defined]
            schema_editor.deferred_sql.append(statement)


def months_from(start: datetime, count: int) -> list[date]:
    """First days of `count` months, beginning with the month of `start`."""
    first = start.year * 12 + start.month - 1
    return [date(index // 12, index % 12 + 1, 1) for index in range(first, first + count)]


def ensure(now: datetime) -> int:
    """Makes the partitions of this month and the next ones where they are missing; returns how many. Idempotent."""
    made = 0
    with connection.cursor() as cursor:
        for parent in PARENTS:
            for month in months_from(now, MONTHS_AHEAD + 1):
                cursor.execute("SELECT roomdesk_make_partition(%s, %s)", [parent, month])
                made += bool(cursor.fetchone()[0])
    return made


def missing(now: datetime) -> list[str]:
    """Partitions of this and the next month that are not there; for `doctor`."""
    wanted = [f"{parent}_{month:%Y_%m}" for parent in PARENTS for month in months_from(now, 2)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT n FROM unnest(%s::text[]) n WHERE to_regclass(n) IS NULL", [wanted])
        return [row[0] for row in cursor.fetchall()]
