"""Every kind of damage done to a room by hand, on the real homeserver: healed within one sweep, told, and a second sweep finds nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from roomdesk.channels.matrix.names import path
from roomdesk.queues.models import OutboxRow
from tests.rooms.place import Place

pytestmark = pytest.mark.part_of("R02", "R05")
RIGHT = {"ivan": "join", "olga": "join", "asen": "join", "support": "join", "support_keeper": "join"}


def state(place: Place, kind: str, content: dict[str, Any]) -> None:
    place.call("PUT", "state", kind, **content)


def kicked(place: Place) -> None:
    place.call("POST", "kick", user_id=place.user("asen"))


def banned(place: Place) -> None:
    place.call("POST", "ban", user_id=place.user("olga"))


def left(place: Place) -> None:
    place.call("POST", "leave", user=place.user("asen"))


def intruded(place: Place) -> None:
    place.call("POST", "invite", user_id=place.user("mira"))
    place.call("POST", "join", user=place.user("mira"))


def invited(place: Place) -> None:
    place.call("POST", "invite", user_id=place.user("nobody"))


def empowered(place: Place) -> None:
    place.make_admin("olga")


def opened_up(place: Place) -> None:
    """Without the wall in the homeserver a customer made mighty could do this; with it, who signs in as the desk."""
    place.make_admin("olga")
    state(place, "m.room.join_rules", {"join_rule": "public"})
    state(place, "m.room.guest_access", {"guest_access": "can_join"})
    state(place, "m.room.history_visibility", {"history_visibility": "world_readable"})


def renamed(place: Place) -> None:
    state(place, "m.room.name", {"name": "Pwned"})
    state(place, "m.room.topic", {"topic": "Send your passwords"})
    state(place, "m.room.avatar", {"url": "mxc://roomdesk.localhost/abc"})


def walled_off(place: Place) -> None:
    state(place, "m.room.server_acl", {"allow": ["*"], "deny": [], "allow_ip_literals": True})
    state(place, "im.vector.modular.widgets", {"url": "https://example.org", "type": "m.custom"})


def encryptable(place: Place) -> None:
    levels = place.state()["m.room.power_levels", ""]
    events = {**levels["events"], "m.room.encryption": 50, "m.room.encrypted": 0}
    state(place, "m.room.power_levels", {**levels, "events": events})


def nameless(place: Place) -> None:
    place.matrix.call("DELETE", path("directory", "room", place.row.alias))


def alias_taken(place: Place) -> None:
    nameless(place)
    other = place.matrix.call("POST", path("createRoom"), {"preset": "private_chat"})["room_id"]
    place.matrix.call("PUT", path("directory", "room", place.row.alias), {"room_id": other})


def uncanonical(place: Place) -> None:
    state(place, "m.room.canonical_alias", {})


def bot_gone(place: Place) -> None:
    place.call("POST", "leave")


def keeper_gone(place: Place) -> None:
    place.call("POST", "leave", user=place.matrix.keeper)


def all_at_once(place: Place) -> None:
    for damage in (intruded, opened_up, renamed, alias_taken, kicked, bot_gone):
        damage(place)


DAMAGES = (
    kicked,
    banned,
    left,
    intruded,
    invited,
    empowered,
    opened_up,
    renamed,
    walled_off,
    encryptable,
    nameless,
    alias_taken,
    uncanonical,
    bot_gone,
    keeper_gone,
    all_at_once,
)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_one_sweep_heals_and_tells_and_a_second_finds_nothing(
    same_place: Place, damage: Callable[[Place], None]
) -> None:
    place = same_place
    before, known = settings_of(place), len(place.drifts())
    damage(place)
    planned = place.plan()
    assert planned["actions"] and not planned["problem"]

    place.sweep()
    assert settings_of(place) == before
    assert {name: how for name, how in place.members().items() if how in ("join", "invite")} == RIGHT
    alias = place.matrix.call("GET", path("directory", "room", place.row.alias))
    assert alias["room_id"] == place.room

    (drift,) = place.drifts()[known:]
    assert json.loads(drift.found) == planned
    assert (drift.because, drift.left) == ("sweep", "")
    assert drift.repaired_at is not None and drift.repaired_at >= drift.found_at
    assert place.audited("room.drift_found")[-1] == {"because": "sweep", **planned}
    assert place.audited("room.drift_repaired")[-1]["drifts"] == [drift.pk]

    rows = OutboxRow.objects.count()
    place.sweep()
    assert OutboxRow.objects.count() == rows, "a second sweep asks for nothing"
    assert len(place.drifts()) == known + 1


def settings_of(place: Place) -> dict[tuple[str, str], dict[str, Any]]:
    """The room's state without members and without what says nothing."""
    found = place.state()
    return {kind: content for kind, content in found.items() if content and kind[0] != "m.room.member"}
