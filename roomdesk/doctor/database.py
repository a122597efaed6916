"""PostgreSQL: there, at this version, with the rights and partitions that the record needs."""

from __future__ import annotations

from django.db import ProgrammingError, connection, transaction

from roomdesk.audit.grants import APPEND_ONLY
from roomdesk.doctor.findings import Finding, ok, problem
from roomdesk.queues import partitions
from roomdesk.runtime import clock

_FIX = "Run `roomdesk migrate`."


def reachable() -> Finding:
    """Raises what the database raises; `examine` makes a finding of it."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0]
    return ok("database", f"PostgreSQL {version} answers.")


def migrated() -> Finding:
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        first = missing[0][0]
        return problem(
            "schema", f"{len(missing)} migrations are not applied, the first is {first.app_label} {first.name}.", _FIX
        )
    return ok("schema", "The tables are at this version.")


def append_only() -> Finding:
    """The chain of evidence must be closed to the role that we run as; tried, in a transaction that is rolled back (D30)."""
    allowed = [*_allowed_tries(), *_open_partitions()]
    if allowed:
        says = f"The role of the running service may change the audit chain: {', '.join(allowed)}."
        return problem(
            "audit rights",
            says,
            f"{_FIX} ROOMDESK_DATABASE_URL must name another role than ROOMDESK_DATABASE_OWNER_URL.",
        )
    return ok("audit rights", "The running service can only add to the audit chain.")


def _allowed_tries() -> list[str]:
    tries = [
        (f"{verb} {table}", f" SET {column} = {column}" if verb == "UPDATE" else "")
        for table, column in APPEND_ONLY.items()
        for verb in ("UPDATE", "DELETE FROM")
    ]
    with transaction.atomic():
        allowed = [words for words, change in tries if _may(f"{words}{change} WHERE false")]
        transaction.set_rollback(True)
    return allowed


def _may(statement: str) -> bool:
    """Rights are checked before rows are: that no row fits changes nothing."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except ProgrammingError:
        return False
    return True


def _open_partitions() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit_entry'::regclass "
            "AND has_table_privilege(inhrelid, 'UPDATE, DELETE, TRUNCATE') ORDER BY 1"
        )
        return [f"UPDATE {row[0]}" for row in cursor.fetchall()]


def months() -> Finding:
    missing = partitions.missing(clock.now())
    if missing:
        return problem(
            "partitions",
            f"These months have no partition: {', '.join(missing)}.",
            f"{_FIX} A running worker makes them too.",
        )
    return ok("partitions", "This month and the next have their partitions.")
