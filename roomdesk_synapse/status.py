"""What the wall says of itself to the desk: which doors are closed on this homeserver."""

from __future__ import annotations

from typing import Any

from synapse.module_api import DirectServeJsonResource, JsonDict, ModuleApi, SynapseRequest
from synapse.module_api.errors import Codes, SynapseError

from roomdesk_synapse.who import Accounts

PATH = "/_synapse/client/roomdesk/wall"

#: Doors at which Synapse asks its modules: closed as soon as this one is loaded.
_ASKED = ("make_rooms", "publish", "invite", "write_elsewhere", "unreadable_events", "find_people", "false_names")
#: Doors that only a setting of Synapse closes: section and name in its configuration, as it keeps them.
_SETTINGS = {
    "left_rooms": ("room", "forget_on_leave"),
    "profiles": ("server", "limit_profile_requests_to_users_who_share_rooms"),
    "profiles_without_token": ("server", "require_auth_for_profile_requests"),
}


class Status(DirectServeJsonResource):
    """`GET` with a token of the desk: `{"doors": {name: is it closed}}`; 403 for anybody else. Nothing is changed."""

    def __init__(self, api: ModuleApi, accounts: Accounts, inside: dict[str, bool]) -> None:
        super().__init__()
        self._api, self._accounts = api, accounts
        self._doors = dict.fromkeys(_ASKED, True) | inside | _settings(api)

    async def _async_render_GET(self, request: SynapseRequest) -> tuple[int, JsonDict]:
        requester = await self._api.get_user_by_req(request)
        if not self._accounts.is_desk(requester.user.to_string()):
            raise SynapseError(403, "Only the desk may ask this.", Codes.FORBIDDEN)
        return 200, {"doors": self._doors}


def _settings(api: ModuleApi) -> dict[str, bool]:
    """A setting that this Synapse does not know counts as open."""
    config: Any = api._hs.config
    return {
        door: bool(getattr(getattr(config, section, None), name, False)) for door, (section, name) in _SETTINGS.items()
    }
