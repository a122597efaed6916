"""Faults that people make in clocks, each as an exchange of text in one file of `roomdesk/rules`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    name: str
    file: str
    before: str
    after: str


FAULTS = [
    Fault(*fault)
    for fault in (
        ("due times a second late", "instants.py", "return EPOCH + (since if", "return EPOCH + SECOND + (since if"),
        ("due times rounded down", "instants.py", "-(-since // SECOND) * SECOND", "since // SECOND * SECOND"),
        ("a window starts at the LAST of two times", "zones.py", "else local - before", "else local - after"),
        ("a window ends at the FIRST of two times", "zones.py", "else local - after", "else local - before"),
        (
            "a start in a gap is read with the offset before it", "zones.py",
            "return _change(zone, local, before, after) if before < after else local - before", "return local - before",
        ),
        (
            "an end in a gap is read with the offset after it", "zones.py",
            "return _change(zone, local, before, after) if before < after else local - after", "return local - after",
        ),
        ("a change of clocks takes effect at the next midnight", "working_time.py", "{*opening, *closing}", "{*opening[:1]}"),
        ("windows include their end", "working_time.py", "base + end * 60) for", "base + end * 60 + 1) for"),
        ("windows begin a second late", "working_time.py", "(base + start * 60,", "(base + start * 60 + 1,"),
        ("weekdays off by one", "working_time.py", "week[(day - 1) % 7]", "week[day % 7]"),
        ("fold at midnight counted for both dates", "working_time.py", "claimed = spans[-1][1]", "claimed = claimed"),
        ("fold within a date counted for both windows", "working_time.py", "claimed = end", "claimed = claimed"),
        ("holidays ignored", "calendars.py", "() if day in self.holidays else self.usual", "self.usual"),
        ("closures ignored", "calendars.py", "closures.get(day, ())", "()"),
        ("extra openings ignored", "calendars.py", "+ openings.get(day, ())", "+ ()"),
        ("an opening replaces the hours of its date", "calendars.py", "+ openings.get(day, ())\n", "* (day not in openings) + openings.get(day, ())\n"),
        ("24:00 is 00:00", "calendars.py", "* 60 + int(data[3:])", "* 60 % 1440 + int(data[3:])"),
        ("decimals dropped", "targets.py", "amount := Fraction(text)", "amount := Fraction(int(float(text)) or 1)"),
        ("elapsed time counts in working hours only", "scales.py", 'if kind == "elapsed":', 'if kind == "elapsed" and calendar is None:'),
        ("a target reached where an open pause begins is not", "scales.py", "if here >= goal:", "if here > goal:"),
        ("an open pause ends the counting early", "scales.py", "                return None\n            goal +=", "                break\n            goal +="),
        ("a pause hides real instead of working time", "scales.py", "None if back is None else self.position(back))", "None if back is None else self.position(pause) + self.position(begin + (back - pause)) - self.position(begin))"),
        ("consumed: an open pause hides nothing", "scales.py", "end if back is None or back > end else back", "pause if back is None else min(back, end)"),
        ("consumed: a pause hides what follows the probe", "scales.py", "end if back is None or back > end else back", "end if back is None else back"),
        ("a pause hides what was before the start", "due_time.py", "since if since > begin else begin, until", "since, until"),
        ("pauses that began before the start ignored", "due_time.py", "if until is None or until > begin:", "if since >= begin:"),
        ("a business day's length is that of the first date", "working_table.py", "// MICROSECOND) * self.rates[day]", "// MICROSECOND) * self.rates[0]"),
        ("a business day's length is that of the start's date", "working_table.py", "or self.lengths[last] != self.lengths[day]", ""),
        ("a business day's length leaves the time before the start out", "working_table.py", "part = self.ahead[i] + (at if at > start else start) - self.day_from[day]", "part = self.lengths[day] - (self.ends[i] - (at if at > start else start))"),
        ("a longer table is read in the steps of the shorter one", "scales.py", "position * finer.steps // table.steps", "position"),
        ("due at the next opening instead of at closing time", "working_table.py", "j = bisect_left(self.after, goal, i)", "j = bisect_right(self.after, goal, i)"),
        ("warned at the next opening instead of at closing time", "working_table.py", "i = bisect_left(self.after, position)", "i = bisect_right(self.after, position)"),
        ("the latest start is the earliest of those that count alike", "working_table.py", "self.ahead[bisect_right(self.after, position)]", "self.ahead[bisect_left(self.after, position)]"),
        ("the latest start rounded up", "due_time.py", "return rounded_down(scale.latest", "return rounded_up(scale.latest"),
        ("the second warning at seven tenths", "due_time.py", "Fraction(3, 4)", "Fraction(7, 10)"),
        ("consumed rounded half to even", "due_time.py", "(numerator * 2_000_000 + denominator) // (2 * denominator)", "round(Fraction(numerator * 1_000_000, denominator))"),
        ("consumed cut off", "due_time.py", "(numerator * 2_000_000 + denominator) // (2 * denominator)", "numerator * 1_000_000 // denominator"),
        ("soft targets breached", "due_time.py", '"past_aim" if target.soft else "breached"', '"breached"'),
        ("breached at the second that is due", "due_time.py", "(stopped_at or at) > due_at", "(stopped_at or at) >= due_at"),
        ("not met at the second that is due", "due_time.py", "stopped_at <= due_at", "stopped_at < due_at"),
        ("stopped clocks run on", "due_time.py", "(stopped_at or at) > due_at", "at > due_at"),
        ("still paused at the end of a pause", "due_time.py", "at < end) for", "at <= end) for"),
        ("looks for working time for eleven years", "working_time.py", "years_after(exactly(begin), 10)", "years_after(exactly(begin), 11)"),
        ("looks for working time for nine years", "working_time.py", "years_after(exactly(begin), 10)", "years_after(exactly(begin), 9)"),
    )
]  # fmt: skip
