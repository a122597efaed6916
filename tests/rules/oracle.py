"""A slow, plain reading of sla/README for the tests. It shares no code with `roomdesk.rules` and goes another way.

The engine asks the zone for the offsets of a wall time; here the changes of a zone are looked for on the UTC side, and a
wall time is searched in the stretches between them. The engine keeps sums and searches them; here one walks date by
date, forwards for a due time, backwards for a latest start. Instants are whole microseconds since 1970.
"""

import functools
from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from importlib.resources import files
from itertools import count
from zoneinfo import ZoneInfo

SECOND = 1_000_000
DAY = 86400 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAMES = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
STEP = 86400
UNIX_DAY = date(1970, 1, 1).toordinal()


@functools.cache
def stretches(zone):
    """[(first second, offset)] of every stretch of constant offset, from 1967 to 2105."""
    with files("tzdata").joinpath("zoneinfo", *zone.split("/")).open("rb") as file:
        place = ZoneInfo.from_file(file)

    def offset(second):
        return int((EPOCH + timedelta(seconds=second)).astimezone(place).utcoffset().total_seconds())

    low, high = -3 * 366 * 86400, 136 * 366 * 86400
    found, before = [(low - 400 * DAY, offset(low))], offset(low)
    for second in range(low, high, STEP):
        if (after := offset(second)) != before:
            changed = first_that(lambda at, before=before: offset(at) != before, second - STEP, second)
            found.append((changed, after))
            before = after
    return found


