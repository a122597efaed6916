"""Using a consent: once, for exactly the action, while everything still holds; and a receipt that proves it (R34, R35, D42, D44, D45)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from roomdesk.audit import signing
from roomdesk.audit.models import Entry
from roomdesk.audit.verify import verify
from roomdesk.consent import asking, identifying, using
from roomdesk.consent.asking import Wish
from roomdesk.consent.models import Grant, IdentityCheck, Request, Use
from roomdesk.directory import services
from roomdesk.queues import lanes
from roomdesk.queues.models import Lane, OutboxRow
from roomdesk.refusals import DeskError
from roomdesk.runtime import clock
from tests.cases_api.place import command, told
from tests.consent.scene import ACTION, CHANGE, NONCE, RESTORE, answer, ask, consume, grants, later, now, said
from tests.flow.world import ACTOR, ASEN, EVERYONE, OLGA
from tests.harness import races
from tests.harness.database import in_thread
from tests.harness.races import at_once

pytestmark = pytest.mark.part_of("R30", "R31", "R32", "R34", "R35", "R36")


@pytest.fixture(autouse=True)
def _desk(desk: str) -> None:
    """The world at ten on a Monday."""


def granted(kind: str = "data_change", **given: Any) -> Request:
    request = ask(kind, **given)
    answer(request, request.phrase)
    if request.high_risk:
        answer(request, request.phrase, ASEN)
    assert now(request).state == "granted"
    return now(request)


def refused(request: Request, **given: Any) -> str:
    """The reason for which it is refused; nothing but the note of it has changed."""
    before = _state(request)
    with pytest.raises(DeskError) as caught:
        consume(request, **given)
    assert _state(request) == before
    assert "Do nothing" in str(caught.value)
    assert Entry.objects.filter(action="consent.not_used", subject=f"consent:{request.ref}").exists()
    return str(caught.value.data["reason"])


def _state(request: Request) -> list[object]:
    rows = Request.objects.filter(pk=request.pk).values(), Use.objects.values(), Grant.objects.values(), OutboxRow.objects.values("id")  # fmt: skip
    return [list(some) for some in rows]


def test_a_receipt_is_signed_and_carries_the_head_of_the_chain() -> None:
    request = granted()
    receipt = consume(request)
    document = json.loads(receipt.text)
    assert signing.is_signed(receipt.text, receipt.signature, signing.public_key())
    assert not signing.is_signed(receipt.text.replace("14", "15"), receipt.signature, signing.public_key())
    assert (document["consent"], document["action"], document["nonce"]) == (request.ref, CHANGE, NONCE)
    (witness,) = document["granted"]
    assert (witness["person"], witness["role"], witness["event_id"]) == ("olga", "owner", grants(request)[0].event_id)
    entry = Entry.objects.get(action="consent.used")
    assert document["chain"] == {"scope": "workspace:acme", "seq": entry.seq, "hash": entry.hash}
    assert (
        now(request).state == "used"
        and said(request)[-1] == f"{request.ref}: we now begin in your workspace: {request.words}"
    )
    assert verify("workspace:acme").fault is None


def test_the_same_nonce_and_action_give_the_same_receipt_and_another_nothing() -> None:
    request = granted()
    first = consume(request)
    assert consume(request) == first
    assert refused(request, nonce="another-nonce") == "used"
    assert refused(request, action={**CHANGE, "rows": 15}) == "used"
    assert Use.objects.count() == 1


@pytest.mark.parametrize("action", [{**CHANGE, "rows": 15}, {**CHANGE, "more": None}, {"do": "sql"}, {**CHANGE, "file": "VAT-1042.sql"}])  # fmt: skip
def test_another_action_is_refused(action: dict[str, Any]) -> None:
    assert refused(granted(), action=action) == "other_action"


def test_the_order_of_names_is_no_difference() -> None:
    assert consume(granted(), action=dict(reversed(CHANGE.items())))


def test_what_is_not_granted_withdrawn_or_refused_is_not_used() -> None:
    request = ask()
    assert refused(request) == "not_granted"
    asking.do_withdraw(EVERYONE, request.ref, author="ivan", actor=ACTOR, now=clock.now())
    assert refused(request) == "withdrawn"
    other = granted()
    answer(other, "no")
    assert refused(other) == "refused"
    third = granted()
    asking.do_withdraw(EVERYONE, third.ref, author="ivan", actor=ACTOR, now=clock.now())
    assert refused(third) == "withdrawn"


def test_it_expires_at_the_instant() -> None:
    request = granted()
    later((request.expires_at - clock.now()).total_seconds() - 1)
    assert consume(request, dry_run=True).is_dry_run
    later(1)
    assert refused(request) == "expired"


def test_authority_is_asked_for_again() -> None:
    request = granted()
    services.do_put_member(workspace="acme", id="asen", role="owner", actor=ACTOR, now=clock.now())
    later(1)
    assert consume(request, dry_run=True).is_dry_run, "an owner who is an admin now still has authority"
    services.do_put_member(workspace="acme", id="olga", role="member", actor=ACTOR, now=clock.now())
    later(1)
    assert refused(request) == "no_authority"


def waiting(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object]) -> None:
    """The next one who wants the lane waits for it while this happens."""
    whole, waits = lanes.lock, [meanwhile]

    def lock(lane_id: int) -> Lane:
        if waits:
            waits.pop()()
        return whole(lane_id)

    monkeypatch.setattr(lanes, "lock", lock)


def test_what_ran_out_while_it_waited_for_the_lane_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    request = granted()
    later((request.expires_at - clock.now()).total_seconds() - 1)
    waiting(monkeypatch, lambda: later(1))
    assert refused(request) == "expired"


def test_an_authority_taken_away_while_it_waited_for_the_lane_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demotion came first: whoever held the lane before decides what is true now."""
    request = granted()
    # An owner is followed by another one.
    services.do_put_member(workspace="acme", id="asen", role="owner", actor=ACTOR, now=clock.now())

    def demoted() -> None:
        later(1)
        given = {"workspace": "acme", "id": "olga", "role": "member", "actor": ACTOR, "now": clock.now()}
        in_thread(lambda: services.do_put_member(**given)).join()
        later(1)

    waiting(monkeypatch, demoted)
    with pytest.raises(DeskError) as caught:
        consume(request)
    assert caught.value.data["reason"] == "no_authority"
    assert (now(request).state, Use.objects.count()) == ("granted", 0)


