"""Roles and databases inside the embedded PostgreSQL. Everything here may be repeated.

`roomdesk_owner` owns the tables and runs migrations; `roomdesk_app` is the running service and cannot change tables; `synapse` owns the homeserver's database.
"""

from __future__ import annotations

import time
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from roomdesk.runtime.instance import Instance, read_secrets

_ROLES = {
    "roomdesk_owner": ("pg_owner_password", "LOGIN CREATEDB"),
    "roomdesk_app": ("pg_app_password", "LOGIN"),
    "synapse": ("pg_synapse_password", "LOGIN"),
}

# Per database: what the owner makes later, the service may use. Narrower rights (append-only tables) are migrations' business.
_DEFAULT_RIGHTS = (
    "ALTER DEFAULT PRIVILEGES FOR ROLE roomdesk_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO roomdesk_app",
    "ALTER DEFAULT PRIVILEGES FOR ROLE roomdesk_owner GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO roomdesk_app",
)

#: Seconds that connections of others get to end by themselves.
_DROP_WITHIN = 10.0


def prepare(instance: Instance, port: int) -> None:
    """Make roles and databases where they are missing."""
    kept = read_secrets(instance)
    with _superuser(kept, port, "postgres") as connection:
        for role, (secret, rights) in _ROLES.items():
            _make_role(connection, role, kept[secret], rights)
        made = _make_database(connection, "roomdesk", "roomdesk_owner", "")
        # Synapse refuses a database whose order of text is not C.
        _make_database(
            connection,
            "synapse",
            "synapse",
            "ENCODING 'UTF8' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
        )
        connection.execute("GRANT CONNECT ON DATABASE roomdesk TO roomdesk_app")
    if made:
        with _superuser(kept, port, "roomdesk") as connection:
            _default_rights(connection)


def _superuser(kept: dict[str, str], port: int, database: str) -> psycopg.Connection:
    return psycopg.connect(
        host="127.0.0.1",
        port=port,
        user="postgres",
        password=kept["pg_superuser_password"],
        dbname=database,
        autocommit=True,
    )


def _make_role(connection: psycopg.Connection, role: str, password: str, rights: str) -> None:
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
        return
    # Hashed here, so that no log of the server can ever hold the password.
    hashed = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    connection.execute(
        sql.SQL("CREATE ROLE {} " + rights + " PASSWORD {}").format(sql.Identifier(role), sql.Literal(hashed))
    )


def _make_database(connection: psycopg.Connection, name: str, owner: str, form: str) -> bool:
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
        return False
    connection.execute(
        sql.SQL("CREATE DATABASE {} OWNER {} " + form).format(sql.Identifier(name), sql.Identifier(owner))
    )
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
    return True


def _default_rights(connection: psycopg.Connection) -> None:
    for statement in _DEFAULT_RIGHTS:
        connection.execute(sql.SQL(statement))


def create_database(owner_url: str, name: str, *, template: str | None = None) -> str:
    """A further database of the owner, for tests; returns its owner address. A clone brings its template's rights; nobody may be connected to the template."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        # Copied as files: through the log it takes twice as long, and a test waits for it.
        copied = sql.SQL("TEMPLATE {} STRATEGY FILE_COPY")
        form = copied.format(sql.Identifier(template)) if template else sql.SQL("")
        connection.execute(sql.SQL("CREATE DATABASE {} {}").format(sql.Identifier(name), form))
    made = with_database(owner_url, name)
    if template is None:
        with psycopg.connect(made, autocommit=True) as connection:
            _default_rights(connection)
    return made


def drop_database(owner_url: str, name: str) -> None:
    """Remove a database made by `create_database`, ending the owner's connections; one that is not there is fine.

    Connections that are not the owner's (of a process that just ended, of autovacuum) it may not end: it waits for them.
    """
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    deadline = time.monotonic() + _DROP_WITHIN
    with psycopg.connect(owner_url, autocommit=True) as connection:
        while True:
            try:
                connection.execute(statement)
                return
            except psycopg.errors.InsufficientPrivilege:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


def with_database(url: str, name: str) -> str:
    """The same server and role, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
