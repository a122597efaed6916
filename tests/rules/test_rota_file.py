"""A rota as it is written: what it means, and the sentence for whatever is wrong."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from typing import Any

import pytest

from roomdesk.rules.calendars import parse_calendar
from roomdesk.rules.errors import RuleError
from roomdesk.rules.rota import on_call
from roomdesk.rules.rota_file import parse_rota
from tests.rules.rota_oracle import utc

pytestmark = pytest.mark.part_of("R40")

OFFICE = parse_calendar({"timezone": "Europe/Sofia", "week": {"mon": [["09:00", "18:00"]]}})
WRITTEN = """
needed = {outside = "office"}
[[layers]]
name = "nights"
people = ["ivan", "petya"]
zone = "Europe/Sofia"
starts = 2026-01-05
hand_over = "09:00"
hours = {outside = "office"}
[[layers]]
name = "second"
level = 2
people = ["dora"]
zone = "Europe/Sofia"
starts = 2026-01-05
hand_over = "09:00"
every = "3 days"
[[overrides]]
layer = "nights"
person = "kalina"
start = 2026-01-06T20:00:00Z
end = 2026-01-06T22:00:00Z
reason = "Swapped with Ivan"
[[leave]]
person = "dora"
start = 2026-01-07T00:00:00Z
end = 2026-01-08T00:00:00Z
"""


def written() -> dict[str, Any]:
    return tomllib.loads(WRITTEN)


def test_what_is_written_is_who_is_on_call() -> None:
    rota = parse_rota(written(), {"office": OFFICE})
    assert [one.length for one in rota.layers] == [timedelta(weeks=1), timedelta(days=3)]
    assert [(one.layer, one.person) for one in on_call(rota, utc("2026-01-06T20:30"))] == [
        ("nights", "kalina"),
        ("second", "dora"),
    ]
    assert [one.person for one in on_call(rota, utc("2026-01-07T12:00"))] == ["ivan"]


@pytest.mark.parametrize(
    ("place", "key", "value", "sentence"),
    [
        ("", "layers", [], "layers must name at least one layer."),
        ("", "layers", "nights", "layers must be a list of at most 1000 tables."),
        ("", "needed", {}, "needed must name one calendar, by within or by outside."),
        ("", "needed", {"within": "nights"}, "needed.within 'nights' is no calendar; there are: office."),
        ("", "shifts", [], "rota has no key 'shifts'; it has layers, leave, needed, overrides."),
        ("layers", "name", "Nights!", "layers[0].name must be a short name of a-z, 0-9 and -, not 'Nights!'."),
        ("layers", "name", "second", "layers[1].name 'second' is the name of an earlier layer too."),
        ("layers", "level", 0, "layers[0].level must be a number from 1 (called first) to 9, not 0."),
        ("layers", "level", True, "layers[0].level must be a number from 1 (called first) to 9, not True."),
        ("layers", "people", [], "layers[0].people must be a list of 1 to 50 people in the order of their turns."),
        ("layers", "people", ["ivan", "ivan"], "layers[0].people names ivan twice; everybody has one turn in a round."),
        ("layers", "zone", "Europe/Sofa", "layers[0].zone 'Europe/Sofa' is no IANA time zone; write it like Europe/Sofia."),
        ("layers", "starts", "2026-02-30", "layers[0].starts is no existing date: '2026-02-30'."),
        ("layers", "starts", 5, "layers[0].starts must be a date like 2026-01-05, not 5."),
        ("layers", "hand_over", "9", "layers[0].hand_over must be a time of the day like 09:00, not '9'."),
        ("layers", "every", "1 hour", 'layers[0].every must be a time between hand-overs like "1 week", "3 days" or "12 hours", at least 4 hours and at most 52 weeks; not \'1 hour\'.'),
        ("overrides", "layer", "third", "overrides[0].layer 'third' is no layer of this rota; it has nights, second."),
        ("overrides", "end", "2026-01-06T19:00:00Z", "overrides[0].end must be after its start; it is 2026-01-06T19:00:00Z, the start 2026-01-06T20:00:00Z."),
        ("overrides", "start", "2026-01-06T19:00:00.5Z", "overrides[0].start must be a whole second, not 2026-01-06T19:00:00.500000Z."),
        ("overrides", "start", "tomorrow", "overrides[0].start must be a time like 2026-03-06T14:30:00Z, not 'tomorrow'."),
        ("overrides", "reason", "", "overrides[0].reason must be a text of 1 to 300 letters, not ''."),
        ("leave", "person", None, "leave[0].person must be a short name of a-z, 0-9 and -, not None."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_field_and_reason(place: str, key: str, value: object, sentence: str) -> None:
    data = written()
    (data[place][0] if place else data)[key] = value
    with pytest.raises(RuleError) as refused:
        parse_rota(data, {"office": OFFICE})
    assert str(refused.value) == sentence


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(RuleError, match="rota must be a table"):
        parse_rota([], {})
