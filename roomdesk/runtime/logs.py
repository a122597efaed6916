"""Structured logging to standard error, as text or JSON, without secrets."""

from __future__ import annotations

import json
import logging
import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from roomdesk.runtime.settings import Settings, secret_values

# Real time on purpose: a log tells what the machine did when, also while the desk's clock is moved.
_fields: ContextVar[dict[str, object] | None] = ContextVar("roomdesk_log_fields", default=None)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# httpx tells whole addresses, queries included.
_QUIET = ("httpx", "httpcore")


def configure(settings: Settings, *, process: str) -> None:
    """Send all logs of this process (`web`, `worker`, …) to standard error. Call once, with resolved settings, so that all secrets are known."""
    form = _Json if settings.log_format == "json" else _Text
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(form(process, secret_values(settings)))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


@contextmanager
def bind(**fields: object) -> Iterator[None]:
    """Fields that every record within carries, such as `request="…"` or `lane="…"`; nested ones add up."""
    token = _fields.set((_fields.get() or {}) | fields)
    try:
        yield
    finally:
        _fields.reset(token)


def scrubber(secrets: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern that finds the given secrets, also as JSON writes them; the longest first, so that no rest is left. Very short ones are left out."""
    words = {form for word in secrets if len(word) >= 6 for form in (word, word.strip(), json.dumps(word)[1:-1])}
    return re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True)))) if words else None


class _Clean(logging.Formatter, ABC):
    """Removes secrets last of all, from the finished line: messages, arguments, fields and tracebacks alike."""

    def __init__(self, process: str, secrets: Iterable[str]) -> None:
        super().__init__()
        self._process = process
        self._pattern = scrubber(secrets)

    def format(self, record: logging.LogRecord) -> str:
        line = self.line(record, _own_fields(record))
        return self._pattern.sub("(hidden)", line) if self._pattern else line

    @abstractmethod
    def line(self, record: logging.LogRecord, fields: dict[str, object]) -> str:
        """The record in this form, secrets and all."""

    def trace(self, record: logging.LogRecord) -> str:
        return self.formatException(record.exc_info) if record.exc_info and record.exc_info[0] else ""


class _Text(_Clean):
    def line(self, record: logging.LogRecord, fields: dict[str, object]) -> str:
        extra = "".join(f" {name}={value}" for name, value in fields.items())
        # One record stays one line: what a customer wrote cannot forge another.
        message = record.getMessage().replace("\n", "\\n").replace("\r", "\\r")
        trace = self.trace(record)
        return f"{_time(record)} {record.levelname} {self._process} {record.name}: {message}{extra}" + (
            f"\n{trace}" if trace else ""
        )


class _Json(_Clean):
    def line(self, record: logging.LogRecord, fields: dict[str, object]) -> str:
        entry = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        trace = self.trace(record)
        return json.dumps({**fields, **entry, **({"trace": trace} if trace else {})}, ensure_ascii=False, default=str)


def _own_fields(record: logging.LogRecord) -> dict[str, object]:
    return (_fields.get() or {}) | {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