def test_high_risk_needs_a_second_person_while_both_still_may() -> None:
    request = ask("restore_over_current")
    answer(request, RESTORE)
    assert now(request).state == "open" and "a second person" in said(request)[-1]
    assert refused(request, action=ACTION) == "not_granted"
    answer(request, RESTORE, OLGA)
    assert now(request).state == "open", "the same person twice is one person"
    answer(request, RESTORE, ASEN)
    assert now(request).state == "granted"
    services.do_put_member(workspace="acme", id="asen", role="member", actor=ACTOR, now=clock.now())
    later(1)
    assert refused(request, action=ACTION) == "no_authority"


def test_a_kind_may_need_time_to_think_again_and_more_people() -> None:
    request = granted()
    Request.objects.filter(pk=request.pk).update(cool_off_minutes=30)
    assert refused(request) == "cool_off"
    later(1800)
    assert consume(request, dry_run=True).is_dry_run
    Request.objects.filter(pk=request.pk).update(approvers=2)
    assert refused(request) == "no_authority"


def test_a_reset_needs_a_recorded_verification_that_the_room_never_hears_of() -> None:
    request = granted("two_factor_reset", person="mira", words="Reset 2FA of Mira")
    assert request.phrase == "reset 2FA for mira"
    assert refused(request) == "not_identified"
    by: dict[str, Any] = {"author": "ivan", "actor": ACTOR, "now": clock.now()}
    for method, evidence in (("", "x"), ("call back", " ")):
        with pytest.raises(DeskError):
            identifying.do_verify_identity(EVERYONE, request.ref, method, evidence, **by)
    identifying.do_verify_identity(EVERYONE, request.ref, "call back", "Number on contract 7, two questions", **by)
    with pytest.raises(DeskError):
        identifying.do_verify_identity(EVERYONE, request.ref, "call back", "again", **by)
    check = IdentityCheck.objects.get()
    assert (check.method, check.verified_by) == ("call back", "ivan")
    assert consume(request).signature
    assert "contract 7" not in json.dumps(list(OutboxRow.objects.values_list("payload", flat=True)))


def test_a_restore_over_current_data_takes_its_own_phrase_whatever_it_is_called() -> None:
    for kind, given in (("data_change", {}), ("restore", {"target": "copy"}), ("integration", {})):
        with pytest.raises(DeskError, match="restore_over_current"):
            asking.do_ask(
                EVERYONE, Wish(kind, "Restore", ACTION, workspace="acme", **given), actor=ACTOR, now=clock.now()
            )
    for word in ("Restore", " restore\n", "RESTORE"):
        wish = Wish("data_change", "Restore", {**ACTION, "do": word}, workspace="acme")
        with pytest.raises(DeskError, match="restore_over_current"):
            asking.do_ask(EVERYONE, wish, actor=ACTOR, now=clock.now())
    copy = Wish("restore", "Into a copy", {**ACTION, "target": "copy"}, workspace="acme", target="copy")
    assert asking.do_ask(EVERYONE, copy, actor=ACTOR, now=clock.now()).kind == "data_change"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "odd"}, "kind"), ({"words": " "}, "words"), ({"action": {"rows": 1.5}}, "action"), ({"action": []}, "action"), ({"action": {"n": 2**53}}, "action"),
        ({"action": {"x": "\ud800"}}, "action"), ({"workspace": ""}, "workspace"), ({"kind": "restore"}, "target"), ({"kind": "security_disable"}, "feature"),
        ({"kind": "security_disable", "feature": "moon"}, "feature"), ({"kind": "two_factor_reset"}, "person"), ({"workspace": "nothing"}, None),
    ],
)  # fmt: skip
def test_a_wish_that_cannot_be_asked_names_its_field(change: dict[str, Any], field: str | None) -> None:
    wish = Wish(**{"kind": "data_change", "words": "x", "workspace": "acme", "action": {"do": "x"}, **change})
    with pytest.raises(DeskError) as caught:
        asking.do_ask(EVERYONE, wish, actor=ACTOR, now=clock.now())
    assert caught.value.field == field and not Request.objects.exists() and not OutboxRow.objects.filter(once__startswith="consent:").exists()  # fmt: skip


