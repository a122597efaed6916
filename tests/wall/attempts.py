"""Everything that is forbidden, as a table of requests: who, what, and how the homeserver refuses it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from string import Template
from typing import Any

import httpx

from tests.wall.homes import Home

EVERYBODY = "oto asen mira olga ivan"
OUTSIDERS = "oto asen mira"
INSIDERS = "olga ivan"
MEGOLM = '{"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x", "session_id": "s"}'


@dataclass(frozen=True)
class Attempt:
    """One request of one person. In `where` and `body` stand names: a room's slug for its id, a person's for the user id.

    `plain`: whether a homeserver lets it happen that differs only in the module; elsewhere settings and power levels refuse it too.
    """

    what: str
    who: str
    request: str
    body: str
    refusal: tuple[int, str]
    plain: bool

    def __str__(self) -> str:
        return f"{self.who}: {self.what}"

    def make(self, home: Home) -> httpx.Response:
        method, where = Template(self.request).substitute(home.names(self.who)).split(" ")
        given: dict[str, Any] = {}
        if method != "GET":
            given["json"] = json.loads(Template(self.body).substitute(home.names(self.who)))
        return home.client(self.who).call(method, f"/_matrix/client/{where}", **given)


def _by(
    people: str, what: str, request: str, body: str = "{}", *, refusal: str = "403 M_FORBIDDEN", plain: bool = False
) -> list[Attempt]:
    status, _, code = refusal.partition(" ")
    return [Attempt(what, who, request, body, (int(status), code), plain) for who in people.split()]


MAKING = [
    *_by(EVERYBODY, "make a room", "POST v3/createRoom", plain=True),
    *_by(EVERYBODY, "make a public room", "POST v3/createRoom", '{"preset": "public_chat"}', plain=True),
    *_by("oto", "make a published room", "POST v3/createRoom", '{"visibility": "public"}'),
    *_by("oto", "make a space", "POST v3/createRoom", '{"creation_content": {"type": "m.space"}}', plain=True),
    *_by(OUTSIDERS, "write to a stranger", "POST v3/createRoom", '{"is_direct": true, "invite": ["$olga"]}', plain=True),
    *_by("olga", "write to staff alone", "POST v3/createRoom", '{"is_direct": true, "invite": ["$ivan"]}', plain=True),
    *_by("ivan", "write to a customer alone", "POST v3/createRoom", '{"is_direct": true, "invite": ["$olga"]}', plain=True),
    *_by("oto", "bring the bot into a room", "POST v3/createRoom", '{"invite": ["$support"]}', plain=True),
    *_by(INSIDERS, "upgrade the room", "POST v3/rooms/$nord/upgrade", '{"new_version": "12"}'),
    *_by("olga", "upgrade the room with power", "POST v3/rooms/$bent/upgrade", '{"new_version": "12"}'),
    *_by(INSIDERS, "publish the room", "PUT v3/directory/list/room/$nord", '{"visibility": "public"}'),
    *_by("olga", "publish the room with power", "PUT v3/directory/list/room/$bent", '{"visibility": "public"}'),
    *_by("olga oto", "give the room another alias", "PUT v3/directory/room/%23mine:$server", '{"room_id": "$nord"}'),
]  # fmt: skip

COMING_IN = [
    *_by(OUTSIDERS, "join", "POST v3/rooms/$nord/join"),
    *_by(OUTSIDERS, "join by alias", "POST v3/join/%23$alias:$server"),
    *_by(OUTSIDERS, "knock", "POST v3/knock/$nord"),
    *_by(OUTSIDERS, "invite", "POST v3/rooms/$nord/invite", '{"user_id": "$oto"}'),
    *_by(INSIDERS, "invite", "POST v3/rooms/$nord/invite", '{"user_id": "$oto"}'),
    *_by("olga", "invite with power", "POST v3/rooms/$bent/invite", '{"user_id": "$asen"}', plain=True),
    *_by("olga", "open the room with power", "PUT v3/rooms/$bent/state/m.room.join_rules", '{"join_rule": "public"}', plain=True),
    *_by("asen", "join a room that was opened", "POST v3/rooms/$bent/join", plain=True),
    *_by("olga", "show the history to all with power", "PUT v3/rooms/$bent/state/m.room.history_visibility", '{"history_visibility": "world_readable"}', plain=True),
    *_by(INSIDERS, "kick the bot", "POST v3/rooms/$nord/kick", '{"user_id": "$support"}'),
    *_by(INSIDERS, "ban somebody", "POST v3/rooms/$nord/ban", '{"user_id": "$asen"}'),
    *_by(INSIDERS, "raise their power", "PUT v3/rooms/$nord/state/m.room.power_levels", '{"users": {"$me": 100}}'),
    *_by(INSIDERS, "end the room", "PUT v3/rooms/$nord/state/m.room.tombstone", '{"body": "", "replacement_room": "!x"}'),
]  # fmt: skip

WRITING = [
    *_by(INSIDERS, "switch on encryption", "PUT v3/rooms/$nord/state/m.room.encryption", MEGOLM),
    *_by("olga", "switch on encryption with power", "PUT v3/rooms/$bent/state/m.room.encryption", MEGOLM),
    *_by(INSIDERS, "write past the record", "PUT v3/rooms/$nord/send/m.room.encrypted/t1", MEGOLM),
    *_by("olga", "write past the record with power", "PUT v3/rooms/$bent/send/m.room.encrypted/t1", MEGOLM),
    *_by(OUTSIDERS, "write", "PUT v3/rooms/$nord/send/m.room.message/t2", '{"msgtype": "m.text", "body": "hi"}'),
    *_by(INSIDERS, "call themselves the support team", "PUT v3/rooms/$nord/state/m.room.member/$me", '{"membership": "join", "displayname": "Support"}', plain=True),
    *_by(INSIDERS, "show another picture", "PUT v3/rooms/$nord/state/m.room.member/$me", '{"membership": "join", "avatar_url": "mxc://x/y"}', plain=True),
    *_by(INSIDERS, "rename their account", "PUT v3/profile/$me/displayname", '{"displayname": "Support"}'),
    *_by(OUTSIDERS, "write to a stranger's devices", "PUT v3/sendToDevice/m.key.verification.request/t3", '{"messages": {"$olga": {"*": {"x": 1}}}}', plain=True),
]  # fmt: skip

_PARTS = ("messages?dir=b", "state", "state/m.room.name", "members", "joined_members", "initialSync", "aliases")
_NEWER = ("relations/$said", "threads", "timestamp_to_event?ts=0&dir=f", "hierarchy")
_GONE = "404 M_NOT_FOUND"

READING = [
    *(one for part in _PARTS for one in _by(OUTSIDERS, f"read {part}", f"GET v3/rooms/$nord/{part}")),
    *(one for part in _NEWER for one in _by(OUTSIDERS, f"read {part}", f"GET v1/rooms/$nord/{part}")),
    *_by("mira", "read on by event", "GET v3/rooms/$nord/event/$said", refusal=_GONE, plain=True),
    *_by("mira", "read on around an event", "GET v3/rooms/$nord/context/$said", refusal=_GONE, plain=True),
    *_by("oto asen", "read by event", "GET v3/rooms/$nord/event/$said", refusal=_GONE),
    *_by("oto asen", "read around an event", "GET v3/rooms/$nord/context/$said", refusal=_GONE),
    *_by("mira", "read by event through a room they are in", "GET v3/rooms/$west/event/$said", refusal=_GONE),
    *_by("mira", "read around an event through a room they are in", "GET v3/rooms/$west/context/$said", refusal="404 M_UNKNOWN"),
    *_by(OUTSIDERS, "read the summary", "GET v1/room_summary/$nord", refusal=_GONE),
    *_by(OUTSIDERS, "wait for events", "GET v3/events?room_id=$nord&timeout=1"),
]  # fmt: skip

FINDING = [
    *_by(OUTSIDERS, "look a stranger's profile up", "GET v3/profile/$olga"),
    *_by(OUTSIDERS, "look a stranger's name up", "GET v3/profile/$olga/displayname"),
    *_by(OUTSIDERS, "try whether an account exists", "GET v3/profile/$nobody"),
    *_by(OUTSIDERS, "try whether a name is taken", "GET v3/register/available?username=olga"),
    *_by(OUTSIDERS, "take the alias away", "DELETE v3/directory/room/%23$alias:$server"),
]  # fmt: skip
