"""DESIGN §6, D10, D11: which case a message belongs to, and why. Mira and Oto are customers, Ivan is staff."""

from datetime import UTC, datetime, timedelta

import pytest

from roomdesk.rules.grouping import CasePolicy, OpenCase, Said, numbers_named, place_customer, place_staff
from roomdesk.rules.own_text import own_text
from roomdesk.rules.small_talk import is_small_talk, normalised

NOW = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
POLICY = CasePolicy(
    timedelta(minutes=20),
    small_talk=frozenset({"thanks", "ok", "thanks a lot", "благодаря", "good morning"}),
    no_help=frozenset({"that did not help"}),
)
EVENTS = {"$one": 1, "$two": 2, "$notice-two": 2, "$old": 9}


def ago(minutes):
    return NOW - timedelta(minutes=minutes)


def case(number, **facts):
    facts = {"severity": "normal", "state": "new", "opened_at": ago(300), "root_event_id": None, **facts}
    return OpenCase(id=number, ref=f"BC-104{number}", **facts)


def says(text="it broke", author="@mira:x", kind="customer", **facts):
    return Said("$new", NOW, author, kind, text, **facts)


ONE, TWO = case(1), case(2)
MIRA_IN_ONE = case(1, last_by=(("@mira:x", ago(20)),))
MIRA_IN_TWO = case(2, last_by=(("@oto:x", ago(1)), ("@mira:x", ago(5))))
WAITING = case(2, state="waiting_customer", waiting_customer=True)
TOLD_MIRA = case(1, state="deflected", last_by=(("@mira:x", ago(90)),))
TOLD_OTO = case(2, state="deflected", opened_at=ago(10), last_by=(("@oto:x", ago(10)),))
NO_HELP = "That did not help!"
P0_CASE = case(1, severity="critical", p0=True, p0_at=ago(30))

CUSTOMER = [
    ("thread", says(thread_root="$one"), [ONE, TWO], False, 1, False, "thread"),
    ("thread before reply", says(thread_root="$one", reply_to="$two"), [ONE, TWO], False, 1, False, "thread"),
    ("reply", says(reply_to="$two"), [ONE, TWO], False, 2, False, "reply"),
    ("reply to the desk's notice", says(reply_to="$notice-two"), [ONE, TWO], False, 2, False, "reply"),
    ("reply before reference", says("BC-1041", reply_to="$two"), [ONE, TWO], False, 2, False, "reply"),
    ("unknown thread", says(thread_root="$nowhere"), [ONE], False, None, True, "new"),
    ("reference", says("about bc-1042: still"), [ONE, TWO], False, 2, False, "reference"),
    ("reference typed in Cyrillic", says("по ВС-1042"), [ONE, TWO], False, 2, False, "reference"),
    ("reference before author", says("BC-1042"), [MIRA_IN_ONE, TWO], False, 2, False, "reference"),
    ("reference to nothing open", says("BC-7777"), [ONE], False, None, True, "new"),
    ("longer number is no reference", says("BC-10421 and xBC-1041x"), [ONE, TWO], False, None, True, "new"),
    ("same author at the window's edge", says(), [MIRA_IN_ONE, TWO], False, 1, False, "same_author"),
    ("same author, the later one", says(), [MIRA_IN_ONE, MIRA_IN_TWO], False, 2, False, "same_author"),
    ("same author too late", says(), [case(1, last_by=(("@mira:x", ago(21)),))], False, None, True, "new"),
    ("another author", says(author="@oto:x"), [MIRA_IN_ONE], False, None, True, "new"),
    ("author before waiting", says(), [MIRA_IN_ONE, WAITING], False, 1, False, "same_author"),
    ("author of a resolved case", says(), [case(1, state="resolved", last_by=(("@mira:x", ago(1)),))], False, None, True, "new"),
    ("reply to a resolved case", says(reply_to="$one"), [case(1, state="resolved")], False, 1, False, "reply"),
    ("the only waiting", says(), [ONE, WAITING], False, 2, False, "waiting"),
    ("two are waiting", says(), [case(1, waiting_customer=True), WAITING], False, None, True, "new"),
    ("an answer of the desk did not help", says(NO_HELP), [TOLD_MIRA, TOLD_OTO], False, 1, False, "no_help"),
    ("the only answer did not help another", says(NO_HELP), [ONE, TOLD_OTO], False, 2, False, "no_help"),
    ("nobody says which answer did not help", says(NO_HELP, author="@x"), [TOLD_MIRA, TOLD_OTO], False, None, True, "new"),
    ("nothing was answered that did not help", says(NO_HELP), [MIRA_IN_ONE], False, 1, False, "same_author"),
    ("another word to an answer of the desk", says(), [TOLD_MIRA], False, None, True, "new"),
    ("nothing open", says(), [], False, None, True, "new"),
    ("a closed case's thread", says(thread_root="$old"), [ONE], False, None, True, "follow_up"),
    ("P0 joins the recent P0", says("P0", author="@oto:x"), [P0_CASE, TWO], True, 1, False, "p0_joins"),
    ("P0 joins even from another thread", says("P0", thread_root="$two"), [P0_CASE, TWO], True, 1, False, "p0_joins"),
    ("P0 after the window", says("P0"), [case(1, p0=True, p0_at=ago(31))], True, None, True, "p0_own"),
    ("P0 and a resolved P0", says("P0"), [case(1, p0=True, p0_at=ago(3), state="resolved")], True, None, True, "p0_own"),
    ("P0 does not join by author", says("P0"), [MIRA_IN_ONE], True, None, True, "p0_own"),
    ("P0 does not join by thread", says("P0", thread_root="$two"), [TWO], True, None, True, "p0_own"),
    ("small talk alone", says("Thanks a lot! 👍"), [ONE], False, None, False, "small_talk"),
    ("emoji alone", says("🙏"), [ONE], False, None, False, "small_talk"),
    ("small talk in a thread", says("ok", thread_root="$one"), [ONE], False, 1, False, "thread"),
    ("small talk to a closed case", says("ok", reply_to="$old"), [], False, 9, False, "reply"),
    ("small talk with a file", says("ok", has_file=True), [ONE], False, None, True, "new"),
    ("thanks and a question", says("thanks, but where is it"), [ONE], False, None, True, "new"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "said", "cases", "p0", "joins", "opens", "code"), CUSTOMER, ids=[row[0] for row in CUSTOMER]
)
def test_a_customers_message_finds_its_case(what, said, cases, p0, joins, opens, code):
    placed = place_customer(said, cases, EVENTS, POLICY, p0)
    assert (placed.case_id, placed.opens, placed.why.code) == (joins, opens, code)
    assert placed.why.words.endswith(".")
    assert placed.small_talk is (what.startswith(("small talk", "emoji")) and not said.has_file)


