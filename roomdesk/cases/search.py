"""Search of the record (R08): what a viewer may find, page by page, with what was found marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from roomdesk.bootstrap import settings
from roomdesk.cases.queries import access_case, shown_message
from roomdesk.directory.models import Person, StaffRole
from roomdesk.directory.queries import Viewer, access_workspace, readable_rooms
from roomdesk.directory.services.intervals import valid_at
from roomdesk.record import searching
from roomdesk.record.models import Message
from roomdesk.record.searching import Hit, Wanted
from roomdesk.refusals import Invalid
from roomdesk.rooms import naming
from roomdesk.rules import search_index
from roomdesk.rules.search_marks import Part, excerpt
from roomdesk.rules.search_query import Query, QueryError, parse

PAGE, MOST = 25, 100
NEWEST, BEST = "newest", "best"
ORDERS = (NEWEST, BEST)


@dataclass(frozen=True, slots=True)
class Found:
    """One hit: the message with its workspace and case, and the piece of it to show."""

    message: Message
    excerpt: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Results:
    """A page of hits; `next` is where the following one begins (empty at the end).

    `total` ends at 2,000, then `is_more`; on later pages of the newest hits nobody counts again, and it is None.
    """

    items: Sequence[Found]
    next: str
    total: int | None
    is_more: bool


_NOTHING = Results((), "", 0, False)


def search(
    viewer: Viewer,
    text: str,
    now: datetime,
    *,
    workspace: str = "",
    order: str = NEWEST,
    after: str = "",
    limit: int = PAGE,
) -> Results:
    """Hits for the query that the viewer may see. `workspace` narrows as the filter does; `after` is the `next` of a page.

    Invalid for a query, an order or a key that cannot be understood; NotFound for a workspace or case that is not the viewer's.
    """
    query = _understood(text)
    if order not in ORDERS:
        raise Invalid(f'There is no order "{order[:60]}"; give newest or best.', field="order")
    wanted = _wanted(query, viewer, now, workspace)
    if wanted is None:
        return _NOTHING
    size = max(1, min(limit, MOST))
    return _best(wanted, query, after, size) if order == BEST else _newest(wanted, query, after, size)


def _understood(text: str) -> Query:
    try:
        return parse(text)
    except QueryError as error:
        raise Invalid(str(error), field="q") from error


def _wanted(query: Query, viewer: Viewer, now: datetime, workspace: str) -> Wanted | None:
    """The query in the terms of the index, held to what the viewer may see; None where that cannot be anything."""
    parts = search_index.wanted(query)
    places = frozenset(access_workspace(slug, viewer).pk for slug in filter(None, (query.workspace, workspace)))
    parts += [search_index.quoted(f"w:{pk}") for pk in sorted(places)]
    case_id = access_case(query.case, viewer).pk if query.case else None
    if query.author:
        parts.append(search_index.any_of(_authors(query.author)))
    if not viewer.sees_all:
        readable = readable_rooms(viewer, now)
        mine = [f"w:{pk}" for pk in sorted(readable)] + [f"p:{slug}" for slug in viewer.products]
        if not mine:
            return None
        parts.append(search_index.any_of(mine))
        places = places or (readable if len(mine) == 1 else frozenset())
    only = next(iter(places)) if len(places) == 1 else None
    return Wanted(parts, query.after, query.before, only, case_id, _security(viewer, now))


def _authors(value: str) -> list[str]:
    """Marks of whom from: names: customers, staff or the desk, or somebody by their id or their address in Matrix."""
    if value.lower() in Message.Author.values:
        return [f"k:{value.lower()}"]
    localpart = naming.localpart_of(value, settings.matrix_server_name) if value.startswith("@") else ""
    people = Person.objects.filter(localpart=localpart) if localpart else Person.objects.filter(slug=value)
    return [f"a:{value}", *(f"a:{pk}" for pk in people.values_list("pk", flat=True))]


def _security(viewer: Viewer, now: datetime) -> frozenset[str]:
    """Products whose restricted cases the viewer may read: only people of the security role have any (D22)."""
    if viewer.person_id is None:
        return frozenset()
    roles = StaffRole.objects.filter(valid_at(now), person_id=viewer.person_id, role=StaffRole.Role.SECURITY)
    return frozenset(roles.values_list("product", flat=True))


def _newest(wanted: Wanted, query: Query, after: str, size: int) -> Results:
    if after:
        _, at, pk = _key(after)
        hits = searching.newest(wanted, size + 1, (at, pk)).items
        return _page(hits, size, query, [_word(0, hit) for hit in hits[:size]], None)
    found = searching.newest(wanted, searching.MOST_HITS + 1, shown=size + 1)
    return _page(found.items, size, query, [_word(0, hit) for hit in found.items[:size]], found.count)


def _best(wanted: Wanted, query: Query, after: str, size: int) -> Results:
    """The newest 2,000 by how well they answer, then by age."""
    hits = searching.newest(wanted, searching.MOST_HITS + 1)
    chosen = searching.best(wanted, hits.items[: searching.MOST_HITS], size + 1, _key(after) if after else None)
    words = [_word(rank, hit) for rank, hit in chosen[:size]]
    return _page([hit for _, hit in chosen], size, query, words, hits.count)


def _page(hits: Sequence[Hit], size: int, query: Query, words: Sequence[str], total: int | None) -> Results:
    most = searching.MOST_HITS
    counted = None if total is None else min(total, most)
    following = words[-1] if len(hits) > size else ""
    return Results(_shown(hits[:size], query), following, counted, total is not None and total > most)


def _shown(hits: Sequence[Hit], query: Query) -> list[Found]:
    """The messages of the hits, in their order. `recorded_at` leads to their months (D37)."""
    rows = Message.objects.filter(pk__in=[hit.id for hit in hits], recorded_at__in=[hit.recorded_at for hit in hits])
    found = {row.pk: row for row in rows.select_related("author", "workspace", "case")}
    messages = [found[hit.id] for hit in hits if hit.id in found and found[hit.id].redacted_at is None]
    return [Found(message, excerpt(message.edited_body or message.body, query)) for message in messages]


def _word(rank: float, hit: Hit) -> str:
    return f"{rank!r}~{hit.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}~{hit.id}"


def _key(after: str) -> tuple[float, datetime, int]:
    try:
        rank, at, pk = after.split("~")
        key = (float(rank), datetime.strptime(at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC), int(pk))
        if 0 <= key[2] < 1 << 63:
            return key
    except ValueError:
        pass
    raise Invalid("after must be the `next` of an earlier page.", field="after")


def shown(results: Results) -> dict[str, Any]:
    """A page as REST and `--json` give it."""
    return {
        "items": [_item(found) for found in results.items],
        "next": results.next or None,
        "total": results.total,
        "more": results.is_more,
    }


def _item(found: Found) -> dict[str, Any]:
    message = found.message
    return {
        **shown_message(message),
        "workspace": message.workspace.slug,
        "case": message.case.ref if message.case else None,
        "excerpt": [{"text": part.text, "match": part.match} for part in found.excerpt],
    }
