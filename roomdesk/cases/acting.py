"""Staff act on cases: who they are, and the workspace's conversation held under its lane's lock while they do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from roomdesk.audit.work import Actor, Work
from roomdesk.cases import loading
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_place
from roomdesk.directory.errors import Conflict, Forbidden, Invalid
from roomdesk.directory.models import Person, Workspace
from roomdesk.directory.queries import Viewer, active_person, authority
from roomdesk.queues import bulk, lanes
from roomdesk.queues.models import Lane
from roomdesk.queues.signals import lives

#: Of a case whose rows were copied into the record without a cycle of the desk.
NO_CYCLE = "{ref} has no cycle on record, so it can only be read; open a new case for what is to be done."


@dataclass(slots=True)
class Held:
    """A conversation while its lane is held. `by` is who acts, as the history of cases names them."""

    conversation: Conversation
    work: Work
    by: str
    author: Person | None

    def exactly(self, ref: str) -> Open:
        """The case of this reference itself, also where it was merged. It must have been held. Conflict for one without a cycle."""
        found = next((entry for entry in self.conversation.cases.values() if entry.case.ref == ref), None)
        if found is None:
            raise Conflict(NO_CYCLE.format(ref=ref), field="ref")
        return found

    def case(self, ref: str) -> Case:
        return self.exactly(ref).case

    def entry(self, ref: str) -> Open:
        """The case, or what it was merged into."""
        found = self.conversation.current(self.exactly(ref).case.pk)
        assert found is not None
        return found

    def flush(self) -> None:
        """Writes everything, as the last thing in the transaction."""
        if self.conversation.is_touched:
            self.work.lastly(bulk.updating(Lane, [self.conversation.lane], Lane.NUMBERS))
        self.work.lastly(*lives([self.conversation.lane.pk]))
        self.work.flush()


def hold(viewer: Viewer, *refs: str, author: str | None, actor: Actor, now: datetime) -> Held:
    """Takes the lane of the workspace of these cases. Must be called inside a transaction.

    NotFound for a case that is not the viewer's to see, Invalid for cases of different workspaces or an author who is no
    staff, Forbidden for a viewer who is none.
    """
    places = [access_place(ref, viewer) for ref in refs]
    for ref, place in zip(refs, places, strict=True):
        if place != places[0]:
            raise Invalid(f"{ref} and {refs[0]} belong to different workspaces; they stay apart.", field="ref")
    return hold_workspace(viewer, places[0], refs=refs, author=author, actor=actor, now=now)


def hold_workspace(
    viewer: Viewer, workspace: Workspace, *, refs: Iterable[str], author: str | None, actor: Actor, now: datetime
) -> Held:
    """As `hold`, where the workspace is known."""
    check_staff(viewer, workspace)
    person = staff_named(author, workspace, now, "author") if author is not None else None
    lane = lanes.lock(workspace.lane_id)
    # Read after the lock: whoever held the lane before may have changed every one of them.
    ids = list(Case.objects.filter(ref__in=list(refs), workspace=workspace).values_list("pk", flat=True))
    loaded = loading.load({lane.pk: lane}, case_ids=ids, earliest=now)
    return Held(loaded[lane.pk], Work(now, actor), person.slug if person else name_of(actor), person)


def name_of(actor: Actor) -> str:
    """Who acts, as the history of cases names them where no member of the staff is named."""
    return actor.name if actor.kind in ("staff", "person") else f"{actor.kind}:{actor.name}"


def check_staff(viewer: Viewer, workspace: Workspace) -> None:
    """What is decided about cases is decided by staff: a customer, or a token of one workspace, could stop clocks by it."""
    if not viewer.sees_all and workspace.product not in viewer.products:
        raise Forbidden("Only staff decide about cases; write in the case what you need.")


def staff_named(slug: str, workspace: Workspace, now: datetime, field: str) -> Person:
    """The active member of the staff of the workspace's product with this id. Invalid, with the field, for anybody else."""
    person = active_person(slug)
    if person is None or not authority(person, workspace, now).is_staff:
        raise Invalid(f'"{slug}" is not a member of the staff for this product.', field=field)
    return person
