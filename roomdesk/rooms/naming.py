"""Names in Matrix: the desk's own users, people's user ids, and a workspace's alias (D46)."""

from __future__ import annotations

from roomdesk.channels.matrix.names import BOT, KEEPER, is_ours, user_id
from roomdesk.directory.models import Person, Workspace
from roomdesk.product.schema import Product

__all__ = ["BOT", "alias_localpart", "is_ours", "is_seat", "localpart_of", "person_id", "user_id"]


def is_seat(user: str, server: str) -> bool:
    """Whether this is the bot or the keeper, one of whom must always be in a room."""
    return user in (user_id(BOT, server), user_id(KEEPER, server))


def person_id(person: Person, server: str) -> str:
    return user_id(person.localpart, server)


def localpart_of(user: str, server: str) -> str:
    """The local part of a user of our own server; empty for anybody else."""
    suffix = f":{server}"
    return user[1 : -len(suffix)] if user.startswith("@") and user.endswith(suffix) else ""


def alias_localpart(workspace: Workspace, product: Product, suffix: str) -> str | None:
    """`support-acme`, with a random suffix or none at all where the product says so."""
    if product.alias == "none":
        return None
    return f"support-{workspace.slug}" + (f"-{suffix}" if product.alias == "suffixed" else "")
