"""After hours, from a real Matrix client to PagerDuty and back: who is woken, who is answered, and who has it (R19, R37–R42)."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
import httpx
import pytest

from tests.fakes.notified import Notified, notified
from tests.fakes.pagerduty import KEY, Incident, PagerDuty, pagerduty
from tests.harness.live import Live, eventually
from tests.harness.scene import PRODUCT, Scene, workspace

SOFIA = ZoneInfo("Europe/Sofia")
HOLIDAYS = holidays.country_holidays("BG")
SECRET = "the-secret-of-the-subscription"
CUSTOMERS = {
    "ent": "enterprise",
    "covered": "pro",
    "bare": "pro",
    "small": "starter",
    "silent": "enterprise",
    "words": "enterprise",
    "deaths": "enterprise",
}


@pytest.fixture(scope="module")
def events() -> Iterator[PagerDuty]:
    with pagerduty() as fake:
        yield fake


@pytest.fixture(scope="module")
def night(events: PagerDuty) -> Iterator[Live]:
    """An installation with PagerDuty, on a Sunday at 03:00 in Sofia, with a customer of each cover in its room."""
    live = Live(
        ROOMDESK_PAGERDUTY_URL=events.url, ROOMDESK_PAGERDUTY_ROUTING=KEY, ROOMDESK_PAGERDUTY_WEBHOOK_SECRETS=SECRET
    ).start()
    live.run("clock", "advance", f"{_until_sunday()}s", "--jump")
    for slug, tier in CUSTOMERS.items():
        # Each has an engineer of its own: who answers in one room is at work in no other.
        workspace(live, slug, tier=tier, engineer=_engineer(slug))
    live.rest(
        "PUT", "workspaces/covered", json={"product": "plana-business-cloud", "tier": "pro", "addons": ["on-call"]}
    )
    yield live
    assert live.stop() == 0
    live.remove()


def _engineer(slug: str) -> str:
    return f"ivan-{slug}"


def at_night(night: Live, slug: str) -> Scene:
    return Scene(night, slug, _engineer(slug), night.room(slug))


def _until_sunday() -> int:
    now = datetime.now(UTC).astimezone(SOFIA)
    days = (6 - now.weekday()) % 7 or 7
    sunday = (now + timedelta(days=days)).replace(hour=3, minute=0, second=0, microsecond=0)
    return int((sunday - now).total_seconds())


def paged(events: PagerDuty, seconds: float = 20) -> Incident:
    eventually(lambda: events.unexpected, "a page", seconds=seconds)
    return events.page()


def told(live: Live, scene: Scene, words: str) -> str:
    olga = scene.client(scene.owner)
    found = eventually(lambda: [n for n in olga.notices(scene.room) if words in n["content"]["body"]], words)
    assert len(found) == 1
    return str(found[0]["content"]["body"])


@pytest.mark.requirement("R19", "R38", "R42")
@pytest.mark.part_of("R37")
def test_a_p0_in_the_night_wakes_the_engineer_of_those_who_have_cover_and_answers_the_others(
    night: Live, events: PagerDuty
) -> None:
    scenes = {slug: at_night(night, slug) for slug in ("ent", "covered", "bare", "small")}

    began = time.monotonic()
    scenes["ent"].client(scenes["ent"].owner).say(scenes["ent"].room, "P0 orders cannot be saved")
    incident = paged(events)
    assert time.monotonic() - began < 10, "within seconds"
    ref = scenes["ent"].case()["ref"]
    # On a busy machine the page goes out before the message is read; its words follow at the same incident.
    eventually(
        lambda: any(ref in str(event) and "orders cannot be saved" in str(event) for event in events.seen), "the words"
    )
    assert "being paged now" in told(night, scenes["ent"], "P0 recorded")
    before = len(incident.log)
    scenes["ent"].client(scenes["ent"].owner).say(scenes["ent"].room, "P0 really, hurry")
    eventually(lambda: len(incident.log) == before + 1, "the second one at the same incident")

    for slug, name in (("bare", "Pro"), ("small", "Starter")):
        scenes[slug].client(scenes[slug].owner).say(scenes[slug].room, "P0 nothing works")
        answer = told(night, scenes[slug], "P0 recorded")
        assert "nobody is woken" in answer and name in answer and "first answer by" in answer

    scenes["covered"].client(scenes["covered"].owner).say(scenes["covered"].room, "Р0: складът спря")
    other = paged(events)
    assert "your target falls" in told(night, scenes["covered"], "P0 recorded")

    scenes["ent"].client(scenes["ent"].engineer).say(scenes["ent"].room, "I am looking into it")
    eventually(lambda: incident.status == "acknowledged", "the answer in the room acknowledged")
    body, headers = events.webhook(other, "incident.acknowledged", secret=SECRET, webhook_id="W1", agent="Petya")
    address = f"{night.ready['url'].rstrip('/')}/hooks/pagerduty"
    for _ in range(2):
        assert httpx.post(address, content=body, headers=headers, trust_env=False).status_code == 202
    assert "Petya is on it" in told(night, scenes["covered"], "is on it")

    done = {"state": "resolved", "fix": "Restarted", "root_cause": "A full disk", "author": scenes["ent"].engineer}
    assert night.rest("PATCH", f"cases/{ref}", json=done).status_code == 200
    eventually(lambda: incident.status == "resolved", "the incident resolved with the case")
    assert night.run("audit", "verify").returncode == 0
    assert len(events.incidents) == 2 and events.unexpected == []


def code(text: str) -> dict[str, str]:
    return {"format": "org.matrix.custom.html", "formatted_body": f"<pre><code>{text}</code></pre>"}


@pytest.mark.part_of("R19", "R37")
def test_however_it_is_written_and_whoever_writes_it(night: Live, events: PagerDuty) -> None:
    scene = at_night(night, "words")
    asen = scene.member("admin", "Asen", support_room_access=True)
    mira = scene.member("admin", "Mira", support_room_access=True)
    scene.await_in_room(asen, mira)
    olga, ivan, room = scene.client(scene.owner), scene.client(scene.engineer), scene.room

    leaver = scene.client(mira)
    assert night.rest("DELETE", f"workspaces/words/members/{mira}").status_code in (200, 204)
    eventually(lambda: scene.memberships().get(mira) not in ("join", "going"), "Mira out of the room")
    where = f"/_matrix/client/v3/rooms/{room}/send/m.room.message/gone"
    body = {"msgtype": "m.text", "body": "P0 from somebody who is gone"}
    assert leaver.call("PUT", where, json=body).status_code in (401, 403)
    first = olga.say(room, "> P0 down\n\nwhat did you mean by that?")
    olga.say(room, "P0 down", **code("P0 down"))
    olga.say(room, "All is down, P0")
    edit = {"m.new_content": {"msgtype": "m.text", "body": "P0 down"}, "m.relates_to": {"rel_type": "m.replace", "event_id": first}}  # fmt: skip
    olga.say(room, "* P0 down", **edit)
    ivan.say(room, "P0 is what you write as the first word")

    bot = f"@support:{olga.user_id.partition(':')[2]}"
    for text in ("p0 all is down", "…P0!", f"{bot} P0 down", "Р0: складът спря"):
        olga.say(room, text)
        # Everything before it has been heard by then, and woke nobody.
        incident = paged(events)
        ivan.say(room, "I am here")
        eventually(lambda found=incident: found.status == "acknowledged", "the answer in the room")
        night.run("clock", "advance", "31m")
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda who: who.say(room, "P0 the shop is down"), (olga, scene.client(asen), scene.client(scene.owner))))  # fmt: skip
    incident = paged(events)
    eventually(lambda: len(incident.log) >= 3, "all three at the same incident")
    ivan.say(room, "I am here again")
    eventually(lambda: incident.status == "acknowledged", "the answer in the room")
    assert events.unexpected == []


@pytest.mark.part_of("R39")
def test_a_drill_pages_for_real_and_tells_how_long_each_step_took(night: Live, events: PagerDuty) -> None:
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(night.run, "oncall", "drill", "--product", PRODUCT, "--wait", "60", "--json")
        incident = paged(events)
        assert "Drill: nothing is wrong" in incident.event["payload"]["summary"]
        body, headers = events.webhook(incident, "incident.acknowledged", secret=SECRET, webhook_id="WDRILL", agent="Petya")  # fmt: skip
        hook = f"{night.ready['url'].rstrip('/')}/hooks/pagerduty"
        assert httpx.post(hook, content=body, headers=headers, trust_env=False).status_code == 202
        value = json.loads(running.result().stdout)
    assert (value["by"], value["via"]) == ("Petya", "pagerduty")
    assert 0 <= value["accepted"] <= value["acknowledged"]
    (tried,) = [one for one in value["tries"] if one["action"] == "trigger"]
    assert (tried["way"], tried["problem"]) == ("pagerduty", None) and tried["after"] >= 0
    eventually(lambda: incident.status == "resolved", "the drill ended everywhere")

    silent = night.run("oncall", "drill", "--product", PRODUCT, "--wait", "3", check=False)
    assert silent.returncode == 1 and "nobody acknowledged" in silent.stdout
    assert "Drill" in paged(events).event["payload"]["summary"]


@pytest.mark.part_of("R37", "R56")
def test_a_p0_outlives_the_death_of_worker_and_database(night: Live, events: PagerDuty) -> None:
    scene = at_night(night, "deaths")
    olga = scene.client(scene.owner)
    night.kill("worker")
    olga.say(scene.room, "P0 all is down")
    night.kill("postgres")
    incident = paged(events, seconds=120)
    eventually(lambda: scene.case()["p0"], "its case")
    assert set(incident.log) == {"trigger"} and events.unexpected == []
    scene.client(scene.engineer).say(scene.room, "I am here")
    eventually(lambda: incident.status == "acknowledged", "the answer in the room")


@pytest.fixture
def phones(night: Live) -> Iterator[Notified]:
    """A rota: Petya has the watch, Boris comes next, Dora is the second line; each has a way of their own."""
    with notified() as fake:
        for person in ("petya", "boris", "dora"):
            body = {"name": person.title(), "email": f"{person}@vendor.test", "roles": ["engineer"]}
            assert night.rest("PUT", f"staff/{person}", json=body).status_code == 201
            ways = {"ways": [{"way": "apprise", "address": fake.address(person)}]}
            assert night.rest("PUT", f"staff/{person}/reach", json=ways).status_code == 200
        turns = {"zone": "Europe/Sofia", "starts": "2026-01-05", "hand_over": "09:00", "every": "52 weeks"}
        first = {"name": "first", "people": ["petya", "boris"], **turns}
        second = {"name": "second", "level": 2, "people": ["dora"], **turns}
        written = night.rest("PUT", f"rotas/{PRODUCT}", json={"layers": [first, second]})
        assert written.status_code == 200, written.text
        yield fake


@pytest.mark.requirement("R39", "R40", "R41")
@pytest.mark.part_of("R04")
def test_who_stays_silent_is_passed_over_until_a_human_has_it_and_a_p0_that_was_none_lowers_the_next(
    night: Live, events: PagerDuty, phones: Notified
) -> None:
    assert who(night) == ["petya", "dora"]
    swap = {"person": "boris", "reason": "Petya is ill", "instead_of": "petya"}
    made = night.rest("POST", f"rotas/{PRODUCT}/swaps", json=swap).json()
    assert who(night) == ["boris", "dora"]
    assert night.rest("DELETE", f"rotas/{PRODUCT}/swaps/{made['id']}").status_code == 200
    assert who(night) == ["petya", "dora"]
    assert night.json("oncall", "gaps", "--product", PRODUCT)["gaps"] == []
    calendar = night.rest("POST", f"rotas/{PRODUCT}/calendars", json={"person": "petya"}).json()["url"]
    assert "On call: petya (first)" in httpx.get(calendar, trust_env=False).text

    scene = at_night(night, "silent")
    scene.await_in_room("petya", "dora")
    eventually(lambda: scene.memberships().get(scene.engineer) != "join", "who is not on call out of the room")
    olga = scene.client(scene.owner)
    # Until another way was tried: three refusals only may be over before the clock is moved, and then nobody else is asked.
    events.answers = [500] * 1000
    phones.silent = {"petya"}
    olga.say(scene.room, "P0 all is down")
    eventually(lambda: scene.cases(), "the case")
    night.run("clock", "advance", "15s")
    eventually(lambda: phones.tries >= 1, "not taken within ten seconds: another way of whoever has the watch")
    events.answers = []
    night.run("clock", "advance", "6m")
    eventually(lambda: "boris" in phones.people(), "the next in the rota")
    night.run("clock", "advance", "5m")
    eventually(lambda: "dora" in phones.people(), "the second line")
    link = re.search(r"I have it, or call the next: (\S+)", phones.bodies[-1])
    assert link is not None
    assert httpx.post(link[1], data={"act": "take"}, trust_env=False).status_code == 200
    assert "Dora is on it" in told(night, scene, "is on it")
    incident = paged(events)
    eventually(lambda: incident.status == "acknowledged", "taken by the link, acknowledged everywhere")

    ref = scene.case()["ref"]
    marked = night.rest("POST", f"cases/{ref}/misuse", json={"reason": "A question", "author": "petya"})
    assert marked.status_code == 201
    assert "less urgency" in told(night, scene, "Please keep P0")
    night.run("clock", "advance", "31m")
    olga.say(scene.room, "P0 down again")
    assert paged(events).event["payload"]["severity"] == "warning"
    assert night.rest("GET", "workspaces/silent/misuse").json()["items"][0]["counts"] is True


def who(live: Live) -> list[str]:
    items = live.rest("GET", f"oncall?product={PRODUCT}").json()["items"]
    return [one["person"] for watch in items for one in watch["on_call"]]


@pytest.mark.part_of("R42")
def test_while_the_office_is_open_staff_are_told_where_nobody_is_paged(night: Live, events: PagerDuty) -> None:
    moved = datetime.fromisoformat(night.rest("GET", "oncall").json()["at"]).astimezone(SOFIA)
    monday = (moved + timedelta(days=(7 - moved.weekday()) % 7 or 7)).replace(hour=10, minute=0, second=0)
    while monday.date() in HOLIDAYS:
        monday += timedelta(days=1)
    night.run("clock", "advance", f"{int((monday - moved).total_seconds())}s", "--jump")
    scene = at_night(night, "small")
    scene.client(scene.owner).say(scene.room, "P0 nothing works in office hours")
    assert "Our staff are told now" in told(night, scene, "Our staff are told")
    assert events.unexpected == []
