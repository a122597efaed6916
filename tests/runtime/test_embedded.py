"""The embedded PostgreSQL and Synapse under their supervisor, really run: rights, restarts, sudden deaths, Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from roomdesk.runtime import http
from roomdesk.runtime.databases import create_database, drop_database, with_database
from roomdesk.runtime.instance import Instance, InstanceError, read_secrets, resolve, write_private
from roomdesk.runtime.settings import Settings, load
from roomdesk.runtime.supervisor import Supervisor
from tests.runtime.processes import Supervised, exists, until

Start = Callable[..., Supervised]
pytestmark = pytest.mark.xdist_group("embedded")


def settings_of(folder: Path) -> Settings:
    return resolve(load({"ROOMDESK_DATA": str(folder), "ROOMDESK_MODE": "test"}))


def run_sql(url: str | None, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(str(url), autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def matrix(
    settings: Settings, method: str, path: str, token: str | None, **more: object
) -> tuple[int, dict[str, object]]:
    with http.client(role="test", timeout=20, base_url=str(settings.matrix_url)) as client:
        answer = client.request(method, path, headers={"Authorization": f"Bearer {token}"} if token else {}, **more)  # type: ignore[arg-type]
        return answer.status_code, answer.json()


@pytest.fixture
def running(start: Start, installation: Path) -> Iterator[tuple[Supervised, Settings]]:
    one = start()
    one.await_ready()
    yield one, settings_of(installation)


def test_what_runs_has_the_rights_it_needs_and_no_more(running: tuple[Supervised, Settings]) -> None:
    one, settings = running
    check_processes(one)
    check_database(settings)
    check_homeserver(settings)
    with pytest.raises(InstanceError, match="already runs on the data folder"):
        Supervisor(settings, parts={"postgres"}, signals=False).start()
    assert matrix(settings, "GET", "/_matrix/client/versions", None)[0] == 200


def check_processes(one: Supervised) -> None:
    assert os.stat(f"/proc/{one.pid('postgres')}").st_uid != 0
    for pid in (one.pid("postgres"), one.pid("synapse")):
        assert os.getsid(pid) == pid
    local, outside = settings_of(one.folder).pg_port, socket.gethostbyname(socket.gethostname())
    if not outside.startswith("127."):
        with pytest.raises(OSError):
            socket.create_connection((outside, int(local or 0)), timeout=1)


def check_database(settings: Settings) -> None:
    name = "trial_rights"
    owner = create_database(str(settings.database_owner_url), name)
    service = with_database(str(settings.database_url), name)
    run_sql(owner, "CREATE TABLE one (id bigserial, word text)")
    run_sql(service, "INSERT INTO one (word) VALUES ('я')")
    assert run_sql(service, "SELECT word FROM one") == [("я",)]
    for forbidden in (
        "CREATE TABLE two (id int)",
        "DROP TABLE one",
        "TRUNCATE one",
        "ALTER TABLE one ADD COLUMN more int",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run_sql(service, forbidden)
    clone = create_database(str(settings.database_owner_url), "trial_clone", template=name)
    run_sql(clone, "CREATE TABLE later (id int)")
    assert run_sql(with_database(service, "trial_clone"), "SELECT * FROM later") == []
    for database in ("trial_clone", name, name):
        drop_database(str(settings.database_owner_url), database)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        run_sql(with_database(str(settings.database_url), "synapse"), "SELECT 1")
    assert run_sql(settings.database_url, "SHOW data_checksums") == [("on",)]


def check_homeserver(settings: Settings) -> None:
    assert matrix(settings, "GET", "/_matrix/client/v3/account/whoami", settings.admin_token)[1]["user_id"].startswith(
        "@roomdesk_admin"
    )  # type: ignore[attr-defined]
    assert (
        matrix(settings, "GET", "/_matrix/client/v3/account/whoami", settings.as_token)[1]["user_id"]
        == "@support:roomdesk.localhost"
    )
    assert matrix(settings, "GET", "/_synapse/admin/v2/users", settings.admin_token)[0] == 200
    made = matrix(
        settings,
        "PUT",
        "/_synapse/admin/v2/users/@olga:roomdesk.localhost",
        settings.admin_token,
        json={"displayname": "Olga"},
    )
    assert made[0] in (200, 201)
    path = "/_matrix/client/v3/account/whoami"
    assert (
        matrix(settings, "GET", path, settings.people_token, params={"user_id": "@olga:roomdesk.localhost"})[0] == 200
    )
    for forbidden in ("@roomdesk_admin:roomdesk.localhost", "@support:roomdesk.localhost"):
        assert matrix(settings, "GET", path, settings.people_token, params={"user_id": forbidden})[0] == 403
    assert matrix(settings, "POST", "/_matrix/client/v3/register", None, json={"username": "oto"})[0] == 403
    assert matrix(settings, "POST", "/_matrix/client/v3/register", None, params={"kind": "guest"}, json={})[0] == 403
    flows = matrix(settings, "GET", "/_matrix/client/v3/login", None)[1]["flows"]
    assert "m.login.password" not in str(flows) and "oidc-roomdesk" in str(flows)


def test_a_killed_child_comes_back(running: tuple[Supervised, Settings]) -> None:
    one, settings = running
    for name in ("synapse", "postgres"):
        before = one.pid(name)
        os.kill(before, signal.SIGKILL)
        assert f"{name} ended (signal SIGKILL); it is started again in" in str(one.read())
        assert str(one.read()) == f"{name} is started again."
        until(lambda name=name, before=before: one.pid(name) != before)  # type: ignore[misc]
        # A homeserver that still starts would end when its database does, and be told of in between.
        until(lambda: http.answers(f"{settings.matrix_url}/health"))
    until(lambda: works(settings))
    # Of the homeserver's connections to the former database each fails once before it is made anew.
    until(lambda: matrix(settings, "GET", "/_synapse/admin/v2/users", settings.admin_token)[0] == 200)


def works(settings: Settings) -> bool:
    try:
        return run_sql(settings.database_url, "SELECT 1") == [(1,)]
    except psycopg.OperationalError:
        return False


def test_a_killed_supervisor_leaves_no_orphan_and_the_data_go_on(start: Start, installation: Path) -> None:
    one = start()
    one.await_ready()
    settings, left = settings_of(installation), one.pids()
    run_sql(settings.database_owner_url, "CREATE TABLE kept AS SELECT 42 AS word")
    assert len(left) > 5
    one.process.kill()
    # No wait here: the next start has to cope with a PostgreSQL that is still shutting down.
    forget_admin(installation)
    two = start()
    two.await_ready()
    until(lambda: not any(exists(pid) for pid in left))
    again = settings_of(installation)
    assert (again.pg_port, again.matrix_port) == (settings.pg_port, settings.matrix_port)
    assert run_sql(again.database_url, "SELECT word FROM kept") == [(42,)]
    check_recovered_admin(again, settings)
    run_sql(again.database_owner_url, "DROP TABLE kept")


def forget_admin(folder: Path) -> None:
    """As if the first start had been killed after making the administrator, before storing the token."""
    kept = read_secrets(Instance(folder))
    del kept["admin_token"]
    write_private(Instance(folder).secrets, kept)


def check_recovered_admin(again: Settings, before: Settings) -> None:
    assert again.admin_token != before.admin_token
    users = matrix(again, "GET", "/_synapse/admin/v2/users?deactivated=true&admins=true", again.admin_token)[1]["users"]
    active = [user["name"] for user in users if not user["deactivated"]]  # type: ignore[attr-defined]
    assert len(active) == 1 and active != ["@roomdesk_admin:roomdesk.localhost"]
    assert matrix(before, "GET", "/_matrix/client/v3/account/whoami", before.admin_token)[0] == 401


def test_a_killed_supervisor_leaves_nothing_even_when_nobody_follows(start: Start) -> None:
    one = start("postgres")
    one.await_ready()
    left = one.pids()
    one.process.kill()
    until(lambda: not any(exists(pid) for pid in left))


def test_ctrl_c_stops_everything_cleanly(start: Start, installation: Path) -> None:
    one = start()
    one.await_ready()
    left = one.pids()
    os.killpg(one.process.pid, signal.SIGINT)
    assert "Everything is stopped" in str(one.read())
    assert one.process.wait(timeout=60) == 0
    assert not any(exists(pid) for pid in left)
    assert [path.name for path in (installation / "run").glob("*.pid")] == ["supervisor.pid"]
    assert (installation / "supervisor.stderr").read_text() == ""
    assert (installation / "log" / "postgres.log").read_text().rstrip().endswith("database system is shut down")


def test_ctrl_c_while_starting_stops_what_was_started(start: Start) -> None:
    one = start()
    assert "PostgreSQL runs" in str(one.read())
    left = one.pids()
    os.killpg(one.process.pid, signal.SIGINT)
    assert one.process.wait(timeout=60) == 0
    assert left and not any(exists(pid) for pid in left)
