"""What a page can follow, and for whom: each kind of page looks again at who asks and gives the mark of what they may see.

A look is made by the code that guards the page itself, so that whoever may not open it cannot follow it either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote

from roomdesk.cases import for_customers, marks, queries, room_reading
from roomdesk.cases.models import Case
from roomdesk.directory.customers import access_customer
from roomdesk.directory.models import Person
from roomdesk.directory.queries import Viewer, viewer_of_person
from roomdesk.refusals import NotFound
from roomdesk.web.chat.reader import reader_of

PREFIX = "/live/"


@dataclass(frozen=True, slots=True)
class Scope:
    """A kind of page, and which: the reference of a case, the slug of a workspace, both with a slash between, or nothing."""

    kind: str
    name: str = ""

    @property
    def address(self) -> str:
        return PREFIX + quote(f"{self.kind}/{self.name}".rstrip("/"))


@dataclass(frozen=True, slots=True)
class Seen:
    """How the page stands. `lane` is the one whose events concern it; None: those of all lanes may."""

    mark: str
    lane: int | None = None


def scope_of(path: str) -> Scope | None:
    """The scope of an address under `PREFIX`; None for none."""
    kind, _, name = unquote(path.removeprefix(PREFIX)).partition("/")
    return Scope(kind, name) if kind in _KINDS and "\0" not in name and len(name) < 200 else None


class Looking:
    """One round of looks: whoever has several pages open, or several who see the same, cost no more queries than one."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._known: dict[object, Seen] = {}
        self._viewers: dict[int, Viewer] = {}

    def look(self, scope: Scope, person: Person) -> Seen:
        """NotFound where the person may not (or no more) see this."""
        return _KINDS[scope.kind](self, scope.name, person)

    def viewer(self, person: Person) -> Viewer:
        if person.pk not in self._viewers:
            self._viewers[person.pk] = viewer_of_person(person, self.now)
        return self._viewers[person.pk]

    def once(self, key: object, seen: Callable[[], Seen]) -> Seen:
        if key not in self._known:
            self._known[key] = seen()
        return self._known[key]


def _staff(looking: Looking, person: Person) -> Viewer:
    viewer = looking.viewer(person)
    if viewer.kind != "staff":
        raise NotFound("These pages are for staff.")
    return viewer


def _inbox(looking: Looking, name: str, person: Person) -> Seen:
    viewer = _staff(looking, person)
    shown = viewer.sees_all, viewer.products, viewer.workspaces, viewer.security
    return looking.once(("inbox", shown), lambda: Seen(marks.of_inbox(viewer)))


def _case(looking: Looking, ref: str, person: Person) -> Seen:
    viewer = _staff(looking, person)
    shown = viewer.sees_all, viewer.products, viewer.workspaces, viewer.security

    def seen() -> Seen:
        case = queries.access_case(ref, viewer)
        return Seen(mark_of_case(case, viewer), case.workspace.lane_id)

    return looking.once(("case", ref, viewer.person_id, shown), seen)


def mark_of_case(case: Case, viewer: Viewer) -> str:
    """For staff who may see the case, if only as a stub (D22)."""
    may_read = not case.is_restricted or bool({"", case.product} & viewer.security)
    return marks.of_case(case, viewer) if may_read else marks.of_stub(case)


def _request(looking: Looking, name: str, person: Person) -> Seen:
    slug, _, ref = name.partition("/")
    customer = access_customer(person, slug, looking.now)

    def seen() -> Seen:
        case = for_customers.access_cases_of(customer.viewer, customer.workspace).filter(ref=ref).first()
        if case is None:
            raise NotFound("There is no such request, or it is not yours to see.")
        return Seen(marks.of_request(case), customer.workspace.lane_id)

    return looking.once(("request", name, customer.may_read), seen)


def _workspace(looking: Looking, slug: str, person: Person) -> Seen:
    customer = access_customer(person, slug, looking.now)
    return Seen(marks.of_workspace(customer), customer.workspace.lane_id)


def _room(looking: Looking, slug: str, person: Person) -> Seen:
    workspace = reader_of(person, slug, looking.now).workspace
    return Seen(marks.of_room(workspace, person, room_reading.readings_of(workspace)), workspace.lane_id)


_KINDS: Mapping[str, Callable[[Looking, str, Person], Seen]] = {
    "inbox": _inbox,
    "case": _case,
    "request": _request,
    "workspace": _workspace,
    "room": _room,
}


def followed(scope: Scope, mark: str) -> dict[str, str]:
    """What a page's frame needs to be followed. The mark is made before the page reads anything else: what comes in between is told."""
    return {"stream": scope.address, "number": mark}


def follow_case(case: Case, viewer: Viewer) -> dict[str, str]:
    return followed(Scope("case", case.ref), mark_of_case(case, viewer))


#: For what nobody tells of, such as the state of rooms: such a page looks every few seconds.
UNTOLD: Mapping[str, str] = {}
