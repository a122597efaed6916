"""What the staff's own rooms should be: the Staff Space, a space for each product within it, a control room for each product (D9).

Customers' rooms say nothing of the spaces they stand in (no `m.space.parent`): it would tell every customer the id of a room of
the vendor's, and two of them that they share it, and no client of the staff needs it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q

from roomdesk.audit.work import Work
from roomdesk.channels.matrix.staff_body import power_levels, staff_body
from roomdesk.directory.models import Person
from roomdesk.directory.queries import staff_at
from roomdesk.product.schema import Product
from roomdesk.queues.lanes import staff_key
from roomdesk.rooms import naming
from roomdesk.rooms.homes import Home, House
from roomdesk.rooms.models import Room

__all__ = ["belong", "body_of", "child", "children", "houses", "power_levels", "tell_space"]

SPACE, CONTROL = Room.Kind.SPACE, Room.Kind.CONTROL
#: Tells the lane of staff rooms that a room is there which stands in one of its spaces.
SPACE_CHILD = "space_child"


def houses(product: str, lane_id: int) -> tuple[House, ...]:
    """The rooms of one staff lane: those of a product, or that of the whole staff."""
    return tuple(House(kind, product, lane_id) for kind in ((SPACE, CONTROL) if product else (SPACE,)))


def belong(house: House, server: str, now: datetime) -> dict[str, tuple[Person, int]]:
    """Everybody who works for the product, in whatever role, sees its cases in the console too; nobody has power there.

    In a room for direct messages it is that person, as long as they work for any.
    """
    rows = staff_at(now, [house.product] if house.product else None)
    people = {row.person for row in rows if row.person.is_active and house.person in (None, row.person)}
    return {naming.person_id(person, server): (person, 0) for person in sorted(people, key=lambda one: one.slug)}


def body_of(house: House, product: Product | None, server: str, mighty: Iterable[str] = ()) -> dict[str, Any]:
    name, topic = _texts(house, product)
    return staff_body(
        name=name,
        topic=topic,
        server=server,
        kind=house.kind,
        product=house.product,
        is_space=house.is_space,
        mighty=mighty,
    )


def _texts(house: House, product: Product | None) -> tuple[str, str]:
    """Name and topic. The staff's language is the console's, English."""
    if house.person is not None:
        return "Desk", "You and the desk alone: !desk commands are answered here to you only."
    if product is None:
        return "Support desk", "All rooms of the desk, by product. Staff only."
    if house.is_space:
        return product.name, f"The control room and the customers' rooms of {product.name}. Staff only."
    return (
        f"{product.name} · control room",
        "A thread for each open case: what is written in it is an internal note of the case. Staff only.",
    )


def tell_space(work: Work, room: Room, home: Home) -> None:
    """Has the space in which the room stands name it, now that it is there.

    That of all products stands in none, nor does a room for direct messages: others need not know of it.
    """
    if room.kind == Room.Kind.DIRECT:
        return
    if isinstance(home, House) and home.is_space:
        key = staff_key("") if home.product else None
    else:
        key = staff_key(home.product)
    if key is not None:
        work.tell(key, SPACE_CHILD, room=room.pk)


def child(server: str) -> dict[str, Any]:
    """The content of the link to a room that stands in a space."""
    return {"via": [server]}


def children(house: House, server: str) -> dict[str, dict[str, Any]]:
    """The rooms that stand in the space: products' spaces in that of all; control room and workspaces' rooms in a product's."""
    return {room_id: child(server) for room_id in _rooms_in(house)}


def _rooms_in(house: House) -> Iterable[str]:
    made = Room.objects.filter(state=Room.State.READY).exclude(room_id="")
    if not house.is_space:
        return ()
    of_product = Q(workspace__product=house.product) | Q(kind=CONTROL, product=house.product)
    found = made.filter(of_product) if house.product else made.filter(kind=SPACE).exclude(product="")
    return found.values_list("room_id", flat=True)
