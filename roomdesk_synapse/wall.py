"""The module that Synapse loads: what customers may not, asked at the places where Synapse asks its modules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from synapse.module_api import NOT_SPAM, EventBase, JsonDict, ModuleApi, StateMap, UserProfile
from synapse.module_api.errors import Codes

from roomdesk_synapse import inside, silent, status
from roomdesk_synapse.who import MARKS, Accounts, is_member, parse

Verdict: TypeAlias = "Literal['NOT_SPAM'] | Codes"

#: In the desk's rooms nothing is written that the record cannot read; this holds for the desk itself too, whose power has no end there.
_UNREADABLE = ("m.room.encryption", "m.room.encrypted")


def _only_if(allowed: bool) -> Verdict:
    return NOT_SPAM if allowed else Codes.FORBIDDEN


class Wall:
    """Customers live in the desk's rooms and nowhere else. Every refusal is 403 M_FORBIDDEN, decided without any process of the desk.

    Synapse makes one for each of its processes.
    """

    def __init__(self, config: Mapping[str, Any], api: ModuleApi) -> None:
        self._api = api
        self._accounts = Accounts(api.server_name, **parse(config))
        api.register_spam_checker_callbacks(
            user_may_create_room=self.may_create_room,
            user_may_join_room=self.may_join,
            user_may_invite=self.may_invite,
            federated_user_may_invite=self.may_invite_from_elsewhere,
            user_may_send_3pid_invite=self.may_invite_by_mail,
            user_may_create_room_alias=self.may_create_alias,
            user_may_publish_room=self.may_publish,
            check_username_for_spam=self.is_hidden,
        )
        api.register_third_party_rules_callbacks(
            check_event_allowed=self.is_event_allowed,
            check_visibility_can_be_modified=self.may_change_visibility,
            check_can_shutdown_room=self.may_be_shut_down,
            check_can_deactivate_user=self.may_be_deactivated,
        )
        silent.leave_out(api)
        closed = inside.close(api, self._accounts)
        api.register_web_resource(status.PATH, status.Status(api, self._accounts, closed))

    @staticmethod
    def parse_config(config: Mapping[str, Any]) -> Mapping[str, Any]:
        """As Synapse wants it: raises ConfigError before anything starts."""
        parse(config)
        return config

    async def may_create_room(self, user: str) -> Verdict:
        return _only_if(not self._accounts.is_customer(user))

    async def may_join(self, user: str, room: str, is_invited: bool) -> Verdict:
        """Into the desk's rooms comes who is invited, whatever their join rule has become; customers come into no other."""
        if self._accounts.is_desk(user):
            return NOT_SPAM
        # Somebody who is in and changes a name is asked too, and was invited long ago.
        state = await self._api.get_room_state(room, (*MARKS, ("m.room.member", user)))
        if self._accounts.is_desk_room(state):
            return _only_if(is_invited or is_member(state, user))
        return _only_if(not self._accounts.is_customer(user))

    async def may_invite(self, inviter: str, invitee: str, room: str) -> Verdict:
        """Into the desk's rooms, and customers into any, invites the desk alone."""
        if self._accounts.is_desk(inviter):
            return NOT_SPAM
        apart = self._accounts.is_customer(inviter) or self._accounts.is_customer(invitee)
        return _only_if(not apart and not await self._is_desk_room(room))

    async def may_invite_from_elsewhere(self, event: EventBase) -> Verdict:
        return _only_if(not self._accounts.is_customer(event.state_key))

    async def may_invite_by_mail(self, inviter: str, medium: str, address: str, room: str) -> Verdict:
        return await self.may_invite(inviter, "", room)

    async def may_create_alias(self, user: str, alias: object) -> Verdict:
        return _only_if(not self._accounts.is_customer(user))

    async def may_publish(self, user: str, room: str) -> Verdict:
        return _only_if(not self._accounts.is_customer(user) and not await self._is_desk_room(room))

    async def is_hidden(self, found: UserProfile, asker: str) -> bool:
        """Whether somebody found in the user directory is kept from the asker."""
        return self._accounts.is_customer(asker)

    async def may_change_visibility(self, room: str, state: StateMap[EventBase], visibility: str) -> bool:
        return visibility != "public" or not self._accounts.is_desk_room(state)

    async def may_be_shut_down(self, user: str | None, room: str) -> bool:
        """The desk's rooms are archived by the desk, never deleted, also not by an administrator's slip."""
        return not await self._is_desk_room(room)

    async def may_be_deactivated(self, user: str, by_admin: bool) -> bool:
        """A room whose bot is gone cannot be healed. The desk's administrators may go: they hold no room."""
        return not self._accounts.is_desk(user) or await self._api.is_user_admin(user)

    async def is_event_allowed(self, event: EventBase, state: StateMap[EventBase]) -> tuple[bool, JsonDict | None]:
        """Asked for every event, before it is stored. Outside the desk's rooms customers may do nothing but go."""
        before = {("m.room.create", ""): event} if event.type == "m.room.create" else state
        if self._accounts.is_desk_room(before):
            return event.type not in _UNREADABLE and await self._is_allowed_in_desk_room(event), None
        leaves = _is_own_membership(event) and event.content.get("membership") == "leave"
        return leaves or not self._accounts.is_customer(event.sender), None

    async def _is_allowed_in_desk_room(self, event: EventBase) -> bool:
        """There the state is the desk's, also against power that an administrator has given somebody."""
        if self._accounts.is_desk(event.sender) or not event.is_state():
            return True
        if _is_own_membership(event):
            return await self._is_named_rightly(event)
        return event.type == "m.room.pinned_events"

    async def _is_named_rightly(self, event: EventBase) -> bool:
        """Whether who joins bears the name and picture of the account: nobody calls themselves the support team in one room."""
        content = event.content
        if content.get("membership") != "join" or not self._api.is_mine(event.sender):
            return True
        profile = await self._api.get_profile_for_user(event.sender[1:].partition(":")[0])
        shown = (content.get("displayname"), content.get("avatar_url"))
        return all(given in (None, real) for given, real in zip(shown, _both(profile), strict=True))

    async def _is_desk_room(self, room: str) -> bool:
        return self._accounts.is_desk_room(await self._api.get_room_state(room, MARKS))


def _is_own_membership(event: EventBase) -> bool:
    return event.type == "m.room.member" and event.sender == event.state_key


def _both(profile: Any) -> tuple[str | None, str | None]:
    return profile.display_name, profile.avatar_url
