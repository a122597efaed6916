"""Whether the desk itself would still wake somebody: what the watchdog sees, and when it calls people by itself (D34). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

#: A worker notes every few seconds how it is; older than this nobody works. A P0 that waits longer wakes nobody by the usual way.
STALE, LONGEST_WAIT = timedelta(minutes=2), timedelta(minutes=1)
#: A trouble must last so long before people are called, and be gone so long before it counts as over.
LASTING = timedelta(minutes=1)
#: How often people are called again while it lasts.
AGAIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Seen:
    """One look. `noted_at` is when a worker last noted how it is (None: never); `urgent_since` the oldest P0 that waits."""

    at: datetime
    noted_at: datetime | None
    urgent_since: datetime | None
    web_answers: bool


@dataclass(frozen=True, slots=True)
class State:
    """What the watchdog remembers. `called_at`: when people were last called for the present trouble."""

    trouble_since: datetime | None = None
    well_since: datetime | None = None
    called_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done after a look: `calls` people with `trouble`, `ends` what they were called for, `beats` outside that all is well."""

    state: State
    trouble: str
    calls: bool = False
    ends: bool = False
    beats: bool = False


def trouble_of(seen: Seen) -> str:
    """What is wrong, for people; empty where nothing is."""
    if seen.noted_at is None or seen.at - seen.noted_at > STALE:
        since = f"since {seen.noted_at:%H:%M:%S} UTC" if seen.noted_at else "at all"
        return f"No worker of the desk has been heard of {since}: a P0 would wake nobody."
    if seen.urgent_since is not None and seen.at - seen.urgent_since > LONGEST_WAIT:
        return f"A P0 has been waiting in the inbox since {seen.urgent_since:%H:%M:%S} UTC, and nobody works on it."
    return (
        ""
        if seen.web_answers
        else "The desk's web process does not answer: the homeserver cannot hand over what customers say."
    )


def judge(state: State, seen: Seen) -> Verdict:
    """Remembers the look, and says what follows from it."""
    trouble = trouble_of(seen)
    if not trouble:
        return _well(state, seen.at)
    since = state.trouble_since or seen.at
    lasting, called = seen.at - since >= LASTING, state.called_at
    calls = lasting and (called is None or seen.at - called >= AGAIN)
    return Verdict(State(since, None, seen.at if calls else called), trouble, calls=calls)


def _well(state: State, at: datetime) -> Verdict:
    since = state.well_since or at
    if state.called_at is not None and at - since >= LASTING:
        return Verdict(State(None, since, None), "", ends=True, beats=True)
    # One good look is no recovery: a trouble that comes and goes is one.
    trouble = state.trouble_since if state.called_at is not None else None
    return Verdict(State(trouble, since, state.called_at), "", beats=state.called_at is None)
