"""Plans as commands, REST and the drift's rows give them."""

from __future__ import annotations

from typing import Any

from roomdesk.rules.room_plan import (
    Action,
    Admit,
    Adopt,
    Plan,
    PointAlias,
    Remake,
    Remove,
    Seat,
    SetPower,
    SetState,
)


def shown_plan(plan: Plan) -> dict[str, Any]:
    """`actions` in order, `held` back for the next pass, and `problem` (or None), which no action mends."""
    return {
        "actions": [shown(action) for action in plan.actions],
        "held": [shown(action) for action in plan.held],
        "problem": plan.problem or None,
    }


def shown(action: Action) -> dict[str, Any]:
    match action:
        case Admit(user, power):
            return {"action": "admit", "user_id": user, "power": power}
        case Remove(user, reason):
            return {"action": "remove", "user_id": user, "reason": reason}
        case SetPower(staff):
            return {"action": "set_power", "staff": list(staff)}
        case SetState(kind, key, content):
            return {"action": "set_state", "type": kind, "key": key, "content": dict(content)}
        case Seat(user):
            return {"action": "seat", "user_id": user}
        case PointAlias(alias, taken_by):
            return {"action": "point_alias", "alias": alias, "taken_by": taken_by or None}
        case Remake():
            return {"action": "remake"}
        case Adopt(room_id):
            return {"action": "adopt", "room_id": room_id}


def words(action: dict[str, Any]) -> str:
    """A shown action for people."""
    match action["action"]:
        case "admit":
            return f"admit {action['user_id']} with power {action['power']}"
        case "remove":
            return f"remove {action['user_id']} ({action['reason']})"
        case "set_power":
            return f"give staff power to {', '.join(action['staff']) or 'nobody'}"
        case "set_state":
            return f"set {action['type']}"
        case "seat":
            return f"let {action['user_id']} back in"
        case "point_alias":
            return f"have {action['alias']} name this room"
        case "remake":
            return "make another room: this one was deleted"
        case "adopt":
            return f"go over to {action['room_id']}, by which the room was replaced"
    return "make the room"
