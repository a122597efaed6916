"""Who is called next while nobody has a page (R39): one after the other, then everybody, again and again. Pure.

Step 0 is whoever is on call first, by PagerDuty; `FALLBACK` the same people by every way of theirs, where no way took the page in time;
then the next in the rota, the second line, the account manager, everybody. From `EVERYONE` on every step is everybody once more: at the
product's pace in the first hour, then ever more slowly, and never less than once a day. A page that rings all phones every five minutes for a week
is switched off, and the next one with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST, FALLBACK, NEXT, SECOND, MANAGER, EVERYONE = range(6)
NAMES = ("first", "fallback", "next", "second", "manager", "everyone")
#: Everybody is called again after a twelfth of the time that the page has waited, where that is longer than the product's pace.
_SHARE = 12
_AT_MOST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """The product's: seconds until a way must have taken a page, minutes between two steps, minutes until everybody is called."""

    accept: timedelta
    between: timedelta
    everyone: timedelta


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a page is. `failed`: the first way refused it for good, or there is none, so the others do not wait for it."""

    opened_at: datetime
    accepted_at: datetime | None
    step: int
    failed: bool = False


def steps_due(page: Progress, terms: Terms, now: datetime) -> tuple[int, ...]:
    """The steps to be taken now, those that an outage has passed over among them; everybody is called once for all that were missed."""
    reached = _reached(page, terms, now)
    if reached <= page.step:
        return ()
    return (*range(page.step + 1, min(reached, EVERYONE)), reached)


def next_look(page: Progress, terms: Terms, now: datetime) -> datetime:
    """When the step after the present one falls due; always after `now`."""
    if page.step < FALLBACK and page.accepted_at is None:
        return max(page.opened_at + terms.accept, now + timedelta(seconds=1))
    base, step = _base(page, terms), max(page.step, FALLBACK)
    at = _at(step + 1, terms)
    while base + at <= now:
        step += 1
        at = _at(step + 1, terms)
    return base + at


def _reached(page: Progress, terms: Terms, now: datetime) -> int:
    late = page.accepted_at is None and (page.failed or now >= page.opened_at + terms.accept)
    step, base = max(page.step, FALLBACK) if late or page.step else FIRST, _base(page, terms)
    following = max(step, FALLBACK) + 1
    while base + _at(following, terms) <= now:
        step = following
        following += 1
    return step


def _base(page: Progress, terms: Terms) -> datetime:
    """The product's minutes count from when the page was accepted; where it was not in time, from when it should have been."""
    at_latest = page.opened_at + terms.accept
    return min(page.accepted_at or at_latest, at_latest)


def _at(step: int, terms: Terms) -> timedelta:
    """How long after the base a step is due. Everybody is called no later than the product says, however long the steps before take."""
    if step < EVERYONE:
        return min(terms.between * (step - FALLBACK), terms.everyone)
    at = terms.everyone
    for _ in range(step - EVERYONE):
        at += min(max(terms.between, at // _SHARE), _AT_MOST)
    return at
