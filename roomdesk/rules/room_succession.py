"""Whether a room may take the place of a workspace's room: after an upgrade, or by an operator's word (R05, R06). Pure.

Who reads along, and who rules, cannot be mended afterwards: a creator's power has no end (room version 12), history is shared
with everybody who comes, and a room open to other homeservers stays open.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

#: There the creators can be neither kicked nor demoted.
VERSION = "12"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A room as somebody of the desk inside reads it.

    `creators`: all whose power has no end; `before`: the room that it names as its predecessor; `marked`: the workspace whose
    room the desk has marked it to be; `owner`: the workspace that has, or had, it by the desk's own books.
    """

    room_id: str
    version: str
    creators: tuple[str, ...]
    members: Mapping[str, str]
    before: str = ""
    marked: str = ""
    owner: str = ""
    kind: str = ""
    replaced_by: str = ""
    is_encrypted: bool = False
    is_federated: bool = False


def refusal(
    candidate: Candidate | None,
    bot: str,
    keeper: str,
    slug: str,
    *,
    before: Collection[str],
    by_operator: bool = False,
    kind: str = "",
) -> str:
    """Why the room must not be the workspace's, as a sentence; empty where it may be.

    `before`: the workspace's room and its former ones. By an operator's word the desk's own mark is enough too; a room that
    was itself replaced is then refused, while an upgrade is followed step by step. `kind`: the type of the room whose place it
    takes, empty for one to talk in.
    """
    if candidate is None:
        return "Neither the desk nor its keeper is in it."
    if candidate.room_id in before:
        return "It is, or was, this workspace's room."
    return (
        _nature(candidate, kind)
        or _rulers(candidate, bot, keeper)
        or _belonging(candidate, slug, before, by_operator)
        or (f"It was itself replaced by {candidate.replaced_by}." if by_operator and candidate.replaced_by else "")
    )


def _nature(candidate: Candidate, kind: str) -> str:
    if candidate.kind != kind:
        found, wanted = (f"of the type {name}" if name else "to talk in" for name in (candidate.kind, kind))
        return f"It is no room {wanted} but one {found}."
    if candidate.is_encrypted:
        return "It is encrypted, which nobody can undo."
    if candidate.is_federated:
        return "It is open to other homeservers, which nobody can undo."
    return ""


def _rulers(candidate: Candidate, bot: str, keeper: str) -> str:
    if candidate.version != VERSION:
        return f"It has the room version {candidate.version}; only in version {VERSION} can the desk keep a room right."
    others = [user for user in candidate.creators if user not in (bot, keeper)]
    if others:
        return f"It was made by {', '.join(others)}, whose power in it has no end."
    return "" if bot in candidate.creators else "The desk's own user is not among those who made it."


def _belonging(candidate: Candidate, slug: str, before: Collection[str], by_operator: bool) -> str:
    for named in (candidate.owner, candidate.marked):
        if named and named != slug:
            return f"It belongs to the workspace {named}."
    follows = candidate.before != "" and candidate.before in before
    if by_operator:
        return "" if follows or candidate.marked == slug else "Nothing in it says that it is a room of this workspace."
    return "" if follows else "It does not name the room before it."
