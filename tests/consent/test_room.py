"""Asking in the room and answering there: what counts, what does not and is told so, and what is kept of it (R30, R31, R34, D43)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from roomdesk import timers
from roomdesk.audit.models import Content, Entry
from roomdesk.audit.verify import verify
from roomdesk.cases.models import Case
from roomdesk.consent import asking
from roomdesk.consent.models import Afterwards, Attempt, Request
from roomdesk.directory import services
from roomdesk.queues import lanes
from roomdesk.queues.models import OutboxRow
from roomdesk.record.models import Message
from roomdesk.rooms.models import Room
from roomdesk.runtime import clock
from tests.consent.scene import (
    NONCE,
    RESTORE,
    answer,
    arrive,
    ask,
    consume,
    edit,
    grants,
    later,
    now,
    react,
    said,
    verdicts,
)
from tests.flow.world import ACTOR, ASEN, BOT, EVERYONE, IVAN, OLGA, OTO, SERVER, START, message, room, store, work_off

pytestmark = pytest.mark.part_of("R30", "R31", "R33", "R34")
MIRA = f"@mira:{SERVER}"


@pytest.fixture(autouse=True)
def _desk(desk: str) -> None:
    """The world at ten on a Monday."""


def fire() -> None:
    while timers.fire():
        pass


def cases() -> int:
    return Case.objects.count()


def test_one_message_states_action_impact_phrase_who_and_until_when() -> None:
    request = ask()
    (text,) = said(request)
    phrase = f"go ahead with {request.ref}"
    assert (
        request.phrase == phrase and request.event_id == f"$asked-{request.row_id}" and request.opened_at == clock.now()
    )
    assert text.splitlines() == [
        f"{request.ref} needs a written go-ahead.",
        "What we would do: Correct the VAT of 14 invoices",
        "What it means: Your business data changes as described.",
        f"To agree, answer this message with exactly: {phrase}",
        "Who may: Olga, Asen. Until Thursday 10:00.",
    ]
    content = json.loads(OutboxRow.objects.get(pk=request.row_id).payload)["content"]
    assert content["msgtype"] == "m.text" and "m.relates_to" not in content, (
        "in the main line, so that it can have a thread"
    )
    assert content["m.mentions"] == {"user_ids": [OLGA, ASEN]}
    assert content["solutions.roomdesk.consent"]["action_sha256"] == request.action_sha256


@pytest.mark.parametrize("relation", ["reply", "thread", "none"])
def test_the_phrase_is_a_grant_with_its_evidence(relation: str) -> None:
    request, before = ask(), cases()
    event_id = answer(request, f"Go ahead with {request.ref}.", relation=relation)
    (grant,) = grants(request)
    assert (now(request).state, grant.person.slug, grant.role, grant.event_id) == ("granted", "olga", "owner", event_id)
    assert grant.text == f"Go ahead with {request.ref}." and json.loads(grant.raw)["event_id"] == event_id
    assert grant.at == clock.now() and not grant.step_up
    assert said(request)[1:] == [f"Olga agreed to {request.ref}. Recorded word for word."]
    entry = Entry.objects.get(action="consent.given")
    kept = json.loads(Content.objects.get(pk=entry.pk).data)
    assert (entry.subject, entry.actor, kept["role"], kept["event_id"]) == (
        f"consent:{request.ref}",
        "olga",
        "owner",
        event_id,
    )
    assert cases() == before and Message.objects.get(external_id=event_id).case is None
    assert verify("workspace:acme").fault is None


def test_a_request_about_a_case_is_answered_within_the_case() -> None:
    case = Case.objects.get(root_event_id="$acme-open")
    request, before = ask(case=case.ref, workspace=""), cases()
    event_id = answer(request, request.phrase)
    assert now(request).state == "granted" and Message.objects.get(external_id=event_id).case == case
    assert cases() == before and Case.objects.get(pk=case.pk).state == case.state


@pytest.mark.parametrize("text", ["ok", "Yes", "да", "👍", "yes replace prod", "yes, replace prod tomorrow", "yes, replace рrod", "> yes, replace prod"])  # fmt: skip
def test_what_is_nearly_the_phrase_is_answered_kindly_and_grants_nothing(text: str) -> None:
    request, before = ask("restore_over_current"), cases()
    event_id = answer(request, text)
    assert (now(request).state, grants(request), verdicts(request)) == ("open", [], ["not_the_phrase"])
    (told,) = said(request, "no:")
    assert told == f"Thank you. For {request.ref} only the exact words count, so that nobody is misunderstood. Please answer the question itself with exactly: {RESTORE}"  # fmt: skip
    row = OutboxRow.objects.get(once__startswith=f"consent:{request.pk}:no:")
    assert json.loads(row.payload)["content"]["m.relates_to"] == {"m.in_reply_to": {"event_id": event_id}}
    answer(request, text)
    assert len(said(request, "no:")) == 1, "once is enough"
    assert cases() == before


@pytest.mark.parametrize("text", ["What would happen to the orders of today?", "Let me look at the backup of Sunday first, with our accountant."])  # fmt: skip
def test_talk_about_it_is_no_attempt(text: str) -> None:
    request = ask("restore_over_current", case=Case.objects.get(root_event_id="$acme-open").ref)
    answer(request, text)
    assert (now(request).state, verdicts(request), said(request, "no:")) == ("open", [], [])


def test_nobody_else_grants_whatever_they_write() -> None:
    request = ask("restore_over_current")
    for sender in (MIRA, IVAN, OTO, BOT, "@olga:elsewhere.example"):
        answer(request, RESTORE, sender)
    assert (now(request).state, grants(request)) == ("open", [])
    assert sorted(Attempt.objects.values_list("sender", flat=True)) == sorted(
        [MIRA, IVAN, OTO, "@olga:elsewhere.example"]
    )
    assert set(verdicts(request)) == {"no_authority"}
    assert said(request, "no:")[0] == f"Thank you. For {request.ref} this does not count: only Olga, Asen may agree, from their own account."  # fmt: skip


def test_an_admin_demoted_a_second_before_grants_nothing() -> None:
    request = ask("restore_over_current")
    later(10)
    services.do_put_member(workspace="acme", id="asen", role="member", actor=ACTOR, now=clock.now())
    answer(request, RESTORE, ASEN, seconds=1)
    assert (now(request).state, grants(request), verdicts(request)) == ("open", [], ["no_authority"])


def test_who_is_staff_too_is_never_a_customer_here() -> None:
    services.do_put_staff(id="olga", roles=["engineer"], actor=ACTOR, now=clock.now())
    request = ask("restore_over_current")
    later(1)
    answer(request, RESTORE)
    assert (now(request).state, verdicts(request)) == ("open", ["no_authority"])
    assert "Olga" not in said(request)[0]


def test_reactions_edits_forwards_and_files_grant_nothing() -> None:
    request = ask("restore_over_current")
    react(request.event_id, RESTORE)
    react(request.event_id, "👍", ASEN)
    first = answer(request, "We are thinking about it.", relation="none")
    edit(first, RESTORE)
    answer(request, RESTORE, msgtype="m.emote")
    answer(request, RESTORE, msgtype="m.file", url="mxc://x/y")
    answer(request, RESTORE, **{"m.forwarded": {"sender": OLGA}})
    assert (now(request).state, grants(request)) == ("open", [])
    assert set(verdicts(request)) == {"not_a_new_message"} and len(verdicts(request)) == 6
    assert len(said(request, "no:")) == 2, "each person hears each reason once"


def test_a_copy_of_what_the_desk_said_for_somebody_is_nobodys_word() -> None:
    """A client that forwards copies the content, marker and all; the desk's own call has its one event already."""
    request = ask("restore_over_current")
    row = OutboxRow.objects.create(
        channel="matrix", kind="send", destination="matrix:room:acme", payload=json.dumps({"as": OLGA, "room_id": room("acme")}), next_at=START, created_at=START,
        state="sent", external_id="$said-before",
    )  # fmt: skip
    for sender in (OLGA, ASEN):
        answer(request, RESTORE, sender, **{"solutions.roomdesk.id": str(row.key)})
    answer(request, RESTORE, **{"solutions.roomdesk.id": "of nothing"})
    assert (now(request).state, grants(request), set(verdicts(request))) == ("open", [], {"not_a_new_message"})


