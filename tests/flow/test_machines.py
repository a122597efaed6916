"""Out-of-office notes, bots and what bridges relay are on record and open, reopen, resume nothing."""

from __future__ import annotations

from typing import Any

import pytest

from roomdesk.cases import changing
from roomdesk.cases.changing import Change
from roomdesk.cases.models import Case, CaseChange
from roomdesk.record.models import Message
from roomdesk.runtime import clock
from tests.flow.world import ACTOR, EVERYONE, OLGA, SERVER, START, message, room, store, work_off

ROOM = room("birch")
AWAY = "I am out of the office until Monday. For urgent matters contact Asen."


@pytest.fixture(autouse=True)
def _desk(desk: None) -> None:
    """The world, in which birch has one open case since yesterday."""


def says(event_id: str, sender: str, text: str, **content: Any) -> Message:
    store(message(event_id, ROOM, sender, text, **content))
    work_off()
    return Message.objects.get(external_id=event_id)


@pytest.mark.parametrize(
    "text",
    [AWAY, "Автоматичен отговор: в отпуск съм до 15 март.", "Estou de férias até 12 de abril, sem acesso ao e-mail.", "This is an automated message."],
)  # fmt: skip
def test_an_absence_note_opens_nothing_and_says_so(text: str) -> None:
    with clock.frozen(START):
        before = Case.objects.count()
        said = says("$away", OLGA, text)
        assert (said.case, said.why_code, Case.objects.count()) == (None, "machine", before)


def test_in_a_waiting_case_it_resumes_nothing_and_in_a_resolved_one_reopens_nothing() -> None:
    with clock.frozen(START):
        case = says("$one", OLGA, "Orders cannot be saved.").case
        assert case is not None
        for wanted in (Change(state="waiting_customer"), Change(state="resolved", fix="x", root_cause="y")):
            changing.do_change(EVERYONE, case.ref, wanted, author="ivan", actor=ACTOR, now=clock.now())
            changes = CaseChange.objects.filter(case=case).count()
            relation = {"m.relates_to": {"rel_type": "m.thread", "event_id": "$one"}}
            said = says(f"$away-{wanted.state}", OLGA, AWAY, **relation)
            case.refresh_from_db()
            assert (said.case, case.state, CaseChange.objects.filter(case=case).count()) == (
                case,
                wanted.state,
                changes,
            )


@pytest.mark.parametrize(
    ("sender", "content"),
    [
        (OLGA, {"msgtype": "m.notice"}),
        (f"@alertbot:{SERVER}", {}),
        (f"@whatsapp_359888123456:{SERVER}", {}),
        (f"@_slackbridge_x:{SERVER}", {"msgtype": "m.notice"}),
        ("@olga:elsewhere.example", {}),
    ],
)  # fmt: skip
def test_bots_and_what_bridges_relay_open_nothing(sender: str, content: dict[str, Any]) -> None:
    with clock.frozen(START):
        before, changes = Case.objects.count(), CaseChange.objects.count()
        said = says("$bot", sender, "Production is down for everybody, orders cannot be saved!", **content)
        assert (said.case, Case.objects.count(), CaseChange.objects.count()) == (None, before, changes)
        thread = {"m.relates_to": {"rel_type": "m.thread", "event_id": "$birch-resolved"}}
        says("$again", sender, "It is back.", **content, **thread)
        assert Case.objects.get(root_event_id="$birch-resolved").state == "resolved"


def test_a_p0_is_a_p0_whatever_follows() -> None:
    with clock.frozen(START):
        said = says("$p0", OLGA, f"P0 {AWAY}")
        assert said.case is not None and said.case.p0_at is not None
