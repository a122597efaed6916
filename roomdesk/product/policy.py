"""What the vendor does when (policy.toml): cover after hours, paging, the life of a case, consent."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Strict

from roomdesk.product.calendars import CalendarFile
from roomdesk.product.fields import (
    Count,
    Flag,
    LocalTime,
    Part,
    PolicyNumber,
    Role,
    Slug,
    Text,
    WebAddress,
    Whole,
    refuse,
)
from roomdesk.product.promises import Severity, Target

CoverAction = Literal["page", "notify", "answer"]
StaffRole = Literal["account_manager", "engineer", "lead", "specialist"]
Percent = Annotated[int, Strict(), Field(ge=1, le=99)]


def _rising(value: tuple[int, ...]) -> tuple[int, ...]:
    if any(b <= a for a, b in pairwise(value)):
        raise refuse("Warnings must rise from one to the next.")
    return value


class Cover(Part):
    """One row of the table of cover; the first row that fits decides, empty means any.

    `page` wakes the engineer on call, `notify` tells staff quietly, `answer` only says when the target falls (R42).
    """

    tiers: tuple[Slug, ...] = ()
    addon: Slug | None = None
    severities: tuple[Slug, ...] = ()
    hours: Literal["inside", "outside", "any"] = "any"
    action: CoverAction
    example: Flag = False

    def fits(self, tier: str, addons: frozenset[str], severity: str, *, open_now: bool) -> bool:
        return (
            (not self.tiers or tier in self.tiers)
            and (self.addon is None or self.addon in addons)
            and (not self.severities or severity in self.severities)
            and self.hours in ("any", "inside" if open_now else "outside")
        )


class Oncall(Part):
    """Rota and paging. `source` says whose rota is the one (D33); minutes count from the page being accepted.

    `escalation_policy` is PagerDuty's number of the policy whose on-calls are taken over where the rota is theirs. `runbook` is where
    whoever is woken reads what to do.
    """

    source: Literal["roomdesk", "pagerduty"] = "roomdesk"
    office_calendar: Slug
    handover: LocalTime = "09:00"
    second_line: Flag = True
    accept_seconds: Whole = 10
    ack_minutes: Whole = 5
    everyone_minutes: Whole = 20
    gap_notice_days: Whole = 14
    escalation_policy: PolicyNumber | None = None
    runbook: WebAddress | None = None


class Misuse(Part):
    """What a recorded misuse of P0 does to the next one: PagerDuty's severity and queue rank, never delivery (R41)."""

    decay_days: Whole = 90
    pagerduty_severity: Literal["error", "warning", "info"] = "warning"
    queue: Literal["last_in_class", "unchanged"] = "last_in_class"


class Life(Part):
    """How long the stages of a case last. Business days are those of the office calendar.

    `ask_satisfaction`: customers are asked after a resolution whether they were helped.
    """

    closing_business_days: Whole = 5
    deflected_business_days: Whole = 2
    reopen_days: Count = 30
    upward_grace_minutes: Count = 15
    ask_satisfaction: Flag = False
    warnings: Annotated[tuple[Percent, ...], AfterValidator(_rising), Field(min_length=1)] = (50, 75, 90)


class Assignment(Part):
    """Whether new cases are given to somebody by themselves: `round_robin` by turn, among those of `roles` who are present and have
    fewer than `capacity` open cases (a person may have a number of their own)."""

    mode: Literal["off", "round_robin"] = "off"
    roles: Annotated[tuple[StaffRole, ...], Field(min_length=1)] = ("engineer",)
    capacity: Whole = 10


class ConsentKind(Part):
    """What needs a written word first. A fixed `phrase` is the same in every language; else the text
    `consent.<slug>.phrase` is asked for. `approvers` are distinct people."""

    slug: Slug
    who_may: Annotated[tuple[Role, ...], Field(min_length=1)]
    expires_hours: Whole
    phrase: Text | None = None
    approvers: Whole = 1
    cool_off_minutes: Count = 0
    high_risk: Flag = False
    identity_check: Flag = False
    announce: Flag = False


class Restore(Part):
    """Which consent a restore needs, by where it goes (D44); none for a copy if the vendor so decides."""

    copy_needs: Slug | None = None
    current_needs: Slug


class Rulebook(Part):
    """What policy.toml says, but for the calendars."""

    default_severity: Slug
    severities: Annotated[tuple[Severity, ...], Field(min_length=1)]
    targets: Annotated[tuple[Target, ...], Field(min_length=1)]
    cover: Annotated[tuple[Cover, ...], Field(min_length=1)]
    oncall: Oncall
    misuse: Misuse = Misuse()
    life: Life = Life()
    assignment: Assignment = Assignment()
    consent_rows: Annotated[tuple[ConsentKind, ...], Field(alias="consent")]
    security_features: tuple[Slug, ...] = ()
    restore: Restore


class Policy(Rulebook):
    """The file policy.toml."""

    calendars: dict[Slug, CalendarFile]
