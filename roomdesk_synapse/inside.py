"""Doors for which Synapse asks no module: closed by standing before its own handlers.

This is no promised interface of Synapse. So each place is checked when it is taken: where Synapse has changed it, the door stays open, an error
says so in its log, and `doctor` tells it. A Synapse that would not start would be the greater harm.
"""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from synapse.module_api import ModuleApi
from synapse.module_api.errors import Codes, SynapseError

from roomdesk_synapse.who import MARKS, Accounts, is_member

logger = logging.getLogger(__name__)

Handler = Callable[..., Awaitable[Any]]
Guard = Callable[..., Awaitable[Any]]


def close(api: ModuleApi, accounts: Accounts) -> dict[str, bool]:
    """Stands before every handler of this file; gives by door whether that went well."""
    hs = api._hs
    guards = Guards(api, accounts)
    return {
        "single_events": _before(hs.get_event_handler, "get_event", ("user", "room_id", "event_id"), guards.event)
        & _before(hs.get_room_context_handler, "get_event_context", ("requester", "room_id"), guards.context),
        "notifications": _before(
            lambda: hs.get_datastores().main, "get_push_actions_for_user", ("user_id",), guards.notifications
        ),
        "device_messages": _before(
            hs.get_device_message_handler,
            "send_device_message",
            ("requester", "message_type", "messages"),
            guards.device_message,
        ),
        "device_keys": _before(
            hs.get_e2e_keys_handler, "query_devices", ("query_body", "timeout", "from_user_id"), guards.keys
        ),
    }


def _before(owner: Callable[[], Any], name: str, first: tuple[str, ...], guard: Guard) -> bool:
    """Puts `guard(handler, *arguments)` before the handler of this name, if it still takes these arguments first."""
    try:
        holder = owner()
        handler = getattr(holder, name)
        if tuple(inspect.signature(handler).parameters)[: len(first)] != first:
            raise TypeError(f"its arguments are {inspect.signature(handler)}")  # noqa: TRY301
        setattr(holder, name, functools.wraps(handler)(functools.partial(guard, handler)))
    except (AttributeError, TypeError, ValueError) as error:
        logger.error("This Synapse has no %s as roomdesk_synapse knows it (%s): that door stays open.", name, error)  # noqa: TRY400
        return False
    return True


class Guards:
    """What is asked before the handlers. Arguments may come by name or by place, as Synapse likes."""

    def __init__(self, api: ModuleApi, accounts: Accounts) -> None:
        self._api, self._accounts = api, accounts

    async def event(self, handler: Handler, user: Any, *args: Any, **named: Any) -> Any:
        """One event by its id. The answer is the same as for an event that does not exist."""
        found = await handler(user, *args, **named)
        if found is None or await self._may_read(user.to_string(), found.event.room_id):
            return found
        return None

    async def context(self, handler: Handler, requester: Any, room_id: str, *args: Any, **named: Any) -> Any:
        """An event with what was said around it, and the room's state. An administrator's own look goes on."""
        allowed = named.get("use_admin_priviledge") or await self._may_read(requester.user.to_string(), room_id)
        return await handler(requester, room_id, *args, **named) if allowed else None

    async def notifications(self, handler: Handler, user_id: str, *args: Any, **named: Any) -> Any:
        """Synapse keeps what somebody was notified of, also of rooms they were taken out of, and shows it whole."""
        found = await handler(user_id, *args, **named)
        readable = {room: await self._may_read(user_id, room) for room in {one.room_id for one in found}}
        return [one for one in found if readable[one.room_id]]

    async def device_message(self, handler: Handler, requester: Any, message_type: str, messages: Any) -> Any:
        """Customers write to devices of their own, not to somebody else's: nothing in their rooms is encrypted."""
        user = requester.user.to_string()
        if self._accounts.is_customer(user) and set(messages) - {user}:
            raise SynapseError(403, "You can write to your own devices only.", Codes.FORBIDDEN)
        return await handler(requester, message_type, messages)

    async def keys(self, handler: Handler, query_body: Any, timeout: int, from_user_id: str, *args: Any) -> Any:
        """Keys come with the names of devices, and tell whether an account is there: customers get their own."""
        if self._accounts.is_customer(from_user_id):
            asked = query_body.get("device_keys") or {}
            query_body = {**query_body, "device_keys": {u: d for u, d in asked.items() if u == from_user_id}}
        return await handler(query_body, timeout, from_user_id, *args)

    async def _may_read(self, user: str, room: str) -> bool:
        """Members read; for anybody else the desk's rooms are closed, and for customers every room."""
        state = await self._api.get_room_state(room, (*MARKS, ("m.room.member", user)))
        if is_member(state, user) or self._accounts.is_desk(user):
            return True
        return not self._accounts.is_customer(user) and not self._accounts.is_desk_room(state)
