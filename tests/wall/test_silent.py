"""What Synapse does for nobody with each event, and does no more with the module."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from tests.harness.live import eventually
from tests.wall.homes import Home


def test_only_the_desk_is_to_be_handed_events(walled: Home) -> None:
    assert _is_without_gaps(_transactions_while_three_speak(walled))


def test_without_the_module_the_books_are_kept_for_nobody(plain: Home) -> None:
    assert not _is_without_gaps(_transactions_while_three_speak(plain))


def test_delayed_events_are_not_looked_for_where_there_are_none(walled: Home, plain: Home) -> None:
    before = [_looked_up_to(walled), _looked_up_to(plain)]
    for home in (walled, plain):
        home.client("ivan").say(home.rooms["nord"], "Four")
    # It looks after the event, in its own time; the one that still does tells when that was.
    eventually(lambda: _looked_up_to(plain) > before[1], "the plain one has looked")
    assert _looked_up_to(walled) == before[0]


def _looked_up_to(home: Home) -> int:
    return int(_rows(home, "SELECT stream_id FROM delayed_events_stream_pos")[0][0])


def _transactions_while_three_speak(home: Home) -> list[int]:
    """Numbers of the transactions that wait for the desk, which nobody takes here; the other service's are gone at once and leave a gap."""
    last = max(_waiting(home), default=0)
    for words in ("One", "Two", "Three"):
        before = len(_waiting(home))
        home.client("ivan").say(home.rooms["nord"], words)
        eventually(lambda before=before: len(_waiting(home)) > before, "the event is to be handed over")  # type: ignore[misc]
    return [number for number in _waiting(home) if number > last]


def _waiting(home: Home) -> list[int]:
    rows = _rows(home, "SELECT as_id, txn_id FROM application_services_txns ORDER BY txn_id")
    return [number for service, number in rows if service == "roomdesk"]


def _rows(home: Home, sql: str) -> list[Any]:
    file = f"file:{home.settings.data / 'synapse' / 'home.db'}?mode=ro"
    with closing(sqlite3.connect(file, uri=True)) as stored:
        return stored.execute(sql).fetchall()


def _is_without_gaps(numbers: list[int]) -> bool:
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))
