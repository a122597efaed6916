"""Merge: two cases of a workspace become one (D16); and its undoing, within ten minutes."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from roomdesk.audit.work import Actor
from roomdesk.cases import acting, life
from roomdesk.cases.acting import Held
from roomdesk.cases.chosen import SPEECH
from roomdesk.cases.conversation import Open
from roomdesk.cases.history import note
from roomdesk.cases.linking import attached_to
from roomdesk.cases.models import Case, Merge
from roomdesk.cases.parting import check_restriction
from roomdesk.cases.queries import access_case
from roomdesk.clocks import services as clocks
from roomdesk.clocks.models import Clock
from roomdesk.directory.errors import Conflict, Invalid
from roomdesk.directory.queries import Viewer
from roomdesk.product.queries import product_of
from roomdesk.record.models import Message

#: So long a merge can be undone: after that people have gone on in the one case.
UNDONE_WITHIN = timedelta(minutes=10)


def do_merge(
    viewer: Viewer,
    ref: str,
    into: str,
    *,
    reason: str = "",
    author: str | None = None,
    actor: Actor,
    now: datetime,
) -> Case:
    """Merges the case `ref` into `into` and returns that. The same merge again changes nothing.

    Of each kind of clock the earliest due among the unmet goes on, the severity is the higher; what is said in the thread
    of `ref` from now on belongs to `into`. Invalid for the same case or another workspace; Conflict where either is not
    open, or `into` is less restricted.
    """
    with transaction.atomic():
        held = acting.hold(viewer, ref, into, author=author, actor=actor, now=now)
        entry, target = held.exactly(ref), held.exactly(into)
        if entry.case.merged_into_id != target.case.pk:
            _check(entry, target)
            _merge(held, entry, target, reason)
            held.flush()
    return access_case(into, viewer)


def _check(entry: Open, target: Open) -> None:
    if entry is target:
        raise Invalid(f"{entry.case.ref} cannot be merged into itself.", field="into")
    for one, field in ((entry, "ref"), (target, "into")):
        if not one.is_open:
            raise Conflict(f"{one.case.ref} is {one.case.state}; only open cases can be merged.", field=field)
    check_restriction(entry, target, "into")
    ref, into = entry.case.ref, target.case.ref
    if attached_to(entry.case):
        # Whom it leads would be led by a case that nobody looks at any more.
        raise Conflict(f"{ref} leads an incident; merge {into} into it instead.", field="ref")


def _merge(held: Held, entry: Open, target: Open, reason: str) -> None:
    work, conversation, now = held.work, held.conversation, held.work.now
    case, into = entry.case, target.case
    work.insert(
        Merge(
            id=work.new_id(Merge),
            case=case,
            into=into,
            at=now,
            by=held.by,
            state_before=case.state,
            into_severity_before=into.severity,
            into_p0_before=into.p0_at,
            into_answered_before=into.answered_at,
        )
    )
    life.wake(work, conversation, entry, now, by=held.by, reason=reason)
    _go_on(held, entry, target, reason)
    clocks.take_over(
        work,
        target.subject(conversation, now),
        target.clocks,
        entry.subject(conversation, now),
        entry.clocks,
        at=now,
        owed=[(entry.subject(conversation, now, cycle), clock) for cycle, clock in entry.owed],
    )
    entry.owed.clear()
    _become(held, entry, into, reason)
    _take_on(held, entry, target, reason)


def _go_on(held: Held, entry: Open, target: Open, reason: str) -> None:
    """One case waits for the customer only if both did: what the other is about must not be hidden by that."""
    waiting = Case.State.WAITING_CUSTOMER
    now = held.work.now
    if target.case.state == waiting != entry.case.state:
        wanted, words = Case.State.INVESTIGATING, f"{entry.case.ref} was merged into it."
        life.change_state(held.work, held.conversation, target, wanted, now, by=held.by, reason=reason or words)
    elif entry.case.state == waiting != target.case.state:
        clocks.resume(held.work, entry.subject(held.conversation, now), entry.clocks, at=now)


def _become(held: Held, entry: Open, into: Case, reason: str) -> None:
    case, before = entry.case, entry.case.state
    case.state, case.merged_into = Case.State.MERGED, into
    held.work.update(case, "state", "merged_into")
    held.conversation.merged[case.pk] = into.pk
    now = held.work.now
    note(held.work, held.conversation, entry, "state", before, case.state, at=now, by=held.by, reason=reason)
    note(held.work, held.conversation, entry, "merge", "", into.ref, at=now, by=held.by, reason=reason)


def _take_on(held: Held, entry: Open, target: Open, reason: str) -> None:
    """The target has the higher severity, the P0, the latest words, and a first response still owed if either owes one."""
    case, into = entry.case, target.case
    now = held.work.now
    severity = _higher(target, case.severity, into.severity)
    note(held.work, held.conversation, target, "merged", "", case.ref, at=now, by=held.by, reason=reason)
    if severity != into.severity:
        before, into.severity = into.severity, severity
        words = f"{case.ref} was merged into it."
        note(held.work, held.conversation, target, "severity", before, severity, at=now, by=held.by, reason=words)
    into.p0_at = min((at for at in (into.p0_at, case.p0_at) if at), default=None)
    into.last_customer_at = max((at for at in (into.last_customer_at, case.last_customer_at) if at), default=None)
    into.last_staff_at = max((at for at in (into.last_staff_at, case.last_staff_at) if at), default=None)
    if any(clock.kind == Clock.Kind.FIRST_RESPONSE for clock in target.clocks):
        into.answered_at = None
    held.work.update(into, "severity", "p0_at", "last_customer_at", "last_staff_at", "answered_at")
    target.changed()


def _higher(target: Open, one: str, other: str) -> str:
    ranks = product_of(target.cycle.product_version_id).severity_slugs
    return min(one, other, key=lambda slug: ranks.index(slug) if slug in ranks else len(ranks))


def do_unmerge(
    viewer: Viewer, ref: str, *, reason: str = "", author: str | None = None, actor: Actor, now: datetime
) -> Case:
    """Undoes the merge of `ref` and returns it as it was; what was said in its thread meanwhile comes back to it.

    Conflict for a case that is not merged, ten minutes after the merge, or where its target has been closed or merged since.
    """
    with transaction.atomic():
        target = access_case(ref, viewer).merged_into
        refs = (ref, target.ref) if target else (ref,)
        held = acting.hold(viewer, *refs, author=author, actor=actor, now=now)
        merge = _undoable(held, ref, now)
        _undo(held, held.exactly(ref), held.exactly(merge.into.ref), merge, reason)
        held.flush()
    return access_case(ref, viewer)


def _undoable(held: Held, ref: str, now: datetime) -> Merge:
    case = held.case(ref)
    merge = Merge.objects.filter(case=case, undone_at=None).select_related("into").first()
    if merge is None or case.state != Case.State.MERGED:
        raise Conflict(f"{ref} is {case.state}, not merged; there is nothing to undo.", field="ref")
    if now - merge.at > UNDONE_WITHIN:
        raise Conflict(f"{ref} was merged more than ten minutes ago; split its messages off instead.", field="ref")
    if not held.exactly(merge.into.ref).is_open:
        raise Conflict(f"{merge.into.ref} is {merge.into.state} by now; the merge into it stays.", field="ref")
    return merge


def _undo(held: Held, entry: Open, target: Open, merge: Merge, reason: str) -> None:
    work, conversation, now = held.work, held.conversation, held.work.now
    case, into = entry.case, target.case
    owed = clocks.give_back(
        work, target.subject(conversation, now), target.clocks, entry.subject(conversation, now), entry.clocks, at=now
    )
    entry.owed.extend([(clock.cycle, clock) for clock in owed])
    merge.undone_at = now
    work.update(merge, "undone_at")
    case.merged_into = None
    work.update(case, "merged_into")
    life.change_state(work, conversation, entry, Case.State(merge.state_before), now, by=held.by, reason=reason)
    note(work, conversation, entry, "unmerge", into.ref, "", at=now, by=held.by, reason=reason)
    note(work, conversation, target, "unmerged", case.ref, "", at=now, by=held.by, reason=reason)
    _give_back(held, entry, target, merge)
    _bring_back(held, entry, target, merge)


def _give_back(held: Held, entry: Open, target: Open, merge: Merge) -> None:
    """What the merge gave the target goes, but for what somebody decided since."""
    case, into, now = entry.case, target.case, held.work.now
    if into.severity == case.severity != merge.into_severity_before:
        before, into.severity = into.severity, merge.into_severity_before
        words = f"The merge of {case.ref} was undone."
        note(held.work, held.conversation, target, "severity", before, into.severity, at=now, by=held.by, reason=words)
    into.p0_at = merge.into_p0_before
    into.answered_at = merge.into_answered_before or into.answered_at
    held.work.update(into, "severity", "p0_at", "answered_at")
    target.changed()


def _bring_back(held: Held, entry: Open, target: Open, merge: Merge) -> None:
    """Messages that came to the target only because they were written in the thread of, or as a reply to, the merged case."""
    case = entry.case
    own = Message.objects.filter(case=case, workspace_id=case.workspace_id).exclude(external_id="")
    events = set(own.values_list("external_id", flat=True))
    since = Message.objects.filter(
        case=target.case, workspace_id=case.workspace_id, recorded_at__gte=merge.at, kind__in=SPEECH
    )
    for message in since.order_by("id"):
        if message.thread_root in events or (not message.thread_root and message.reply_to in events):
            message.case, message.why = case, f"{message.why} The merge was undone."
            held.work.update(message, "case", "why")
            events.add(message.external_id)
