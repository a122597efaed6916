"""Who may be in a workspace's room, who lets members in, and why something of it is refused (R03, D7). Pure."""

from roomdesk.rules.why import Why

#: Roles that are in the room always, and that decide about members.
DECIDERS = frozenset({"owner", "admin"})
#: The reaction under the desk's notice that lets somebody in.
APPROVAL = "✅"
_VARIATION = "\ufe0f"


def is_admitted(role: str, has_access: bool) -> bool:
    """Whether somebody of this role (empty: no member) belongs in the room, and so may read what is said there (R08)."""
    return role in DECIDERS or (role == "member" and has_access)


def may_decide(role: str) -> bool:
    """Whether this role lets members in and takes them out."""
    return role in DECIDERS


def is_approval(reaction: str) -> bool:
    """Whether a reaction is the one that lets somebody in; clients send it with or without a variation selector."""
    return reaction.replace(_VARIATION, "") == APPROVAL


def why_not_ask(role: str, has_access: bool, has_room: bool) -> Why | None:
    """Why somebody of this role cannot ask for access; None where they can."""
    if not has_room:
        return Why("no_room", "This product has no rooms, so there is no access to ask for.")
    if not role:
        return Why("no_member", "Only a member of the workspace can ask for access to its room.")
    if is_admitted(role, has_access):
        return Why("has_access", "This person has access to the room already.")
    return None


def why_not_decide(role: str) -> Why | None:
    """Why somebody of this role cannot decide about access; None where they can."""
    if may_decide(role):
        return None
    return Why("no_decider", "Only the owner and admins of the workspace decide who has access to its room.")


def why_not_switch(role: str, has_room: bool) -> Why | None:
    """Why the access of somebody of this role cannot be switched; None where it can."""
    if not has_room:
        return Why("no_room", "This product has no rooms, so there is no access to switch.")
    if role in DECIDERS:
        return Why("always_in", "Owner and admins are in the room always; their access cannot be switched.")
    return None
