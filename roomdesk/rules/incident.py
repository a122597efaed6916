"""Incidents over several cases (R26): one case leads, others are attached to it. What may be attached to what. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Side:
    """A case as this rule sees it. `leader` is the reference that it is attached to, `attached` how many are attached to it."""

    ref: str
    product: str
    state: str
    is_open: bool
    is_restricted: bool = False
    leader: str = ""
    attached: int = 0


def refusal(case: Side, to: Side) -> tuple[str, str] | None:
    """Why `case` cannot be attached to `to`, as (field, sentence); None where it can, also where it is attached there already."""
    if case.ref == to.ref:
        return "to", f"{case.ref} cannot be attached to itself."
    if case.leader == to.ref:
        return None
    return _state(case, to) or _place(case, to)


def _state(case: Side, to: Side) -> tuple[str, str] | None:
    for side, field in ((case, "ref"), (to, "to")):
        if not side.is_open:
            return field, f"{side.ref} is {side.state}; only open cases make up an incident."
        if side.is_restricted:
            # What is said to all would be said of it too, in rooms of others (D22).
            return field, f"{side.ref} is restricted; it is part of no incident."
    if case.product != to.product:
        return "to", f"{to.ref} belongs to another product."
    return None


def _place(case: Side, to: Side) -> tuple[str, str] | None:
    """One leader, and no leader of leaders: whom an answer to all reaches can be seen at a glance."""
    if to.leader:
        return "to", f"{to.ref} is attached to {to.leader} itself; attach {case.ref} to that."
    if case.attached:
        return "ref", f"{case.ref} leads an incident itself, of {case.attached} more; attach {to.ref} to it instead."
    if case.leader:
        return "ref", f"{case.ref} is attached to {case.leader}; detach it first."
    return None
