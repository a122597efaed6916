"""Bringing people into rooms and out of them. Every call looks at the world first or after, so that a repeat changes nothing."""

from __future__ import annotations

import time
from typing import Any

from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.errors import BadState, Forbidden, MatrixError, NotFound, Refused
from roomdesk.channels.matrix.names import is_ours, path

#: What Synapse calls the identity provider `roomdesk`; without the prefix the link is accepted and ignored (§3).
IDENTITY_PROVIDER = "oidc-roomdesk"

_ADMIN = "/_synapse/admin/v2"

#: Accounts as this process made or found them (name and subject), with when; seconds for which that is believed; and how many are kept.
_SEEN: dict[tuple[Matrix, str], tuple[tuple[str, str], float]] = {}
_SEEN_FOR = 60.0
_MOST_SEEN = 10_000


def membership(matrix: Matrix, room: str, user: str, *, reader: str | None = None) -> str:
    """`join`, `invite`, `ban`, `leave` or `knock`; somebody who never was there counts as `leave`."""
    try:
        state = matrix.call("GET", path("rooms", room, "state", "m.room.member", user), user=reader)
    except NotFound:
        return "leave"
    return str(state.get("membership", "leave"))


def provision(matrix: Matrix, user: str, display_name: str, subject: str, *, unlock: bool = False) -> bool:
    """Makes the account, linked to its sign-in, or brings it up to date. False where no admin token allows it.

    What is so already is not said again: told a name, Synapse goes through all rooms of the person, the same name or not.
    """
    if not matrix.has_admin:
        return False
    known = account(matrix, user) or {}
    link = {"auth_provider": IDENTITY_PROVIDER, "external_id": subject}
    links = known.get("external_ids", [])
    if link not in links:
        links = [*(one for one in links if one["auth_provider"] != IDENTITY_PROVIDER), link]
    wanted = {"displayname": display_name, "external_ids": links, **({"locked": False} if unlock else {})}
    changes = {name: value for name, value in wanted.items() if name not in known or known[name] != value}
    if changes:
        matrix.admin("PUT", path("users", user, base=_ADMIN), changes)
    _note(matrix, user, (display_name, subject))
    return True


def provision_once(matrix: Matrix, user: str, display_name: str, subject: str) -> None:
    """As `provision`, but what this process has just made or seen so is not looked at again: most people come into a room at once."""
    account, since = _SEEN.get((matrix, user), (None, 0.0))
    if account != (display_name, subject) or time.monotonic() - since > _SEEN_FOR:
        provision(matrix, user, display_name, subject)


def _note(matrix: Matrix, user: str, account: tuple[str, str]) -> None:
    if len(_SEEN) >= _MOST_SEEN:
        _SEEN.clear()
    _SEEN[matrix, user] = account, time.monotonic()


def lock(matrix: Matrix, user: str) -> bool:
    """Locks the account and ends its sessions for good. False where there is none, or no admin token allows it. Repeatable.

    A lock alone would give the same sessions back when it is lifted (matrix-facts §3).
    """
    if not matrix.has_admin or account(matrix, user) is None:
        return False
    where = path("users", user, base=_ADMIN)
    _SEEN.pop((matrix, user), None)
    matrix.admin("PUT", where, {"locked": True})
    devices = [one["device_id"] for one in matrix.admin("GET", f"{where}/devices").get("devices", [])]
    if devices:
        matrix.admin("POST", f"{where}/delete_devices", {"devices": devices})
    return True


def account(matrix: Matrix, user: str) -> dict[str, Any] | None:
    """What the homeserver's administrator sees of an account (`locked` among it); None where there is none."""
    try:
        return matrix.admin("GET", path("users", user, base=_ADMIN))
    except NotFound:
        return None


def check_usable(matrix: Matrix, user: str) -> None:
    """Refuses to write as somebody whose account is locked or gone: the homeserver itself lets the desk do it (D47).

    Only its administrator sees that; without a token that works nobody can tell, and what the desk knows itself has to do.
    """
    if is_ours(user, matrix.server) or not matrix.has_admin:
        return
    try:
        found = account(matrix, user)
    except MatrixError as error:
        if error.status in (401, 403):
            return
        raise
    if found is None or found.get("locked") or found.get("deactivated"):
        raise Refused(f"The account {user} is locked or gone, so the desk does not write as it.")


def rooms_of(matrix: Matrix, user: str) -> list[str]:
    """The rooms that the user is in by the homeserver's own word, for its administrator."""
    return list(matrix.admin("GET", path("users", user, "joined_rooms", base="/_synapse/admin/v1"))["joined_rooms"])


def invite(matrix: Matrix, room: str, user: str, *, by: str | None = None) -> None:
    """Invites, in the name of `by` (the bot where nobody is named); who is in or invited stays so, a ban is lifted first."""
    try:
        _act(matrix, room, "invite", user, by=by)
    except BadState:
        _act(matrix, room, "unban", user, by=by)
        _act(matrix, room, "invite", user, by=by)
    except Forbidden:
        # Judged by the world, not by the wording of the refusal.
        if membership(matrix, room, user, reader=by) != "join":
            raise


def join(matrix: Matrix, room: str, user: str) -> None:
    """Accepts the invitation as that user; a repeat is fine."""
    matrix.call("POST", path("rooms", room, "join"), {}, user=user)


def kick(matrix: Matrix, room: str, user: str, reason: str) -> None:
    """Takes somebody out, or an invitation back; nobody there is fine, a ban stays."""
    try:
        _act(matrix, room, "kick", user, reason=reason)
    except (Forbidden, BadState):
        if membership(matrix, room, user) in ("join", "invite"):
            raise


def decline(matrix: Matrix, room: str) -> None:
    """Turns an invitation of the desk down; one that was taken back, turned down before, or to a room that is gone, is fine."""
    try:
        matrix.call("POST", path("rooms", room, "leave"), {})
    except MatrixError as error:
        if not error.permanent:
            raise


def set_power(matrix: Matrix, room: str, user: str, power: int) -> None:
    """Gives one person this power level, where it is not so already.

    Reads, changes and writes the whole event: callers send one call per room at a time (one outbox destination).
    """
    where = path("rooms", room, "state", "m.room.power_levels")
    levels = matrix.call("GET", where)
    users = {name: level for name, level in levels.get("users", {}).items() if name != user}
    users |= {user: power} if power != levels.get("users_default", 0) else {}
    if users != levels.get("users", {}):
        matrix.call("PUT", where, {**levels, "users": users})


def seat(matrix: Matrix, room: str, user: str) -> None:
    """Has the bot or the keeper in the room; the other of the two lets it in. Who is in stays so (matrix-facts §7)."""
    by = matrix.keeper if user == matrix.bot else matrix.bot
    try:
        join(matrix, room, user)
    except Forbidden:
        invite(matrix, room, user, by=by)
        join(matrix, room, user)


def _act(matrix: Matrix, room: str, verb: str, user: str, *, by: str | None = None, **more: Any) -> None:
    body = {"user_id": user, **{k: v for k, v in more.items() if v}}
    matrix.call("POST", path("rooms", room, verb), body, user=by)
