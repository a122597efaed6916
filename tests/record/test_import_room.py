"""What was said in a room before the desk kept it comes on record: all of it, once, in order, with its own times, and decides nothing."""

from __future__ import annotations

import os
from typing import Any

import pytest

from roomdesk import pipeline
from roomdesk.audit import verify
from roomdesk.cases import importing
from roomdesk.cases.models import Case
from roomdesk.channels.matrix import history
from roomdesk.channels.matrix.client import Json, Matrix
from roomdesk.channels.matrix.errors import Unreachable
from roomdesk.channels.matrix.names import path
from roomdesk.channels.matrix.receive import arrival
from roomdesk.clocks.models import Clock
from roomdesk.queues import inbox, lanes
from roomdesk.queues.models import InboxEvent, OutboxRow
from roomdesk.record.models import File, Message
from roomdesk.refusals import Conflict
from roomdesk.runtime import clock
from roomdesk.runtime.instance import resolve
from roomdesk.runtime.settings import load
from tests.cases_api.place import nothing_changes
from tests.cli.shell import done, refusal
from tests.record.elsewhere import Elsewhere, filed, relation
from tests.rooms.place import ACTOR, Place
from tests.rooms.talking import hear, say

pytestmark = pytest.mark.part_of("R05", "R08")
PNG = {"msgtype": "m.image", "body": "screen.png", "url": "mxc://roomdesk.localhost/abcdef", "info": {"size": 3}}


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes a hundred events a page does it with four as well."""
    monkeypatch.setattr(history, "_PAGE", "4")


@pytest.fixture
def old(same_place: Place) -> Elsewhere:
    return Elsewhere(same_place).build()


def talk(old: Elsewhere) -> dict[str, str]:
    """Everything that can be said; event ids by name."""
    said = {"first": old.say("olga", "The kumquats are missing.")}
    said["answer"] = old.say(
        "ivan", "We look into it.", **{"m.relates_to": {"m.in_reply_to": {"event_id": said["first"]}}}
    )
    said["thread"] = old.say("asen", "Also the limes.", **{"m.relates_to": relation("m.thread", said["first"])})
    said["edit1"] = old.edit("olga", said["first"], "The kumquats and figs are missing.")
    said["forged"] = old.edit("asen", said["first"], "Forged by another hand.")
    said["edit2"] = old.edit("olga", said["first"], "The figs are missing.")
    said["reaction"] = old.react("ivan", said["first"], "👀")
    said["file"] = old.send("olga", PNG)
    said["secret"] = old.say("olga", "My password is persimmon.")
    said["removal"] = old.redact("olga", said["secret"])
    said["p0"] = old.say("olga", "P0 nothing works.")
    said["desk"] = old.say("support", "Welcome.", msgtype="m.notice")
    return said


def test_everything_that_was_said_is_on_record_with_its_own_time_and_decides_nothing(old: Elsewhere) -> None:
    place, said = old.place, talk(old)
    quiet = OutboxRow.objects.count(), Case.objects.count(), Clock.objects.count()
    with nothing_changes():
        planned = done("record", "import-room", old.room, "--workspace", place.slug, "--dry-run")
    told = done("record", "import-room", old.room, "--workspace", place.slug)
    kinds = {"edit": 3, "file": 1, "message": 6, "reaction": 1, "redaction": 1}
    assert told["recorded"] == kinds and told["total"] == len(said) == 12
    assert planned == {**told, "dry_run": True}

    rows = list(Message.objects.filter(address=old.room).order_by("number"))
    assert [row.external_id for row in rows] == list(said.values()), "all of it, in the room's order"
    found = {name: next(row for row in rows if row.external_id == event) for name, event in said.items()}
    times = [clock.from_ms(event(place.matrix, old.room, row.external_id)["origin_server_ts"]) for row in rows]
    assert [row.at for row in rows] == times and told["first_at"] == times[0].isoformat().replace("+00:00", "Z")
    assert {row.why_code for row in rows} == {"imported"} and {row.case_id for row in rows} == {None}
    assert [found[name].author_kind for name in ("first", "answer", "desk")] == ["customer", "staff", "desk"]
    assert found["first"].author is not None and found["first"].author.slug == place.id("olga")
    assert (found["first"].body, found["first"].edited_body) == ("The kumquats are missing.", "The figs are missing.")
    assert (found["edit1"].body, found["edit1"].target) == ("The kumquats and figs are missing.", said["first"])
    assert (found["answer"].reply_to, found["thread"].thread_root) == (said["first"], said["first"])
    assert (found["reaction"].body, found["reaction"].target) == ("👀", said["first"])
    assert (found["secret"].redacted_at, found["secret"].body) == (found["removal"].at, "")
    assert found["secret"].redacted_by == place.user("olga")
    (file,) = File.objects.filter(message_id=found["file"].pk)
    assert (file.name, file.state, file.next_at is not None) == ("screen.png", "waiting", True)

    assert (OutboxRow.objects.count(), Case.objects.count(), Clock.objects.count()) == quiet, "nobody is told or timed"
    (imported,) = [entry for entry in place.audited("record.imported") if entry["room_id"] == old.room]
    assert imported["recorded"] == kinds and len(place.audited("record.import_began")) > 0
    assert verify.verify(f"workspace:{place.slug}").fault is None
    filed()
    hits = done("record", "search", "figs from:customer")["items"]
    ours = [(hit["event_id"], hit["text"]) for hit in hits if hit["event_id"] in said.values()]
    assert ours == [(said["first"], "The figs are missing.")]
    assert done("record", "search", "persimmon")["items"] == [] == done("record", "search", "kumquats")["items"]


def event(matrix: Matrix, room: str, event_id: str) -> Json:
    return matrix.call("GET", path("rooms", room, "event", event_id))


def ids(old: Elsewhere) -> list[str]:
    return list(Message.objects.filter(address=old.room).order_by("number").values_list("external_id", flat=True))


class Dying(Matrix):
    """The homeserver goes away in the middle of what was said."""

    pages = 0

    def call(self, method: str, where: str, body: Json | None = None, **more: Any) -> Json:
        self.pages += where.endswith("/messages")
        if self.pages > 6:
            raise Unreachable("killed")
        return super().call(method, where, body, **more)


def test_a_second_run_finds_nothing_and_an_interrupted_one_goes_on(old: Elsewhere) -> None:
    said, place = talk(old), old.place

    settings = resolve(load(os.environ))
    dying = Dying(str(settings.matrix_url), settings.matrix_server_name, as_token=str(settings.as_token))
    with pytest.raises(Conflict, match="run the import again to go on"):
        importing.do_import_room(place.workspace, old.room, actor=ACTOR, now=clock.now(), matrix=dying)
    dying.close()
    begun = ids(old)
    assert 0 < len(begun) < len(said)

    told = done("record", "import-room", old.room, "--workspace", place.slug)
    assert (told["known"], told["total"]) == (len(begun), len(said) - len(begun))
    assert ids(old) == list(said.values())
    before = list(Message.objects.order_by("pk").values())
    again = done("record", "import-room", old.room, "--workspace", place.slug)
    assert (again["known"], again["total"], again["first_at"]) == (len(said), 0, None)
    assert list(Message.objects.order_by("pk").values()) == before


def test_what_is_pushed_at_the_same_time_is_recorded_once(old: Elsewhere) -> None:
    """The bot is in that room: its events come in, and wait for a lane that nobody gives them."""
    said, place, cases = talk(old), old.place, Case.objects.count()
    pushed = [arrival(event(place.matrix, old.room, said[name])) for name in ("first", "answer", "p0")]
    inbox.store(pushed[:2], clock.now())
    InboxEvent.objects.filter(external_id=said["answer"]).update(state="ignored", done_at=clock.now())
    assert done("record", "import-room", old.room, "--workspace", place.slug)["total"] == len(said)
    inbox.store(pushed, clock.now())
    while pipeline.drain():
        pass
    assert sorted(ids(old)) == sorted(said.values()) and Case.objects.count() == cases
    assert set(InboxEvent.objects.filter(address=old.room).values_list("state", flat=True)) == {"done"}


def test_what_the_flow_has_is_left_to_it(same_place: Place) -> None:
    """Events of the workspace's own room, from when the desk has kept it on, are no history: they open cases."""
    place, heard = same_place, say(same_place, "olga", "The export fails.")
    hear(place)
    unheard = say(place, "olga", "It still fails.")
    with nothing_changes():
        told = done("record", "import-room", place.room, "--workspace", place.slug, "--dry-run")
    assert told["total"] == 0 and told["kept_by_the_desk"] >= 2
    done("record", "import-room", place.room, "--workspace", place.slug)
    assert not Message.objects.filter(external_id=unheard).exists()
    assert Message.objects.get(external_id=heard).case_id is not None


