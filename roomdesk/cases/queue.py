"""The queue: open cases in the order in which staff take them (R23). The order itself is `rules.queue_order`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roomdesk.cases.models import Case
from roomdesk.cases.narrowing import Narrow, narrowed
from roomdesk.cases.queries import access_cases, clocks_of, shown
from roomdesk.cases.queue_places import FRONT, place_of, places
from roomdesk.clocks.models import Clock
from roomdesk.directory.errors import Invalid, NotFound
from roomdesk.directory.queries import Viewer
from roomdesk.product.queries import newest
from roomdesk.rules.queue_order import Key, Place

__all__ = ["Queued", "place_in_queue", "place_of", "queue", "shown_queue"]

PAGE = 50
MOST = 200


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
    narrow: Narrow | None = None,
    after: str = "",
    limit: int = PAGE,
) -> Queued:
    """Open cases that the viewer may see, the next one first, in pages that meet though the queue moves between them.

    A place counts all open cases of its product, also those that are not the viewer's to see. An `after` that is no key of a
    page begins at the front; NotFound for a product that does not exist. Four queries at most, whatever the number of cases.
    """
    if product is not None:
        check_product(product)
    is_all = narrow is None and viewer.sees_all
    among = None if is_all else narrowed(viewer, narrow or Narrow(), now)
    found = places(now, product=product, among=among, after=_key(after) or FRONT, limit=limit + 1)
    page = {place.id: place for place in found.places[:limit]}
    cases = {case.pk: case for case in access_cases(viewer).filter(pk__in=page)}
    following = _text(found.places[limit - 1]) if len(found.places) > limit else ""
    return Queued([cases[pk] for pk in page if pk in cases], page, following, found.total)


def place_in_queue(case: Case, now: datetime) -> int:
    """Where an unanswered case stands that is answered in the order of the queue, without a time that is promised; 0 for every other (R23)."""
    if case.state not in Case.OPEN or case.answered_at is not None:
        return 0
    if case.clocks.filter(stopped_at=None, due_at__isnull=False, is_public=True).exists():
        return 0
    place = place_of(case, now)
    return place.position if place else 0


def check_product(slug: str) -> None:
    if "\0" in slug or slug not in newest([slug]):
        raise NotFound(f'There is no product "{slug}".', field="product")


def check_after(after: str) -> None:
    """Invalid for what is no `next` of a page; programs are told, a page that is only looked at begins at the front."""
    if after and _key(after) is None:
        raise Invalid("after must be the `next` of an earlier page.", field="after")


def _text(place: Place) -> str:
    return "~".join(map(str, place.key))


def _key(text: str) -> Key | None:
    """The key of a page; None where the text is none."""
    parts = text.split("~")
    is_key = len(parts) == 6 and all(
        part.lstrip("-").isdecimal() and part.isascii() and len(part) < 21 for part in parts
    )
    if not is_key:
        return None
    try:
        turn, rank, misuse, due, arrived, pk = map(int, parts)
    except ValueError:
        return None
    return turn, rank, misuse, due, arrived, pk


def shown_queue(found: Queued, viewer: Viewer) -> dict[str, Any]:
    """A page of the queue as REST and `--json` give it."""
    clocks = clocks_of(found.cases)
    items = [_shown(case, clocks[case.pk], found.places[case.pk], viewer) for case in found.cases]
    return {"items": items, "next": found.next or None, "total": found.total}


def _shown(case: Case, clocks: Sequence[Clock], place: Place, viewer: Viewer) -> dict[str, Any]:
    why = {"code": place.why.code, "words": place.why.words}
    return {"position": place.position, "why": why, "case": shown(case, clocks, viewer=viewer)}
