"""Who may be in a workspace's room, who lets members in, and why something of it is refused (R03, D7)."""

from __future__ import annotations

import pytest

from roomdesk.rules import room_access

ROLES = ("owner", "admin", "member", "")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("has_access", [True, False])
def test_owner_and_admins_always_and_members_with_access(role: str, has_access: bool) -> None:
    assert room_access.is_admitted(role, has_access) == (
        role in ("owner", "admin") or (role == "member" and has_access)
    )


@pytest.mark.parametrize("role", ROLES)
def test_owner_and_admins_decide(role: str) -> None:
    assert room_access.may_decide(role) == (room_access.why_not_decide(role) is None) == (role in ("owner", "admin"))


@pytest.mark.parametrize(
    ("key", "lets_in"),
    [("✅", True), ("✅\ufe0f", True), ("👍", False), ("✔", False), ("✅✅", False), ("", False), ("yes", False)],
)
def test_only_one_reaction_lets_somebody_in(key: str, lets_in: bool) -> None:
    assert room_access.is_approval(key) == lets_in


@pytest.mark.parametrize(
    ("role", "has_access", "has_room", "code"),
    [
        ("member", False, True, None),
        ("member", True, True, "has_access"),
        ("admin", False, True, "has_access"),
        ("owner", False, True, "has_access"),
        ("", False, True, "no_member"),
        ("member", False, False, "no_room"),
    ],
)
def test_who_can_ask(role: str, has_access: bool, has_room: bool, code: str | None) -> None:
    why = room_access.why_not_ask(role, has_access, has_room)
    assert (why.code if why else None) == code


@pytest.mark.parametrize(
    ("role", "has_room", "code"),
    [("member", True, None), ("owner", True, "always_in"), ("admin", True, "always_in"), ("member", False, "no_room")],
)
def test_whose_access_can_be_switched(role: str, has_room: bool, code: str | None) -> None:
    why = room_access.why_not_switch(role, has_room)
    assert (why.code if why else None) == code
