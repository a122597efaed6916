"""How a case may go from state to state (DESIGN §6, D15, D19), and what a move needs.

`deflected` and `merged` are entered by the desk's answer and by a merge only; who reopens starts a new cycle.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from roomdesk.rules.errors import RuleError

OPEN = ("new", "acknowledged", "investigating", "waiting_customer", "waiting_third_party")
_AT_WORK = ("investigating", "waiting_customer", "waiting_third_party", "resolved")

MOVES: Mapping[str, tuple[str, ...]] = {
    "new": ("acknowledged", *_AT_WORK),
    "acknowledged": _AT_WORK,
    "investigating": _AT_WORK[1:],
    "waiting_customer": ("investigating", "waiting_third_party", "resolved"),
    "waiting_third_party": ("investigating", "waiting_customer", "resolved"),
    "resolved": ("closed",),
    "deflected": ("new", "closed"),
    "closed": (),
    "merged": (),
}
"""Where staff may take a case from each state. Staying where it is is no move, and always allowed."""

STATES = tuple(MOVES)
_ENDED = {
    "resolved": "it can be closed or reopened",
    "closed": "it can only be reopened",
    "merged": "what is to be said of it belongs to the case that it was merged into",
}


def check_move(ref: str, before: str, after: str) -> None:
    """RuleError, in a sentence that names what is possible, for a move that the table does not have."""
    if after not in MOVES:
        raise RuleError(f'There is no state "{after}"; there are {", ".join(STATES)}.')
    if after == before or after in MOVES[before]:
        return
    can = _ENDED.get(before) or f"from there it can become {', '.join(MOVES[before])}"
    raise RuleError(f"{ref} is {before}, so it cannot become {after}: {can}.")


def check_resolution(fix: str, root_cause: str, is_unknown: bool) -> tuple[str, str] | None:
    """What a resolution lacks as (field, sentence), or None. It needs the immediate fix and the root cause (R26)."""
    if not fix.strip():
        return "fix", "A resolution needs the immediate fix: say in `fix` what made it work again."
    if root_cause.strip() and is_unknown:
        return "root_cause", "The root cause is given and said to be unknown; it is one or the other."
    if not root_cause.strip() and not is_unknown:
        return "root_cause", "A resolution needs the root cause; if nobody knows it, say so with `root_cause_unknown`."
    return None


def reopens(state: str, resolved_at: datetime | None, at: datetime, window: timedelta) -> bool:
    """Whether a customer's message at `at` reopens the case: a resolved one always, a closed one within the window (D19)."""
    if state == "resolved":
        return True
    return state == "closed" and resolved_at is not None and at - resolved_at <= window
