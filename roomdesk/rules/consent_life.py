"""The life of a consent request: when enough people have agreed, when something is due, and whether it may be used (R34, R35, D42, D44)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from roomdesk.rules.consent_answer import State

#: A request that lives shorter than this is not reminded of.
_WORTH_A_REMINDER = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Given:
    """Somebody agreed. `may_still`: they have the authority now, too; `step_up`: signed in afresh on the portal for it."""

    person: str
    step_up: bool
    may_still: bool = True


class Missing(StrEnum):
    """What a granted word still needs."""

    NOTHING = ""
    #: More people.
    OTHERS = "others"
    #: A second person, or a fresh sign-in on the portal (D42).
    PROOF = "proof"


def still_missing(given: Sequence[Given], *, approvers: int, high_risk: bool) -> Missing:
    """What is missing, by distinct people."""
    people = {one.person for one in given}
    if len(people) < approvers:
        return Missing.OTHERS
    if high_risk and len(people) < 2 and not any(one.step_up for one in given):
        return Missing.PROOF
    return Missing.NOTHING


def reminder_at(opened_at: datetime, expires_at: datetime) -> datetime | None:
    """When those who may agree are reminded: once, at half time."""
    length = expires_at - opened_at
    return opened_at + length / 2 if length >= _WORTH_A_REMINDER else None


class Refusal(StrEnum):
    """Why a consent may not be used."""

    NOT_GRANTED = "not_granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    USED = "used"
    COOL_OFF = "cool_off"
    OTHER_ACTION = "other_action"
    NO_AUTHORITY = "no_authority"
    NOT_IDENTIFIED = "not_identified"


@dataclass(frozen=True, slots=True)
class Granted:
    """A request as it stands when somebody wants to use it."""

    state: State
    action_sha256: str
    expires_at: datetime
    granted_at: datetime | None
    given: Sequence[Given]
    approvers: int
    high_risk: bool
    cool_off: timedelta = timedelta()
    needs_identity: bool = False
    is_identified: bool = False


_CLOSED = {
    State.USED: Refusal.USED,
    State.WITHDRAWN: Refusal.WITHDRAWN,
    State.REFUSED: Refusal.REFUSED,
    State.EXPIRED: Refusal.EXPIRED,
    State.OPEN: Refusal.NOT_GRANTED,
}


def may_not_use(granted: Granted, action_sha256: str, now: datetime) -> Refusal | None:
    """Why it may not be used for this action now, or None. Whatever is in doubt refuses."""
    if granted.state in (State.USED, State.WITHDRAWN, State.REFUSED):
        return _CLOSED[granted.state]
    if now >= granted.expires_at:
        return Refusal.EXPIRED
    if granted.state is not State.GRANTED or granted.granted_at is None:
        return _CLOSED.get(granted.state, Refusal.NOT_GRANTED)
    if action_sha256 != granted.action_sha256:
        return Refusal.OTHER_ACTION
    if now < granted.granted_at + granted.cool_off:
        return Refusal.COOL_OFF
    if granted.needs_identity and not granted.is_identified:
        return Refusal.NOT_IDENTIFIED
    holding = [one for one in granted.given if one.may_still]
    if still_missing(holding, approvers=granted.approvers, high_risk=granted.high_risk) is not Missing.NOTHING:
        return Refusal.NO_AUTHORITY
    return None


def restores_over_current(action: Mapping[str, Any]) -> bool:
    """Whether the action itself says that it restores over current data: no other kind's phrase is enough for that (D44)."""
    does = action.get("do")
    return isinstance(does, str) and does.strip().casefold() == "restore" and action.get("target") != "copy"
