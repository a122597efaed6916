"""Names in Matrix: the desk's own users, people's user ids, and a workspace's alias (D46)."""

from __future__ import annotations

from roomdesk.directory.models import Person, Workspace
from roomdesk.product.schema import Product

BOT = "support"
KEEPER = "support_keeper"


def user_id(localpart: str, server: str) -> str:
    return f"@{localpart}:{server}"


def person_id(person: Person, server: str) -> str:
    return user_id(person.localpart, server)


def localpart_of(user: str, server: str) -> str:
    """The local part of a user of our own server; empty for anybody else."""
    suffix = f":{server}"
    return user[1 : -len(suffix)] if user.startswith("@") and user.endswith(suffix) else ""


def is_ours(user: str, server: str) -> bool:
    """Whether the user is one of the desk's own (bot, keeper, ghosts)."""
    localpart = localpart_of(user, server)
    return localpart == BOT or localpart.startswith(f"{BOT}_")


def alias_localpart(workspace: Workspace, product: Product, suffix: str) -> str | None:
    """`support-acme`, with a random suffix or none at all where the product says so."""
    if product.alias == "none":
        return None
    return f"support-{workspace.slug}" + (f"-{suffix}" if product.alias == "suffixed" else "")
