"""What every command shares: bringing Django up, one JSON document, and refusals as a sentence with exit code 1."""

from __future__ import annotations

import functools
import json
import logging
import os
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


class Refused(click.ClickException):
    """Exit 1 with the reason on stderr."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        click.echo(self.format_message(), err=True)


def with_desk(command: F) -> F:
    """Runs the command with Django up; refusals of settings, of services and an absent database become exit 1."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        from roomdesk.runtime.instance import InstanceError
        from roomdesk.runtime.settings import SettingsError

        try:
            from roomdesk import bootstrap
        except (SettingsError, InstanceError) as error:
            raise Refused(str(error)) from error
        quiet_pool()
        bootstrap.setup()
        return _guarded(command, *args, **kwargs)

    return wrapped  # type: ignore[return-value]


def quiet_pool() -> None:
    """Keeps the pool's own warnings off a terminal where nobody configured logs; an absent database is told in a sentence."""
    logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())


def _guarded(command: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    from django.db import OperationalError

    from roomdesk.directory.errors import DeskError

    try:
        return command(*args, **kwargs)
    except DeskError as error:
        raise Refused(str(error)) from error
    except OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise Refused(f"The database does not answer ({reason}). Start the desk with `roomdesk up`.") from error


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def emit(value: Any, as_json: bool, words: str) -> None:
    """Prints `value` as one JSON document, or `words` for people."""
    click.echo(json.dumps(value, ensure_ascii=False, default=plain) if as_json else words)


def plain(value: object) -> str:
    if isinstance(value, datetime):
        return iso(value)
    return str(value)


def iso(at: datetime) -> str:
    """UTC with `Z`, microseconds only where there are any."""
    return at.isoformat().replace("+00:00", "Z")


def actor_name() -> str:
    """Who runs the command, for the audit."""
    return os.environ.get("SUDO_USER") or os.environ.get("USER") or f"uid-{os.getuid()}"
