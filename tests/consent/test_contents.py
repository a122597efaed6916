"""R31: whatever a client, a bridge or a program puts into an event, only a new text message that is the phrase, in its place, is a grant.

What a word is, is written down here a second time: by what an event may hold at all.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomdesk.channels.matrix.events import read_event
from roomdesk.channels.matrix.names import MARKER
from roomdesk.consent.hearing import _relation
from roomdesk.rules.consent import Answer, Request, Verdict, judge
from tests.rules.test_consent_texts import permitted

Json = dict[str, Any]
OPENED = datetime(2026, 3, 2, 10, tzinfo=UTC)
PHRASE, ASKED, OTHER = "yes, replace prod", "$request", "$other"
REQUEST = Request(ASKED, PHRASE, ("owner", "admin"), OPENED, OPENED + timedelta(hours=2))

TARGETS = st.sampled_from([ASKED, OTHER, "", None, 7, [ASKED], {"event_id": ASKED}])
RELATED = st.one_of(
    st.none(),
    st.sampled_from([[], "m.thread", 5, {}, {"event_id": ASKED}]),
    st.builds(lambda to: {"m.in_reply_to": {"event_id": to}}, TARGETS),
    st.builds(
        lambda kind, to, answers, back: {
            "rel_type": kind,
            "event_id": to,
            "m.in_reply_to": {"event_id": answers},
            "is_falling_back": back,
        },
        st.sampled_from(["m.thread", "m.replace", "m.annotation", "m.reference", "m.thread ", "org.example.quote", "", None, 5, ["m.thread"]]),
        TARGETS, TARGETS, st.sampled_from([True, False, None, 1, "true"]),
    ),
)  # fmt: skip
TEXTS = st.sampled_from([PHRASE, "Yes, replace PROD.", f"**{PHRASE}**", "ok", f"> {PHRASE}\n\nok", f"> no\n\n{PHRASE}", f"* {PHRASE}", f"no: {PHRASE}", "", None, 5, [PHRASE], {"body": PHRASE}])  # fmt: skip
SHOWN = st.sampled_from([PHRASE, f"<b>{PHRASE}</b>", "no", f"<del>{PHRASE}</del>", f"<mx-reply>no</mx-reply>{PHRASE}", f"{PHRASE}<mx-reply>not</mx-reply>", f"<mx-reply>n</mx-reply><mx-reply>o</mx-reply>{PHRASE}", f"<span data-mx-maths='no'>{PHRASE}</span>", None, 5])  # fmt: skip
#: What a client may put beside a text without its being another one.
HARMLESS = {"m.mentions": {"user_ids": []}, "com.example.linkpreviews": [], "format": "org.matrix.custom.html"}
ODD = {
    "m.forwarded": {"sender": "@olga:x"}, "org.example.forward_of": "$x", "m.new_content": {"msgtype": "m.text", "body": PHRASE}, MARKER: "0123",
    "m.text": [{"body": "no"}], "org.matrix.msc1767.text": "no", "m.message": [], "m.html": "no",
}  # fmt: skip
KINDS = st.sampled_from(["m.text", "m.notice", "m.emote", "m.file", "m.image", "m.server_notice", "m.key.verification.request", "", None, 5])  # fmt: skip


@st.composite
def events(draw: st.DrawFn) -> Json:
    """Near a real word, so that many of them would be one but for something."""
    content: Json = {"msgtype": "m.text", "body": PHRASE, "m.relates_to": {"m.in_reply_to": {"event_id": ASKED}}}
    wrong = draw(st.sets(st.sampled_from(["kind", "body", "shown", "related", "odd", "type", "state"]), max_size=3))
    if "kind" in wrong:
        content["msgtype"] = draw(KINDS)
    if "body" in wrong:
        content["body"] = draw(TEXTS)
    if "shown" in wrong:
        content["formatted_body"] = draw(SHOWN)
    if "related" in wrong:
        content["m.relates_to"] = draw(RELATED)
    if "odd" in wrong:
        content |= {name: ODD[name] for name in draw(st.sets(st.sampled_from(sorted(ODD)), max_size=2))}
    content |= {name: HARMLESS[name] for name in draw(st.sets(st.sampled_from(sorted(HARMLESS))))}
    content = {name: value for name, value in content.items() if value is not None}
    event: Json = {"event_id": "$said", "room_id": "!r", "sender": "@olga:x", "type": "m.room.message", "content": content}  # fmt: skip
    if "type" in wrong:
        event["type"] = draw(st.sampled_from(["m.reaction", "m.sticker", "m.room.encrypted", "m.room.redaction", "m.poll.response", "org.example.message"]))  # fmt: skip
    if "state" in wrong:
        event["state_key"] = ""
    return event


def is_word(event: Json) -> bool:
    """Whether the event is a new text message with nothing beside its text, in the request's place, that is the phrase."""
    content = event["content"]
    if event["type"] != "m.room.message" or "state_key" in event or content.get("msgtype") != "m.text":
        return False
    body, shown = content.get("body"), content.get("formatted_body", PHRASE)
    if not content.keys() <= {"msgtype", "body", "formatted_body", "m.relates_to", *HARMLESS} or not isinstance(
        body, str
    ):
        return False
    relation = content.get("m.relates_to", {})
    if not isinstance(relation, dict):
        return False
    if "event_id" in relation and "rel_type" not in relation:
        return False
    answers = relation.get("m.in_reply_to")
    if answers is not None and not (isinstance(answers, dict) and _is_id(answers.get("event_id"))):
        return False
    answered = answers.get("event_id") if isinstance(answers, dict) else None
    if "rel_type" in relation:
        if relation["rel_type"] != "m.thread" or not _is_id(relation.get("event_id")):
            return False
        is_said_to = (
            answered if relation.get("is_falling_back") is not True and _is_id(answered) else relation.get("event_id")
        )
        is_reply = is_said_to is answered and relation.get("is_falling_back") is not True
        if is_said_to != ASKED:
            return False
    else:
        is_reply = _is_id(answered)
        if is_reply and answered != ASKED:
            return False
    own = body.removeprefix("> no\n\n") if is_reply else body
    quote = "<mx-reply>no</mx-reply>" if is_reply or "rel_type" in relation else ""
    visible = shown.removeprefix(quote).removeprefix("<b>").removesuffix("</b>") if isinstance(shown, str) else PHRASE
    return permitted(PHRASE, own) and visible == PHRASE