def test_an_edit_and_a_removal_of_the_desks_time_reach_what_was_said_before(old: Elsewhere) -> None:
    """The room is adopted between a message and its edit: each is recorded by its own way, and both say the same."""
    place = old.place
    edited, removed = old.say("olga", "The limes are late."), old.say("olga", "My password is persimmon.")
    lanes.route("matrix", old.room, place.workspace.lane, clock.now())
    old.edit("olga", edited, "The figs are late.")
    old.redact("olga", removed)
    hear_since(place, old.room)
    done("record", "import-room", old.room, "--workspace", place.slug)
    found = {m.external_id: m for m in Message.objects.filter(external_id__in=[edited, removed])}
    assert (found[edited].body, found[edited].edited_body) == ("The limes are late.", "The figs are late.")
    assert found[removed].redacted_at is not None and found[removed].body == ""


def hear_since(place: Place, room: str) -> None:
    """The two newest events of the room, as they are pushed."""
    page = place.matrix.call("GET", path("rooms", room, "messages"), params={"dir": "b", "limit": "2"})["chunk"]
    inbox.store([arrival(one) for one in reversed(page)], clock.now())
    place.settle()


def test_refusals_say_why_and_change_nothing(old: Elsewhere) -> None:
    place, other = old.place, Place(old.place.matrix).build()
    left = str(place.matrix.call("POST", path("createRoom"), {"preset": "private_chat"})["room_id"])
    place.matrix.call("POST", path("rooms", left, "leave"), {})
    old.say("olga", "The figs are late.")
    for words, room, slug in (
        ('There is no workspace "nowhere"', old.room, "nowhere"),
        ('is no id of a Matrix room; it begins with "!"', "#support", place.slug),
        ("is the room of", other.room, place.slug),
        ("cannot read", left, place.slug),
        ("cannot read", "!nosuchroom", place.slug),
    ):
        with nothing_changes():
            assert words in refusal("record", "import-room", room, "--workspace", slug)


def test_history_that_is_on_record_of_one_workspace_is_not_put_on_anothers(old: Elsewhere) -> None:
    place, other = old.place, Place(old.place.matrix).build()
    old.say("olga", "The figs are late.")
    done("record", "import-room", old.room, "--workspace", place.slug)
    messages = Message.objects.count()
    assert "on record of another workspace" in refusal("record", "import-room", old.room, "--workspace", other.slug)
    assert Message.objects.count() == messages
