"""Acts on cases of several workspaces at once: all their lanes are held, in one order, and all is written or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from roomdesk.audit.work import Actor, Work
from roomdesk.cases import acting, loading
from roomdesk.cases.acting import Held
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_places
from roomdesk.directory.models import Person, Workspace
from roomdesk.directory.queries import Viewer
from roomdesk.queues import bulk, lanes
from roomdesk.queues.models import Lane
from roomdesk.queues.signals import lives
from roomdesk.refusals import Conflict


@dataclass(frozen=True, slots=True)
class Hands:
    """Who acts. `author` is the member of the staff (None: the actor itself).

    `patient`: waits for lanes that somebody else holds. Who holds a lane already must not (`lanes.lock_all`).
    """

    viewer: Viewer
    author: str | None
    actor: Actor
    now: datetime
    patient: bool = True


@dataclass(slots=True)
class Together:
    """The conversations of these cases, by lane. One `Work` for all of them."""

    work: Work
    by: str
    author: Person | None
    conversations: dict[int, Conversation]

    def held(self, ref: str) -> Held:
        """The conversation of the case. KeyError where its lane is not held."""
        for conversation in self.conversations.values():
            if any(entry.case.ref == ref for entry in conversation.cases.values()):
                return Held(conversation, self.work, self.by, self.author)
        raise KeyError(ref)

    def exactly(self, ref: str) -> Open:
        return self.held(ref).exactly(ref)

    def flush(self) -> None:
        """Writes everything, as the last thing in the transaction."""
        touched = [one.lane for one in self.conversations.values() if one.is_touched]
        if touched:
            self.work.lastly(bulk.updating(Lane, touched, Lane.NUMBERS))
        self.work.lastly(*lives(self.conversations))
        self.work.flush()


def hold(hands: Hands, refs: Iterable[str]) -> Together:
    """Takes the lanes of all these cases. Must be called inside a transaction; raises as `acting.hold` does, and `LanesBusy`."""
    wanted = sorted(set(refs))
    places = access_places(wanted, hands.viewer)
    workspaces = {workspace.lane_id: workspace for workspace in places.values()}
    person = _author(hands, workspaces.values())
    held = lanes.lock_all(workspaces, patient=hands.patient)
    # Read after the lock: whoever held a lane before may have changed every one of them.
    ids = list(Case.objects.filter(ref__in=wanted).values_list("pk", flat=True))
    localparts = [person.localpart] if person else []
    loaded = loading.load(held, localparts=localparts, case_ids=ids, earliest=hands.now)
    known = {entry.case.ref for one in loaded.values() for entry in one.cases.values()}
    for ref in wanted:
        if ref not in known:
            raise Conflict(acting.NO_CYCLE.format(ref=ref), field="ref")
    by = person.slug if person else acting.name_of(hands.actor)
    return Together(Work(hands.now, hands.actor), by, person, loaded)


def _author(hands: Hands, workspaces: Iterable[Workspace]) -> Person | None:
    person = None
    for workspace in {one.product: one for one in workspaces}.values():
        acting.check_staff(hands.viewer, workspace)
        if hands.author is not None:
            person = acting.staff_named(hands.author, workspace, hands.now, "author")
    return person


def check_all_held(together: Together, refs: Iterable[str]) -> None:
    """Conflict where a case was added after the lanes were chosen: they cannot be taken one by one any more."""
    known = {entry.case.ref for one in together.conversations.values() for entry in one.cases.values()}
    if set(refs) - known:
        raise Conflict("Another case was attached just now; nothing was done. Do it again.")