def _is_id(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def is_granted(event: Json) -> bool:
    heard = read_event(json.dumps(event))
    if heard.kind not in ("message", "file", "edit", "reaction"):
        return False
    relation, target = _relation(heard, is_ours=False)
    answer = Answer("owner", heard.body, OPENED + timedelta(minutes=1), relation, target or None, heard.formatted_body)
    return judge(REQUEST, answer, 1) is Verdict.GRANTED


@settings(derandomize=True, max_examples=3000, deadline=None)
@given(events())
def test_whatever_an_event_holds_only_a_new_word_in_its_place_is_a_grant(event: Json) -> None:
    assert is_granted(event) <= is_word(event), event


@settings(derandomize=True, max_examples=500, deadline=None)
@given(events().filter(is_word))
def test_a_new_word_in_its_place_is_one_whatever_a_client_adds(event: Json) -> None:
    relation = event["content"].get("m.relates_to", {})
    assert is_granted(event) or relation.get("rel_type") == "m.thread", event


@pytest.mark.parametrize("name", sorted(ODD))
def test_each_of_these_alone_makes_it_no_word(name: str) -> None:
    content = {"msgtype": "m.text", "body": PHRASE, "m.relates_to": {"m.in_reply_to": {"event_id": ASKED}}}
    event: Json = {"event_id": "$said", "room_id": "!r", "sender": "@olga:x", "type": "m.room.message"}
    assert is_granted({**event, "content": content})
    assert not is_granted({**event, "content": {**content, name: ODD[name]}})
