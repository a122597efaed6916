"""The data folder: its secrets, its ports, and how another process finds it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from roomdesk.runtime import instance, ports, postgres
from roomdesk.runtime.settings import load


def test_secrets_are_private_long_different_and_kept(folder: Path) -> None:
    made = instance.create(folder)
    kept = instance.read_secrets(made)
    assert stat.S_IMODE(made.secrets.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == (0o711 if os.geteuid() == 0 else 0o700)
    assert len(set(kept.values())) == len(kept) and min(map(len, kept.values())) > 40
    instance.add_secrets(made, admin_token="t" * 20)
    assert stat.S_IMODE(made.secrets.stat().st_mode) == 0o600
    instance.create(folder)
    assert instance.read_secrets(made) == kept | {"admin_token": "t" * 20}


def test_another_process_finds_the_installation_by_its_folder_alone(folder: Path) -> None:
    made, held = instance.create(folder), ports.Reservations()
    chosen = ports.choose(load({"ROOMDESK_DATA": str(folder)}), made, held)
    held.close()
    found = instance.resolve(load({"ROOMDESK_DATA": str(folder)}))
    kept = instance.read_secrets(made)
    assert (
        found.database_url
        == f"postgresql://roomdesk_app:{kept['pg_app_password']}@127.0.0.1:{chosen['postgres']}/roomdesk"
    )
    assert (found.matrix_url, found.as_token, found.public_url) == (
        f"http://127.0.0.1:{chosen['matrix']}",
        kept["as_token"],
        f"http://127.0.0.1:{chosen['web']}",
    )
    assert instance.resolve(found) == found


def test_no_installation_and_a_damaged_one_are_told(folder: Path) -> None:
    settings = load({"ROOMDESK_DATA": str(folder)})
    with pytest.raises(instance.InstanceError, match="start one with `roomdesk up`, or set ROOMDESK_DATA"):
        instance.resolve(settings)
    assert list(folder.iterdir()) == []
    (folder / "secrets.json").write_text("{")
    with pytest.raises(instance.InstanceError, match="is damaged"):
        instance.resolve(settings)


def test_a_database_that_ends_by_itself_just_now_is_no_trouble(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, kill = instance.create(folder), os.kill
    made.postgres.mkdir()
    server = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], cwd=made.postgres)
    (made.postgres / "postmaster.pid").write_text(f"{server.pid}\n")
    asked: list[int] = []

    def too_late(pid: int, number: int) -> None:
        kill(server.pid, signal.SIGKILL)
        server.wait()
        asked.append(pid)
        kill(pid, number)

    assert postgres.postmaster(made) == server.pid
    monkeypatch.setattr(os, "kill", too_late)
    postgres.end_leftover(made)
    assert asked == [server.pid] and postgres.postmaster(made) is None


def test_outside_services_need_no_folder(folder: Path) -> None:
    outside = {
        "ROOMDESK_DATABASE_URL": "postgresql://db/x",
        "ROOMDESK_SECRET_KEY": "k" * 20,
        "ROOMDESK_MATRIX_URL": "https://m",
        "ROOMDESK_HS_TOKEN": "h" * 20,
        "ROOMDESK_AS_TOKEN": "a" * 20,
        "ROOMDESK_MATRIX_SERVER_NAME": "m",
        "ROOMDESK_DATA": str(folder / "none"),
        "ROOMDESK_PUBLIC_URL": "https://desk",
    }
    assert instance.resolve(load(outside)).public_url == "https://desk"


@pytest.mark.parametrize("variable", ["ROOMDESK_PORT", "ROOMDESK_MATRIX_PORT", "ROOMDESK_PG_PORT"])
def test_a_given_port_that_is_taken_is_refused(folder: Path, variable: str) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as other:
        taken = other.getsockname()[1]
        with pytest.raises(
            instance.InstanceError, match=f"Port {taken} is in use by another program; .* set {variable}"
        ):
            ports.choose(
                load({"ROOMDESK_DATA": str(folder), variable: str(taken)}),
                instance.create(folder),
                ports.Reservations(),
            )


def test_free_ports_are_chosen_remembered_and_never_shared(folder: Path) -> None:
    made, mine, theirs = instance.create(folder), ports.Reservations(), ports.Reservations()
    settings = load({"ROOMDESK_DATA": str(folder)})
    first = ports.choose(settings, made, mine)
    assert len(set(first.values())) == 3
    made.ports.unlink()
    # The first has not bound them yet: without reservations the second would choose the same.
    second = ports.choose(settings, made, theirs)
    assert not set(first.values()) & set(second.values())
    theirs.close()
    assert ports.choose(settings, made, theirs) == second
    mine.close()
    theirs.close()