def test_other_threads_and_quotes_grant_nothing() -> None:
    request = ask("restore_over_current")
    other = {"m.relates_to": {"rel_type": "m.thread", "event_id": "$acme-open", "is_falling_back": True}}
    answer(request, RESTORE, **other)
    answer(request, f"> {RESTORE}\n\nok")
    assert (now(request).state, verdicts(request)) == ("open", ["wrong_thread", "not_the_phrase"])


def test_two_open_questions_need_to_be_answered_themselves() -> None:
    first, second = ask("restore_over_current"), ask()
    answer(first, RESTORE, relation="none")
    assert (now(first).state, verdicts(first)) == ("open", ["ambiguous"])
    answer(second, second.phrase)
    answer(first, RESTORE, ASEN)
    assert [now(one).state for one in (first, second)] == ["open", "granted"]
    assert len(grants(first)) == 1


def test_a_question_just_withdrawn_makes_a_loose_word_ambiguous_for_ten_minutes() -> None:
    first, second = ask(), ask("restore_over_current")
    later(1200)
    asking.do_withdraw(EVERYONE, first.ref, "asked by mistake", author="ivan", actor=ACTOR, now=clock.now())
    assert said(first)[-1] == f"The question about {first.ref} is withdrawn. Nothing was done."
    answer(second, RESTORE, relation="none", seconds=30)
    assert verdicts(second) == ["ambiguous"]
    answer(second, RESTORE, ASEN, relation="none", seconds=601)
    assert len(grants(second)) == 1


