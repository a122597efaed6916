"""What somebody wants the directory to say. `None` is "as it is", or on creation the default; nothing is checked here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkspaceWish:
    """`account_manager=""` takes the account manager away."""

    slug: str
    product: str | None = None
    display_name: str | None = None
    tier: str | None = None
    addons: tuple[str, ...] | None = None
    locale: str | None = None
    account_manager: str | None = None
    state: str | None = None
    time_zone: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonWish:
    id: str
    name: str | None = None
    email: str | None = None
    locale: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberWish:
    """`own_people_only`: the caller rules this workspace alone, so it may not touch people who belong elsewhere too."""

    workspace: str
    person: PersonWish
    role: str | None = None
    support_room_access: bool | None = None
    own_people_only: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberGone:
    workspace: str
    id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StaffWish:
    """For `product` (empty: all products) the person shall have exactly `roles`. `field` is the specialist's."""

    person: PersonWish
    roles: tuple[str, ...] | None = None
    product: str = ""
    field: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class StaffGone:
    """`product=None`: whatever the person does for the vendor ends."""

    id: str
    product: str | None = None


Wish = WorkspaceWish | PersonWish | MemberWish | MemberGone | StaffWish | StaffGone


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What a wish led to. A wish for what is already so changes nothing and leaves no trace in the audit."""

    value: T
    created: bool = False
    changed: bool = False
