"""A rota in a form: what is stored comes back the same, and buttons move what they name (R40)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomdesk.rules.rota_draft import (
    Draft,
    HoursDraft,
    LayerDraft,
    LeaveDraft,
    changed,
    draft_of,
    place_of,
    written_of,
)

SOFIA = "Europe/Sofia"
_HOURS = st.sampled_from([None, {"within": "office"}, {"outside": "nights"}])
_INSTANT = st.integers(978_307_200, 2_114_380_800).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
)


@st.composite
def layers(draw: Any) -> dict[str, Any]:
    many, unit = draw(st.integers(1, 52)), draw(st.sampled_from(["hour", "day", "week"]))
    found = {
        "name": draw(st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True)),
        "level": draw(st.integers(1, 9)),
        "people": draw(st.lists(st.sampled_from(["ivan", "petya", "dora", "lea"]), min_size=1, unique=True)),
        "zone": draw(st.sampled_from([SOFIA, "America/Sao_Paulo", "UTC"])),
        "starts": draw(st.dates().map(str)),
        "hand_over": draw(st.times().map(lambda at: f"{at:%H:%M}")),
        "every": f"{many} {unit}{'s' if many > 1 else ''}",
    }
    hours = draw(_HOURS)
    return {**found, "hours": hours} if hours else found


@st.composite
def rotas(draw: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"layers": draw(st.lists(layers(), min_size=1, max_size=4))}
    needed = draw(_HOURS)
    leave = draw(st.lists(st.fixed_dictionaries({"person": st.just("ivan"), "start": _INSTANT, "end": _INSTANT})))
    return {**found, **({"needed": needed} if needed else {}), **({"leave": leave} if leave else {})}


@given(rotas(), st.sampled_from([SOFIA, "America/Sao_Paulo", "Australia/Lord_Howe"]))
def test_what_is_stored_comes_back_the_same(written: dict[str, Any], zone: str) -> None:
    assert written_of(draft_of(written, zone)) == written


def test_a_typed_leave_is_told_on_the_wall_of_its_zone() -> None:
    def instants(start: str, end: str) -> dict[str, str]:
        return written_of(Draft(SOFIA, (), (LeaveDraft("ivan", start, end),)))["leave"][0]  # type: ignore[no-any-return]

    assert instants("2027-07-01T09:00", "2027-12-01T09:00:30") == {
        "person": "ivan", "start": "2027-07-01T06:00:00Z", "end": "2027-12-01T07:00:30Z",
    }  # fmt: skip
    # The clock shows 03:30 twice on 31 October: typed, it is the first time.
    assert instants("2027-10-31T03:30", "2027-03-28T03:30")["start"] == "2027-10-31T00:30:00Z"
    for wrong in ("soon", "2027-02-30T10:00", "0001-01-01T00:00", "2027-07-01"):
        assert instants(wrong, wrong)["start"] == wrong


def test_an_untouched_time_keeps_the_second_of_two() -> None:
    stored = {"person": "ivan", "start": "2027-10-31T01:30:00Z", "end": "2027-11-01T00:00:00Z"}
    draft = draft_of({"layers": [], "leave": [stored]}, SOFIA)
    assert draft.leave[0].start == "2027-10-31T03:30"
    assert written_of(draft)["leave"] == [stored]


def test_what_cannot_be_read_stays_as_it_was_typed() -> None:
    layer = LayerDraft("n", "x", ("", "ivan", ""), "Mars", "soon", "25:00", "", "week", HoursDraft("within", "?"))
    assert written_of(Draft(SOFIA, (layer,)))["layers"] == [
        {
            "name": "n", "level": "x", "people": ["ivan"], "zone": "Mars", "starts": "soon", "hand_over": "25:00", "every": " weeks",
            "hours": {"within": "?"},
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("act", "people"),
    [
        ("up:0:1", ("b", "a", "c")),
        ("down:0:1", ("a", "c", "b")),
        ("up:0:0", ("a", "b", "c")),
        ("down:0:2", ("a", "b", "c")),
        ("out:0:0", ("b", "c")),
        ("add:0", ("a", "b", "c", "")),
        ("up:1:1", ("a", "b", "c")),
        ("out:0:3", ("a", "b", "c")),
        ("out:0", ("a", "b", "c")),
        ("up:-1:1", ("a", "b", "c")),
    ],
)
def test_buttons_move_what_they_name(act: str, people: tuple[str, ...]) -> None:
    draft = Draft(SOFIA, (LayerDraft("n", people=("a", "b", "c")),))
    assert changed(draft, act, LayerDraft()).layers[0].people == people


def test_layers_and_leave_come_and_go() -> None:
    draft = changed(Draft(SOFIA, (LayerDraft("one"),)), "add-layer", LayerDraft("two"))
    assert [one.name for one in draft.layers] == ["one", "two"]
    assert [one.name for one in changed(draft, "drop-layer:0", LayerDraft()).layers] == ["two"]
    assert changed(draft, "drop-layer:7", LayerDraft()) == draft
    away = changed(draft, "add-leave", LayerDraft())
    assert away.leave == (LeaveDraft(),) and changed(away, "drop-leave:0", LayerDraft()) == draft
    for _ in range(60):
        draft = changed(
            changed(changed(draft, "add-layer", LayerDraft()), "add-leave", LayerDraft()), "add:0", LayerDraft()
        )
    assert (len(draft.layers), len(draft.leave), len(draft.layers[0].people)) == (20, 50, 50)


def test_a_refusal_says_where_it_is() -> None:
    where = place_of('layers[1].people[2] must be a short name of a-z, 0-9 and -, not "X".')
    assert where is not None and (where.part, where.number, where.key, where.entry) == ("layers", 1, "people", 2)
    where = place_of("needed.within 3 is no calendar; there are: office.")
    assert where is not None and (where.part, where.number, where.key, where.text) == (
        "needed",
        None,
        "within",
        "needed.within",
    )
    assert place_of("Why? A swap needs its reason.") is None
