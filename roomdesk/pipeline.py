"""The one place where the order of steps is written down: claim → load → decide and plan, one by one → write → commit.

Everything runs under the lane locks of the workspaces concerned. A crash at any point repeats the whole of it and changes
nothing twice; a batch that fails is repeated event by event, and the event that always fails is set aside (DESIGN §2.2).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, OperationalError, transaction

from roomdesk.audit.work import DESK, Work
from roomdesk.cases import hearing, loading, notes
from roomdesk.cases.conversation import Conversation
from roomdesk.cases.hearing import Claimed
from roomdesk.consent import hearing as consents
from roomdesk.control import direct, flow
from roomdesk.control import loading as control
from roomdesk.control.loading import Desk
from roomdesk.oncall import reports
from roomdesk.oncall.paging import LANE as PAGES
from roomdesk.queues import bulk, lanes
from roomdesk.queues.models import InboxEvent, Lane
from roomdesk.queues.signals import lives
from roomdesk.runtime import clock, faults

log = logging.getLogger(__name__)

#: Events and lanes of one transaction. Large enough that facts cost little an event, small enough to commit often.
BATCH = 400
LANES = 64

#: How often an event may fail alone before it is set aside.
ATTEMPTS = 2

#: How long an event may wait for its address to become known before it is put away as nobody's.
UNROUTED_AFTER = timedelta(minutes=10)

#: Errors of the database's moment, never of the event (D24): deadlock, serialization, lost connection.
TRANSIENT = (OperationalError, InterfaceError)


def drain(batch: int = BATCH) -> int:
    """Works on one batch of pending events; returns how many were finished. 0 means there is nothing to do just now.

    Invitations of the desk come last: nobody waits for them as customers do.
    """
    lanes.assign_waiting()
    left = lanes.customers_first(lanes.waiting_lanes(LANES))
    if not left:
        return direct.take_in_invitations()
    # Together with others a P0 would be written when the last of them is decided.
    urgent = set(lanes.urgent_lanes(LANES))
    first = [lane for lane in left if lane in urgent]
    if first and (done := _work_on(first, batch)):
        return done
    left = [lane for lane in left if lane not in urgent]
    while left:
        some = lanes.enough(left, batch)
        if done := _work_on(some, batch):
            return done
        # Another worker holds them, or the first of them failed and is tried once more: the others do not wait for that.
        left = left[len(some) :]
    return 0


def drain_urgent(batch: int = BATCH) -> int:
    """Works on the lanes in which a P0 waits, and on nothing else; returns how many events were finished.

    Meant beside `drain`: whoever is to be woken does not wait until a batch is written of what all others say (D26).
    """
    found = lanes.urgent_lanes(LANES)
    if not found and lanes.assign_waiting():
        # Its room became known after it had come in.
        found = lanes.urgent_lanes(LANES)
    return _work_on(found, batch) if found else 0


def _work_on(lane_ids: Sequence[int], batch: int) -> int:
    try:
        return _apply_batch(lane_ids, batch)
    except TRANSIENT:
        raise
    except Exception:
        log.warning("A batch failed and is repeated event by event.", exc_info=True)
        return _apply_singly(lane_ids, batch)


def _apply_batch(lane_ids: Sequence[int], batch: int) -> int:
    with transaction.atomic(durable=True):
        held = lanes.lock_free(lane_ids)
        events = lanes.pending(held, batch) if held else []
        if not events:
            return 0
        _apply(held, events)
        faults.point("apply-written")
    faults.point("apply-committed")
    return len(events)


def _apply(held: dict[int, Lane], events: Sequence[InboxEvent]) -> None:
    """The steps for claimed events of held lanes, within the caller's transaction."""
    now = clock.now()
    work = Work(now, DESK, id_block=len(events))
    claimed = hearing.read(events)
    echoes = hearing.echoes_of(claimed)
    conversations = loading.load(
        held,
        localparts=claimed.localparts(),
        event_ids=claimed.event_ids(),
        case_ids=echoes.case_ids(),
        versions_of=claimed.taken_back(),
        earliest=claimed.earliest(now),
    )
    desks = control.load(held.values(), claimed, echoes)
    asked = consents.load(conversations.values(), claimed, claimed.earliest(now))
    for item in claimed.items:
        faults.fail_if_poisoned(item.event.raw)
        if held[_lane(item)].key.startswith(PAGES):
            reports.hear(work, item.data)
        else:
            _decide(work, conversations.get(_lane(item)), desks.get(_lane(item)), item, echoes, asked)
    faults.point("apply-decided")
    _finish(work, claimed, conversations)
    work.flush()


