"""The queue: open cases in the order in which staff take them (R23). The order itself is `rules.queue_order`."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case as Choice
from django.db.models import F, FilteredRelation, Min, Q, Value, When
from django.db.models.functions import Coalesce

from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_cases, clocks_of, shown
from roomdesk.clocks.models import Clock
from roomdesk.directory.errors import Invalid, NotFound
from roomdesk.directory.queries import Viewer
from roomdesk.oncall import misuse
from roomdesk.product.queries import newest
from roomdesk.rules.queue_order import Place, Waiting, order

PAGE = 50
MOST = 200
#: What still has to be done and runs: a pause keeps a promise from pressing.
_UNMET = Q(clocks__stopped_at=None, clocks__paused_at=None) & ~Q(clocks__state=Clock.State.CANCELLED)


@dataclass(frozen=True, slots=True)
class Queued:
    """Some cases in their order, the place of each, where the next page begins (empty at the end), how many there are in all."""

    cases: Sequence[Case]
    places: dict[int, Place]
    next: str
    total: int


def queue(
    viewer: Viewer,
    now: datetime,
    *,
    product: str | None = None,
    workspace: str = "",
    after: str = "",
    limit: int = PAGE,
) -> Queued:
    """Open cases that the viewer may see, the next one first, in pages that meet though the queue moves between them.

    A place counts all open cases of its product, also those that are not the viewer's to see. An `after` that is no key of a
    page begins at the front; NotFound for a product that does not exist. Three queries at most, whatever the number of
    cases; with ten thousand of them open, each page costs about a quarter of a second and as much again in the database.
    """
    if product is not None:
        check_product(product)
    places = in_order(now, product)
    if workspace or not viewer.sees_all:
        seen = _visible(viewer, workspace)
        places = [place for place in places if place.id in seen]
    found = [place for place in places if place.key > begin] if (begin := _key(after)) else places
    page = {place.id: place for place in found[:limit]}
    cases = {case.pk: case for case in access_cases(viewer).filter(pk__in=page)}
    following = _text(found[limit - 1]) if len(found) > limit else ""
    return Queued([cases[pk] for pk in page if pk in cases], page, following, len(places))


def in_order(now: datetime, product: str | None = None) -> list[Place]:
    """The places of all open cases, of one product or of all, in one query. Nothing of what they are about is read."""
    cases = Case.objects.filter(state__in=Case.OPEN)
    cases = cases if product is None else cases.filter(product=product)
    rows = cases.annotate(
        promised_at=Min("clocks__due_at", filter=_UNMET & Q(clocks__is_soft=False)),
        aimed_at=Min("clocks__due_at", filter=_UNMET & Q(clocks__is_soft=True)),
        present=FilteredRelation("cycles", condition=Q(cycles__number=F("cycle"))),
        arrived_at=Coalesce("present__started_at", "opened_at"),
        is_p0=_holds(Q(p0_at__isnull=False)),
        is_misuse=_misused(now),
        is_answered=_holds(_ANSWERED),
        waits=_holds(Q(state=Case.State.WAITING_CUSTOMER)),
    )
    return order((Waiting(*row) for row in rows.values_list(*_COLUMNS)), now)


#: In the order of the fields of `Waiting`. Whether and not when, where it will do: reading a time is the dearest of it.
_COLUMNS = (
    "pk",
    "product",
    "arrived_at",
    "is_p0",
    "promised_at",
    "aimed_at",
    "is_answered",
    "waits",
    "snoozed_until",
    "is_misuse",
)
_ANSWERED = Q(last_staff_at__isnull=False) & (Q(last_customer_at=None) | Q(last_customer_at__lte=F("last_staff_at")))


def _misused(now: datetime) -> Choice:
    """A P0 of a workspace whose earlier one was none, as long as that counts (R41)."""
    later = [Q(workspace_id=pk, p0_at__gte=since) for pk, since in misuse.lowered(now).items()]
    return _holds(functools.reduce(operator.or_, later, Q(pk__in=[])))


def _holds(condition: Q) -> Choice:
    return Choice(When(condition, then=Value(True)), default=Value(False))


def place_of(case: Case, now: datetime) -> Place | None:
    """Where an open case stands in the queue of its product; None for one that is not open."""
    return next((place for place in in_order(now, case.product) if place.id == case.pk), None)


def check_product(slug: str) -> None:
    if "\0" in slug or slug not in newest([slug]):
        raise NotFound(f'There is no product "{slug}".', field="product")


def check_after(after: str) -> None:
    """Invalid for what is no `next` of a page; programs are told, a page that is only looked at begins at the front."""
    if after and not _key(after):
        raise Invalid("after must be the `next` of an earlier page.", field="after")


def _visible(viewer: Viewer, workspace: str) -> set[int]:
    cases = access_cases(viewer).filter(state__in=Case.OPEN)
    cases = cases.filter(workspace__slug=workspace) if workspace else cases
    return set(cases.values_list("pk", flat=True))


def _text(place: Place) -> str:
    return "~".join(map(str, place.key))


def _key(text: str) -> tuple[int, ...]:
    """The key of a page; empty where the text is none."""
    parts = text.split("~")
    is_key = len(parts) == 6 and all(
        part.lstrip("-").isdecimal() and part.isascii() and len(part) < 21 for part in parts
    )
    try:
        return tuple(map(int, parts)) if is_key else ()
    except ValueError:
        return ()


def shown_queue(found: Queued, viewer: Viewer) -> dict[str, Any]:
    """A page of the queue as REST and `--json` give it."""
    clocks = clocks_of(found.cases)
    items = [_shown(case, clocks[case.pk], found.places[case.pk], viewer) for case in found.cases]
    return {"items": items, "next": found.next or None, "total": found.total}


def _shown(case: Case, clocks: Sequence[Clock], place: Place, viewer: Viewer) -> dict[str, Any]:
    why = {"code": place.why.code, "words": place.why.words}
    return {"position": place.position, "why": why, "case": shown(case, clocks, viewer=viewer)}
