"""A customer confirms a resolution by a sign under the question or by words in the case, and it closes at once (R26)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from roomdesk.cases.models import Case
from roomdesk.clocks.models import Clock
from roomdesk.runtime import clock
from tests.flow.test_intake import BROKEN, LEAK, case_of, reacts, says
from tests.flow.test_satisfaction import rating, resolve, resolved
from tests.flow.world import ASEN, IVAN, OTO, START, event, message, room, store, work_off

pytestmark = pytest.mark.part_of("R26")
CLOSED = ("resolved", "closed", "The customer confirmed the resolution.")


@pytest.fixture(autouse=True)
def _desk(desk: None) -> None:
    """The world: acme (starter), birch (pro), cedar (enterprise)."""


def in_thread(root: str) -> dict[str, object]:
    return {"m.relates_to": {"rel_type": "m.thread", "event_id": root}}


def state(case: Case) -> tuple[str, int]:
    case.refresh_from_db()
    return case.state, case.cycle


def moves(case: Case) -> list[tuple[str, str, str]]:
    return list(case.changes.filter(what="state").order_by("pk").values_list("before", "after", "reason"))


@pytest.mark.parametrize("sign", ["👍", "✅", "✔️"])
def test_a_sign_under_the_question_closes_the_case_once(sign: str) -> None:
    with clock.frozen(START) as time:
        case = resolved()
        time.tick(timedelta(hours=1))
        reacts("$yes", sign, "$ask1", ASEN)
        assert state(case) == ("closed", 1) and moves(case)[-1] == CLOSED
        row = case.changes.get(what="state", after="closed")
        assert row.by == ASEN and row.at == clock.now()
        assert rating(case) == (("good", "asen") if sign == "👍" else ("", None))
        reacts("$yes2", sign, "$ask1")
        assert moves(case).count(CLOSED) == 1
        time.tick(timedelta(days=20))
        work_off()
        assert moves(case)[-1] == CLOSED, "nothing is left to close it again"


@pytest.mark.parametrize(
    "text", ["Works now, thank you", "Работи, благодаря!", "Já está funcionando, obrigado", "Problem solved."]
)
def test_words_in_the_case_that_only_confirm_close_it_and_never_reopen_it(text: str) -> None:
    with clock.frozen(START) as time:
        case = resolved()
        time.tick(timedelta(hours=1))
        says("$yes", text, about="$one")
        assert state(case) == ("closed", 1) and moves(case)[-1] == CLOSED
        says("$again", text, about="$one", sender=ASEN)
        assert state(case) == ("closed", 1) and case_of("$again") == case
        time.tick(timedelta(days=400))
        cases = Case.objects.count()
        says("$late", text, about="$one")
        assert (state(case), Case.objects.count()) == (("closed", 1), cases), "nor does it open another one"


@pytest.mark.parametrize(
    "text", ["It still does not work", "Не работи", "Não resolveu", "Works now, but the total is wrong"]
)
def test_words_that_deny_reopen_as_ever_also_after_a_confirmation(text: str) -> None:
    with clock.frozen(START) as time:
        case = resolved()
        reacts("$yes", "👍", "$ask1")
        assert state(case) == ("closed", 1)
        time.tick(timedelta(days=1))
        says("$no", text, about="$one")
        assert state(case) == ("new", 2)


def test_small_talk_and_other_signs_close_nothing() -> None:
    with clock.frozen(START):
        case = resolved()
        says("$thanks", "Thank you!", about="$one")
        for number, sign in enumerate(("🎉", "👎", "👀")):
            reacts(f"$sign{number}", sign, "$ask1")
        assert state(case) == ("resolved", 1)


@pytest.mark.parametrize("sender", [IVAN, OTO], ids=["staff", "a stranger"])
def test_nobody_else_confirms(sender: str) -> None:
    with clock.frozen(START):
        case = resolved()
        reacts("$yes", "👍", "$ask1", sender)
        says("$works", "Works now, thank you", sender=sender, about="$one")
        assert state(case) == ("resolved", 1)


def test_a_sign_elsewhere_confirms_nothing() -> None:
    with clock.frozen(START):
        case = resolved()
        for number, target in enumerate(("$one", "$one-answer")):
            reacts(f"$yes{number}", "👍", target)
        assert state(case) == ("resolved", 1)


def test_a_removed_sign_leaves_the_case_closed() -> None:
    with clock.frozen(START):
        case = resolved()
        reacts("$yes", "👍", "$ask1")
        store(event("$gone", room("birch"), ASEN, "m.room.redaction", {"redacts": "$yes"}, redacts="$yes"))
        work_off()
        assert state(case) == ("closed", 1) and moves(case)[-1] == CLOSED


def test_the_sign_under_an_old_question_does_not_close_the_present_cycle() -> None:
    with clock.frozen(START) as time:
        case = resolved()
        time.tick(timedelta(hours=1))
        says("$back", "It is broken again, it shows error 500.", about="$one")
        resolve(case)
        assert state(case) == ("resolved", 2)
        reacts("$late", "👍", "$ask1")
        assert state(case) == ("resolved", 2)
        reacts("$yes", "👍", "$ask2")
        assert state(case) == ("closed", 2)


def test_in_an_open_case_such_words_are_speech_as_any_other() -> None:
    with clock.frozen(START):
        says("$one", BROKEN)
        case = case_of("$one")
        says("$works", "It works now", about="$one")
        assert state(case) == ("new", 1) and case_of("$works") == case


def test_what_was_said_before_the_resolution_does_not_speak_of_it() -> None:
    with clock.frozen(START) as time:
        case = resolved()
        time.tick(timedelta(minutes=10))
        early = message("$early", room("birch"), ASEN, "Works now, thank you", **in_thread("$one"))
        store({**early, "origin_server_ts": clock.to_ms(START - timedelta(minutes=1))})
        work_off()
        assert state(case) == ("resolved", 1)


def test_a_restricted_case_is_confirmed_by_words() -> None:
    with clock.frozen(START):
        says("$leak", LEAK)
        case = resolve(case_of("$leak"))
        says("$yes", "Solved, thank you", about="$leak")
        assert state(case) == ("closed", 1)


def test_without_an_answer_of_staff_the_owed_first_response_is_promised_no_more() -> None:
    with clock.frozen(START):
        says("$one", BROKEN)
        case = resolve(case_of("$one"))
        reacts("$yes", "👍", "$ask1")
        assert state(case) == ("closed", 1)
        assert Clock.objects.get(case=case, kind="first_response").state == "cancelled"
