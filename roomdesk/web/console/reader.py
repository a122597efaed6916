"""Who looks at the console: a member of the staff, and what they may read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from roomdesk.audit.work import Actor
from roomdesk.cases.models import Case
from roomdesk.directory.models import Person
from roomdesk.directory.queries import Viewer

RESTRICTED = "Restricted case"


@dataclass(frozen=True, slots=True)
class Reader:
    """A member of the staff at work. `security` are the products whose restricted cases they may read (empty text: all).

    `is_administrator`: of some product; `is_lead`: a lead or an administrator; `is_auditor`: whoever may read
    chains of the audit.
    """

    person: Person
    viewer: Viewer
    now: datetime
    security: frozenset[str]
    is_administrator: bool
    is_lead: bool
    is_auditor: bool

    @property
    def actor(self) -> Actor:
        return Actor("staff", self.viewer.name)

    def may_read(self, case: Case) -> bool:
        """Outside the security role a restricted case is a stub: reference, assignee, clock (D22)."""
        return not case.is_restricted or bool({"", case.product} & self.security)

    def title(self, case: Case) -> str:
        return case.title if self.may_read(case) else RESTRICTED
