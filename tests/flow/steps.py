"""Random raw events: what people, clients, bridges and attackers put into rooms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from roomdesk.queues.models import OutboxRow
from roomdesk.runtime.clock import Frozen
from tests.flow.world import ASEN, BOT, IVAN, OLGA, OTO, SLUGS, Step, event, known, room, store

Json = dict[str, Any]
TEXTS = (
    "Orders cannot be saved.",
    "P0 nothing works any more",
    "p0: the warehouse stands still\nall of it",
    "Thanks!",
    "Can we get a printable invoice for March, please?",
    "That did not help.",
    "Works now, thank you.",
    "👎",
    "Nobody can log in since this morning, production is down for the whole team!",
    "In the Orders screen I clicked Save, it should close the order, but it shows error 500. Deadline is noon.",
    "We think that our customer data was leaked.",
    "ok",
    "👍",
    "The same again, see BC-1 please.",
    "BC-1003 is back, and so is вс-1006.",
    "Have a look now.",
    "!desk ack",
    "> P0 quoted\n\nWhat did you mean?",
    "",
    "Здравейте, фактурата не излиза.",
    "nul \x00 and a half \ud83d",
    "long " * 60,
)
SENDERS = (OLGA, ASEN, IVAN, OTO, BOT, "@olga:elsewhere.example", "@x", "")


def steps() -> st.SearchStrategy[list[Step]]:
    one = st.builds(
        Step,
        slug=st.sampled_from(SLUGS),
        # Speech of those who matter is what decides; the others are there to disturb it.
        sender=st.one_of(st.sampled_from((OLGA, ASEN, IVAN)), st.sampled_from(SENDERS)),
        kind=st.one_of(st.sampled_from(("message", "reply", "thread")), st.sampled_from(sorted(_MAKE))),
        text=st.sampled_from(TEXTS),
        about=st.integers(0, 14),
        seconds=st.sampled_from((0, 0, 1, 30, 400, 700, 2000, 90_000)),
        late=st.sampled_from((0, 0, 0, 20, 301, 3600, -100, 100_000)),
    )
    return st.lists(one, min_size=1, max_size=40)


def store_all(drawn: Sequence[Step], time: Frozen) -> None:
    """Stores the events of these steps, one receipt after another."""
    said = {slug: known(slug) for slug in SLUGS}
    for number, step in enumerate(drawn):
        time.tick(timedelta(seconds=step.seconds))
        store(made(number, step, said[step.slug], time))


def made(number: int, step: Step, said: list[str], time: Frozen) -> Json:
    """The raw event of a step; notes its id among those that were said."""
    about = said[-1 - step.about % len(said)]
    raw = _MAKE[step.kind](replace(step, more={"id": f"$e{number}"}), about)
    if step.kind == "echo":
        raw["content"]["solutions.roomdesk.id"] = _notice_keys(step.slug)[step.about % 2]
    if step.late:
        raw["origin_server_ts"] -= step.late * 1000
    said.append(raw["event_id"])
    return raw


def _notice_keys(slug: str) -> list[str]:
    """Keys of the notices of the history's two cases, which the desk has not heard back yet."""
    rows = OutboxRow.objects.filter(destination=f"matrix:room:{slug}", once__endswith=":opened").order_by("id")
    return [str(key) for key in rows.values_list("key", flat=True)[:2]]


def _said(step: Step, **content: Any) -> Json:
    body = {"msgtype": "m.text", "body": step.text, **content}
    return event(step.more["id"], room(step.slug), step.sender, "m.room.message", body)


def _other(kind: str, content: Callable[[Step, str], object], **more: Any) -> Callable[[Step, str], Json]:
    return lambda step, about: event(step.more["id"], room(step.slug), step.sender, kind, content(step, about), **more)


def _reply(step: Step, about: str) -> Json:
    return _said(step, **{"m.relates_to": {"m.in_reply_to": {"event_id": about}}})


def _thread(step: Step, about: str, falling_back: bool = True) -> Json:
    reply = {"is_falling_back": falling_back, "m.in_reply_to": {"event_id": about}}
    return _said(step, **{"m.relates_to": {"rel_type": "m.thread", "event_id": about, **reply}})


def _edit(step: Step, about: str) -> Json:
    new = {"m.new_content": {"msgtype": "m.text", "body": step.text}}
    return _said(step, **new, **{"m.relates_to": {"rel_type": "m.replace", "event_id": about}})


def _reference(step: Step, msgtype: str, about: str) -> Json:
    return _said(step, msgtype=msgtype, **{"m.relates_to": {"rel_type": "m.reference", "event_id": about}})


def _redaction(step: Step, about: str) -> object:
    return {"redacts": about, "reason": step.text}


_MAKE: dict[str, Callable[[Step, str], Json]] = {
    "message": lambda step, about: _said(step),
    "reply": _reply,
    "thread": _thread,
    "reply in thread": lambda step, about: _thread(step, about, falling_back=False),
    "notice": lambda step, about: _said(step, msgtype="m.notice"),
    "reference": lambda step, about: _reference(step, "m.text", about),
    "notice with reference": lambda step, about: _reference(step, "m.notice", about),
    "file": lambda step, about: _said(step, msgtype="m.file", url="mxc://x/y"),
    "forged marker": lambda step, about: _said(
        step, **{"solutions.roomdesk.id": "11111111-1111-1111-1111-111111111111"}
    ),
    "echo": lambda step, about: _said(replace(step, sender=BOT), msgtype="m.notice"),
    "edit": _edit,
    "redaction": _other("m.room.redaction", _redaction),
    "reaction": _other(
        "m.reaction",
        lambda step, about: {"m.relates_to": {"rel_type": "m.annotation", "event_id": about, "key": step.text[:20]}},
    ),
    "encrypted": _other(
        "m.room.encrypted", lambda step, about: {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x"}
    ),
    "member": lambda step, about: event(
        step.more["id"],
        room(step.slug),
        step.sender,
        "m.room.member",
        {"membership": ("join", "leave", "invite", "ban")[step.about % 4]},
        state_key=step.sender,
    ),
    "state": _other("m.room.topic", lambda step, about: {"topic": step.text}, state_key=""),
    "odd type": _other("org.example.unheard", lambda step, about: {"about": about}),
    "odd content": _other("m.room.message", lambda step, about: ("text", 7, None, [], {"body": 5})[step.about % 5]),
    "odd relation": lambda step, about: _said(
        step, **{"m.relates_to": ("x", {"rel_type": 3}, [about])[step.about % 3]}
    ),
}
