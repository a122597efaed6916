"""The clock: moved only in demo and test, by everybody at once, never back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from roomdesk.runtime import clock
from roomdesk.runtime.settings import load

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def unconfigured() -> Iterator[None]:
    yield
    clock.configure(load({"ROOMDESK_MODE": "production"}))


def use(folder: Path, mode: str = "test") -> None:
    clock.configure(load({"ROOMDESK_DATA": str(folder), "ROOMDESK_MODE": mode}))


def test_it_is_real_time_with_a_zone(folder: Path) -> None:
    use(folder)
    assert clock.now().tzinfo is UTC
    assert datetime.now(UTC) <= clock.now() <= datetime.now(UTC)


def test_moving_it_is_seen_at_once_and_adds_up(folder: Path) -> None:
    use(folder)
    assert clock.advance(HOUR) == HOUR
    assert datetime.now(UTC) <= clock.now() - HOUR <= datetime.now(UTC)
    assert clock.advance(timedelta(microseconds=1)) == clock.offset() == HOUR + timedelta(microseconds=1)


def test_other_processes_move_it_and_none_is_lost(folder: Path) -> None:
    use(folder)
    code = (
        "import sys; from datetime import timedelta; from roomdesk.runtime import clock, settings\n"
        "clock.configure(settings.load({'ROOMDESK_DATA': sys.argv[1], 'ROOMDESK_MODE': 'test'}))\n"
        "for _ in range(50): clock.advance(timedelta(seconds=1))"
    )
    clock.offset()
    others = [subprocess.Popen([sys.executable, "-c", code, str(folder)]) for _ in range(3)]
    assert [other.wait() for other in others] == [0, 0, 0]
    assert clock.offset() == timedelta(seconds=150)


def test_production_ignores_a_moved_clock_and_refuses_to_move(folder: Path) -> None:
    use(folder)
    clock.advance(HOUR)
    use(folder, "production")
    assert clock.offset() == timedelta()
    with pytest.raises(clock.ClockRefused, match="only in a demo or test installation"):
        clock.advance(HOUR)
    use(folder)
    assert clock.offset() == HOUR


def test_it_never_goes_back(folder: Path) -> None:
    use(folder)
    with pytest.raises(clock.ClockRefused, match="cannot go back"):
        clock.advance(-HOUR)
    assert clock.offset() == timedelta()


def test_outside_times_move_in_and_out(folder: Path) -> None:
    use(folder)
    clock.advance(HOUR)
    outside = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert clock.from_outside(outside) == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert clock.to_outside(clock.from_outside(outside)) == outside
    with pytest.raises(ValueError, match="without zone"):
        clock.from_outside(datetime(2026, 3, 1))


def test_milliseconds_are_exact() -> None:
    assert clock.from_ms(1_700_000_000_123) == datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC)
    assert all(clock.to_ms(clock.from_ms(value)) == value for value in (0, 1, -1, 1_700_000_000_123, 4_102_444_799_999))


def test_it_can_stand_still() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    with clock.frozen(at) as still:
        assert clock.now() == at
        assert still.tick(HOUR) == clock.now() == at + HOUR
        with clock.frozen(at):
            assert clock.now() == at
        assert clock.now() == at + HOUR
    assert clock.now() != at + HOUR
