"""Who is in a workspace's room now, and as what (R04): for the people of the workspace, who want to know to whom they speak."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from roomdesk.bootstrap import settings
from roomdesk.directory.models import Membership, Person, StaffRole, Workspace
from roomdesk.directory.services.intervals import valid_at
from roomdesk.product.schema import Product
from roomdesk.rooms import naming
from roomdesk.rooms.models import Room, RoomMember
from roomdesk.rules.chat_address import chat_address
from roomdesk.rules.room_plan import GOING

#: Memberships of those who read what is said.
READS = ("join", GOING)
#: Roles of staff, the one that says most to a customer first.
_SAYS_MOST = ("engineer", "specialist", "lead", "security", "auditor", "administrator", "account_manager")
ACCOUNT_MANAGER = "account_manager_here"
_ORDER = ("owner", "admin", "member")


@dataclass(frozen=True, slots=True)
class Inside:
    """Somebody in the room. `role` is the one in the workspace, or for staff what they do for the vendor; empty for neither.

    The workspace's own account manager has the role `ACCOUNT_MANAGER`.
    """

    person: Person
    role: str
    is_staff: bool


def room_of(workspace: Workspace) -> Room | None:
    """The workspace's room, to which the caller has access; None where there is none (yet). One query."""
    return Room.objects.filter(workspace=workspace).first()


def people_inside(workspace: Workspace, room: Room, at: datetime) -> list[Inside]:
    """Staff first, then the workspace's own people by role and name; the desk's own users are left out. Four queries."""
    rows = RoomMember.objects.filter(room=room, membership__in=READS).values_list("user_id", flat=True)
    names = filter(None, (naming.localpart_of(user, settings.matrix_server_name) for user in rows))
    people = {person.pk: person for person in Person.objects.filter(localpart__in=list(names))}
    staff = _staff(workspace, people, at)
    members = Membership.objects.filter(valid_at(at), workspace=workspace, person_id__in=people)
    roles = dict(members.values_list("person_id", "role"))
    found = [Inside(one, staff.get(pk) or roles.get(pk, ""), pk in staff) for pk, one in people.items()]
    return sorted(found, key=_place)


def _staff(workspace: Workspace, people: dict[int, Person], at: datetime) -> dict[int, str]:
    """What staff do here, by person. Others than the workspace's own may be account managers too: not here."""
    rows = StaffRole.objects.filter(valid_at(at), person_id__in=people, product__in=["", workspace.product])
    found: dict[int, str] = {}
    for person, role in rows.values_list("person_id", "role"):
        found[person] = min(found.get(person, role), role, key=_SAYS_MOST.index)
    if workspace.account_manager_id in found:
        found[workspace.account_manager_id] = ACCOUNT_MANAGER
    return found


def _place(one: Inside) -> tuple[bool, int, str]:
    order = (ACCOUNT_MANAGER, *_SAYS_MOST) if one.is_staff else _ORDER
    return not one.is_staff, order.index(one.role) if one.role in order else len(order), one.person.name


def is_here(room: Room, person: Person) -> bool:
    """Whether the homeserver told us last that the person is in the room. One query."""
    user = naming.person_id(person, settings.matrix_server_name)
    return RoomMember.objects.filter(room=room, user_id=user, membership="join").exists()


def address_of(workspace: Workspace, product: Product, room: Room | None) -> str:
    """Where the workspace's people chat (R07): ROOMDESK_CHAT_URL, else in production the product's own chat, else our page.

    Outside production the product's address belongs to somebody else's installation: its rooms are not these.
    """
    base = settings.chat_url or (product.chat_url if settings.mode == "production" else None)
    own = f"{(settings.public_url or '').rstrip('/')}/chat"
    room_id = room.room_id if room else ""
    return chat_address(base, own, workspace.slug, room_id, settings.matrix_server_name)
