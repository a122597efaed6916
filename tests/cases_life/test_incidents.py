"""Cases that have to do with each other, and incidents over several customers: one case leads, all are told, all are resolved."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from roomdesk.audit.models import Entry
from roomdesk.cases import linking
from roomdesk.cases.models import Case, Link
from roomdesk.cases.together import Hands
from roomdesk.directory import services
from roomdesk.directory.models import Workspace
from roomdesk.directory.queries import Viewer
from roomdesk.queues import lanes
from roomdesk.queues.errors import LanesBusy, LockOutsideTransaction
from roomdesk.record.models import Message
from roomdesk.refusals import Conflict
from roomdesk.runtime import clock
from tests.cases_api.place import ACTOR, PRODUCT, Rest, command, nothing_changes, token, told
from tests.cases_life.acting import FIXED, Desk
from tests.harness.database import in_thread
from tests.harness.races import at_once

pytestmark = pytest.mark.part_of("R26", "R28", "R29")
EVERYONE = Viewer("token", "tests", sees_all=True)


@pytest.fixture
def three(desk: Desk) -> tuple[Desk, str, str, str]:
    """A case of Acme that leads, one of Beta, and one of Gamma, whose people speak Bulgarian; the latter two are attached."""
    then = clock.now() - timedelta(days=30)
    services.do_put_workspace(slug="gamma", product=PRODUCT, tier="pro", locale="bg", actor=ACTOR, now=then)
    services.do_put_member(workspace="gamma", id="gergana", role="owner", actor=ACTOR, now=then)
    leader, beta = desk.open("Nothing loads"), desk.open("All is slow", "oto", workspace="beta")
    gamma = desk.open("Не зарежда", "gergana", workspace="gamma")
    for ref in (beta, gamma):
        desk.done(ref, "attach", to=leader, reason="The same disk")
    return desk, leader, beta, gamma


def heard(ref: str) -> list[str]:
    rows = Message.objects.filter(case__ref=ref, author_kind="staff").order_by("pk")
    return list(rows.values_list("body", flat=True))


def test_linked_cases_are_shown_to_staff_on_both_and_to_no_customer(desk: Desk) -> None:
    one, other = desk.open(), desk.open("All is slow", "oto", workspace="beta")
    desk.done(one, "link", to=other, reason="The same disk")
    assert (desk.case(one)["links"], desk.case(other)["links"]) == ([other], [one])
    with nothing_changes():
        desk.done(other, "link", to=one)
    assert desk.changes(one, "link") == [(None, other)]
    customer = Rest(token("acme-only", "cases:read", workspace="acme")).get(f"cases/{one}").json()
    assert customer["links"] == [] and other not in json.dumps(customer)
    desk.done(other, "unlink", to=one)
    assert desk.case(one)["links"] == []
    assert desk.changes(other, "link") == [(None, one), (one, None)]
    with nothing_changes():
        assert desk.act(other, "unlink", to=one).status_code == 409
        assert desk.act(one, "link", to=one).status_code == 422
        assert desk.act(one, "link", to="BC-9999").status_code == 404


def test_an_answer_to_all_is_said_once_to_each_customer_in_their_language_and_counts(
    three: tuple[Desk, str, str, str],
) -> None:
    desk, leader, beta, gamma = three
    desk.later(minutes=10)
    words = {"text": "We are on it.", "texts": {"bg": "Работим по въпроса."}}
    done = desk.rest.post(f"cases/{leader}/answer-all", {"author": "ivan", **words}, key="k1").json()
    assert [(one["ref"], one["workspace"]) for one in done["told"]] == [
        (leader, "acme"),
        (beta, "beta"),
        (gamma, "gamma"),
    ]
    assert done["not_told"] == []
    assert desk.rest.post(f"cases/{leader}/answer-all", {"author": "ivan", **words}, key="k1").json() == done
    assert [heard(ref) for ref in (leader, beta, gamma)] == [["We are on it."]] * 2 + [["Работим по въпроса."]]
    for ref in (leader, beta, gamma):
        assert desk.clock(ref)["state"] == "met" and desk.case(ref)["state"] == "acknowledged"
        (said,) = [m for m in desk.case(ref)["messages"] if m["author_kind"] == "staff"]
        assert said["why"] == {
            "code": "incident",
            "words": f"It was said in all cases of the incident that {leader} leads.",
        }
    assert Entry.objects.filter(action="case.state").count() == 3


def test_each_room_hears_it_once_and_who_cannot_be_told_is_named(three: tuple[Desk, str, str, str]) -> None:
    desk, leader, beta, gamma = three
    second = desk.open("Also the export", "oto", workspace="beta")
    desk.done(second, "attach", to=leader)
    desk.changed(gamma, **FIXED)
    desk.changed(gamma, state="closed")
    done = desk.rest.post(f"cases/{leader}/answer-all", {"author": "ivan", "text": "We are on it."}).json()
    assert [one["ref"] for one in done["told"]] == [leader, beta]
    assert [(one["ref"], one["why"]) for one in done["not_told"]] == [
        (gamma, f"{gamma} is closed; nothing more can be said in it."),
        (second, f"The same customer was told in {beta}."),
    ]
    assert heard(gamma) == [] and heard(second) == [] and desk.clock(second)["state"] == "running"


def test_what_is_said_to_all_of_a_merged_case_is_said_where_it_went(three: tuple[Desk, str, str, str]) -> None:
    desk, leader, beta, _ = three
    other = desk.open("Also the export", "oto", workspace="beta")
    desk.done(beta, "merge", into=other)
    desk.rest.post(f"cases/{leader}/answer-all", {"author": "ivan", "text": "We are on it."})
    assert (heard(beta), heard(other)) == ([], ["We are on it."])
    desk.changed(leader, **FIXED)
    assert desk.case(other)["state"] != "resolved", "there is more in it than the incident"


def test_the_resolution_of_the_leading_case_resolves_all_with_the_same_words(three: tuple[Desk, str, str, str]) -> None:
    desk, leader, beta, gamma = three
    desk.changed(leader, **FIXED)
    for ref in (leader, beta, gamma):
        case = desk.case(ref)
        assert (case["state"], case["cycles"][0]["fix"], case["cycles"][0]["root_cause"]) == (
            "resolved",
            FIXED["fix"],
            FIXED["root_cause"],
        )
    change = [one for one in desk.case(beta)["changes"] if one["after"] == "resolved"]
    assert [(one["by"], one["reason"]) for one in change] == [("ivan", f"It was resolved with {leader}.")]
    with nothing_changes():
        desk.changed(leader, state="resolved", fix="Again", root_cause="Again")
    desk.say(beta, "oto", "It is slow still")
    assert desk.case(beta)["state"] == "new" and desk.case(leader)["state"] == "resolved"


def test_the_leading_case_can_be_resolved_alone(three: tuple[Desk, str, str, str]) -> None:
    desk, leader, beta, gamma = three
    desk.changed(leader, **FIXED, alone=True)
    assert [desk.case(ref)["state"] for ref in (leader, beta, gamma)] == ["resolved", "new", "new"]
    assert desk.case(beta)["incident"] == leader


def test_a_case_that_is_detached_goes_its_own_way(three: tuple[Desk, str, str, str]) -> None:
    desk, leader, beta, gamma = three
    assert desk.case(leader)["attached"] == [beta, gamma]
    desk.done(beta, "detach", reason="Another disk")
    assert desk.case(leader)["attached"] == [gamma]
    assert desk.changes(beta, "incident") == [(None, leader), (leader, None)]
    assert desk.changes(leader, "attached") == [(None, beta), (None, gamma), (beta, None)]
    desk.changed(leader, **FIXED)
    assert desk.case(beta)["state"] == "new"
    with nothing_changes():
        assert desk.act(beta, "detach").status_code == 409


def test_what_cannot_be_an_incident_is_refused_and_changes_nothing(three: tuple[Desk, str, str, str]) -> None:
    desk, leader, beta, _ = three
    other, alone = desk.open("Another matter", "mira"), desk.open("A third matter", "oto", workspace="beta")
    secret = desk.open("Our mail looks odd to me", "mira")
    desk.changed(secret, kind="security")
    tries: list[tuple[str, str, dict[str, Any], int, str]] = [
        (leader, "attach", {"to": other}, 409, f"{leader} leads an incident itself, of 2 more"),
        (other, "attach", {"to": beta}, 409, f"attach {other} to that"),
        (other, "attach", {"to": other}, 422, "cannot be attached to itself"),
        (secret, "attach", {"to": leader}, 409, "is restricted"),
        (leader, "merge", {"into": other}, 409, f"{leader} leads an incident; merge {other} into it instead."),
        (alone, "answer-all", {"text": "We are on it."}, 409, f"No case is attached to {alone}"),
        (leader, "answer-all", {"text": " "}, 422, "The text is empty"),
        (leader, "answer-all", {"text": "We", "author": "olga"}, 422, "is not a member of the staff"),
    ]
    for ref, act, given, status, sentence in tries:
        with nothing_changes():
            answer = desk.act(ref, act, **given)
        assert (answer.status_code, sentence in answer.json()["detail"]) == (status, True), (ref, act, answer.json())
    assert Link.objects.filter(ended_at=None).count() == 2


def test_the_command_line_does_the_same(three: tuple[Desk, str, str, str]) -> None:
    _, leader, beta, gamma = three
    assert f"leads {beta}, {gamma}" in command("case", "show", leader).stdout
    assert f"attached to {leader}" in command("case", "show", beta).stdout
    told_all = told("case", "answer-all", leader, "We are on it.", "--in", "bg", "Работим.", "--as", "ivan")
    assert [one["ref"] for one in told_all["told"]] == [leader, beta, gamma] and heard(gamma) == ["Работим."]
    told("case", "link", beta, gamma, "--as", "ivan")
    assert f"has to do with {gamma}" in command("case", "show", beta).stdout
    told("case", "unlink", beta, gamma)
    told("case", "detach", gamma, "--as", "ivan")
    told("case", "attach", gamma, leader)
    told("case", "resolve", leader, "--fix", "A new disk", "--root-cause-unknown", "--alone", "--as", "ivan")
    assert Case.objects.get(ref=beta).state == "acknowledged"


def test_a_token_of_one_workspace_decides_nothing(three: tuple[Desk, str, str, str]) -> None:
    desk, leader, beta, _ = three
    one = Rest(token("acme-only", "cases:read", "cases:write", workspace="acme"))
    for act in ("link", "unlink", "attach", "detach", "answer-all"):
        with nothing_changes():
            answer = one.post(f"cases/{leader}/{act}", {"author": "ivan", "to": beta, "text": "We"})
        assert answer.status_code in (403, 422), act
    assert desk.case(leader)["attached"]


def hands(*, patient: bool = True) -> Hands:
    return Hands(EVERYONE, None, ACTOR, clock.now(), patient=patient)


def test_two_cases_attached_to_each_other_at_once_make_one_incident(desk: Desk) -> None:
    one, other = desk.open(), desk.open("All is slow", "oto", workspace="beta")
    raised = at_once(lambda: linking.do_attach(hands(), one, other), lambda: linking.do_attach(hands(), other, one))
    assert [type(error) for error in raised] == [Conflict]
    assert Link.objects.filter(ended_at=None).count() == 1


def test_who_holds_a_lane_already_does_not_wait_for_another(desk: Desk) -> None:
    one, other = desk.open(), desk.open("All is slow", "oto", workspace="beta")
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            lanes.lock(Workspace.objects.get(slug="beta").lane_id)
            held.set()
            assert done.wait(120)

    thread = in_thread(hold)
    assert held.wait(60)
    with pytest.raises(LanesBusy):
        linking.do_attach(hands(patient=False), one, other)
    assert not Link.objects.exists()
    done.set()
    thread.join(60)
    assert linking.do_attach(hands(patient=False), one, other).ref == one
    with pytest.raises(LockOutsideTransaction):
        lanes.lock_all([1])
