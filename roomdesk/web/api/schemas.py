"""The forms of requests and answers. What a field may hold beyond its type is the services' matter."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field, StrictBool, StrictInt, model_validator


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("it holds the character NUL, which cannot be kept")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("it holds half of a character (a lone surrogate), which cannot be kept")
    return text


Text = Annotated[str, AfterValidator(_storable)]


class Wanted(Schema):
    """Base of what is sent to us: an unknown field is refused. A field left out, or null, stays as it is."""

    model_config = ConfigDict(extra="forbid")


class WorkspaceWanted(Wanted):
    """`account_manager: null` takes the account manager away; leaving it out does not."""

    product: Text | None = Field(None, description="Needed for a new workspace; cannot be changed.")
    display_name: Text | None = None
    tier: Text | None = Field(None, description="Default for a new workspace: the product's first.")
    addons: list[Text] | None = Field(None, description="All add-ons that the workspace shall have.")
    locale: Text | None = None
    time_zone: Text | None = None
    account_manager: Text | None = Field(None, description="The id of a person with this staff role.")
    state: Text | None = Field(None, description="trial, active, suspended or cancelled.")


class MemberWanted(Wanted):
    name: Text | None = None
    email: Text | None = None
    role: Text | None = Field(None, description="owner, admin or member. Another owner takes over from the former.")
    support_room_access: StrictBool | None = None
    locale: Text | None = None


class StaffWanted(Wanted):
    """For `product` (left out: for all products) the person has exactly these roles afterwards."""

    name: Text | None = None
    email: Text | None = None
    locale: Text | None = None
    role: Text | None = Field(None, description="One role; the same as `roles` with one entry.")
    roles: list[Text] | None = None
    product: Text = ""
    field: Text = Field("", description="What a specialist knows.")

    @model_validator(mode="after")
    def _one_of_both(self) -> StaffWanted:
        if self.role is not None and self.roles is not None:
            raise ValueError("give role or roles, not both")
        return self

    @property
    def all_roles(self) -> tuple[str, ...] | None:
        return (self.role,) if self.role is not None else None if self.roles is None else tuple(self.roles)


class Workspace(Schema):
    slug: str
    product: str
    display_name: str
    tier: str
    addons: list[str]
    locale: str
    time_zone: str
    account_manager: str | None
    state: str
    created_at: datetime


class Person(Schema):
    id: str
    name: str
    email: str
    locale: str
    user_id: str = Field(description="The Matrix id.")


class Member(Person):
    role: str
    support_room_access: bool
    since: datetime


class StaffRole(Schema):
    role: str
    product: str
    field: str
    since: datetime


class AvailabilityWanted(Wanted):
    present: StrictBool | None = Field(None, description="Whether new cases are given to them by turn.")
    capacity: StrictInt | None = Field(None, description="Open cases at which they get one more; 0: the product's own.")


class Available(Schema):
    present: bool
    capacity: int | None = Field(description="Null where the product's own number holds.")


class StaffMember(Person):
    roles: list[StaffRole]
    availability: Available


class Named(Schema):
    slug: str
    name: str


class Addon(Named):
    tiers: list[str]


class Product(Named):
    version: int
    room: bool
    locales: list[str]
    tiers: list[Named]
    addons: list[Addon]
    severities: list[str]
    loaded_at: datetime


class Me(Schema):
    name: str
    scopes: list[str]
    workspace: str | None


class Workspaces(Schema):
    items: list[Workspace]
    next: str | None = Field(description="The value of `after` for the next page, or null at the end.")


class Members(Schema):
    items: list[Member]
    next: str | None


class Staff(Schema):
    items: list[StaffMember]
    next: str | None


class Products(Schema):
    items: list[Product]
    next: str | None


class Problem(Schema):
    """RFC 9457."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str
    field: str | None


#: The refusals that every endpoint may give.
REFUSALS: dict[Any, Any] = {frozenset({400, 401, 403, 404, 405, 409, 422}): Problem}
