"""Who tries the doors: the same people, rooms and words on every homeserver."""

from __future__ import annotations

from roomdesk.channels.matrix.membership import kick
from roomdesk.channels.matrix.names import path
from tests.wall.homes import Home

#: A word that stands nowhere by chance: who finds it has read the room.
WORD = "quagmire"


def settle(home: Home) -> None:
    """Olga owns nord, Ivan is its engineer; Mira was a member and is out again, and still is in west; Asen never was let in; Oto owns ost.

    In bent an administrator's hand has given Olga full power.
    """
    nord = home.room("nord", "olga", "mira", staff=("ivan",))
    home.room("west", "mira")
    home.room("ost", "oto")
    home.room("bent", "olga", power={"olga": 100})
    home.client("asen")
    home.said = home.client("olga").say(nord, f"The word is {WORD}.", **{"m.mentions": {"user_ids": [home.id("mira")]}})
    home.client("olga").say(nord, "And more.", thread=home.said)
    home.client("mira").sync()
    kick(home.matrix, nord, home.id("mira"), "")
    # What the desk's device names and keys tell is asked for too.
    keys = {"curve25519:TESTolga": "a", "ed25519:TESTolga": "b"}
    device = {"user_id": home.id("olga"), "device_id": "TESTolga", "algorithms": [], "keys": keys, "signatures": {}}
    home.client("olga").call("POST", path("keys", "upload"), json={"device_keys": device})
