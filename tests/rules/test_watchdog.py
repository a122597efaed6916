"""What the watchdog makes of what it sees."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from roomdesk.rules.watchdog import AGAIN, LASTING, STALE, Seen, State, Verdict, judge, trouble_of

AT = datetime(2026, 3, 8, 1, 0, tzinfo=UTC)


def seen(after: timedelta = timedelta(), *, well: bool = True) -> Seen:
    at = AT + after
    return Seen(at, at if well else at - STALE - timedelta(seconds=1), None, True)


def test_each_trouble_has_its_words() -> None:
    assert trouble_of(seen()) == ""
    assert "No worker" in trouble_of(seen(well=False))
    assert "No worker" in trouble_of(Seen(AT, None, None, True))
    assert "P0" in trouble_of(Seen(AT, AT, AT - timedelta(seconds=61), True))
    assert trouble_of(Seen(AT, AT, AT - timedelta(seconds=59), True)) == ""
    assert "web" in trouble_of(Seen(AT, AT, None, False))


def test_people_are_called_once_it_lasts_again_while_it_does_and_told_its_end() -> None:
    state, calls, ends, beats = State(), [], [], []
    for seconds in range(0, 3600, 10):
        after = timedelta(seconds=seconds)
        verdict: Verdict = judge(state, seen(after, well=not 600 <= seconds < 2600))
        state = verdict.state
        calls += [seconds] if verdict.calls else []
        ends += [seconds] if verdict.ends else []
        beats += [seconds] if verdict.beats else []
    assert calls == [600 + LASTING.seconds, 660 + AGAIN.seconds, 660 + 2 * AGAIN.seconds]
    assert ends == [2600 + LASTING.seconds]
    assert not [one for one in beats if 600 <= one < 2660], "no beat while anything is wrong"
    assert beats[0] == 0 and beats[-1] == 3590


def test_one_bad_look_calls_nobody() -> None:
    state = judge(State(), seen(well=False)).state
    verdict = judge(state, seen(timedelta(seconds=30)))
    assert not verdict.calls and verdict.state.trouble_since is None
    assert not judge(verdict.state, seen(timedelta(seconds=70), well=False)).calls
