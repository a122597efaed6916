"""What an examination finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """How a part is, in a sentence, and what to do where it is not well."""

    part: str
    status: Status
    says: str
    do: str = ""


def ok(part: str, says: str) -> Finding:
    return Finding(part, "ok", says)


def warning(part: str, says: str, do: str) -> Finding:
    return Finding(part, "warning", says, do)


def problem(part: str, says: str, do: str) -> Finding:
    return Finding(part, "problem", says, do)
