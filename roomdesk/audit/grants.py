"""What the application's database role may do: everything it needs, and on the chain only insert and read (D30)."""

from __future__ import annotations

from django.db import connection

#: Tables whose rows can neither be changed nor removed by the application, each with a column by which that can be tried.
APPEND_ONLY = {
    "audit_entry": "hash",
    "audit_content": "salt",
    "consent_grant": "text",
    "consent_afterwards": "raw",
    "consent_attempt": "text",
    "consent_identitycheck": "evidence",
}


def apply(role: str) -> None:
    """Sets the rights of `role`; run by the owner after every migration. Idempotent."""
    name = connection.ops.quote_name(role)
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {name}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}")
        cursor.execute(f"GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {name}")
        cursor.execute(f"GRANT EXECUTE ON FUNCTION roomdesk_make_partition(text, date) TO {name}")
        for table in _append_only_tables():
            cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {connection.ops.quote_name(table)} FROM {name}")
        for table in _partitions():
            cursor.execute(f"REVOKE ALL ON {connection.ops.quote_name(table)} FROM {name}")


def _append_only_tables() -> list[str]:
    return list(APPEND_ONLY)


def _partitions() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = ANY(%s::regclass[]::oid[])",
            [["record_message", "audit_entry"]],
        )
        return [row[0] for row in cursor.fetchall()]
