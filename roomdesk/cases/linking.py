"""Cases that have to do with each other: links, and incidents, in which one case leads others of any workspace.

Staff's alone: no customer learns of another's case (`queries.told_changes`, `story`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models, transaction
from django.db.models import Q

from roomdesk.cases import together
from roomdesk.cases.history import note
from roomdesk.cases.models import Case, Link
from roomdesk.cases.queries import access_case
from roomdesk.cases.together import Hands, Together
from roomdesk.directory.errors import Conflict, Invalid
from roomdesk.rules import incident
from roomdesk.rules.incident import Side

Kind = Link.Kind


def do_link(hands: Hands, ref: str, to: str, *, reason: str = "") -> Case:
    """Says that two cases have to do with each other. Linked already: nothing changes. Invalid for one case alone."""
    if ref == to:
        raise Invalid(f"{ref} cannot be linked to itself.", field="to")
    with transaction.atomic():
        found = together.hold(hands, [ref, to])
        one, other = sorted((found.exactly(ref).case, found.exactly(to).case), key=lambda case: case.pk)
        if _link(one, other) is None:
            row = Link(kind=Kind.RELATED, case=one, other=other, at=hands.now, by=found.by)
            found.work.insert(row)
            _note_both(found, "link", ref, to, reason)
            found.flush()
    return access_case(ref, hands.viewer)


def do_unlink(hands: Hands, ref: str, to: str, *, reason: str = "") -> Case:
    """Ends the link of two cases. Conflict where there is none."""
    with transaction.atomic():
        found = together.hold(hands, [ref, to])
        one, other = sorted((found.exactly(ref).case, found.exactly(to).case), key=lambda case: case.pk)
        row = _link(one, other)
        if row is None:
            raise Conflict(f"{ref} is not linked to {to}.", field="to")
        _end(found, row)
        _note_both(found, "link", ref, to, reason, is_end=True)
        found.flush()
    return access_case(ref, hands.viewer)


def do_attach(hands: Hands, ref: str, to: str, *, reason: str = "") -> Case:
    """Attaches the case to an incident that `to` leads, in whatever workspace. Attached there already: nothing changes.

    Invalid for the case itself; Conflict where `rules.incident` is against it.
    """
    with transaction.atomic():
        found = together.hold(hands, [ref, to])
        case, leader = found.exactly(ref).case, found.exactly(to).case
        side = _side(case)
        _check(side, _side(leader))
        if side.leader != to:
            row = Link(kind=Kind.INCIDENT, case=case, other=leader, at=hands.now, by=found.by)
            found.work.insert(row)
            _note(found, ref, "incident", "", to, reason)
            _note(found, to, "attached", "", ref, reason)
            found.flush()
    return access_case(ref, hands.viewer)


def do_detach(hands: Hands, ref: str, *, reason: str = "") -> Case:
    """Takes the case out of its incident. Conflict where it is in none."""
    leader = leader_of(access_case(ref, hands.viewer))
    if leader is None:
        raise Conflict(f"{ref} is attached to no incident.", field="ref")
    with transaction.atomic():
        found = together.hold(hands, [ref, leader.ref])
        row = _open(Kind.INCIDENT).filter(case=found.exactly(ref).case, other=leader).first()
        if row is None:
            raise Conflict(f"{ref} is not attached to {leader.ref} any more.", field="ref")
        _end(found, row)
        _note(found, ref, "incident", leader.ref, "", reason)
        _note(found, leader.ref, "attached", ref, "", reason)
        found.flush()
    return access_case(ref, hands.viewer)


@dataclass(frozen=True, slots=True)
class Others:
    """The cases that one has to do with, each the oldest first. `leader`: of the incident which it is attached to."""

    leader: Case | None
    attached: tuple[Case, ...]
    linked: tuple[Case, ...]


def others_of(case: Case) -> Others:
    """All of them, in one query, and one more where there are any."""
    rows = list(Link.objects.filter(Q(case=case) | Q(other=case), ended_at=None).order_by("pk"))
    models.prefetch_related_objects(rows, "case", "other")
    led = [row for row in rows if row.kind == Kind.INCIDENT]
    related = (row.other if row.case_id == case.pk else row.case for row in rows if row.kind == Kind.RELATED)
    return Others(
        next((row.other for row in led if row.case_id == case.pk), None),
        tuple(sorted((row.case for row in led if row.other_id == case.pk), key=_number)),
        tuple(sorted(related, key=_number)),
    )


def _number(case: Case) -> int:
    return case.pk


def leader_of(case: Case) -> Case | None:
    """The case that leads the incident which this one is attached to."""
    row = _open(Kind.INCIDENT).filter(case=case).select_related("other").first()
    return row.other if row else None


def attached_to(leader: Case) -> list[Case]:
    """The cases attached to this one, the oldest first."""
    rows = _open(Kind.INCIDENT).filter(other=leader).select_related("case__workspace").order_by("case_id")
    return [row.case for row in rows]


def leads(cases: Iterable[Case]) -> dict[int, tuple[str, int]]:
    """By case: the reference that it is attached to (or empty), and how many are attached to it. One query."""
    ids = {case.pk for case in cases}
    found = dict.fromkeys(ids, ("", 0))
    rows = _open(Kind.INCIDENT).filter(Q(case__in=ids) | Q(other__in=ids))
    for case_id, other_id, ref in rows.values_list("case_id", "other_id", "other__ref"):
        if case_id in ids:
            found[case_id] = (ref, found[case_id][1])
        if other_id in ids:
            found[other_id] = (found[other_id][0], found[other_id][1] + 1)
    return found


def _open(kind: Link.Kind) -> models.QuerySet[Link]:
    return Link.objects.filter(kind=kind, ended_at=None)


def _link(one: Case, other: Case) -> Link | None:
    return _open(Kind.RELATED).filter(case=one, other=other).first()


def _end(found: Together, row: Link) -> None:
    row.ended_at = found.work.now
    found.work.update(row, "ended_at")


def _side(case: Case) -> Side:
    leader, attached = leads([case])[case.pk]
    return Side(case.ref, case.product, case.state, case.state in Case.OPEN, case.is_restricted, leader, attached)


def _check(side: Side, leader: Side) -> None:
    refused = incident.refusal(side, leader)
    if refused is not None:
        name, sentence = refused
        raise (Invalid if side.ref == leader.ref else Conflict)(sentence, field=name)


def _note_both(found: Together, what: str, ref: str, to: str, reason: str, *, is_end: bool = False) -> None:
    for one, other in ((ref, to), (to, ref)):
        _note(found, one, what, other if is_end else "", "" if is_end else other, reason)


def _note(found: Together, ref: str, what: str, before: str, after: str, reason: str) -> None:
    held = found.held(ref)
    now, entry = found.work.now, held.exactly(ref)
    note(found.work, held.conversation, entry, what, before, after, at=now, by=found.by, reason=reason)
