"""Questions about clocks that hypothesis invents, mostly near the hours where a zone changes its clocks."""

from datetime import date, timedelta

from hypothesis import strategies as st

from tests.rules import oracle

SECOND = oracle.SECOND
ZONES = (
    "Europe/Sofia", "Europe/London", "America/New_York", "America/Havana", "Atlantic/Azores", "Australia/Lord_Howe",
    "Africa/Casablanca", "Pacific/Apia", "Pacific/Chatham", "America/Sao_Paulo", "America/Asuncion", "Asia/Kathmandu",
    "America/Scoresbysund", "Asia/Tehran", "Antarctica/Troll", "America/St_Johns", "Pacific/Kwajalein", "UTC",
)  # fmt: skip
PRESETS = (
    [["09:00", "18:00"]], [["08:30", "12:00"], ["13:00", "17:15"]], [["00:00", "24:00"]], [["00:00", "06:00"], ["22:00", "24:00"]],
    [["00:00", "01:30"], ["01:30", "02:15"], ["02:45", "03:30"]], [["23:59", "24:00"]], [["00:00", "00:01"], ["12:00", "12:07"]], [],
)  # fmt: skip
FIRST, LAST = date(1970, 1, 15).toordinal(), date(2100, 6, 1).toordinal()


def written(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


def some_windows(rng):
    """Windows of a date: one of the presets, or any."""
    if rng.random() < 0.6:
        return rng.choice(PRESETS)
    edges = sorted(rng.sample(range(0, 1441, 5), 2 * rng.randint(1, 3)))
    return [[written(a), written(b)] for a, b in zip(edges[::2], edges[1::2], strict=True)]


def some_length(rng):
    """Up to about two days, in microseconds; whole half hours now and then, so that things fall together."""
    return SECOND * (rng.randint(0, 200_000) if rng.random() < 0.5 else 1800 * rng.randint(0, 96))


def some_moment(rng):
    """Zone and start in seconds since 1970: within days of a change of clocks, or anywhere from 1970 to 2100."""
    zone = rng.choice(ZONES)
    low, high = (FIRST - oracle.UNIX_DAY) * 86400, (LAST - oracle.UNIX_DAY) * 86400
    changes = [at for at, _ in oracle.stretches(zone)[1:] if low < at < high]
    if not changes or rng.random() < 0.2:
        return zone, rng.randint(low, high)
    near = 86400 * rng.randint(-9, 3) if rng.random() < 0.3 else rng.randint(-800_000, 90_000)
    return zone, rng.choice(changes) + near


def some_calendar(rng, zone, start):
    """A calendar with what is special put near the start."""
    week = dict.fromkeys(oracle.NAMES, some_windows(rng))
    for name in rng.sample(oracle.NAMES, rng.randint(0, 3)):
        week[name] = some_windows(rng)
    near = [date.fromordinal(start // 86400 + oracle.UNIX_DAY + n).isoformat() for n in range(-2, 15)]
    calendar = {"timezone": zone, "week": week, "holidays": sorted(rng.sample(near, rng.randint(0, 3)))}
    if any(week.values()) and rng.random() < 0.5:
        for key in ("closures", "openings"):
            calendar[key] = {day: some_windows(rng) for day in rng.sample(near, rng.randint(0, 2))}
    return calendar


def minutes_of(week):
    return sum(oracle.minutes(b) - oracle.minutes(a) for windows in week.values() for a, b in windows)


def some_target(rng, week):
    """Every kind, soft or not, in hundredths; what a sparse week holds in about ten weeks at most."""
    kind = rng.choice(("business_hours", "business_days", "elapsed"))
    hundredths = rng.randint(1, 900) if rng.random() < 0.5 else 100 * rng.randint(1, 40)
    if kind == "business_hours":
        hundredths = max(1, min(hundredths * rng.choice((1, 1, 10)), minutes_of(week) * 10))
    key = "days" if kind == "business_days" else "hours"
    amount = hundredths // 100 if hundredths % 100 == 0 else f"{hundredths // 100}.{hundredths % 100:02}"
    return {"kind": kind, key: amount, "soft": rng.random() < 0.5}


def some_pauses(rng, start):
    """Sorted and disjoint, touching now and then, begun before the start now and then, the last one open now and then."""
    points = [start - some_length(rng)]
    for _ in range(rng.choice((0, 0, 1, 2, 3, 4, 5))):
        points.append(points[-1] + (0 if rng.random() < 0.1 else some_length(rng)))
    pauses = list(zip(points[1::2], points[2::2], strict=False))
    return [*pauses, (points[-1], None)] if len(points) % 2 == 0 else pauses


def question(rng):
    """(calendar as written, target as written, start, pauses, probe, stop); instants in microseconds since 1970."""
    zone, second = some_moment(rng)
    start = second * SECOND + rng.choice((0, 0, 0, 1, 499_999, 999_999))
    calendar = some_calendar(rng, zone, second)
    stopped = start + some_length(rng) if rng.random() < 0.3 else None
    target = some_target(rng, calendar["week"])
    return calendar, target, start, some_pauses(rng, start), start + some_length(rng), stopped


#: Quick to draw, and each failure names its seed.
questions = st.randoms(use_true_random=True).map(question)
#: Slow to draw, but hypothesis finds the smallest question that fails.
small_questions = st.randoms(use_true_random=False).map(question)


def instant(micros):
    return None if micros is None else oracle.EPOCH + timedelta(microseconds=micros)
