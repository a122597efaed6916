"""Benchmarks that write rows by themselves keep up with the tables."""

from __future__ import annotations

import pytest

from benchmarks import timers as bench
from roomdesk.runtime import clock


def test_a_pass_of_the_timers_finds_the_ten_that_are_due(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "PASSES", 1)
    with clock.frozen(clock.now()) as frozen:
        bench._workspaces(12)
        bench._rows(0, 60, frozen.at)
        assert bench._passes(frozen) > 0
