"""Matrix names of the desk's own users, and addresses of calls."""

from __future__ import annotations

from urllib.parse import quote

from roomdesk.runtime.synapse_config import BOT

#: Lets the bot back in should it ever have left (matrix-facts §7); also a creator of every room.
KEEPER = f"{BOT}_keeper"
#: The device that makes sends repeatable: Synapse remembers transaction ids durably only together with a device.
DEVICE = "ROOMDESK"
#: Our mark in the content of everything we send: the outbox row's key (D28).
MARKER = "solutions.roomdesk.id"


def user_id(localpart: str, server: str) -> str:
    return f"@{localpart}:{server}"


def localpart(user: str) -> str:
    """`anna` of `@anna:server`."""
    return user[1:].partition(":")[0]


def is_ours(user: str, server: str) -> bool:
    """Whether the user is in the desk's own, exclusive name space (`@support`, `@support_…`)."""
    name, _, host = user[1:].partition(":")
    return host == server and (name == BOT or name.startswith(f"{BOT}_"))


def path(*parts: str, base: str = "/_matrix/client/v3") -> str:
    """An address from its parts, each quoted: ids hold `!`, `#`, `:` and, in theory, `/`."""
    return "/".join([base, *(quote(part, safe="") for part in parts)])
