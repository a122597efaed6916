"""While a P0 is on its way nothing else is begun, for a moment and no longer (D26)."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from roomdesk.worker import precedence, urgent
from roomdesk.worker.precedence import AT_MOST, Precedence


class Moment:
    """Time that stands still but for waiting; `waited` are its seconds."""

    def __init__(self, first: Precedence, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.waited = 100.0, list[float]()
        monkeypatch.setattr(precedence, "time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(first._over, "wait", self._wait)

    def _wait(self, seconds: float) -> None:
        self.waited.append(round(seconds, 3))
        self.now += seconds


@pytest.fixture
def first() -> Precedence:
    return Precedence()


@pytest.fixture
def moment(first: Precedence, monkeypatch: pytest.MonkeyPatch) -> Moment:
    return Moment(first, monkeypatch)


def test_nobody_waits_for_nobody(first: Precedence, moment: Moment) -> None:
    assert first.after(lambda: 7)() == 7
    assert moment.waited == []


def test_what_is_begun_beside_it_waits_once_and_goes_on(first: Precedence, moment: Moment) -> None:
    assert first.take()
    assert first.after(lambda: 7)() == 7
    first.wait()
    assert moment.waited == [AT_MOST]


def test_taking_it_again_makes_it_last_no_longer(first: Precedence, moment: Moment) -> None:
    assert first.take()
    moment.now += AT_MOST / 2
    assert not first.take()
    first.wait()
    assert moment.waited == [AT_MOST / 2]
    assert first.take(), "it was over"


def test_whoever_waits_goes_on_as_soon_as_it_is_given_back(first: Precedence) -> None:
    first.take()
    done = threading.Event()
    thread = threading.Thread(target=first.after(lambda: done.set() or 1))
    thread.start()
    first.give_back()
    thread.join(60)
    assert done.is_set() and first.take()


@pytest.mark.parametrize("found", [0, 1])
def test_it_is_kept_till_the_call_and_given_back_where_there_is_none(
    found: int, first: Precedence, moment: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, left = threading.Event(), [found, 0]
    monkeypatch.setattr(urgent.lanes, "urgent_lanes", lambda _: [])
    step = urgent.step_of(lambda: left.pop(0), lambda: None, first, calls)
    step()
    assert calls.is_set() is bool(found)
    assert first.take() is not bool(found)
    step()
    assert not first.take(), "the look after it gives back nothing that it did not take"


def test_whoever_calls_gives_back_only_what_was_passed_on(first: Precedence, moment: Moment) -> None:
    first.take()
    first.called()
    assert not first.take(), "they looked by themselves, while the P0 was still worked on"
    first.pass_on()
    first.called()
    assert first.take()
    first.called()
    assert not first.take(), "the next one has to be passed on anew"


def test_an_outage_gives_it_back(first: Precedence) -> None:
    def away() -> int:
        raise ConnectionError

    step = urgent.step_of(away, lambda: None, first, threading.Event())
    with pytest.raises(ConnectionError):
        step()
    assert first.take()
