"""Reading transactions: whatever comes, what is valid is kept and nothing raises but the two refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomdesk.channels.matrix.receive import BadTransaction, NotJson, read_transaction
from roomdesk.channels.matrix.split import split_events

BOT = "@support:hs"


def event(number: int = 1, **changes: Any) -> dict[str, Any]:
    plain = {
        "type": "m.room.message",
        "event_id": f"$e{number}",
        "room_id": "!room",
        "sender": "@mira:hs",
        "content": {"msgtype": "m.text", "body": "Good morning"},
    }
    return {**plain, **changes}


def body(*events: object, **more: object) -> bytes:
    return json.dumps({"events": list(events), **more}).encode()


def spliced(*texts: str) -> bytes:
    """A transaction whose events are given as JSON text."""
    return ('{"events": [' + ",".join(texts) + '], "ephemeral": []}').encode()


def test_events_are_kept_in_order_with_their_identity() -> None:
    first, second = read_transaction(body(event(1), event(2, room_id="!other"), ephemeral=[{"x": 1}]))
    assert (first.source, first.external_id, first.address, first.problem) == ("matrix", "$e1", "!room", "")
    assert (second.external_id, second.address) == ("$e2", "!other")
    assert json.loads(first.raw) == event(1)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"events": [NaN]}',
        b'{"events": [Infinity]}',
        b'{"events": [-Infinity]}',
        b'{"events": [1,]}',
        b"{'events': []}",
        b'{"events": []} x',
        b'{"events": ["\x00"]}',
        b'\xef\xbb\xbf{"events": []}',
    ],
)
def test_what_is_not_json_is_refused(text: bytes) -> None:
    with pytest.raises(NotJson):
        read_transaction(text)


@pytest.mark.parametrize(
    "text", [b"[]", b"null", b"1", b'"x"', b"{}", b'{"events": {}}', b'{"events": null}', b'{"Events": []}']
)
def test_json_that_is_no_transaction_is_refused(text: bytes) -> None:
    with pytest.raises(BadTransaction) as refusal:
        read_transaction(text)
    assert refusal.value.errcode == "M_BAD_JSON"


def test_an_empty_transaction_is_fine() -> None:
    assert read_transaction(body()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        1,
        "text",
        [],
        {},
        {"event_id": "$a"},
        {"room_id": "!a"},
        event(event_id=5),
        event(event_id=""),
        event(room_id=None),
        event(event_id="$" + "x" * 255),
        event(room_id="!a\u0000"),
        event(event_id="$\ud800"),
        event(event_id="$a\n"),
        event(room_id={"a": 1}),
    ],
)
def test_an_event_without_identity_is_set_aside_and_stops_no_other(wrong: object) -> None:
    before, bad, after = read_transaction(body(event(1), wrong, event(2)))
    assert (before.external_id, after.external_id) == ("$e1", "$e2")
    assert bad.external_id.startswith("malformed:") and bad.address == "" and bad.problem.endswith(".")
    assert json.loads(bad.raw) == wrong


def test_the_same_malformed_event_has_the_same_identity() -> None:
    one, two, other = read_transaction(body(7, 7, 8))
    assert one.external_id == two.external_id != other.external_id


@pytest.mark.parametrize(
    "content",
    [
        {"n": 1.5},
        {"n": 10**30},
        {"body": "NUL \u0000 and half \ud800"},
        {"deep": [[[[[[]]]]]]},
        "no object",
        None,
        {"ключ": "стойност 😀"},
    ],
)
def test_unusual_content_is_kept_as_ascii_text(content: object) -> None:
    (kept,) = read_transaction(
        body(
            event(content=content),
        )
    )
    assert kept.problem == "" and kept.raw.isascii() and "\x00" not in kept.raw
    assert json.loads(kept.raw)["content"] == content


def test_unknown_types_and_missing_fields_are_kept() -> None:
    kept = read_transaction(
        body({"event_id": "$a", "room_id": "!r"}, event(2, type="org.example.new"), event(3, type=7))
    )
    assert [(one.external_id, one.problem) for one in kept] == [("$a", ""), ("$e2", ""), ("$e3", "")]


@pytest.mark.parametrize(
    "monster",
    [
        '{"event_id":"$deep","room_id":"!r","content":' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"event_id":"$deep","room_id":"!r","content":' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "}",
        '{"event_id":"$big","room_id":"!r","content":1e400}',
        '{"event_id":"$long","room_id":"!r","content":' + "9" * 5000 + "}",
    ],
    ids=["lists", "objects", "float", "digits"],
)
def test_an_event_that_cannot_be_read_is_set_aside_alone(monster: str) -> None:
    before, bad, after = read_transaction(spliced(json.dumps(event(1)), monster, json.dumps(event(2))))
    assert (before.external_id, before.problem, after.external_id, after.problem) == ("$e1", "", "$e2", "")
    assert bad.external_id.startswith("malformed:") and bad.problem and bad.raw == monster


def test_raw_text_of_an_unreadable_event_can_be_stored() -> None:
    (bad,) = read_transaction(spliced('{"content": [1e400, "Здравейте 😀"]}'))
    assert bad.raw.isascii() and json.loads(bad.raw)["content"][1] == "Здравейте 😀"


@pytest.mark.parametrize(
    ("changes", "urgent"),
    [
        ({"content": {"msgtype": "m.text", "body": "P0 everything is down"}}, True),
        ({"content": {"msgtype": "m.text", "body": "p0: down"}}, True),
        ({"content": {"msgtype": "m.text", "body": "Not a P0"}}, False),
        ({"content": {"msgtype": "m.notice", "body": "P0"}}, False),
        ({"content": {"msgtype": "m.text", "body": "P0"}, "sender": BOT}, False),
        ({"content": {"msgtype": "m.text", "body": "P0"}, "type": "m.sticker"}, False),
        ({"content": {"msgtype": "m.text", "body": 0}}, False),
        ({"content": {"msgtype": "m.text", "body": "P0", "formatted_body": []}}, True),
        ({"content": "P0"}, False),
        ({"content": None}, False),
    ],
)
def test_the_first_word_makes_it_urgent(changes: dict[str, Any], urgent: bool) -> None:
    (kept,) = read_transaction(body(event(**changes)), BOT)
    assert kept.is_urgent is urgent and kept.problem == ""


def test_a_rooms_state_is_patient_and_words_are_not() -> None:
    state, words = read_transaction(body(event(1, type="m.room.topic", state_key=""), event(2)))
    assert state.is_patient and not words.is_patient


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.binary(max_size=200) | ANYTHING.map(lambda value: json.dumps(value).encode()))
def test_nothing_else_is_ever_raised(text: bytes) -> None:
    try:
        read_transaction(text, BOT)
    except BadTransaction as refusal:
        assert refusal.errcode in ("M_BAD_JSON", "M_NOT_JSON")


@given(
    st.lists(
        ANYTHING
        | st.fixed_dictionaries(
            {},
            optional={
                "event_id": ANYTHING,
                "room_id": ANYTHING,
                "content": ANYTHING,
                "type": st.just("m.room.message"),
                "sender": ANYTHING,
            },
        ),
        max_size=5,
    )
)
def test_every_event_of_a_transaction_is_kept(events: list[Any]) -> None:
    kept = read_transaction(body(*events), BOT)
    assert [json.loads(one.raw) for one in kept] == events
    assert all(len(one.external_id) <= 255 and len(one.address) <= 255 for one in kept)


@given(
    st.lists(ANYTHING, max_size=5),
    st.dictionaries(st.text(), ANYTHING, max_size=3),
    st.booleans(),
    st.sampled_from([None, 2]),
)
def test_the_splitter_cuts_where_a_parser_would(
    events: list[Any], more: dict[str, Any], ascii_only: bool, indent: int | None
) -> None:
    more.pop("events", None)
    text = json.dumps({**more, "events": events, "later": [1, {"events": []}]}, ensure_ascii=ascii_only, indent=indent)
    parts = split_events(text)
    assert parts is not None and [json.loads(part) for part in parts] == events


@given(st.text(alphabet='{}[]",:\\ events01', max_size=60))
def test_the_splitter_survives_anything(text: str) -> None:
    parts = split_events(text)
    assert parts is None or all(isinstance(part, str) for part in parts)


@pytest.mark.parametrize("text", ["[]", '{"a": {"events": [1]}}', '{"events": 1}', '{"events" 1}', ""])
def test_the_splitter_finds_only_the_list_of_the_top_object(text: str) -> None:
    assert split_events(text) is None


def test_the_last_of_two_lists_counts_as_it_does_for_a_parser() -> None:
    assert split_events('{"events": [1], "\\u0065vents": [2, 3]}') == ["2", "3"]
