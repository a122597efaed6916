"""Where the kept copies of files lie: one for each content, named by its SHA-256. What writes there is `record.store`; channels read."""

from __future__ import annotations

from pathlib import Path


def folder() -> Path:
    from roomdesk import bootstrap  # Reads the environment: not before it is needed.

    settings = bootstrap.settings
    return settings.files or settings.data / "files"


def place_of(sha256: str) -> Path:
    return folder() / sha256[:2] / sha256
