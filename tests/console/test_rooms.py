"""The page Rooms: what every room is, what was found in it, and having it compared and repaired, by whom it is for."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from roomdesk.audit.models import Entry
from roomdesk.audit.work import Work
from roomdesk.cases import verifying
from roomdesk.directory import services
from roomdesk.directory.models import Person, Workspace
from roomdesk.queues.ids import next_ids
from roomdesk.queues.models import InboxEvent
from roomdesk.rooms import overview
from roomdesk.rooms.models import Drift, Room, RoomMember
from roomdesk.runtime import clock
from tests.cases_api.place import nothing_changes
from tests.console.conftest import ACTOR
from tests.rooms.conftest import matrix, place
from tests.rooms.place import Place

__all__ = ["matrix", "place"]

Browser = Callable[[str | None], Client]
pytestmark = pytest.mark.part_of("R06")
ADMIT = {"action": "admit", "user_id": "@olga:hs", "power": 0}


def made(slug: str = "acme", **more: Any) -> Room:
    """The workspace's room as it is once the homeserver has made it."""
    given = {"room_id": f"!{slug}", "alias": f"#support-{slug}:hs", "state": "ready", "wanted_at": clock.now(), **more}
    room = Room.objects.update_or_create(workspace=Workspace.objects.get(slug=slug), defaults=given)[0]
    for user in ("olga", "support"):
        RoomMember.objects.create(room=room, user_id=f"@{user}:hs", membership="join", since=clock.now())
    return room


def drifted(room: Room, *, left: Any = None, repaired: bool = False, problem: str | None = None) -> Drift:
    now = clock.now()
    found = {"actions": [] if problem else [ADMIT], "held": [], "problem": problem}
    return Drift.objects.create(
        id=next_ids(Drift, 1).pop(), room=room, because="sweep", found=json.dumps(found), found_at=now, seen_at=now,
        left=json.dumps(left) if left else "", repaired_at=now if repaired else None,
    )  # fmt: skip


def page_of(client: Client, address: str = "/console/rooms") -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def test_each_room_says_how_it_is(browser: Browser) -> None:
    client, room = browser("lea"), made()
    assert "not compared yet" in page_of(client) and "2 members" in page_of(client)
    Room.objects.filter(pk=room.pk).update(checked_at=clock.now() - timedelta(minutes=10))
    assert '<span class="clock met">right</span>' in page_of(client) and "compared 10 min ago" in page_of(client)
    drift = drifted(room)
    page = page_of(client)
    assert "being repaired" in page and "Admit @olga:hs with power 0" in page
    assert "Every room is right" not in page_of(client, "/console/rooms?view=wrong")
    Drift.objects.filter(pk=drift.pk).update(
        left=json.dumps({"actions": [], "held": [], "problem": "It is encrypted."})
    )
    page = page_of(client)
    assert "left over" in page and "It is encrypted." in page
    Drift.objects.filter(pk=drift.pk).update(repaired_at=clock.now())
    assert ">right<" in page_of(client) and "repaired" in page_of(client)
    assert "Every room is right" in page_of(client, "/console/rooms?view=wrong")
    Room.objects.filter(pk=room.pk).update(state="failed", room_id="", problem="The alias is taken <b>.")
    assert "could not be made" in page_of(client) and "The alias is taken &lt;b&gt;." in page_of(client)


def test_only_rooms_of_ones_products_are_there(browser: Browser) -> None:
    made()
    assert "acme" in page_of(browser("ivan")) and "acme" in page_of(browser("lea"))
    tiago = browser("tiago")
    assert "/console/rooms/of/acme" not in page_of(tiago)
    with clock.frozen(clock.now()):
        answer, nothing = (tiago.get(f"/console/rooms/of/{slug}") for slug in ("acme", "nothing"))
    assert answer.status_code == nothing.status_code == 404
    assert answer.content == nothing.content.replace(b"nothing", b"acme")
    for address in ("/console/rooms", "/console/rooms/of/acme"):
        assert browser("oto").get(address).status_code == 404
        assert browser(None).get(address).status_code == 302
    with nothing_changes():
        assert browser("oto").post("/console/rooms/of/acme/repair").status_code == 404
        assert tiago.post("/console/rooms/of/acme/repair").status_code == 404


def test_a_lead_has_a_room_repaired_and_an_engineer_is_told_who_may(browser: Browser) -> None:
    room = made()
    ivan, lea = browser("ivan"), browser("lea")
    assert "Compare and repair now" not in page_of(ivan, "/console/rooms/of/acme")
    with nothing_changes():
        refused = ivan.post("/console/rooms/of/acme/repair")
    assert refused.status_code == 403 and "ask one of them" in refused.content.decode()
    assert lea.get("/console/rooms/of/acme/repair").status_code == 405

    assert "Compare and repair now" in page_of(lea, "/console/rooms/of/acme")
    answer = lea.post("/console/rooms/of/acme/repair")
    assert (answer.status_code, answer["Location"]) == (302, "/console/rooms/of/acme?asked=1")
    told = [json.loads(event.raw) for event in InboxEvent.objects.filter(source="desk", lane=room.workspace.lane)]  # type: ignore[union-attr]
    assert {"kind": "room_look", "by": "lea", "because": "operator", "room": room.pk} in told
    entry = Entry.objects.get(action="room.reconcile")
    assert (entry.scope, entry.actor_kind, entry.actor) == ("workspace:acme", "staff", "lea")
    page = page_of(lea, "/console/rooms/of/acme?asked=1")
    assert "The desk compares the room now" in page and "Asked to compare and repair" in page


