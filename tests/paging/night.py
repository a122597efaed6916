"""The hours after hours: who of three customers says what, what is sent to PagerDuty, and what the room is told."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from roomdesk import bootstrap, pipeline, timers
from roomdesk.cases.models import Case, CaseChange
from roomdesk.directory import services
from roomdesk.oncall import calling, hooks, importing, paging
from roomdesk.oncall.models import Page
from roomdesk.product import services as products
from roomdesk.product.canonical import from_json, to_json
from roomdesk.product.queries import newest, product_of
from roomdesk.queues import outbox
from roomdesk.queues.models import InboxEvent, OutboxRow
from roomdesk.runtime import clock
from roomdesk.worker.outbox import send_one
from roomdesk.worker.ways import WAYS
from tests.fakes.pagerduty import KEY, PagerDuty
from tests.flow import world
from tests.flow.world import ACTOR, OLGA, event, message, room, store, work_off

PRODUCT = "plana-business-cloud"
#: 03:00 on a Sunday in Sofia.
NIGHT = datetime(2026, 3, 8, 1, 0, tzinfo=UTC)
SECRET = "the-secret-of-the-subscription"
#: Ways by which people are called. What goes to the homeserver by `direct` is kept by the night itself.
PAGING = ("pagerduty", "apprise", "direct")


def built_for_the_night() -> None:
    """Everything that still waits for the homeserver is as good as sent."""
    OutboxRow.objects.filter(state__in=OutboxRow.ACTIVE).update(state=OutboxRow.State.SENT)
    InboxEvent.objects.filter(state="pending").update(state="done")


def with_pagerduty(patch: pytest.MonkeyPatch, url: str, **more: Any) -> None:
    given = {"pagerduty_url": url, "pagerduty_routing": KEY, "pagerduty_webhook_secrets": SECRET, **more}
    changed = replace(bootstrap.settings, **given)
    for module in (paging, calling, hooks, importing):
        patch.setattr(module, "settings", changed)


@dataclass
class Night:
    """`cedar` is enterprise, `birch` pro, `acme` starter; Olga owns each, Ivan is the engineer."""

    time: clock.Frozen
    pagerduty: PagerDuty
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def say(self, slug: str, text: str, sender: str = OLGA, **content: Any) -> str:
        """Somebody says it in the room, and the desk hears it; gives the event's id."""
        said = self.unheard(slug, text, sender, **content)
        self.settle()
        return said

    def unheard(self, slug: str, text: str, sender: str = OLGA, **content: Any) -> str:
        """As `say`, but it waits in the inbox."""
        said = f"$said{next(self._numbers)}"
        store(message(said, room(slug), sender, text, **content))
        return said

    def event(self, slug: str, kind: str, content: dict[str, Any], sender: str = OLGA) -> None:
        store(event(f"$said{next(self._numbers)}", room(slug), sender, kind, content))
        self.settle()

    def later(self, **span: float) -> None:
        """Moves time, and lets everything happen that is due by then."""
        self.time.tick(timedelta(**span))
        self.settle()

    def settle(self) -> None:
        work_off()
        while self._send() or timers.fire() or pipeline.drain():
            pass

    def _send(self) -> int:
        rows = [row for row in outbox.claim(1, 50, clock.now()) if row.channel in PAGING]
        for row in rows:
            send_one(row, WAYS)
        # What would go to the homeserver is as good as there; its events do not come back here.
        taken = OutboxRow.objects.filter(state="sending").exclude(channel__in=PAGING)
        return len(rows) + taken.update(state=OutboxRow.State.SENT, sent_at=clock.now())

    def case(self, slug: str) -> Case:
        """The newest case of the customer."""
        return Case.objects.filter(workspace__slug=slug).latest("pk")

    def page(self, slug: str) -> Page:
        return Page.objects.filter(workspace__slug=slug).latest("pk")

    def pages(self, slug: str) -> int:
        return Page.objects.filter(workspace__slug=slug).count()

    def noted(self, slug: str) -> list[str]:
        """What the newest case's history says of its page."""
        rows = CaseChange.objects.filter(case=self.case(slug), what="page").order_by("pk")
        return list(rows.values_list("after", flat=True))

    def told(self, slug: str) -> list[str]:
        """What the desk has said in the room since the night began."""
        rows = OutboxRow.objects.filter(destination=f"matrix:room:{slug}", kind="send", created_at__gte=NIGHT)
        return [
            json.loads(payload)["content"].get("body", "")
            for payload in rows.order_by("pk").values_list("payload", flat=True)
        ]

    def rota_terms(self, **changed: Any) -> None:
        """Loads the product anew with other terms of paging."""
        version = newest([PRODUCT])[PRODUCT]
        before = product_of(version.pk)
        stored = to_json(before)
        stored["oncall"] |= changed
        with transaction.atomic():
            products.store(from_json(stored), clock.now())

    def addon(self, slug: str, *addons: str) -> None:
        """Changes what the customer has bought."""
        tier = dict(zip(world.SLUGS, world.TIERS, strict=True))[slug]
        services.do_put_workspace(
            slug=slug, product=PRODUCT, tier=tier, addons=list(addons), actor=ACTOR, now=clock.now()
        )
        self.settle()
