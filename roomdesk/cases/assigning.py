"""New cases find somebody by themselves, where the product says so (`assignment.mode`): by turn, capacity and presence.

A timer of the case looks, under its lane's lock, from when the office is open; where nobody is free it looks again. The
product's turns are one row, locked after the lanes: two cases of different customers never find the same last free place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Count

from roomdesk.audit.work import Work
from roomdesk.cases import loading
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.history import note
from roomdesk.cases.models import Case, Turns
from roomdesk.clocks.policy import office_of
from roomdesk.directory.models import Availability, Person
from roomdesk.directory.queries import staff_at
from roomdesk.oncall import needs
from roomdesk.product.schema import Product
from roomdesk.queues.models import Lane, Timer
from roomdesk.rules.assignment import Candidate, choose, taken

ASSIGN_TIMER = "case_assign"
#: How long after nobody was free it is looked again.
AGAIN = timedelta(minutes=10)
#: Restricted cases are given to this role only (D22).
SECURITY = "security"


def plan(work: Work, conversation: Conversation, entry: Open) -> None:
    """Has a case that waits for staff, and is nobody's, find somebody once the office is open."""
    product, version = conversation.product, conversation.version
    if product is None or version is None or product.assignment.mode == "off" or entry.case.assignee_id is not None:
        return
    at = office_of(version.pk).next_working(work.now)
    work.remind(conversation.workspace.lane_id, ASSIGN_TIMER, entry.case.pk, at)


def fire(work: Work, due: Sequence[Timer]) -> Mapping[int, datetime | None]:
    """Gives these cases away. The lanes are held by the caller; a fixed number of queries for each product."""
    lanes = {lane.pk: lane for lane in Lane.objects.filter(pk__in={timer.lane_id for timer in due})}
    conversations = loading.load(lanes, case_ids=[timer.subject_id for timer in due], earliest=work.now)
    found = [(conversations[timer.lane_id], conversations[timer.lane_id].cases.get(timer.subject_id)) for timer in due]
    waiting = [(one, entry) for one, entry in found if entry is not None and _wants(one, entry)]
    again: dict[int, datetime | None] = {}
    # In one order, as with lanes: two workers never wait for each other's turns.
    for slug in sorted({entry.case.product for _, entry in waiting}):
        desk = _Desk.of(slug, work.now)
        for conversation, entry in waiting:
            if entry.case.product == slug and not desk.give(work, conversation, entry):
                again[entry.case.pk] = _later(conversation, work.now)
    return again


def _wants(conversation: Conversation, entry: Open) -> bool:
    product = conversation.product
    is_on = product is not None and product.assignment.mode != "off"
    return is_on and entry.is_open and entry.case.assignee_id is None


def _later(conversation: Conversation, now: datetime) -> datetime:
    version = conversation.version
    assert version is not None
    return office_of(version.pk).next_working(now + AGAIN)


@dataclass(slots=True)
class _Desk:
    """The staff of a product while its turns are held. `people` by id, with their roles; `loads` counts what this work gives too."""

    turns: Turns
    people: dict[int, tuple[Person, frozenset[str]]]
    availability: dict[int, Availability]
    loads: dict[int, int]

    @classmethod
    def of(cls, slug: str, now: datetime) -> _Desk:
        Turns.objects.bulk_create([Turns(product=slug)], ignore_conflicts=True)
        turns = Turns.objects.select_for_update(no_key=True).get(product=slug)
        roles: dict[int, set[str]] = {}
        people: dict[int, Person] = {}
        for row in staff_at(now, [slug]):
            if row.person.is_active:
                people[row.person_id] = row.person
                roles.setdefault(row.person_id, set()).add(row.role)
        # Counted after the lock: whoever had the turns before has given theirs away.
        open_cases = Case.objects.filter(assignee_id__in=people, state__in=Case.OPEN).order_by()
        loads = dict(open_cases.values_list("assignee_id").annotate(count=Count("pk")))
        said = {one.person_id: one for one in Availability.objects.filter(person_id__in=people)}
        return cls(turns, {pk: (person, frozenset(roles[pk])) for pk, person in people.items()}, said, loads)

    def give(self, work: Work, conversation: Conversation, entry: Open) -> bool:
        """Gives the case to who is next. False where nobody is free."""
        product = conversation.product
        assert product is not None
        candidates = list(self._candidates(product, restricted=entry.case.is_restricted))
        chosen = choose(candidates, self.turns.order)
        if chosen is None:
            return False
        person = self.people[chosen.id][0]
        entry.case.assignee = person
        work.update(entry.case, "assignee")
        needs.take(work, conversation.workspace, entry.case.ref, person)
        reason = f"Their turn, with {chosen.load} of {chosen.capacity} open cases."
        note(work, conversation, entry, "assignee", "", person.slug, at=work.now, by="desk", reason=reason)
        self.turns.order = taken(self.turns.order, chosen.id)
        self.turns.save(update_fields=["order"])
        self.loads[chosen.id] = chosen.load + 1
        return True

    def _candidates(self, product: Product, *, restricted: bool) -> list[Candidate]:
        roles = {SECURITY} if restricted else set(product.assignment.roles)
        found = []
        for pk, (_, held) in self.people.items():
            if held & roles:
                said = self.availability.get(pk)
                capacity = (said.capacity if said else 0) or product.assignment.capacity
                one = Candidate(pk, self.loads.get(pk, 0), capacity)
                found.append(replace(one, is_present=said.is_present) if said else one)
        return found
