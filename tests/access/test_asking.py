"""Access to the room (R03, D7): a member asks, the owner and admins decide or switch it, and nobody else does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from roomdesk.audit.work import Actor
from roomdesk.directory import services
from roomdesk.directory.models import AccessRequest, Membership
from roomdesk.directory.services import access
from roomdesk.queues.models import InboxEvent
from roomdesk.refusals import Conflict, Forbidden, Invalid, NotFound
from tests.api.caller import Caller, caller, problem
from tests.cli.shell import done, refusal
from tests.directory import world
from tests.directory.example import product
from tests.directory.world import ACTOR, START, at, nothing_changes, refused

pytestmark = [pytest.mark.part_of("R03"), pytest.mark.usefixtures("mira")]


def person(name: str) -> Actor:
    return Actor("person", name)


def ask(hours: float = 1, name: str = "mira") -> AccessRequest:
    return access.do_ask(workspace="acme", person=name, actor=person(name), now=at(hours))


def decide(request: AccessRequest, decision: str, by: str | None = "asen", hours: float = 2) -> AccessRequest:
    actor = person(by) if by else ACTOR
    return access.do_decide(workspace="acme", request=request.pk, decision=decision, by=by, actor=actor, now=at(hours))


def switch(value: bool, by: str, who: str = "mira", hours: float = 2) -> Membership:
    return access.do_switch(workspace="acme", person=who, access=value, by=by, actor=person(by), now=at(hours))


def has_access(who: str = "mira") -> bool:
    return Membership.objects.get(workspace__slug="acme", person__slug=who, valid_to=None).support_room_access


def told() -> list[str]:
    return [json.loads(event.raw)["kind"] for event in InboxEvent.objects.filter(source="desk").order_by("pk")]


def test_a_member_asks_once_and_an_admin_lets_them_in() -> None:
    request = ask()
    with nothing_changes():
        assert ask(1.5) == request
    approved = decide(request, "approved")
    assert (approved.outcome, approved.decided_by, approved.decided_at) == ("approved", "asen", at(2))
    assert has_access()
    old, new = Membership.objects.filter(person__slug="mira").order_by("pk")
    assert (old.valid_to, new.valid_from, new.role) == (at(2), at(2), "member")
    assert told()[-3:] == ["access_asked", "access_decided", "people_changed"]
    actions = ["access.asked", "member.changed", "access.approved"]
    assert world.entries("workspace:acme")[-3:] == [(action, "person:mira") for action in actions]
    with nothing_changes():
        decide(request, "approved", "olga", 3)


@pytest.mark.parametrize("by", ["olga", "asen", None])
def test_a_declined_member_stays_out_and_can_ask_again(by: str | None) -> None:
    request = ask()
    assert decide(request, "declined", by).decided_by == (by or "cli:tests")
    assert not has_access()
    assert told()[-1] == "access_decided"
    assert ask(3).pk != request.pk


@pytest.mark.parametrize("decision", ["approved", "declined"])
@pytest.mark.parametrize("by", ["mira", "ivan", "oto", "nobody"])
def test_nobody_but_owner_and_admins_decides(by: str, decision: str) -> None:
    """Not the member by herself, no staff of the vendor, nobody of another workspace."""
    world.put(slug="nord", product="cloud")
    world.member(workspace="nord", id="oto", role="owner")
    request = ask()
    with refused(Forbidden, "Only the owner and admins", "by"):
        decide(request, decision, by)


def test_an_admin_who_is_none_any_more_decides_nothing() -> None:
    request = ask()
    world.member(at(1.5), id="asen", role="member")
    with refused(Forbidden, "Only the owner and admins", "by"):
        decide(request, "approved")


def test_only_who_asked_withdraws() -> None:
    request = ask()
    with refused(Forbidden, "Only the person who asked", "by"):
        decide(request, "withdrawn", "olga")
    assert decide(request, "withdrawn", "mira").outcome == "withdrawn"
    with refused(Conflict, "withdrawn by mira meanwhile"):
        decide(request, "approved")
    assert not has_access()


def test_the_toggle_decides_too() -> None:
    request = ask()
    switch(True, "olga")
    request.refresh_from_db()
    assert (request.outcome, request.decided_by, has_access()) == ("approved", "olga", True)
    with nothing_changes():
        switch(True, "olga", hours=3)
    switch(False, "asen", hours=3)
    assert not has_access()
    assert world.entries("workspace:acme")[-1] == ("member.changed", "person:mira")


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("by", ["mira", "ivan", "oto", "nobody"])
def test_nobody_but_owner_and_admins_switches(by: str, value: bool) -> None:
    world.put(slug="nord", product="cloud")
    world.member(workspace="nord", id="oto", role="owner")
    world.member(at(1), id="mira", support_room_access=not value)
    with refused(Forbidden, "Only the owner and admins", "by"):
        switch(value, by)


@pytest.mark.parametrize("who", ["olga", "asen"])
def test_owner_and_admins_are_in_always(who: str) -> None:
    with refused(Conflict, "in the room always", "member"):
        switch(False, "olga", who)
    with refused(Conflict, "has access to the room already", "member"):
        ask(name=who)


@pytest.mark.parametrize("change", [{"support_room_access": True}, {"role": "admin"}])
def test_a_program_that_lets_the_member_in_settles_the_request(change: dict[str, Any]) -> None:
    request = ask()
    world.member(at(2), id="mira", **change)
    request.refresh_from_db()
    assert (request.outcome, request.decided_by) == ("approved", "cli:tests")


def test_a_request_ends_with_the_membership() -> None:
    request = ask()
    services.do_remove_member(workspace="acme", id="mira", actor=ACTOR, now=at(2))
    request.refresh_from_db()
    assert request.outcome == "ended"
    with refused(NotFound, 'no member "mira"', "member"):
        ask(3)


def test_without_a_room_there_is_nothing_to_ask_for() -> None:
    services.load(product("paper", room=False, tiers=TIERS, backup=[]), ACTOR, START)
    world.put(slug="nord", product="paper")
    world.member(workspace="nord", id="nina")
    with refused(Conflict, "has no rooms", "member"):
        access.do_ask(workspace="nord", person="nina", actor=person("nina"), now=at(1))


TIERS = [{"slug": tier, "name": tier, "channels": ["form"]} for tier in ("basic", "pro", "enterprise")]


def test_by_rest(mira: None) -> None:
    rest = caller("directory:read", "directory:write")
    made = answer(rest("POST", "workspaces/acme/access-requests", {"member": "mira"}))
    assert (made["state"], made["asked_by"], made["name"]) == (
        "open",
        "token:all-directory.read-directory.write",
        "Mira",
    )
    assert answer(rest("POST", "workspaces/acme/access-requests", {"member": "mira"})) == made
    assert answer(rest("GET", "workspaces/acme/access-requests"))["items"] == [made]
    place = f"workspaces/acme/access-requests/{made['id']}"
    with nothing_changes():
        problem(rest("POST", place, {"decision": "approved", "by": "mira"}), 403, "forbidden", "by")
        problem(rest("POST", place, {"decision": "maybe"}), 422, "invalid", "decision")
        problem(
            rest("POST", "workspaces/acme/access-requests/999999", {"decision": "approved"}), 404, "not_found", "number"
        )
        problem(rest("POST", "workspaces/acme/access-requests", {"member": "olga"}), 409, "conflict", "member")
        problem(rest("POST", "workspaces/acme/access-requests", {"member": "no"}), 404, "not_found", "member")
    assert answer(rest("POST", place, {"decision": "approved", "by": "olga"}))["state"] == "approved"
    assert answer(rest("GET", "workspaces/acme/members/mira"))["support_room_access"] is True


def test_a_request_of_another_workspace_is_not_found() -> None:
    request = ask()
    world.put(slug="nord", product="cloud")
    limited: Caller = caller("directory:write", workspace="nord")
    with nothing_changes():
        for slug in ("acme", "nord"):
            place = f"workspaces/{slug}/access-requests/{request.pk}"
            assert limited("POST", place, {"decision": "approved"}).status_code == 404


def answer(response: Any) -> Any:
    assert response.status_code == 200, response.content
    return json.loads(response.content)


def test_by_command_line() -> None:
    made = done("access", "ask", "acme", "mira")
    assert done("access", "list", "acme")["items"] == [made]
    assert "Only the owner and admins" in refusal("access", "approve", "acme", str(made["id"]), "--as", "mira")
    assert done("access", "decline", "acme", str(made["id"]), "--as", "olga")["state"] == "declined"
    again = done("access", "ask", "acme", "mira")
    assert done("access", "withdraw", "acme", str(again["id"]))["state"] == "withdrawn"
    third = done("access", "ask", "acme", "mira")
    assert done("access", "approve", "acme", str(third["id"]))["state"] == "approved"
    assert [item["state"] for item in done("access", "list", "acme")["items"]] == ["approved", "withdrawn", "declined"]


def test_a_decision_that_there_is_not_is_refused() -> None:
    request = ask()
    with refused(Invalid, 'cannot be "ended"', "decision"):
        decide(request, "ended", None)
