"""By which ways somebody of the staff is reached at night, in their order. Addresses are secrets: they go in and do not come out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.channels.apprise.notify import NotifyError, is_address, notify
from roomdesk.channels.matrix.errors import MatrixError
from roomdesk.channels.pagerduty.routing import KEY
from roomdesk.directory.administering import administered
from roomdesk.directory.errors import Conflict, Forbidden, Invalid, NotFound
from roomdesk.directory.models import Person
from roomdesk.directory.queries import Viewer, active_person, is_staff_at
from roomdesk.oncall.calling import Direct
from roomdesk.oncall.models import Reach
from roomdesk.queues.lanes import staff_key
from roomdesk.queues.models import OutboxRow
from roomdesk.runtime.randomness import new_uuid

MOST = 10
#: Tells the lane of the whole staff's rooms that somebody wants their room with the desk.
DIRECT_WANTED = "direct_wanted"
_TEST = "This is a test of the desk: by this way you are called when a customer's production is down. Nothing is wrong."
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")


def access_person(viewer: Viewer, slug: str, at: datetime) -> Person:
    """Somebody of the staff whose ways the viewer may set: themselves, or anybody for administrators. NotFound for whoever is no staff."""
    if (viewer.kind != "staff" or slug != viewer.name) and not administered(viewer, at):
        raise Forbidden("Everybody sets their own ways; those of others administrators do.")
    person = active_person(slug)
    if person is None or not is_staff_at(person, at):
        raise NotFound(f'There is no "{slug}" on the staff.', field="person")
    return person


def do_put(viewer: Viewer, slug: str, ways: Sequence[tuple[str, str]], *, actor: Actor, now: datetime) -> list[Reach]:
    """Sets all ways of a person, each a kind and an address, in the order in which they stand. Invalid for one that is none."""
    person = access_person(viewer, slug, now)
    if len(ways) > MOST:
        raise Invalid(f"Nobody needs more than {MOST} ways.", field="ways")
    for number, (way, address) in enumerate(ways, 1):
        _check(number, way, address.strip())
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        Reach.objects.filter(person=person).delete()
        rows = [
            Reach(person=person, position=n, way=way, address=address.strip(), changed_at=now)
            for n, (way, address) in enumerate(ways, 1)
        ]
        made = Reach.objects.bulk_create(rows)
        work = Work(now, actor)
        work.audit("reach.put", f"person:{slug}", {"ways": [shown(one) for one in made]})
        if any(one.way == Reach.Way.MATRIX for one in made):
            work.tell(staff_key(""), DIRECT_WANTED, person=person.pk)
        work.flush()
    return made


def ways_of(person: Person) -> list[Reach]:
    return list(Reach.objects.filter(person=person).order_by("position"))


def do_test(viewer: Viewer, slug: str, *, direct: Direct, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """Sends a quiet test by every way of the person now; says of each whether it was taken. Conflict for somebody who has none.

    A routing key of PagerDuty is only tried by a drill: any event to it wakes its owner.
    """
    found = ways_of(access_person(viewer, slug, now))
    if not found:
        raise Conflict(f"{slug} has no way by which the desk could reach them.", field="person")
    # On record before anything leaves: what was sent cannot be taken back.
    work = Work(now, actor)
    work.audit("reach.tested", f"person:{slug}", {"ways": [shown(one) for one in found]})
    with transaction.atomic(durable=True):
        work.flush()
    return [{**shown(one), "problem": _tried(slug, one, direct)} for one in found]


def _tried(slug: str, one: Reach, direct: Direct) -> str | None:
    if one.way == Reach.Way.PAGERDUTY:
        return "Not tried: `roomdesk oncall drill` pages for real."
    try:
        if one.way == Reach.Way.MATRIX:
            direct(slug, OutboxRow(key=str(new_uuid()), attempts=1), _TEST)
        else:
            notify(one.address, "Roomdesk: test", _TEST)
    except (NotifyError, MatrixError) as error:
        return str(error)
    return None


def shown(one: Reach) -> dict[str, Any]:
    """The way without what is secret in its address."""
    if one.way == Reach.Way.MATRIX:
        return {"position": one.position, "way": one.way, "address": "the room with the desk"}
    scheme = _SCHEME.match(one.address)
    return {"position": one.position, "way": one.way, "address": f"{scheme[0] if scheme else one.address[:2]}…"}


def _check(number: int, way: str, address: str) -> None:
    if way not in Reach.Way.values:
        raise Invalid(f'The {number}. way is "{way[:40]}"; there are apprise, pagerduty and matrix.', field="ways")
    if way == Reach.Way.MATRIX and address:
        raise Invalid(f"The {number}. way, matrix, takes no address: it is the room with the desk.", field="ways")
    if way == Reach.Way.PAGERDUTY and not KEY.fullmatch(address):
        raise Invalid(f"The {number}. way needs a routing key of 32 letters and digits.", field="ways")
    if way == Reach.Way.APPRISE and not (len(address) <= 1000 and is_address(address)):
        raise Invalid(
            f"The {number}. way is no address that Apprise knows, such as mailto://user:password@host.", field="ways"
        )