def test_what_triage_calls_small_talk_opens_nothing_unless_it_is_p0_or_brings_a_file():
    said = says("You are the best, cheers mates")
    assert place_customer(said, [], {}, POLICY, False, is_idle=True).small_talk
    assert place_customer(said, [], {}, POLICY, True, is_idle=True).opens
    with_file = says("You are the best, cheers mates", has_file=True)
    assert place_customer(with_file, [], {}, POLICY, False, is_idle=True).opens


def test_a_case_of_its_own_is_linked_to_what_it_answers():
    assert place_customer(says("P0", reply_to="$two"), [TWO], EVENTS, POLICY, True).linked_to == 2
    assert place_customer(says("P0 BC-1042"), [TWO], EVENTS, POLICY, True).linked_to == 2
    assert place_customer(says(reply_to="$old"), [], EVENTS, POLICY, False).linked_to == 9
    assert place_customer(says(), [TWO], EVENTS, POLICY, False).linked_to is None


ANSWERED = case(1, answered=True)
ASKING = case(2, answered=True, is_staffs_turn=True)
STAFF = [
    ("thread", says(kind="staff", thread_root="$one"), [ONE, TWO], (), 1, "thread"),
    ("reply", says(kind="staff", reply_to="$one"), [ONE, TWO], (2,), 1, "reply"),
    ("closed case's thread", says(kind="staff", thread_root="$old"), [ONE], (), 9, "thread"),
    ("reference", says("BC-1042 is fixed", kind="staff"), [ONE, TWO], (1,), 2, "reference"),
    ("claimed", says(kind="staff"), [ONE, TWO], (2,), 2, "claimed"),
    ("claimed but answered", says(kind="staff"), [ANSWERED, TWO, case(3)], (1,), None, "undecided"),
    ("two claimed", says(kind="staff"), [ONE, TWO], (1, 2), None, "undecided"),
    ("only unanswered", says(kind="staff"), [ANSWERED, TWO], (), 2, "only_unanswered"),
    ("two unanswered", says(kind="staff"), [ONE, TWO], (), None, "undecided"),
    ("resolved is not unanswered", says(kind="staff"), [case(1, state="resolved"), TWO], (), 2, "only_unanswered"),
    ("none open", says(kind="staff"), [], (), None, "undecided"),
    ("reference to a merged one", says("BC-77", kind="staff"), [case(1, other_refs=("BC-77",)), TWO], (), 1, "reference"),
    ("the customer spoke last in one", says(kind="staff"), [ANSWERED, ASKING], (), 2, "only_turn"),
    ("and another has no first response", says(kind="staff"), [case(1), ASKING, case(3)], (), None, "undecided"),
    ("the customer spoke last in two", says(kind="staff"), [ASKING, case(3, answered=True, is_staffs_turn=True)], (), None, "undecided"),
    ("only open", says(kind="staff"), [ANSWERED, case(2, state="resolved", is_staffs_turn=True)], (), 1, "only_open"),
    ("two answered", says(kind="staff"), [ANSWERED, case(2, answered=True)], (), None, "undecided"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "said", "cases", "claimed", "joins", "code"), STAFF, ids=[row[0] for row in STAFF])
def test_a_staff_message_finds_the_case_it_answers(what, said, cases, claimed, joins, code):
    placed = place_staff(said, cases, EVENTS, claimed)
    assert (placed.case_id, placed.opens, placed.why.code) == (joins, False, code)


def test_small_talk_is_nothing_but_its_phrases():
    phrases = POLICY.small_talk
    assert normalised("  Ok,\nTHANKS! 👍") == "ok thanks"
    for text in ("Ok", "ok ok", "Благодаря!", "Good morning, thanks a lot :)", "…", "👍🏽", "?"):
        assert is_small_talk(text, phrases), text
    for text in ("thanks a", "okay", "ok it is down", "morning", "ok " * 20, "!" * 500):
        assert not is_small_talk(text, phrases), text


def test_numbers_of_references_are_found_whatever_the_alphabet():
    assert numbers_named("BC-1042, ВС-7 (not BC-10421234567, not UTF-8x) and PO-3.") == [1042, 7, 3]


def test_own_text_leaves_out_the_reply_fallback_only_in_replies():
    body = "> <@oto:x> first\n> second\n\nMine\n> not a fallback"
    assert own_text(body, True) == "Mine\n> not a fallback"
    assert own_text(body, False) == body
    assert own_text("> a\nmine", True) == "mine"
    assert own_text("> a", True) == ""
    assert own_text("Mine", True) == "Mine"
