"""Whose account it is: the desk's, a free one's, or a customer's; and which rooms are the desk's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synapse.module_api import EventBase, StateMap
from synapse.module_api.errors import ConfigError

#: The state event by which the desk marks a workspace's room, also one that it has adopted.
WORKSPACE = "solutions.roomdesk.workspace"
_KEYS = ("desk", "free")

#: What of a room's state says whether it is the desk's.
MARKS = (("m.room.create", ""), (WORKSPACE, ""))


@dataclass(frozen=True)
class Accounts:
    """Accounts of this server by their localparts. Whoever matches neither pattern is a customer: who was forgotten is kept in, not let out."""

    server: str
    desk: re.Pattern[str]
    free: re.Pattern[str]

    def is_desk(self, user: str) -> bool:
        return self._matches(self.desk, user)

    def is_customer(self, user: str) -> bool:
        """A local account that is neither the desk's nor free. Accounts of other servers are not ours to judge."""
        return self._is_local(user) and not self._matches(self.desk, user) and not self._matches(self.free, user)

    def is_desk_room(self, state: StateMap[EventBase]) -> bool:
        """Whether the desk has made or marked the room with this state; nobody else can be its events' sender."""
        return any(self.is_desk(state[mark].sender) for mark in MARKS if mark in state)

    def _is_local(self, user: str) -> bool:
        return user.startswith("@") and user.endswith(f":{self.server}")

    def _matches(self, pattern: re.Pattern[str], user: str) -> bool:
        return self._is_local(user) and pattern.fullmatch(user[1 : -len(self.server) - 1]) is not None


def is_member(state: StateMap[EventBase], user: str) -> bool:
    """Whether the user is in the room with this state."""
    event = state.get(("m.room.member", user))
    return event is not None and event.content.get("membership") == "join"


def parse(config: Mapping[str, Any]) -> dict[str, re.Pattern[str]]:
    """The patterns `desk` and `free` from lists of regular expressions, each of a whole localpart.

    Synapse does not start (ConfigError) with a word that is none of ours, an expression that is none, or without the desk.
    """
    if unknown := set(config) - set(_KEYS):
        raise ConfigError(f"roomdesk_synapse knows {' and '.join(_KEYS)}, not {', '.join(sorted(unknown))}.")
    found = {key: _pattern(key, config.get(key, [])) for key in _KEYS}
    if not config.get("desk"):
        raise ConfigError('roomdesk_synapse needs "desk": the localparts of the desk\'s own accounts, as expressions.')
    return found


def _pattern(key: str, expressions: object) -> re.Pattern[str]:
    """One pattern for all; an empty list matches nobody."""
    if not isinstance(expressions, list) or not all(isinstance(one, str) for one in expressions):
        raise ConfigError(f'roomdesk_synapse: "{key}" is a list of expressions of localparts.')
    try:
        return re.compile("|".join(f"(?:{one})" for one in expressions) or r"(?!)")
    except re.error as error:
        raise ConfigError(f'roomdesk_synapse: "{key}" holds what is no expression: {error}.') from error
