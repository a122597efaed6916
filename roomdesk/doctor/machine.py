"""The data folder, the clock and the mode."""

from __future__ import annotations

import stat
from pathlib import Path

from roomdesk import bootstrap
from roomdesk.doctor.findings import Finding, ok, problem, warning
from roomdesk.runtime import clock
from roomdesk.runtime.instance import Instance


def data_folder() -> Finding:
    """Secrets must be readable by nobody else."""
    folder = Instance(bootstrap.settings.data)
    if not folder.secrets.exists():
        return ok("data folder", f"{folder.folder} holds no secrets: they come from the environment.")
    open_ones = [path for path in _secret_files(folder) if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    if open_ones:
        names = " ".join(str(path) for path in open_ones)
        return problem(
            "data folder", f"Other users of this machine may read secrets in: {names}.", f"Run: chmod 600 {names}"
        )
    return ok("data folder", f"{folder.folder} keeps its secrets to itself.")


def _secret_files(folder: Instance) -> list[Path]:
    return [folder.secrets, folder.synapse / "signing.key", *sorted(folder.synapse.glob("*.yaml"))]


def moved_clock() -> Finding:
    offset = clock.offset()
    if offset:
        return warning(
            "clock",
            f"The desk's time is {offset} ahead of real time.",
            "This is fine in demo and test; a fresh data folder starts at real time.",
        )
    return ok("clock", "The desk's time is real time.")


def mode() -> Finding:
    if bootstrap.settings.mode == "production":
        return ok("mode", "This is a production installation.")
    return warning(
        "mode",
        f"This is a {bootstrap.settings.mode} installation: anybody at its command line can sign in as anybody, and move the clock.",
        "For real customers set ROOMDESK_MODE=production with a fresh data folder.",
    )
