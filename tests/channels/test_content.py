"""References to earlier rows, and what may not be sent."""

from __future__ import annotations

from typing import Any

import pytest

from roomdesk.channels.matrix.content import Parent, check_numbers, resolve
from roomdesk.channels.matrix.errors import Refused

AFTER = {"$after": "event_id"}
THREAD = {"rel_type": "m.thread", "event_id": AFTER, "m.in_reply_to": {"event_id": AFTER}}


def resolved(content: dict[str, Any], **values: str) -> Any:
    return resolve({"room_id": "!r", "content": content}, Parent(values))["content"]


class TestReferences:
    def test_are_filled_in(self) -> None:
        content = resolved({"body": "x", "m.relates_to": THREAD}, event_id="$p")
        assert content["m.relates_to"] == {
            "rel_type": "m.thread",
            "event_id": "$p",
            "m.in_reply_to": {"event_id": "$p"},
        }

    def test_to_a_failed_row_are_left_out_and_the_text_goes_alone(self) -> None:
        assert resolved({"body": "x", "m.relates_to": THREAD}) == {"body": "x"}

    def test_of_an_edit_to_a_failed_row_become_the_text_itself(self) -> None:
        edit = {
            "body": "* new",
            "m.new_content": {"body": "new"},
            "m.relates_to": {"rel_type": "m.replace", "event_id": AFTER},
        }
        assert resolved(edit) == {"body": "new"}

    def test_outside_the_content_are_needed(self) -> None:
        payload = {"room_id": {"$after": "room_id"}, "user_id": "@a:hs"}
        assert resolve(payload, Parent({"room_id": "!r"}))["room_id"] == "!r"
        with pytest.raises(Refused, match="given up"):
            resolve(payload, Parent({}))

    def test_leave_everything_else_as_it_is(self) -> None:
        content = {"body": "$after", "list": [1, True, None, {"a": {}}], "m.relates_to": {"event_id": "$x"}}
        assert resolved(content) == content

    @pytest.mark.parametrize("value", [1.0, 0.5, 2**53, -(2**53), [1, {"a": 2.5}]])
    def test_numbers_that_matrix_refuses_are_refused(self, value: object) -> None:
        with pytest.raises(Refused, match="number"):
            check_numbers({"content": {"n": value}})

    def test_whole_numbers_pass(self) -> None:
        check_numbers({"a": [1, -5, True, 2**53 - 1, "1.5", None]})
