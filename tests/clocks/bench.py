"""A desk where time stands still: cases of any tier and severity, acts on their clocks, timers, and what was told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from roomdesk import timers
from roomdesk.audit.exporting import exported
from roomdesk.audit.work import Actor, Work
from roomdesk.cases.models import Case, CaseCycle
from roomdesk.clocks import services as clocks
from roomdesk.clocks.models import Clock, Notice
from roomdesk.clocks.subject import Subject
from roomdesk.directory import services
from roomdesk.directory.models import Person, Workspace
from roomdesk.product.queries import newest
from roomdesk.queues import lanes
from roomdesk.queues.models import Timer
from roomdesk.runtime import clock

ACTOR = Actor("staff", "ivan")
#: A Monday, 10:00 in Sofia; the office is open from 09:00 to 18:00, Tuesday is 3 March, a holiday.
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
#: A Wednesday, 10:00 in Sofia, in a week without holidays.
WEDNESDAY = datetime(2026, 3, 11, 8, 0, tzinfo=UTC)
TIERS = {"acme": "starter", "birch": "pro", "cedar": "enterprise"}


def build() -> None:
    """Engineer Ivan, lead Lena, and a customer of each tier."""
    with clock.frozen(START - timedelta(days=30)):
        now = clock.now()
        services.do_put_staff(id="ivan", roles=["engineer"], actor=ACTOR, now=now)
        services.do_put_staff(id="lena", roles=["lead"], actor=ACTOR, now=now)
        for slug, tier in TIERS.items():
            services.do_put_workspace(slug=slug, product="plana-business-cloud", tier=tier, actor=ACTOR, now=now)
            services.do_put_member(workspace=slug, id=f"olga-{slug}", role="owner", actor=ACTOR, now=now)
        from roomdesk.queues.models import InboxEvent

        # What the desk told itself about its rooms is no matter of clocks.
        InboxEvent.objects.all().delete()


@dataclass
class Matter:
    """A case with its clocks as the services know it."""

    case: Case
    cycle: CaseCycle
    subject: Subject

    @property
    def running(self) -> list[Clock]:
        """The clocks that are neither stopped nor cancelled, as whoever acts on the case loads them."""
        found = Clock.objects.filter(case=self.case, stopped_at=None).exclude(state="cancelled")
        return list(found.order_by("id"))

    def clock(self, kind: str = "first_response") -> Clock:
        """The newest clock of the kind, as it is in the database."""
        return Clock.objects.filter(case=self.case, kind=kind).latest("id")


@dataclass
class Bench:
    time: clock.Frozen
    address: str

    @classmethod
    @contextmanager
    def standing_still(cls, address: str, at: datetime = WEDNESDAY) -> Iterator[Bench]:
        with clock.frozen(at) as time:
            yield cls(time, address)

    @property
    def now(self) -> datetime:
        return self.time.at

    def at(self, text: str) -> datetime:
        """`Wed 14:30` of the week of WEDNESDAY, in Sofia (UTC+2 in that week); `+1 Mon 09:00` of the week after."""
        weeks, _, rest = text.rpartition(" ")[0].rpartition(" ")
        day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun").index(rest)
        hours, minutes = text.rpartition(" ")[2].split(":", 1)
        parts = [*minutes.split(":"), "0"]
        midnight = datetime(2026, 3, 8, 22, 0, tzinfo=UTC)
        days = timedelta(days=day + 7 * int(weeks or 0))
        return midnight + days + timedelta(hours=int(hours), minutes=int(parts[0]), seconds=int(parts[1]))

    def until(self, text: str) -> None:
        """Moves time there, without a step."""
        self.time.at = self.at(text)

    @contextmanager
    def acting(self) -> Iterator[Work]:
        """A transaction in which one may act on clocks, as the services of cases do."""
        with transaction.atomic():
            for lane in Workspace.objects.order_by("lane_id").values_list("lane_id", flat=True):
                lanes.lock(lane)
            work = Work(self.now, ACTOR)
            yield work
            work.flush()

    def matter(
        self,
        slug: str = "birch",
        severity: str = "critical",
        *,
        assignee: str | None = None,
        at: datetime | None = None,
        has_clocks: bool = True,
        kinds: tuple[str, ...] = ("first_response",),
        caused_by: str = "",
    ) -> Matter:
        """A new case of the customer `slug`, with running clocks of these kinds, said at `at` (now)."""
        at = at or self.now
        workspace = Workspace.objects.get(slug=slug)
        version = newest([workspace.product])[workspace.product]
        with self.acting() as work:
            made = _rows(work, workspace, version.pk, severity, assignee, at)
            made.subject = replace(made.subject, has_clocks=has_clocks)
            for kind in kinds:
                clocks.start(work, made.subject, Clock.Kind(kind), at, caused_by=caused_by)
        return made

    def change(self, matter: Matter, severity: str, **more: Any) -> None:
        """Another severity for all running clocks."""
        matter.subject = replace(matter.subject, severity=severity)
        given = {"at": self.now, "by": "ivan", "cause": f"severity:{severity}", **more}
        with self.acting() as work:
            for one in matter.running:
                clocks.retarget(work, matter.subject, one, **given)

    def answer(self, matter: Matter, at: datetime | None = None) -> None:
        with self.acting() as work:
            clocks.answered(work, matter.subject, matter.running, at=at or self.now, by="$answer")

    def fire(self) -> int:
        """Lets a worker fire all that is due."""
        done = 0
        while fired := timers.fire():
            done += fired
        return done

    def run_until(self, text: str) -> None:
        """Moves time there through each due instant, as a desk that is never switched off sees it."""
        until = self.at(text)
        while (
            at := Timer.objects.filter(state="pending", next_at__lt=until)
            .order_by("next_at")
            .values_list("next_at")
            .first()
        ):
            self.time.at = max(self.now, at[0] + timedelta(seconds=1))
            assert self.fire(), "what is due is fired"
        self.time.at = until

    def told(self, matter: Matter | None = None) -> list[tuple[int, str, bool]]:
        """Steps that were told, to whom, and whether late, in their order."""
        notices = Notice.objects.order_by("id")
        if matter:
            notices = notices.filter(clock__case=matter.case)
        return [(n.step, str(n.audience), n.is_late) for n in notices]

    def audit(self, slug: str, action: str = "clock.") -> list[dict[str, Any]]:
        """Contents of the workspace's audit entries of this action, with the action, as they are exported."""
        import json

        lines = [line for line in exported(f"workspace:{slug}") if line["action"].startswith(action)]
        return [{"action": line["action"], **json.loads(line["content"]["data"])} for line in lines]


def _rows(work: Work, workspace: Workspace, version: int, severity: str, assignee: str | None, at: datetime) -> Matter:
    terms = workspace.terms.get(valid_to=None)
    number = work.new_id(Case)
    case = work.insert(
        Case(
            id=number,
            ref=f"BC-{number}",
            workspace=workspace,
            product=workspace.product,
            title="A secret of the customer",
            kind="other",
            severity=severity,
            channel="matrix",
            opened_at=at,
            assignee=Person.objects.get(slug=assignee) if assignee else None,
        )
    )
    cycle = work.insert(
        CaseCycle(
            id=work.new_id(CaseCycle),
            case=case,
            number=1,
            tier=terms.tier,
            addons=terms.addons,
            product_version_id=version,
            started_at=at,
        )
    )
    subject = Subject(
        lane_id=workspace.lane_id,
        scope=f"workspace:{workspace.slug}",
        ref=case.ref,
        case_id=case.pk,
        cycle_id=cycle.pk,
        cycle=1,
        kind=case.kind,
        severity=severity,
        tier=terms.tier,
        addons=tuple(terms.addons),
        version_id=version,
    )
    return Matter(case, cycle, subject)