def test_how_it_ended_is_told_once() -> None:
    request = granted("integration", words="Connect the web shop")
    by: dict[str, Any] = {"actor": ACTOR, "now": clock.now()}
    with pytest.raises(DeskError):
        using.do_result(EVERYONE, request.ref, "done", **by)
    consume(request)
    using.do_result(EVERYONE, request.ref, "partial", "orders only", 3, **by)
    using.do_result(EVERYONE, request.ref, "partial", "orders only", 3, **by)
    with pytest.raises(DeskError):
        using.do_result(EVERYONE, request.ref, "done", **by)
    use = Use.objects.get()
    assert (use.result, use.result_words, use.result_code) == ("partial", "orders only", 3)
    before, after = said(request, "work.")
    assert before == f"{request.ref}: we now begin in your workspace: Connect the web shop"
    assert after == f"{request.ref}: done in part only: Connect the web shop (orders only)"


def test_a_dry_run_uses_nothing() -> None:
    request = granted()
    before = _state(request)
    assert consume(request, dry_run=True).as_json() == {
        "receipt": None,
        "signed": "",
        "signature": "",
        "key": "",
        "dry_run": True,
    }
    assert _state(request) == before


def many(request: Request, count: int = 50) -> list[object]:
    """What becomes of so many uses at once: receipts, and what was raised."""
    found: list[object] = []
    at = clock.now()

    def use(number: int) -> None:
        try:
            found.append(using.do_consume(EVERYONE, request.ref, CHANGE, f"nonce-of-{number}", actor=ACTOR, now=at))
        except DeskError as error:
            found.append(error.data.get("reason"))

    raised = at_once(*[lambda number=number: use(number) for number in range(count)])
    return [*found, *raised]


def test_of_fifty_at_once_exactly_one_succeeds() -> None:
    request = granted()
    found = many(request)
    assert len(found) == 50 and found.count("used") == 49
    assert (
        Use.objects.count() == 1
        and said(request).count(f"{request.ref}: we now begin in your workspace: {request.words}") == 1
    )


def test_without_the_lock_two_would_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database would still keep the second one out, and with an error instead of an answer."""
    request = granted()
    monkeypatch.setattr(lanes, "LOCKING", False)
    place = races.meeting(monkeypatch, using, "_received")
    found = many(request, 2)
    assert place.took_place and found.count("used") == 0, found


def test_the_command_line_asks_uses_and_tells() -> None:
    asked = told(
        "consent", "ask", "data_change", "Correct the VAT", "--workspace", "acme", "--action", json.dumps(CHANGE)
    )
    request = Request.objects.get(ref=asked["id"])
    assert command("consent", "consume", request.ref, "--action", json.dumps(CHANGE), "--nonce", NONCE).exit_code == 1
    Request.objects.filter(pk=request.pk).update(event_id="$asked", opened_at=clock.now())
    answer(now(request), request.phrase)
    receipt = told("consent", "consume", request.ref.lower(), "--action", json.dumps(CHANGE), "--nonce", NONCE)
    assert receipt["receipt"]["consent"] == request.ref
    key = next(one for one in told("consent", "keys")["items"] if one["key_id"] == receipt["key"])
    assert signing.is_signed(receipt["signed"], receipt["signature"], key["public"])
    assert told("consent", "result", request.ref, "done")["used"]["result"] == "done"
    assert told("consent", "list", "--state", "used")["items"][0]["id"] == request.ref
    assert told("consent", "show", request.ref)["grants"][0]["person"] == "olga"
    done = command("consent", "consume", request.ref, "--action", json.dumps(CHANGE), "--nonce", "another-one")
    assert (done.exit_code, done.stderr.strip()) == (
        1,
        f"{request.ref} was used already, and can be used once only. Do nothing.",
    )


def test_other_programs_hear_of_every_state() -> None:
    told("webhook", "put", "all", "--url", "https://hooks.example.org/")
    consume(granted())
    payloads = OutboxRow.objects.filter(channel="webhook").order_by("pk").values_list("payload", flat=True)
    facts = [json.loads(payload)["facts"].get("consent") for payload in payloads]
    assert [one["state"] for one in facts if one] == ["open", "granted", "used"]
    assert "VAT" not in json.dumps(facts)
