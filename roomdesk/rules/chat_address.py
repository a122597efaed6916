"""Where "Open Matrix room" leads (R07). Pure."""

from urllib.parse import quote


def chat_address(base: str | None, own: str, slug: str, room_id: str, server: str) -> str:
    """The address of a workspace's room in the chat at `base`; without one, or where that is ours (`own`), our page of it.

    Other chats are Matrix web clients, which all understand `#/room/<id>`. A room id names no server any more (room
    version 12), so `via` tells a client that does not know the room whom to ask.
    """
    ours = f"{own.rstrip('/')}/{quote(slug, safe='')}"
    if not base or base.rstrip("/") == own.rstrip("/"):
        return ours
    if not room_id:
        return base
    return f"{base.rstrip('/')}/#/room/{quote(room_id, safe='')}?via={quote(server, safe='')}"
