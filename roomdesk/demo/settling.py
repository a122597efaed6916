"""Bringing the example people and workspaces in, and waiting until their rooms are ready. What exists is left as it is."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Iterator, Sequence

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX

from roomdesk.audit.work import Actor
from roomdesk.demo.world import Customer, Place, Staff, World
from roomdesk.directory import services
from roomdesk.directory.models import Person, StaffRole, Workspace
from roomdesk.directory.services import MemberWish, PersonWish, StaffWish, WorkspaceWish, access
from roomdesk.product.queries import newest, product_of
from roomdesk.refusals import Conflict
from roomdesk.rooms.models import Room, RoomMember
from roomdesk.runtime import clock
from roomdesk.runtime.settings import Settings

ACTOR = Actor("system", "demo")
Progress = Callable[[str], None]

#: A cold machine makes 3 rooms and lets 18 people in each second.
_ROOMS_WITHIN = 120.0


def password(settings: Settings) -> str:
    """The password of all people of the demo: the same at every start, another in every installation."""
    digest = hmac.new((settings.secret_key or "").encode(), b"demo password", hashlib.sha256).hexdigest()
    return f"demo-{digest[:4]}-{digest[4:8]}"


def settle(world: World) -> list[Place]:
    """Puts the workspaces that are missing, with their people, and the staff that is missing; returns those workspaces."""
    known = set(Workspace.objects.values_list("slug", flat=True))
    hired = set(StaffRole.objects.values_list("person__slug", flat=True))
    sold = newest({place.product for place in world.places})
    missing = [place for place in world.places if place.slug not in known and place.product in sold]
    wishes = [wish for one in world.staff if one.id not in hired for wish in _staff(one, set(sold))]
    if wishes:
        services.grant(wishes, ACTOR, clock.now())
    for place in missing:
        services.grant(list(_place(place)), ACTOR, clock.now())
    return missing


def _staff(one: Staff, sold: set[str]) -> Iterator[StaffWish]:
    person = PersonWish(id=one.id, name=one.name, email=one.email)
    return (
        StaffWish(person=person, roles=one.roles, product=name) for name in one.products if not name or name in sold
    )


def _place(place: Place) -> Iterator[WorkspaceWish | MemberWish]:
    yield WorkspaceWish(
        slug=place.slug,
        product=place.product,
        display_name=place.name,
        tier=place.tier,
        addons=place.addons,
        locale=place.locale,
        account_manager=place.account_manager,
        state=place.state,
        time_zone=place.time_zone or None,
    )
    for person in place.people:
        yield _member(place, person)


def _member(place: Place, person: Customer) -> MemberWish:
    wish = PersonWish(id=person.id, name=person.name, email=place.email(person), locale=place.locale)
    return MemberWish(workspace=place.slug, person=wish, role=person.role, support_room_access=person.room)


def ask_for_access(new: Sequence[Place]) -> None:
    """Members of new workspaces who were not let into the room ask for it, so that there is somebody to decide about."""
    versions = newest({place.product for place in new})
    for place in new:
        for person in place.people if product_of(versions[place.product].pk).room else ():
            if person.role == "member" and not person.room:
                actor = Actor("person", person.id)
                access.do_ask(workspace=place.slug, person=person.id, actor=actor, now=clock.now())


def set_passwords(people: Sequence[str], word: str) -> None:
    """Gives the demo's password to those who have none yet."""
    for person in Person.objects.filter(slug__in=people, password__startswith=UNUSABLE_PASSWORD_PREFIX):
        services.do_set_password(id=person.slug, password=word, actor=ACTOR, now=clock.now())


def await_rooms(places: Sequence[Place], progress: Progress) -> None:
    """Waits until the rooms of these workspaces are made and everybody is in. Conflict when that takes too long or fails."""
    slugs = [place.slug for place in places if _has_room(place)]
    until, said = time.monotonic() + _ROOMS_WITHIN, ""
    while True:
        ready, inside, asked = _standing(slugs)
        words = f"{ready} of {len(slugs)} rooms are made, {inside} people are in."
        if words != said and (ready, asked) == (len(slugs), 0):
            progress(words)
            return
        if time.monotonic() > until:
            raise Conflict(f"The rooms are not ready after {_ROOMS_WITHIN:.0f} s: {words} `roomdesk doctor` says why.")
        if words != said and not said:
            progress(f"Making {len(slugs)} rooms and letting their people in.")
            said = words
        time.sleep(0.2)


def _has_room(place: Place) -> bool:
    found = newest([place.product]).get(place.product)
    return found is not None and product_of(found.pk).room


def _standing(slugs: Sequence[str]) -> tuple[int, int, int]:
    """Rooms that are ready, people in them, and people still on their way."""
    rooms = list(Room.objects.filter(workspace__slug__in=slugs).values_list("state", "problem", "workspace__slug"))
    failed = next(
        (f'The room of "{slug}" cannot be made: {why}' for state, why, slug in rooms if state == Room.State.FAILED),
        None,
    )
    if failed:
        raise Conflict(failed)
    ready = sum(state == Room.State.READY for state, _, _ in rooms)
    members = RoomMember.objects.filter(room__workspace__slug__in=slugs)
    inside = members.filter(membership="join").count()
    return ready, inside, members.filter(membership__in=["asked", "invite"]).count()
