"""Who somebody was at an instant: customer of a workspace, staff, or neither (D5). Loaded in bulk, judged in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from roomdesk.directory.models import Membership, Person, StaffRole
from roomdesk.queues.reading import Rows, together


@dataclass(frozen=True, slots=True)
class Span:
    """A role from an instant on, until another or for ever. `place` is a workspace's id, or a product (`""`: all)."""

    role: str
    place: int | str
    since: datetime
    until: datetime | None

    def covers(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Standing:
    """A person with every role they ever had where it matters."""

    person: Person
    memberships: tuple[Span, ...]
    staff: tuple[Span, ...]

    def kind(self, workspace_id: int, at: datetime) -> str:
        """`staff`, `customer` or `other`. Staff is staff everywhere and never a customer (D5)."""
        if any(span.covers(at) for span in self.staff):
            return "staff"
        if any(span.place == workspace_id and span.covers(at) for span in self.memberships):
            return "customer"
        return "other"

    def role(self, workspace_id: int, at: datetime) -> str:
        """The role in the workspace at `at`, staff or not; empty for none."""
        held = (span.role for span in self.memberships if span.place == workspace_id and span.covers(at))
        return next(held, "")


def standings(localparts: Iterable[str], workspace_ids: Iterable[int]) -> Mapping[str, Standing]:
    """By localpart, with memberships of the given workspaces and all staff roles: one question however many there are."""
    names = list(set(localparts))
    people = Rows(Person, "localpart = ANY(%s::text[])", names)
    members = Rows(Membership, f"{_THEIRS} AND workspace_id = ANY(%s::bigint[])", names, list(set(workspace_ids)))
    roles = Rows(StaffRole, _THEIRS, names)
    together(people, members, roles)
    memberships: dict[int, list[Span]] = {}
    for m in members:
        memberships.setdefault(m.person_id, []).append(Span(m.role, m.workspace_id, m.valid_from, m.valid_to))
    staff: dict[int, list[Span]] = {}
    for s in roles:
        staff.setdefault(s.person_id, []).append(Span(s.role, s.product, s.valid_from, s.valid_to))
    return {
        person.localpart: Standing(person, tuple(memberships.get(person.pk, ())), tuple(staff.get(person.pk, ())))
        for person in people
    }


_THEIRS = "person_id IN (SELECT p.id FROM directory_person p WHERE p.localpart = ANY(%s::text[]))"
