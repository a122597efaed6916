"""Made-up cases and clocks, many at once: what reports and the queue count is in rows, however they came to be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.db import connection

from roomdesk.audit.work import Actor
from roomdesk.cases.models import Case, CaseChange, CaseCycle
from roomdesk.clocks.models import Clock, Revision
from roomdesk.directory import services
from roomdesk.directory.models import Person, Workspace
from roomdesk.directory.queries import Viewer, viewer_of_person
from roomdesk.product.queries import newest

ACTOR = Actor("cli", "tests")
#: A Wednesday, 10:00 in Sofia.
NOW = datetime(2026, 3, 11, 8, 0, tzinfo=UTC)
PLACES = {
    "acme": ("plana-business-cloud", "pro"),
    "beta": ("power-omni", "enterprise"),
    "core": ("power-omni", "basic"),
}
ALL = Viewer("token", "all", sees_all=True)
_ids = count(1_000_000)


def build() -> None:
    """Workspaces of two products; lead Lea sees all, engineer Ivan the cloud's, Tiago those of the other product."""
    long_ago = NOW - timedelta(days=900)
    people = (("lea", "lead", ""), ("ivan", "engineer", "plana-business-cloud"), ("tiago", "engineer", "power-omni"))
    for who, role, product in people:
        services.do_put_staff(id=who, roles=[role], product=product, actor=ACTOR, now=long_ago)
    for slug, (product, tier) in PLACES.items():
        services.do_put_workspace(slug=slug, product=product, tier=tier, actor=ACTOR, now=long_ago)
        services.do_put_member(workspace=slug, id=f"olga-{slug}", role="owner", actor=ACTOR, now=long_ago)


def viewer(who: str) -> Viewer:
    return viewer_of_person(Person.objects.get(slug=who), NOW)


def case(slug: str = "acme", *clocks: dict[str, Any], begun: datetime = NOW, tier: str = "", **given: Any) -> Case:
    """A case of the workspace with such clocks."""
    return cases([(slug, clocks, begun, tier, given)])[0]


def cases(wanted: list[tuple[str, Any, datetime, str, dict[str, Any]]]) -> list[Case]:
    """As `case`, for many: (workspace, clocks, begin, tier, what the case is otherwise)."""
    places = {workspace.slug: workspace for workspace in Workspace.objects.all()}
    versions = {slug: version.pk for slug, version in newest([product for product, _ in PLACES.values()]).items()}
    rows: list[Any] = []
    for slug, clocks, begun, tier, given in wanted:
        place, pk = places[slug], next(_ids)
        case = Case(**{**_facts(place, pk, begun), **given})
        cycle = CaseCycle(
            id=pk,
            case=case,
            number=case.cycle,
            tier=tier or PLACES[slug][1],
            product_version_id=versions[place.product],
            started_at=begun,
        )
        rows += [case, cycle, *(row for one in clocks for row in clock(case, cycle, **one))]
    for table in (Case, CaseCycle, Clock, Revision):
        table.objects.bulk_create([row for row in rows if type(row) is table])
    return [row for row in rows if type(row) is Case]


def _facts(place: Workspace, pk: int, begun: datetime) -> dict[str, Any]:
    return {
        "id": pk,
        "ref": f"BC-{pk}",
        "workspace": place,
        "product": place.product,
        "title": f"Matter {pk}",
        "kind": "other",
        "severity": "normal",
        "channel": "form",
        "opened_at": begun,
    }


def clock(case: Case, cycle: CaseCycle, **given: Any) -> tuple[Clock, Revision]:
    """A clock with its one revision; `tier` is given where it is another than the cycle's."""
    facts = {
        "kind": "first_response",
        "severity": case.severity,
        "tier": cycle.tier,
        "target_kind": "business_hours",
        "target_amount": "4",
        "product_version_id": cycle.product_version_id,
        "started_at": cycle.started_at,
        "counted_from": cycle.started_at,
        "revised_at": cycle.started_at,
        "taken_from_id": None,
    }
    row = Clock(id=next(_ids), case=case, cycle=cycle, **{**facts, **given})
    revision = Revision(
        clock=row,
        number=row.revision,
        at=row.started_at,
        by="tests",
        cause="start",
        severity=row.severity,
        kind=case.kind,
        tier=row.tier,
        product_version_id=row.product_version_id,
        target_kind=row.target_kind,
        counted_from=row.started_at,
    )
    return row, revision


def lowered(case: Case, at: datetime, before: str, after: str) -> CaseChange:
    return CaseChange.objects.create(
        case=case,
        cycle=case.cycle,
        at=at,
        what="severity",
        before=before,
        after=after,
        by="ivan",
        reason="Only a question.",
        mark="downward",
    )


def many(case: Case, number: int) -> None:
    """So many more cases like this one, with its cycle and its clocks; made by the database, which is quicker."""
    begin, step = 10**9 * (case.pk % 1000), 10**5
    for table, one in ((Case, "id"), (CaseCycle, "case_id"), (Clock, "case_id")):
        new = {"id": f"{begin} + {step} * (id % 97) + n", "ref": f"'XX-{case.pk}-' || n"}
        if table is not Case:
            new |= {"case_id": f"{begin} + {step} * (case_id % 97) + n"}
        if table is Clock:
            new |= {"cycle_id": f"{begin} + {step} * (cycle_id % 97) + n"}
        names = [field.column for field in table._meta.concrete_fields]
        columns, values = ", ".join(names), ", ".join(new.get(name, name) for name in names)
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table._meta.db_table} ({columns}) "
                f"SELECT {values} FROM {table._meta.db_table}, generate_series(1, {number}) n WHERE {one} = {case.pk}"
            )
