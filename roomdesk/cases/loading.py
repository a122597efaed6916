"""Loads the conversations of the held lanes: a fixed number of queries, however many events and rooms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Max, Q, prefetch_related_objects

from roomdesk.cases.conversation import Conversation, Open, by_lane
from roomdesk.cases.models import Case, CaseCycle, Intake
from roomdesk.cases.versions import MAY_EDIT, is_edit
from roomdesk.clocks.models import Clock
from roomdesk.directory.models import Workspace, WorkspaceTerms
from roomdesk.directory.standing import standings
from roomdesk.product.models import ProductVersion
from roomdesk.product.queries import by_slug, product_of
from roomdesk.queues.models import Lane
from roomdesk.queues.reading import Rows, together
from roomdesk.record.models import Message
from roomdesk.rooms.models import Room, RoomMember

#: No product's author window is longer; authors' last messages older than this are not looked for.
LONGEST_WINDOW = timedelta(hours=24)

#: `why_code` of what was recorded beside a message of a case (edits, reactions, notices that refer to it).
BESIDE = "target"


def load(
    lanes: Mapping[int, Lane],
    *,
    localparts: Collection[str] = (),
    event_ids: Collection[str] = (),
    case_ids: Collection[int] = (),
    versions_of: Collection[str] = (),
    earliest: datetime,
) -> dict[int, Conversation]:
    """Conversations by lane. `event_ids` and `case_ids` are what the events at hand refer to, `earliest` is their earliest time.

    `versions_of` are events whose edits are wanted, too; those of what an edit among the referred ones edits are given anyway.
    """
    found = by_lane(_conversations(lanes))
    workspaces = {c.workspace.pk: c for c in found.values()}
    people = standings(localparts, workspaces) if localparts else {}
    for conversation in found.values():
        conversation.people = people
    referred = _add_referred(event_ids, workspaces) if event_ids else set()
    _add_versions(versions_of, workspaces)
    _add_cases(workspaces, referred.union(case_ids))
    _add_merged(workspaces)
    _add_authors(workspaces, earliest - LONGEST_WINDOW)
    return found


def _conversations(lanes: Mapping[int, Lane]) -> Iterable[Conversation]:
    """With their rooms; two questions."""
    workspaces = list(Rows(Workspace, "lane_id = ANY(%s::bigint[])", list(lanes)))
    if not workspaces:
        return ()
    ids, slugs = [workspace.pk for workspace in workspaces], list({workspace.product for workspace in workspaces})
    versions = Rows(ProductVersion, "slug = ANY(%s::text[]) ORDER BY slug, number", slugs, without=["content"])
    terms = Rows(WorkspaceTerms, "workspace_id = ANY(%s::bigint[]) ORDER BY valid_from, id", ids)
    rooms = Rows(Room, "workspace_id = ANY(%s::bigint[])", ids)
    together(versions, terms, rooms)
    loaded, terms_of = by_slug(versions), defaultdict(list)
    for row in terms:
        terms_of[row.workspace_id].append(row)
    found = {}
    for workspace in workspaces:
        known = loaded.get(workspace.product, [])
        version = known[-1] if known else None
        product = product_of(version.pk) if version else None
        lane = lanes[workspace.lane_id]
        found[workspace.pk] = Conversation(workspace, lane, terms_of[workspace.pk], version, product, versions=known)
    _add_rooms(found, rooms)
    return found.values()


def _add_rooms(workspaces: Mapping[int, Conversation], rooms: Iterable[Room]) -> None:
    of_room: dict[int, Conversation] = {}
    for room in rooms:
        if room.workspace_id is not None:
            of_room[room.pk] = workspaces[room.workspace_id]
            of_room[room.pk].room = room
    fetch = partial(_add_members, of_room)
    for conversation in of_room.values():
        conversation.fetch = fetch


def _add_members(of_room: Mapping[int, Conversation]) -> None:
    """Who is in these rooms, while their lanes are still held."""
    for conversation in of_room.values():
        conversation.fetch = None
    for member in Rows(RoomMember, "room_id = ANY(%s::bigint[])", list(of_room)):
        of_room[member.room_id].members[member.user_id] = member


def _add_referred(event_ids: Collection[str], workspaces: Mapping[int, Conversation]) -> set[int]:
    """Adds the messages that events at hand refer to; returns the cases these belong to, which may be closed ones."""
    for message in Rows(Message, _SAID, list(event_ids), list(workspaces)):
        conversation = workspaces[message.workspace_id]
        conversation.messages[message.external_id] = message
        if message.case_id:
            conversation.case_of_event[message.external_id] = message.case_id
    return {case_id for c in workspaces.values() for case_id in c.case_of_event.values()}


_SAID = "external_id = ANY(%s::text[]) AND workspace_id = ANY(%s::bigint[])"


def _add_versions(events: Collection[str], workspaces: Mapping[int, Conversation]) -> None:
    """Adds what was edited and every edit of it, where an edit may be removed: then the version before it counts."""
    roots = {m.target for c in workspaces.values() for m in c.messages.values() if is_edit(m)}.union(events)
    if not roots:
        return
    edits = Q(target__in=roots, kind__in=MAY_EDIT)
    for message in Message.objects.filter(edits | Q(external_id__in=roots), workspace_id__in=workspaces):
        # What is there already may be changed in memory by now, and must not be there twice.
        workspaces[message.workspace_id].messages.setdefault(message.external_id, message)


def _add_cases(workspaces: Mapping[int, Conversation], referred: set[int]) -> None:
    if not workspaces:
        return
    here = list(workspaces)
    # A word, or a sign under the desk's answer, makes a case of what was deflected (D14).
    found = Rows(Case, _CASES, here, list(Case.OPEN), here, Case.State.DEFLECTED, here, list(referred))
    _add(workspaces, found)


#: Each by an index of its own.
_CASES = """id IN (
  SELECT c.id FROM cases_case c WHERE c.workspace_id = ANY(%s::bigint[]) AND c.state = ANY(%s::text[])
  UNION ALL SELECT c.id FROM cases_case c WHERE c.workspace_id = ANY(%s::bigint[]) AND c.state = %s
  UNION ALL SELECT c.id FROM cases_case c WHERE c.workspace_id = ANY(%s::bigint[]) AND c.id = ANY(%s::bigint[]))"""


def _add(workspaces: Mapping[int, Conversation], found: Iterable[Case]) -> None:
    cases = {case.pk: case for case in found}
    if not cases:
        return
    cycles, kept = Rows(CaseCycle, _PRESENT, list(cases)), Rows(Intake, "case_id = ANY(%s::bigint[])", list(cases))
    together(cycles, kept)
    current = {cycle.case_id: cycle for cycle in cycles}
    intakes = {intake.case_id: intake for intake in kept}
    entries: dict[int, Open] = {}
    fetch = partial(_add_clocks, entries)
    # What has no cycle was never the flow's (it came by copying rows): it can be read, and nothing more happens to it.
    for case in sorted((c for c in cases.values() if c.pk in current), key=lambda c: (c.opened_at, c.pk)):
        entry = Open(case, current[case.pk], intake=intakes.get(case.pk), fetch=fetch)
        entries[case.pk] = workspaces[case.workspace_id].cases[case.pk] = entry


_PRESENT = "(case_id, number) IN (SELECT c.id, c.cycle FROM cases_case c WHERE c.id = ANY(%s::bigint[]))"


def _add_clocks(entries: Mapping[int, Open]) -> None:
    """The clocks that run, of all cases loaded together, while their lanes are still held."""
    for entry in entries.values():
        entry.fetch = None
    running = Clock.objects.filter(case_id__in=entries, stopped_at=None).exclude(state=Clock.State.CANCELLED)
    owed: list[tuple[Open, Clock]] = []
    for clock in running.order_by("pk"):
        entry = entries[clock.case_id]
        if clock.cycle_id == entry.cycle.pk:
            clock.cycle = entry.cycle
            entry.clocks.append(clock)
        else:
            owed.append((entry, clock))
    # Few cases owe anything of a former cycle; the cycle of every other clock is at hand.
    prefetch_related_objects([clock for _, clock in owed], "cycle")
    for entry, clock in owed:
        entry.owed.append((clock.cycle, clock))


def _add_merged(workspaces: Mapping[int, Conversation]) -> None:
    """Adds what merged cases were merged into, and tells these by which references they are known too (D16)."""
    tried: set[int] = set()
    while missing := _away(workspaces) - tried:
        _add(workspaces, Case.objects.filter(pk__in=missing))
        tried |= missing
    for conversation in workspaces.values():
        for case_id in conversation.merged:
            entry = conversation.current(case_id)
            if entry:
                entry.other_refs += (conversation.cases[case_id].case.ref,)


def _away(workspaces: Mapping[int, Conversation]) -> set[int]:
    """Notes where merged cases went; returns the places that are not loaded yet."""
    for conversation in workspaces.values():
        known = conversation.cases.values()
        conversation.merged = {e.case.pk: e.case.merged_into_id for e in known if e.case.merged_into_id}
    return {place for c in workspaces.values() for place in c.merged.values() if place not in c.cases}


def _add_authors(workspaces: Mapping[int, Conversation], since: datetime) -> None:
    with_cases = [pk for pk, conversation in workspaces.items() if conversation.cases]
    if not with_cases:
        return
    rows = (
        Message.objects.filter(workspace_id__in=with_cases, at__gte=since, case__isnull=False, author__isnull=False)
        .filter(author_kind=Message.Author.CUSTOMER, kind__in=[Message.Kind.MESSAGE, Message.Kind.FILE])
        # A notice that speaks of a message belongs to the case, but nobody has spoken by it.
        .exclude(why_code=BESIDE)
        .values_list("workspace_id", "case_id", "author_id")
        .annotate(last=Max("at"))
    )
    for workspace_id, case_id, author_id, last in rows:
        entry = workspaces[workspace_id].cases.get(case_id)
        if entry:
            entry.last_by[author_id] = last
