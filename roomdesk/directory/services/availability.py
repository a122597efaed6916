"""Whether a member of the staff is there for new cases, and for how many at once. Said by themselves, or for them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.directory.errors import Invalid, NotFound
from roomdesk.directory.models import Availability, Person, StaffRole
from roomdesk.directory.services.intervals import valid_at

MOST = 1000


def do_set_availability(
    id: str,
    *,
    is_present: bool | None = None,
    capacity: int | None = None,
    actor: Actor,
    now: datetime,
) -> Availability:
    """Says whether the person is present, and the most open cases that they are given by turn (0: the product's own number).

    What is None stays. The same again writes nothing. NotFound for somebody who is no staff, Invalid (`capacity`) for a
    number that cannot be.
    """
    if capacity is not None and not 0 <= capacity <= MOST:
        raise Invalid(f"A capacity is a number from 0 (the product's own) to {MOST}.", field="capacity")
    with transaction.atomic():
        person = Person.objects.select_for_update(no_key=True).filter(slug=id).first() if "\0" not in id else None
        if person is None or not StaffRole.objects.filter(valid_at(now), person=person).exists():
            raise NotFound(f'"{id}" is not on the staff.', field="id")
        row = Availability.objects.filter(person=person).first() or Availability(person=person, since=now)
        before = (row.is_present, row.capacity)
        row.is_present = row.is_present if is_present is None else is_present
        row.capacity = row.capacity if capacity is None else capacity
        if (row.is_present, row.capacity) != before:
            row.since = now
            row.save()
            work = Work(now, actor)
            data = {"present": row.is_present, "capacity": row.capacity}
            work.audit("staff.availability", f"person:{person.slug}", data)
            work.flush()
    return row