def _lane(item: Claimed) -> int:
    assert item.event.lane_id is not None
    return item.event.lane_id


def _decide(
    work: Work,
    conversation: Conversation | None,
    desk: Desk | None,
    item: Claimed,
    echoes: hearing.Echoes,
    asked: consents.Known,
) -> None:
    if desk is not None:
        flow.decide(work, desk, item, echoes)
        return
    if conversation is None:
        hearing.vendor_report(work, item)
        return
    match item.event.source:
        case "matrix":
            found = consents.look(conversation, item, echoes, asked)
            hearing.hear(work, conversation, item, echoes)
            consents.heard(work, conversation, item, echoes, asked, found)
        case notes.SOURCE:
            notes.hear(work, conversation, item)
        case "outbox":
            hearing.report(work, conversation, item)
        case "desk":
            hearing.own(work, conversation, item)
        case other:
            item.ignore(f"Nobody reads events of the source {other!r} yet.")


def _finish(work: Work, claimed: hearing.Batch, conversations: dict[int, Conversation]) -> None:
    for item in claimed.items:
        item.event.done_at = work.now
        if item.event.state == InboxEvent.State.PENDING:
            item.event.state, item.event.reason = InboxEvent.State.DONE, ""
    work.lastly(bulk.updating(InboxEvent, [item.event for item in claimed.items], ["state", "done_at", "reason"]))
    touched = [c.lane for c in conversations.values() if c.is_touched]
    if touched:
        work.lastly(bulk.updating(Lane, touched, Lane.NUMBERS))
    # Also where nothing was numbered: that a message has reached its room shows on its page.
    work.lastly(*lives(c.lane.pk for c in conversations.values()))


def _apply_singly(lane_ids: Sequence[int], batch: int) -> int:
    """Repeats a failed batch one event a transaction; what always fails is set aside, what is behind it goes on."""
    with transaction.atomic():
        ids = [event.pk for event in lanes.pending(lane_ids, batch)]
    return sum(_apply_one(pk) for pk in ids)


def _apply_one(pk: int) -> bool:
    try:
        with transaction.atomic(durable=True):
            event = InboxEvent.objects.filter(pk=pk).first()
            held = lanes.lock_free([event.lane_id]) if event and event.lane_id else {}
            # Read again under the lock: another worker may have done it, or given it another place (`holds`).
            event = InboxEvent.objects.filter(pk=pk).first()
            if (
                not held
                or event is None
                or event.state != InboxEvent.State.PENDING
                or lanes.pending(held, 1) != [event]
            ):
                return False
            _apply(held, [event])
        return True
    except TRANSIENT:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not stop what is behind it
        return _failed(pk, error)


def _failed(pk: int, error: Exception) -> bool:
    """Counts a failure; after the last attempt the event is set aside with its error, visible to `doctor`."""
    log.warning("Inbox event %s failed.", pk, exc_info=not isinstance(error, DatabaseError))
    with transaction.atomic(durable=True):
        event = InboxEvent.objects.select_for_update(no_key=True).get(pk=pk)
        event.attempts += 1
        event.reason = f"{type(error).__name__}: {error}".replace("\x00", "\ufffd")[:2000]
        if event.attempts >= ATTEMPTS:
            event.state = InboxEvent.State.SET_ASIDE
        event.save(update_fields=["attempts", "reason", "state"])
    return event.state == InboxEvent.State.SET_ASIDE


def put_away_unrouted() -> int:
    """Events from addresses that nobody claims (a stranger's room, an old one) are ignored after a while, visibly."""
    old = InboxEvent.objects.filter(
        state=InboxEvent.State.PENDING, lane=None, received_at__lt=clock.now() - UNROUTED_AFTER
    )
    return old.update(
        state=InboxEvent.State.IGNORED, reason="No workspace has a room or address of this name.", done_at=clock.now()
    )


def replay(event_id: int) -> None:
    """Puts a set-aside event back into its lane, marked as replayed: it may start clocks in the past, it never pages (D24)."""
    InboxEvent.objects.filter(pk=event_id, state=InboxEvent.State.SET_ASIDE).update(
        state=InboxEvent.State.PENDING, attempts=0, is_replayed=True
    )
