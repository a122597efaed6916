"""Who is called at each step of a page, and by which ways (R39)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from roomdesk.audit.work import Work
from roomdesk.directory.models import Person, StaffRole
from roomdesk.directory.queries import account_manager_at, staff_of
from roomdesk.oncall import paging, rotas
from roomdesk.oncall.models import Page, Reach, Rota
from roomdesk.rules import rota as rules
from roomdesk.rules.call_order import FALLBACK, MANAGER, NEXT, SECOND

Role = StaffRole.Role


def people_for(page: Page, step: int, now: datetime) -> list[Person]:
    """The people of a step, each once, those who may still sign in. Without a rota all engineers are on call, and leads the second line."""
    if step == MANAGER:
        manager = account_manager_at(page.workspace, now) if page.workspace else None
        return [manager] if manager and manager.is_active else []
    rota = Rota.objects.filter(product=page.product).first()
    if step > MANAGER:
        return _everybody(page.product, now)
    if rota is None:
        roles = {FALLBACK: Role.ENGINEER, NEXT: Role.LEAD, SECOND: Role.LEAD}
        return _of(staff_of(page.product, now).get(roles.get(step, Role.ENGINEER), []))
    return _by_rota(rotas.rota_of(rota), step, now)


def _by_rota(rota: rules.Rota, step: int, now: datetime) -> list[Person]:
    shifts = rules.on_call(rota, now)
    first = [shift for shift in shifts if shift.level == 1]
    if step == SECOND:
        return rotas.people(tuple(shift for shift in shifts if shift.level > 1))
    if step == NEXT:
        return _named(_next(layer, first) for layer in rota.layers if layer.level == 1)
    return rotas.people(tuple(first))


def _next(layer: rules.Layer, there: list[rules.Shift]) -> str:
    """Whose turn in the layer comes after that of who is on call there; of who is not among its people, the first one's."""
    now = {shift.person for shift in there}
    place = next((n for n, person in enumerate(layer.people) if person in now), -1)
    order = (*layer.people[place + 1 :], *layer.people[: place + 1])
    return next((person for person in order if person not in now), "")


def _named(slugs: Iterable[str]) -> list[Person]:
    wanted = list(dict.fromkeys(filter(None, slugs)))
    found = {person.slug: person for person in Person.objects.filter(slug__in=wanted, is_active=True)}
    return [found[slug] for slug in wanted if slug in found]


def _everybody(product: str, now: datetime) -> list[Person]:
    staff = staff_of(product, now)
    return _of([*staff.get(Role.ENGINEER, []), *staff.get(Role.LEAD, [])])


def _of(people: Iterable[Person]) -> list[Person]:
    return list({person.pk: person for person in people if person.is_active}.values())


def call(work: Work, page: Page, people: Iterable[Person], step: int) -> list[str]:
    """Plans calls by every way of these people; gives those of them who have one."""
    wanted = {person.pk: person for person in people}
    reached: dict[str, None] = {}
    for reach in Reach.objects.filter(person_id__in=wanted).order_by("person_id", "position"):
        slug = wanted[reach.person_id].slug
        paging.call(work, page, reach.way, route=f"reach:{reach.pk}", to=slug, step=step)
        reached[slug] = None
    return list(reached)
