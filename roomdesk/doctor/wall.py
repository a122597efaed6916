"""The wall between customers (docs/synapse.md): which of its doors are closed on the connected homeserver.

The module tells it itself: most doors could be tried only by making rooms and inviting people, and looking must change nothing. Profiles are
asked for as a stranger would, since that needs no module.
"""

from __future__ import annotations

from roomdesk import bootstrap
from roomdesk.channels.matrix.client import current
from roomdesk.channels.matrix.errors import Forbidden, MatrixError
from roomdesk.channels.matrix.names import path
from roomdesk.doctor.findings import Finding, ok, problem, warning
from roomdesk.runtime import http
from roomdesk.runtime.synapse_config import PEOPLE_SENDER

STATUS = "/_synapse/client/roomdesk/wall"
_GUIDE = "docs/synapse.md says how to close it."

#: What an open door lets customers do, by the name the module gives it.
DOORS = {
    "make_rooms": "make rooms",
    "publish": "publish rooms and give them aliases",
    "invite": "invite people",
    "write_elsewhere": "join and write in rooms that are not the desk's",
    "unreadable_events": "write encrypted, past the record, should they get power",
    "find_people": "find others in the user directory",
    "false_names": "bear another name in one room",
    "single_events": "read on by single events in rooms they have left",
    "left_rooms": "read on in rooms they have left",
    "notifications": "read old notifications of rooms they have left",
    "device_messages": "write to strangers' devices",
    "device_keys": "see strangers' devices",
    "profiles": "look up profiles of people with whom they share no room",
    "profiles_without_token": "look up profiles without a token",
}


def wall() -> Finding:
    """What the module says of itself; a door that it does not know is open."""
    try:
        told = current().call("GET", STATUS).get("doors", {})
    except MatrixError as error:
        return _not_told(error)
    found = [words for door, words in DOORS.items() if told.get(door) is not True]
    if found:
        return warning("wall", f"Customers can: {'; '.join(found)}.", _GUIDE)
    return ok("wall", f"Customers cannot: {'; '.join(DOORS.values())}.")


def _not_told(error: MatrixError) -> Finding:
    if error.status == 404:
        return warning(
            "wall",
            "The homeserver has not loaded roomdesk_synapse: its customers can make rooms, invite, write to strangers and read on by single events.",
            "docs/synapse.md says how to load it.",
        )
    if isinstance(error, Forbidden):
        says = "The wall does not know the desk's bot as one of the desk's accounts."
        return problem("wall", says, 'See "desk" in the configuration of roomdesk_synapse (docs/synapse.md).')
    return warning("wall", f"The wall could not be asked: {error}", _GUIDE)


def profiles() -> Finding:
    """Asked without a token, and as somebody who shares no room with the bot."""
    where = path("profile", current().bot)
    with http.client(role="doctor", timeout=5.0, base_url=str(bootstrap.settings.matrix_url)) as client:
        if client.get(where).status_code == 200:
            return problem(
                "profiles",
                "Anybody can look up profiles without a token.",
                _setting("require_auth_for_profile_requests"),
            )
    return _asked_by_a_stranger(where)


def _asked_by_a_stranger(where: str) -> Finding:
    matrix = current()
    if not matrix.has_people:
        return ok(
            "profiles", "Profiles are not told without a token; without ROOMDESK_PEOPLE_TOKEN no more can be asked."
        )
    try:
        matrix.call("GET", where, user=f"@{PEOPLE_SENDER}:{matrix.server}")
    except Forbidden:
        return ok("profiles", "Profiles are told to those who share a room only.")
    except MatrixError as error:
        return warning("profiles", f"Whether strangers are told profiles could not be asked: {error}", _GUIDE)
    return warning(
        "profiles",
        "Customers can look up anybody's profile.",
        _setting("limit_profile_requests_to_users_who_share_rooms"),
    )


def _setting(name: str) -> str:
    return f"Set {name}: true in the homeserver's configuration."
