"""Where "Open Matrix room" leads (R07)."""

from __future__ import annotations

import pytest

from roomdesk.rules.chat_address import chat_address

OWN = "https://desk.test/chat"
ROOM = "!Ab/c:d"


@pytest.mark.parametrize(
    ("base", "room_id", "address"),
    [
        (None, ROOM, "https://desk.test/chat/acme"),
        ("", ROOM, "https://desk.test/chat/acme"),
        (OWN, ROOM, "https://desk.test/chat/acme"),
        (f"{OWN}/", "", "https://desk.test/chat/acme"),
        ("https://chat.test", ROOM, "https://chat.test/#/room/%21Ab%2Fc%3Ad?via=hs.test"),
        ("https://chat.test/app/", "!x", "https://chat.test/app/#/room/%21x?via=hs.test"),
        ("https://chat.test", "", "https://chat.test"),
    ],
)
def test_the_address_of_a_room(base: str | None, room_id: str, address: str) -> None:
    assert chat_address(base, OWN, "acme", room_id, "hs.test") == address


def test_a_slug_cannot_lead_elsewhere() -> None:
    assert chat_address(None, f"{OWN}/", "../evil?x", "", "hs.test") == "https://desk.test/chat/..%2Fevil%3Fx"