def test_the_button_needs_its_own_page(browser: Browser) -> None:
    made()
    client = Client(headers={"host": "127.0.0.1"}, enforce_csrf_checks=True)
    client.force_login(Person.objects.get(slug="lea"), "allauth.account.auth_backends.AuthenticationBackend")
    with nothing_changes():
        assert client.post("/console/rooms/of/acme/repair").status_code == 403


def test_the_staffs_own_rooms_are_there_too(browser: Browser) -> None:
    services.do_put_staff(id="ana", roles=["engineer"], product="bos", actor=ACTOR, now=clock.now())
    lane = Workspace.objects.get(slug="acme").lane
    for kind, product in (("space", ""), ("space", "bos"), ("control", "bos"), ("control", "power-omni")):
        Room.objects.create(
            kind=kind, product=product, lane=lane, room_id=f"!{kind}{product}", state="ready", wanted_at=clock.now()
        )
    page = page_of(browser("lea"))
    assert page.index("Staff Space") < page.index("Space of BOS") < page.index("Control room of BOS")
    page = page_of(browser("ivan"))
    assert "Staff Space" in page and "Control room of BOS" in page and "power-omni" not in page
    assert "Control room of BOS" in page_of(browser("ivan"), "/console/rooms/staff/control-bos")
    assert browser("ivan").get("/console/rooms/staff/control-power-omni").status_code == 404
    with nothing_changes():
        assert browser("ivan").post("/console/rooms/staff/space/repair").status_code == 403
    assert browser("lea").post("/console/rooms/staff/control-bos/repair").status_code == 302


def test_the_page_tells_how_complete_the_record_was(browser: Browser) -> None:
    client = browser("lea")
    assert "was not compared with the rooms yet" in page_of(client)
    for missing, words in ((2, "2 differences"), (0, "it was complete")):
        counts = {name: 0 for name in verifying.COUNTS} | {"rooms": 1, "unreadable": 0, "missing": missing}
        with transaction.atomic():
            work = Work(clock.now(), ACTOR)
            work.audit(verifying.ACTION, verifying.SUBJECT, counts)
            work.flush()
        assert words in page_of(client)


def test_what_was_found_is_told_with_what_became_of_it(browser: Browser) -> None:
    room = made()
    drifted(room, repaired=True)
    drifted(room, left={"actions": [], "held": [ADMIT], "problem": None})
    page = page_of(browser("lea"), "/console/rooms/of/acme")
    assert page.count('<li class="drift">') == 2
    for words in ("by the sweep", "repaired", "not repaired yet", "Left after the repair", "Waits for a later pass"):
        assert words in page, words


def test_many_rooms_cost_as_many_queries_as_few_and_come_in_pages(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, client = made(), browser("lea")
    drifted(room)
    client.post("/console/rooms/of/acme/repair")
    addresses = ("/console/rooms", "/console/rooms?view=wrong", "/console/rooms/of/acme")
    few = {address: queries_of(client, address) for address in addresses}
    for number in range(7):
        services.do_put_workspace(slug=f"w{number}", product="bos", tier="enterprise", actor=ACTOR, now=clock.now())
        drifted(made(f"w{number}"))
        drifted(room, repaired=True)
        client.post("/console/rooms/of/acme/repair")
    for address in addresses:
        assert queries_of(client, address) <= few[address] <= 20, address

    monkeypatch.setattr(overview, "PAGE", 3)
    seen, address = [], "/console/rooms"
    while address:
        page = page_of(client, address)
        seen += [part.split('"')[0] for part in page.split('href="/console/rooms/of/')[1:]]
        following = page.split('rel="next"')[0].rpartition('href="')[2].split('"')[0] if 'rel="next"' in page else ""
        address = following.replace("&amp;", "&")
    assert seen == ["acme", *(f"w{number}" for number in range(7))]
    for after in ("\0", "²", "x" * 500):
        assert client.get("/console/rooms", {"after": after}).status_code == 200


def queries_of(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len([query for query in caught if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))])


def test_the_differences_of_a_real_room_are_told_and_repaired(place: Place) -> None:
    services.do_put_staff(id="lea", roles=["lead"], actor=ACTOR, now=clock.now())
    place.settle()
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(Person.objects.get(slug="lea"), "allauth.account.auth_backends.AuthenticationBackend")
    address = f"/console/rooms/of/{place.slug}"
    place.reconcile()
    assert "The room is as it should be." in page_of(client, f"{address}?compare=1")
    place.call("POST", "kick", user_id=place.user("asen"))
    place.call("PUT", "state", "m.room.name", name="Pwned")
    page = page_of(client, f"{address}?compare=1")
    assert f"Admit {place.user('asen')} with power 0" in page and "Set m.room.name" in page
    # A page that brings itself up to date asks the homeserver no more.
    again = client.get(f"{address}?compare=1", headers={"sec-fetch-dest": "empty"}).content.decode()
    assert 'id="differences"' not in again
    assert client.post(f"{address}/repair").status_code == 302
    place.settle()
    assert place.plan()["actions"] == []
    page = page_of(client, f"{address}?compare=1")
    assert "The room is as it should be." in page and "when asked for" in page and "repaired" in page
    assert f"Let in: {place.user('asen')}" in page