def test_nothing_written_before_the_question_is_there_counts() -> None:
    wish = asking.Wish(kind="restore", target="current", words="Restore", workspace="acme")
    request = asking.do_ask(EVERYONE, wish, author="ivan", actor=ACTOR, now=clock.now())
    answer(request, RESTORE, relation="none")
    assert (now(request).state, verdicts(request)) == ("open", ["too_early"])
    assert len(grants(arrive(request))) == 0


def test_it_is_reminded_of_once_and_expires() -> None:
    request = ask("restore_over_current")
    later(12 * 3600 + 1)
    fire()
    fire()
    assert len(said(request, "reminder")) == 1
    assert said(request, "reminder")[0].startswith(f"{request.ref} still waits for an answer.")
    later(12 * 3600)
    answer(request, RESTORE, ASEN, seconds=0)
    assert verdicts(request) == ["expired"], "the end no longer counts, whether the timer was there or not"
    fire()
    assert (now(request).state, len(said(request, "expired"))) == ("expired", 1)
    answer(request, RESTORE)
    assert (grants(request), set(verdicts(request))) == ([], {"expired"})


def test_no_is_on_record_and_ends_it_also_after_a_yes() -> None:
    request = ask()
    answer(request, request.phrase)
    answer(request, "No.", MIRA)
    assert now(request).state == "granted", "who may not agree cannot revoke"
    answer(request, "No.", ASEN)
    refused = now(request)
    assert (refused.state, refused.closed_by) == ("refused", "asen")
    assert said(request)[-1] == f"Asen said no to {request.ref}. Nothing is done."
    answer(request, request.phrase)
    assert now(request).state == "refused"


def test_a_no_elsewhere_refuses_only_what_it_names() -> None:
    first, second = ask(), ask("restore_over_current")
    answer(first, "no", relation="none")
    assert {now(first).state, now(second).state} == {"open"}
    answer(first, f"no {second.ref}", relation="none")
    assert (now(first).state, now(second).state) == ("open", "refused")


def test_a_later_edit_or_redaction_is_kept_beside_the_evidence() -> None:
    request = ask()
    event_id = answer(request, request.phrase)
    before = grants(request)[0].raw
    edit(event_id, "I did not mean it")
    later(1)
    store({"event_id": "$gone", "room_id": room("acme"), "sender": OLGA, "type": "m.room.redaction", "content": {"redacts": event_id}, "origin_server_ts": clock.to_ms(clock.now())})  # fmt: skip
    work_off()
    assert list(Afterwards.objects.order_by("pk").values_list("what", "by")) == [("edited", OLGA), ("redacted", OLGA)]
    assert (now(request).state, grants(request)[0].raw) == ("granted", before)
    assert {e.action for e in Entry.objects.filter(subject=f"consent:{request.ref}")} >= {"consent.message_edited", "consent.message_redacted"}  # fmt: skip


def test_many_at_once_and_one_by_one_give_the_same() -> None:
    request = ask("restore_over_current")
    words = [("ok", OLGA), (RESTORE, MIRA), (RESTORE, OLGA), ("no", MIRA), (RESTORE, ASEN), ("ok", OLGA)]
    for number, (text, sender) in enumerate(words):
        later(1)
        related = {"m.relates_to": {"m.in_reply_to": {"event_id": request.event_id}}}
        store(message(f"$w{number}", room("acme"), sender, text, **related))
    work_off()
    assert [grant.person.slug for grant in grants(request)] == ["olga", "asen"]
    assert (now(request).state, verdicts(request)) == ("granted", ["not_the_phrase", "no_authority"])


