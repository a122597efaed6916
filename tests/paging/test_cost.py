"""How often a P0 asks the database on its way: each exchange is waited for by whoever is to be woken."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roomdesk import pipeline
from roomdesk.cases.models import Case
from roomdesk.oncall import calling
from roomdesk.oncall.models import Page
from roomdesk.queues import bulk, outbox
from roomdesk.queues.models import InboxEvent, OutboxRow
from roomdesk.runtime import clock
from roomdesk.worker.outbox import send_one
from roomdesk.worker.ways import WAYS
from tests.paging.night import Night

pytestmark = pytest.mark.part_of("R37")
#: Exchanges of a P0's whole transaction, its beginning and end among them, and of its call until the POST.
FLOW, CALL = 20, 5


@pytest.fixture
def warm(night: Night) -> Night:
    """A P0 went before, so that what is read once a process has been read; its window is over."""
    night.say("cedar", "P0 all is down")
    Case.objects.update(state=Case.State.RESOLVED)
    Page.objects.update(state=Page.State.RESOLVED)
    night.later(hours=1)
    OutboxRow.objects.filter(state__in=OutboxRow.ACTIVE).update(state=OutboxRow.State.SENT)
    night.pagerduty.page()
    return night


def heard(night: Night) -> int:
    """Exchanges until the P0 is worked off."""
    night.unheard("cedar", "P0 and down again")
    InboxEvent.objects.filter(raw__contains="down again").update(is_urgent=True)
    with CaptureQueriesContext(connection) as caught:
        assert pipeline.drain_urgent() == 1
    return len(caught)


def test_a_p0_is_worked_off_in_few_exchanges(warm: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    # COPY takes exchanges of its own, which nobody counts here.
    written: dict[str, int] = {}
    inserting = bulk.inserting

    def noted(model: Any, rows: Any, **more: Any) -> Any:
        written[model.__name__] = len(rows)
        return inserting(model, rows, **more)

    monkeypatch.setattr(bulk, "inserting", noted)
    assert heard(warm) <= FLOW
    assert {"Case", "CaseCycle", "Clock", "Message", "Page", "Call", "Entry", "Content"} <= written.keys()
    assert Page.objects.filter(state=Page.State.QUEUED).count() == 1


def test_its_call_goes_out_after_few_questions(warm: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    heard(warm)
    asked: list[int] = []
    with CaptureQueriesContext(connection) as caught:
        monkeypatch.setattr(calling, "enqueue", lambda *_: asked.append(len(caught)) or 202)
        (row,) = outbox.claim_urgent(1, 10, clock.now())
        connection.close()
        send_one(row, WAYS)
    assert len(asked) == 1 and asked[0] <= CALL
    assert OutboxRow.objects.get(pk=row.pk).state == OutboxRow.State.SENT
