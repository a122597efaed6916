"""The forms of consents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import Field, StrictBool, StrictInt

from roomdesk.web.api.case_act_schemas import Act
from roomdesk.web.api.schemas import Text, Wanted


class ConsentWanted(Wanted):
    """What is to be asked. Either `workspace` or `case` says of whom."""

    kind: Text = Field(description="One of the product's, or `restore` with `target`.")
    words: Text = Field(description="What would be done, for people.")
    action: dict[str, Any] | None = Field(
        None, description="Exactly what would be done, for programs; without fractions. Default: the words."
    )
    workspace: Text = ""
    case: Text = ""
    feature: Text = Field("", description="The security feature that is to be switched off.")
    person: Text = Field("", description="The sign-in name of the person a reset is for.")
    target: Text = Field("", description="Of a restore: `copy` or `current`.")
    details: Text = Field("", description="What changes for them, before and after.")
    hours: StrictInt | None = Field(None, ge=1, description="For how long; never longer than the product says.")
    author: Text | None = Field(None, description="The member of the staff who asks. Default: the token itself.")


class ConsentIdentity(Wanted):
    method: Text
    evidence: Text
    author: Text | None = Field(None, description="The member of the staff who verified it.")


class ConsentUse(Wanted):
    """What is about to be done; compared by the SHA-256 of its canonical JSON (RFC 8785)."""

    action: dict[str, Any]
    nonce: Text = Field(description="New for every use, 8 to 200 characters. The same again gives the same receipt.")
    dry_run: StrictBool = False


class ConsentResult(Wanted):
    result: Text = Field(description="done, failed or partial.")
    words: Text = ""
    code: StrictInt | None = Field(None, description="The exit code of the program.")


class ConsentGrant(Schema):
    person: str
    name: str
    role: str
    at: datetime
    channel: str
    event_id: str | None
    text: str
    step_up: bool


class ConsentUsed(Schema):
    at: datetime
    by: str
    key: str
    result: str | None
    result_words: str | None
    result_at: datetime | None


class Consent(Schema):
    """`state`: open, granted, refused, withdrawn, expired or used."""

    id: str
    workspace: str
    case: str | None
    kind: str
    state: str
    words: str
    action: dict[str, Any]
    action_sha256: str
    impact: str
    details: str | None
    phrase: str
    who_may: list[str]
    approvers: int
    high_risk: bool
    asked_at: datetime
    asked_by: str | None
    expires_at: datetime
    event_id: str | None
    granted_at: datetime | None
    closed_at: datetime | None
    reason: str | None
    grants: list[ConsentGrant]
    used: ConsentUsed | None


class Consents(Schema):
    items: list[Consent]
    next: str | None


class Receipt(Schema):
    """`signed` is the exact text under the Ed25519 `signature` (hexadecimal); `receipt` the same as an object. Both empty for a dry run."""

    receipt: dict[str, Any] | None
    signed: str
    signature: str
    key: str
    dry_run: bool


class Key(Schema):
    key_id: str
    public: str


class Keys(Schema):
    items: list[Key]


__all__ = [
    "Act",
    "Consent",
    "ConsentIdentity",
    "ConsentResult",
    "ConsentUse",
    "ConsentWanted",
    "Consents",
    "Keys",
    "Receipt",
]