def test_what_the_desks_own_pages_write_as_somebody_is_nobodys_word() -> None:
    """Only the page of the request itself takes the evidence of a session (D42)."""
    request = ask("restore_over_current")
    row = OutboxRow.objects.create(
        channel="matrix", kind="send", destination="matrix:room:acme", payload=json.dumps({"as": OLGA, "room_id": room("acme")}), next_at=START, created_at=START
    )  # fmt: skip
    answer(request, RESTORE, OLGA, **{"solutions.roomdesk.id": str(row.key)})
    assert "we cannot agree for you" in said(request, "no:")[0]
    assert (now(request).state, verdicts(request)) == ("open", ["no_authority"])


def test_where_the_room_is_replaced_it_is_asked_anew_and_the_old_place_counts_no_more() -> None:
    request = ask("restore_over_current")
    Room.objects.filter(workspace__slug="acme").update(room_id="!second")
    # The first word in the new room brings the question there.
    store(message("$hello", "!second", OLGA, "Are we all here?"))
    lanes.route("matrix", "!second", request.workspace.lane, clock.now())
    work_off()
    moved = now(request)
    assert (moved.room_id, moved.event_id, moved.opened_at) == ("!second", "", None) and moved.row_id != request.row_id
    assert len(said(request, "asked")) == 2
    answer(request, RESTORE)
    assert (now(request).state, grants(request)) == ("open", [])
    asked = arrive(moved)
    store(
        message("$there", "!second", OLGA, RESTORE, **{"m.relates_to": {"m.in_reply_to": {"event_id": asked.event_id}}})
    )
    work_off()
    assert len(grants(request)) == 0, "not before the question's own time"
    later(1)
    store(
        message("$later", "!second", OLGA, RESTORE, **{"m.relates_to": {"m.in_reply_to": {"event_id": asked.event_id}}})
    )
    work_off()
    assert [grant.event_id for grant in grants(request)] == ["$later"]


def test_as_many_different_people_as_the_kind_asks_for() -> None:
    request = ask()
    Request.objects.filter(pk=request.pk).update(approvers=2)
    answer(request, request.phrase)
    assert now(request).state == "open" and "a second person has to agree" in said(request)[-1]
    answer(request, request.phrase, relation="thread")
    assert (now(request).state, len(grants(request))) == ("open", 1), "the same person twice is one person"
    answer(request, request.phrase, MIRA)
    assert (now(request).state, len(grants(request))) == ("open", 1)
    answer(request, request.phrase, ASEN)
    assert (now(request).state, len(grants(request))) == ("granted", 2)


def test_a_policy_change_is_the_owners_alone_with_what_changes() -> None:
    request = ask("policy_change", words="The plan Pro from April", details="Before: 49 €\nAfter: 59 €")
    assert "Before: 49 €\nAfter: 59 €" in said(request)[0] and "Who may: Olga." in said(request)[0]
    answer(request, request.phrase, ASEN)
    assert (now(request).state, verdicts(request)) == ("open", ["no_authority"])
    answer(request, request.phrase)
    assert now(request).state == "granted"


def test_a_protection_is_named_with_its_impact() -> None:
    request = ask("security_disable", feature="two_factor", words="Switch 2FA off")
    assert request.phrase == "I accept the impact of disabling 2FA"
    assert "2FA: Anyone with a password can sign in, without a second factor." in said(request)[0]


def test_it_speaks_the_workspaces_language() -> None:
    later(60)
    services.do_put_workspace(slug="acme", product="plana-business-cloud", locale="bg", actor=ACTOR, now=clock.now())
    work_off()
    request = ask(hours=2)
    assert request.phrase == f"потвърждавам промяната {request.ref}" and request.expires_at == clock.now() + timedelta(
        hours=2
    )
    answer(request, "съгласна")
    assert said(request, "no:")[0].startswith(f"Благодарим. За {request.ref} важат само точните думи")
    answer(request, f"Потвърждавам промяната {request.ref}")
    assert now(request).state == "granted"
    assert consume(request, nonce=NONCE).signature
    assert Request.objects.get(pk=request.pk).state == "used"
