"""Benchmarks that write rows by themselves keep up with the tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import audit
from benchmarks import timers as bench
from roomdesk.runtime import clock


def test_a_pass_of_the_timers_finds_the_ten_that_are_due(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "PASSES", 1)
    with clock.frozen(clock.now()) as frozen:
        bench._workspaces(12)
        bench._rows(0, 60, frozen.at)
        assert bench._passes(frozen) > 0


def test_a_chain_that_is_measured_is_a_good_one(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "WALKS", 1)
    monkeypatch.setenv("ROOMDESK_DATABASE_URL", database)
    audit.write(30)
    audit.measure(30, tmp_path / "chain.jsonl")
    assert capsys.readouterr().out.count("times plain SHA-256") == 3
