"""An operator's word about a whole room: another one is to be made, or a certain one is to be the workspace's.

Refused at once with a sentence where it cannot be; the flow looks again in the room's own order before anything is done.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.bootstrap import settings
from roomdesk.channels.matrix.client import Matrix, current
from roomdesk.channels.matrix.errors import MatrixError
from roomdesk.channels.matrix.looking import examine
from roomdesk.directory.errors import Conflict, NotFound
from roomdesk.directory.models import Workspace
from roomdesk.product.schema import Product
from roomdesk.queues import inbox
from roomdesk.rooms import succession
from roomdesk.rooms.desired import candidate
from roomdesk.rooms.homes import Home, House, scope_of, subject_of
from roomdesk.rooms.models import Room
from roomdesk.rooms.planning import ADOPT, LOOK, differences, product_for
from roomdesk.rules.room_plan import Adopt, Remake


def do_remake(home: Home, actor: Actor, now: datetime, *, dry_run: bool = False, matrix: Matrix | None = None) -> str:
    """Has another room made in the place of one that nothing mends; returns what is wrong with it, as a sentence.

    Conflict where the room is in order, can be repaired, or is being made; NotFound where the product has no rooms.
    """
    room, product = _access(home)
    if not room.room_id:
        raise Conflict(
            f'The room of "{home.slug}" is not there yet ({room.state}). `roomdesk rooms reconcile` asks again for one '
            "that could not be made."
        )
    try:
        found = differences(room, home, product, now, matrix or current())
    except MatrixError as error:
        raise _unanswered(error) from error
    what = "The room was deleted in the homeserver." if found.actions == (Remake(),) else found.problem
    if any(isinstance(action, Adopt) for action in found.actions):
        raise Conflict("The room was upgraded, and `roomdesk rooms reconcile` follows it to the new one.")
    if not what:
        raise Conflict(
            f'The room of "{home.slug}" works, or can be repaired: `roomdesk rooms reconcile` does that. Another one is made '
            "only in the place of a room that nothing mends."
        )
    if not dry_run:
        words = {"remake": True, "because": "operator"}
        _tell(home, LOOK, words, actor, now, "room.remake", {"room": room.pk})
    return what


def do_adopt(
    workspace: Workspace,
    room_id: str,
    actor: Actor,
    now: datetime,
    *,
    dry_run: bool = False,
    matrix: Matrix | None = None,
) -> list[str]:
    """Has this room become the workspace's; returns who is in it, by user id.

    Conflict says why it must not be (`rules.room_succession`). NotFound where the product has no rooms.
    """
    room, _ = _access(workspace)
    try:
        examined = examine(matrix or current(), room_id)
    except MatrixError as error:
        raise _unanswered(error) from error
    found = candidate(examined) if examined else None
    why = succession.refused(room, workspace, found, settings.matrix_server_name)
    if why or found is None:
        raise Conflict(
            f'{room_id} is not taken over for "{workspace.slug}": {why} Nothing was changed.', field="room_id"
        )
    if not dry_run:
        _tell(workspace, ADOPT, {"room_id": room_id}, actor, now, "room.adopt")
    return sorted(user for user, membership in found.members.items() if membership == "join")


def _access(home: Home) -> tuple[Room, Product | None]:
    product = product_for(home)
    if isinstance(home, House):
        return Room.objects.get(workspace=None, kind=home.kind, product=home.product, person=home.person), product
    room = Room.objects.filter(workspace=home).first()
    if product is None or not product.room or room is None:
        raise NotFound(f'The workspace "{home.slug}" has no room.')
    return room, product


def _unanswered(error: MatrixError) -> Conflict:
    return Conflict(f"{error} Nothing was changed; try again.")


def _tell(
    home: Home,
    kind: str,
    words: dict[str, object],
    actor: Actor,
    now: datetime,
    action: str,
    which: dict[str, object] | None = None,
) -> None:
    """`which`: of several rooms of one lane, the one that is meant."""
    with transaction.atomic(durable=True):
        inbox.tell(home.lane_id, kind, {"by": actor.name, **words, **(which or {})}, now)
        work = Work(now, actor)
        work.audit(action, subject_of(home), words, scope=scope_of(home))
        work.flush()