def first_that(holds, low, high):
    """The smallest whole number in (low, high] for which `holds`; it does for `high` and all numbers between."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


@functools.lru_cache(maxsize=50_000)
def shown_at(zone, wall):
    """First and last second at which a clock on the wall shows `wall` (seconds since 1970); in a gap the change, twice."""
    changes = stretches(zone)
    near = bisect_right(changes, (wall, 10**9)) - 1
    shown, skipped = [], None
    for number in range(max(near - 2, 0), min(near + 3, len(changes))):
        begin, offset = changes[number]
        end = changes[number + 1][0] if number + 1 < len(changes) else 10**18
        if begin <= wall - offset < end:
            shown.append(wall - offset)
        if number and begin + changes[number - 1][1] <= wall < begin + offset:
            skipped = begin
    return (min(shown), max(shown)) if shown else (skipped, skipped)


class Calendar:
    """`week`, `holidays`, `closures` and `openings` as they are written in a question; dates as ordinals."""

    def __init__(self, written):
        self.written, self.raw, self.of = written, {}, {}

    def windows(self, day):
        """Local windows of a date in minutes."""
        written, name = self.written, date.fromordinal(day).isoformat()
        usual = [] if name in written["holidays"] else written["week"].get(NAMES[(day + 6) % 7], [])
        away, extra = written.get("closures", {}).get(name), written.get("openings", {}).get(name)
        if away is None and extra is None:
            return [(minutes(begin), minutes(end)) for begin, end in usual]
        works = [False] * 1441
        for windows, answer in ((usual, True), (away or [], False), (extra or [], True)):
            for begin, end in windows:
                for minute in range(minutes(begin), minutes(end)):
                    works[minute] = answer
        edges = [minute for minute in range(1441) if works[minute] != works[minute - 1]]
        return list(zip(edges[::2], edges[1::2], strict=True))

    def claimed(self, day):
        """Seconds that the windows of a date cover, as sorted disjoint pairs, whatever other dates say."""
        if day not in self.raw:
            midnight, zone = (day - UNIX_DAY) * 86400, self.written["timezone"]
            mapped = [
                (shown_at(zone, midnight + begin * 60)[0], shown_at(zone, midnight + end * 60)[1])
                for begin, end in self.windows(day)
            ]
            self.raw[day] = union(pair for pair in mapped if pair[0] < pair[1])
        return self.raw[day]

    def spans(self, day):
        """Working time of a date in microseconds: what it claims and the two dates before it do not."""
        if day not in self.of:
            spans = self.claimed(day)
            for earlier in (day - 1, day - 2) if spans else ():
                spans = without(spans, self.claimed(earlier))
            self.of[day] = [(begin * SECOND, end * SECOND) for begin, end in spans]
        return self.of[day]

    def has_work(self, begin, years):
        """Whether there is working time from `begin` to so many years later (or earlier)."""
        now = EPOCH + timedelta(microseconds=begin)
        month, day = (3, 1) if (now.month, now.day) == (2, 29) else (now.month, now.day)
        other = now.replace(year=now.year + years, month=month, day=day)
        low, high = sorted((begin, (other - EPOCH) // timedelta(microseconds=1)))
        near = range(*sorted((begin // DAY, begin // DAY + 60 * years)))
        whole = range(low // DAY - 2, high // DAY + 3)
        return any(
            a < high and low < b for days in (near, whole) for day in days for a, b in self.spans(day + UNIX_DAY)
        )


def minutes(written):
    hours, rest = written.split(":")
    return int(hours) * 60 + int(rest)


def union(pairs):
    done = []
    for begin, end in sorted(pairs):
        if done and begin <= done[-1][1]:
            done[-1] = (done[-1][0], max(end, done[-1][1]))
        else:
            done.append((begin, end))
    return done


def without(pairs, away):
    """`pairs` less `away`; an end of None is for ever."""
    for hide, back in away:
        pairs = [
            part
            for begin, end in pairs
            for part in ((begin, min(end, hide)), (end if back is None else max(begin, back), end))
            if part[0] < part[1]
        ]
    return pairs


def pieces(calendar, target, start, pauses):
    """(begin, end, how much of the target one microsecond is) of all un-paused time of the kind from `start` on."""
    amount = Fraction(str(target.get("hours") or target.get("days")))
    if target["kind"] == "elapsed":
        days = ([(start + n * DAY, start + (n + 1) * DAY)] for n in count())
    else:
        days = (calendar.spans(day) for day in count(start // DAY + UNIX_DAY - 2))
    open_from = next((begin for begin, end in pauses if end is None), None)
    for spans in days:
        if spans and open_from is not None and spans[0][0] >= open_from:
            return
        each = (
            Fraction(1, sum(end - begin for begin, end in spans) if "days" in target else 3600 * SECOND) if spans else 0
        )
        for begin, end in without([(max(begin, start), end) for begin, end in spans if end > start], pauses):
            yield begin, end, each / amount


def reached(calendar, target, start, pauses, parts):
    """Second at which each part (sorted, Fractions) of the target is reached; None where an open pause comes first."""
    answers, total = [], Fraction(0)
    for begin, stop, each in pieces(calendar, target, start, pauses):
        while len(answers) < len(parts) and total + (stop - begin) * each >= parts[len(answers)]:
            exact = begin + (parts[len(answers)] - total) / each
            answers.append(-(-exact // SECOND))
        if len(answers) == len(parts):
            break
        total += (stop - begin) * each
    return answers + [None] * (len(parts) - len(answers))


def used(calendar, target, start, at, pauses):
    """Part of the target used from `start` to `at`."""
    total = Fraction(0)
    if at <= start:
        return total
    for begin, end, each in pieces(calendar, target, start, pauses):
        if begin >= at:
            break
        total += (min(end, at) - begin) * each
    return total


def latest_start(calendar, target, due):
    """The last whole second from which the target is reached by `due`; the kind is one of the business kinds or elapsed."""
    amount, missing, due = Fraction(str(target.get("hours") or target.get("days"))), Fraction(1), due // SECOND * SECOND
    if target["kind"] == "elapsed":
        return (due - amount * 3600 * SECOND) // SECOND
    for day in count(due // DAY + UNIX_DAY + 2, -1):
        spans = calendar.spans(day)
        whole = sum(end - begin for begin, end in spans) if "days" in target else 3600 * SECOND
        for begin, end in reversed([(begin, min(end, due)) for begin, end in spans if begin < due]):
            if (end - begin) / (whole * amount) >= missing:
                return (end - missing * whole * amount) // SECOND
            missing -= (end - begin) / (whole * amount)
    return None


def stands(target, due, at, stopped, pauses):
    """The state as sla/README puts it; all in microseconds, `due` is the rounded one."""
    if stopped is not None and (due is None or stopped <= due):
        return "met"
    if due is not None and (at if stopped is None else stopped) > due:
        return "past_aim" if target.get("soft") else "breached"
    return "paused" if any(a <= at and (b is None or at < b) for a, b in pauses) else "running"


def six(part):
    """Six decimals, ties up, by hand."""
    digits = part * 10**7 // 1
    exact = digits % 10 >= 5
    whole = digits // 10 + (1 if exact else 0)
    return f"{whole // 10**6}.{whole % 10**6:06d}"
