"""Running commands: within this process where many are needed, as a process of its own where that is the point."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from click.testing import CliRunner, Result

from roomdesk.cli import main


def run(*words: str, stdin: str | None = None) -> Result:
    """A command in this process; a traceback is an error of the test."""
    result = CliRunner().invoke(main, list(words), input=stdin, prog_name="roomdesk")
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def done(*words: str, stdin: str | None = None) -> Any:
    """A command that succeeds; its one JSON document."""
    result = run(*words, "--json", stdin=stdin)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refusal(*words: str, stdin: str | None = None) -> str:
    """A command that is refused: exit 1, the reason on stderr."""
    result = run(*words, stdin=stdin)
    assert result.exit_code == 1, result.output
    return result.stderr


def process(address: str, *words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """A process of its own on the database at `address`."""
    environ = {**os.environ, "ROOMDESK_DATABASE_URL": address, "ROOMDESK_SECRET_KEY": "a-key-for-these-tests-only"}
    command = [sys.executable, "-m", "roomdesk.cli", *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, input=stdin, timeout=180, check=False)
