"""After a resolution the customer is asked once whether they were helped; one reaction answers (R57)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from roomdesk.cases import changing
from roomdesk.cases.changing import Change
from roomdesk.cases.models import Case, CaseCycle
from roomdesk.clocks.models import Clock
from roomdesk.queues.models import OutboxRow
from roomdesk.reports import satisfaction
from roomdesk.runtime import clock
from tests.flow.test_intake import BROKEN, LEAK, case_of, is_sent, reacts, said, says
from tests.flow.world import ACTOR, ASEN, BOT, EVERYONE, IVAN, START, message, room, store, work_off

pytestmark = pytest.mark.part_of("R57")
FIXED = Change(state="resolved", fix="Restarted it", root_cause="A canary in the disk")


@pytest.fixture(autouse=True)
def _desk(desk: None) -> None:
    """The world: acme (starter), birch (pro), cedar (enterprise)."""


def resolved(event_id: str = "$one") -> Case:
    """A case that Olga opened with this event, answered by Ivan, and resolved; the question is in the room as `$ask<cycle>`."""
    says(event_id, BROKEN)
    says(f"{event_id}-answer", "We have a look.", sender=IVAN, about=event_id)
    return resolve(case_of(event_id))


def resolve(case: Case) -> Case:
    changing.do_change(EVERYONE, case.ref, FIXED, author="ivan", actor=ACTOR, now=clock.now())
    case.refresh_from_db()
    is_sent(case)
    row = OutboxRow.objects.filter(once=f"case:{case.pk}:{case.cycle}:satisfaction").first()
    if row is not None:
        content = {**json.loads(row.payload)["content"], "solutions.roomdesk.id": row.key}
        OutboxRow.objects.filter(pk=row.pk).update(external_id=f"$ask{case.cycle}")
        store(message(f"$ask{case.cycle}", room("birch"), BOT, content.pop("body"), **content))
        work_off()
    return case


def rating(case: Case, cycle: int = 1) -> tuple[str, str | None]:
    found = CaseCycle.objects.select_related("satisfaction_by").get(case=case, number=cycle)
    return found.satisfaction, found.satisfaction_by.slug if found.satisfaction_by else None


def asked(case: Case) -> list[str]:
    return [content["body"] for content in said(case, ":satisfaction")]


def test_the_question_is_asked_once_in_the_cases_thread_without_fix_or_cause() -> None:
    with clock.frozen(START):
        case = resolved()
        (question,) = said(case, ":satisfaction")
        assert question["body"] == (
            f"{case.ref} is resolved. Were you helped? React with 👍 for yes, which closes it, or with 👎. "
            "If it is not solved, just write here."
        )
        assert question["m.relates_to"]["event_id"] == "$one" and question["msgtype"] == "m.notice"
        assert "canary" not in json.dumps(said(case)), "fix and cause are the desk's own"


def test_one_reaction_answers_for_the_case_and_moves_no_clock() -> None:
    with clock.frozen(START) as time:
        case = resolved()
        clocks = list(Clock.objects.filter(case=case).order_by("pk").values())
        time.tick(timedelta(hours=1))
        reacts("$thumb", "👍🏽", "$ask1")
        assert rating(case) == ("good", "olga")
        case.refresh_from_db()
        assert (case.state, case.cycle) == ("closed", 1), "a good word confirms the resolution"
        assert list(Clock.objects.filter(case=case).order_by("pk").values()) == clocks
        row = case.changes.get(what="satisfaction")
        assert (row.before, row.after) == ("", "good")
        reacts("$again", "👍", "$ask1", ASEN)
        assert case.changes.filter(what="satisfaction").count() == 1
        time.tick(timedelta(hours=1))
        reacts("$other", "👎", "$ask1", ASEN)
        assert rating(case) == ("bad", "asen"), "the newest word counts"


@pytest.mark.parametrize(
    ("sign", "target", "sender"),
    [("🎉", "$ask1", ""), ("👍", "$one", ""), ("👍", "$one-answer", ""), ("👍", "$ask1", IVAN)],
    ids=["another sign", "under the own message", "under the answer", "staff"],
)
def test_other_reactions_say_nothing_of_the_resolution(sign: str, target: str, sender: str) -> None:
    with clock.frozen(START):
        case = resolved()
        reacts("$thumb", sign, target, *([sender] if sender else []))
        assert rating(case) == ("", None) and not case.changes.filter(what="satisfaction").exists()


def test_a_copy_of_the_question_by_somebody_else_is_no_question() -> None:
    with clock.frozen(START):
        case = resolved()
        says("$fake", "BC is resolved.", sender=ASEN, about="$one", **{"solutions.roomdesk.satisfaction": 1})
        case.refresh_from_db()
        resolve(case)
        reacts("$thumb", "👎", "$fake")
        assert rating(case, 2) == ("", None)


def test_reopened_and_resolved_again_it_is_asked_again_and_the_old_question_counts_no_more() -> None:
    with clock.frozen(START) as time:
        case = resolved()
        reacts("$thumb", "👎", "$ask1")
        time.tick(timedelta(hours=1))
        says("$back", "It is broken again, it shows error 500.", about="$one")
        case.refresh_from_db()
        assert (case.state, case.cycle) == ("new", 2)
        reacts("$late", "👍", "$ask1")
        assert rating(case) == ("bad", "olga"), "of that resolution the last word is said"
        resolve(case)
        assert len(asked(case)) == 2
        reacts("$better", "👍", "$ask2")
        assert (rating(case), rating(case, 2)) == (("bad", "olga"), ("good", "olga"))
        birch = satisfaction.shown(satisfaction.satisfaction(EVERYONE, month="2026-03"))
        assert (birch["answered"], birch["good"], birch["bad"], birch["percent"]) == (2, 1, 1, "50.0")


def test_thanks_neither_answer_nor_reopen() -> None:
    with clock.frozen(START):
        case = resolved()
        says("$thanks", "Thank you!", about="$one")
        case.refresh_from_db()
        assert (case.state, rating(case)) == ("resolved", ("", None))


def test_the_question_is_no_answer_of_staff() -> None:
    with clock.frozen(START):
        says("$one", BROKEN)
        case = resolve(case_of("$one"))
        assert Clock.objects.get(case=case, kind="first_response").state == "running", "it is owed still (R18)"
        assert len(asked(case)) == 1


def test_nobody_is_asked_of_a_restricted_case() -> None:
    with clock.frozen(START):
        says("$leak", LEAK)
        case = resolve(case_of("$leak"))
        assert case.is_restricted and asked(case) == []
