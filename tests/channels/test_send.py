"""Every kind of row against the real homeserver, carried out twice: the world must look as after once."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from roomdesk.channels.matrix import history, rooms
from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.errors import Forbidden, MatrixError, NotFound, Refused, Unreachable
from roomdesk.channels.matrix.names import DEVICE, MARKER, path
from roomdesk.channels.matrix.room_body import power_levels, room_body
from roomdesk.channels.matrix.send import LOOK_AFTER, send
from roomdesk.queues.models import OutboxRow
from roomdesk.runtime import clock
from roomdesk.runtime.settings import Settings
from tests.channels.rows import Outbox

Json = dict[str, Any]
Clients = Callable[..., Matrix]


def new_room(matrix: Matrix, slug: str | None = None, *, has_alias: bool = True, **more: Any) -> Json:
    """The payload of `create_room` for a workspace nobody has used yet."""
    slug = slug or f"w{uuid.uuid4().hex[:10]}"
    alias = f"support-{slug}" if has_alias else None
    body = room_body(
        name="Acme · Support", topic="Ask us", server=matrix.server, workspace_slug=slug, alias_localpart=alias, **more
    )
    return {"body": body, "alias": f"#{alias}:{matrix.server}" if alias else None, "keeper": True}


def person(matrix: Matrix, role: str = "mira") -> tuple[str, str]:
    """A new person's user id and sign-in subject."""
    number = uuid.uuid4().hex[:8]
    return f"@{role}{number}:{matrix.server}", f"p-{number}"


def admission(matrix: Matrix, room: str, user: str, subject: str, **more: Any) -> Json:
    return {
        "room_id": room,
        "user_id": user,
        "display_name": "Mira",
        "subject": subject,
        "power": 0,
        "join": True,
        **more,
    }


def state(matrix: Matrix, room: str) -> dict[tuple[str, str], Json]:
    events: Any = matrix.call("GET", path("rooms", room, "state", "m.room.create"), params={"format": "event"})
    assert events["type"] == "m.room.create"
    page = matrix.call("GET", path("rooms", room, "messages"), params={"dir": "f", "limit": "500"})
    return {(event["type"], event["state_key"]): event["content"] for event in page["chunk"] if "state_key" in event}


def messages(matrix: Matrix, room: str) -> list[Json]:
    page = matrix.call("GET", path("rooms", room, "messages"), params={"dir": "f", "limit": "500"})
    return [event for event in page["chunk"] if event["type"] == "m.room.message"]


def text(room: str, body: str = "Hello", **more: Any) -> Json:
    return {
        "room_id": room,
        "type": "m.room.message",
        "content": {"msgtype": "m.text", "body": body},
        "as": None,
        **more,
    }


@pytest.fixture
def room(outbox: Outbox, matrix: Matrix) -> str:
    return outbox.send("create_room", new_room(matrix)).external_id


@pytest.fixture
def other_client(desk: Settings) -> Iterator[Clients]:
    """Clients with other tokens or another address."""
    made: list[Matrix] = []

    def make(url: str = str(desk.matrix_url), **tokens: str | None) -> Matrix:
        made.append(Matrix(url, desk.matrix_server_name, **tokens))
        return made[-1]

    yield make
    for one in made:
        one.close()


class TestCreateRoom:
    def test_the_room_is_as_promised(self, outbox: Outbox, matrix: Matrix) -> None:
        ivan, _ = person(matrix, "ivan")
        payload = new_room(matrix, staff=[ivan], invite=[ivan])
        row = outbox.row("create_room", payload)
        sent = outbox.carry_out(row)
        assert sent.values == {"room_id": sent.external_id}
        assert sent.report == {"room_id": sent.external_id, "alias": payload["alias"]}
        found = state(matrix, sent.external_id)
        create = found["m.room.create", ""]
        assert (create["room_version"], create["m.federate"], create[MARKER]) == ("12", False, str(row.key))
        assert create["additional_creators"] == [matrix.keeper]
        assert found["m.room.power_levels", ""] == power_levels([ivan])
        assert found["m.room.join_rules", ""] == {"join_rule": "invite"}
        assert found["m.room.guest_access", ""] == {"guest_access": "forbidden"}
        assert found["m.room.history_visibility", ""] == {"history_visibility": "shared"}
        assert found["m.room.canonical_alias", ""]["alias"] == payload["alias"]
        assert found["solutions.roomdesk.workspace", ""] == {
            "slug": payload["body"]["initial_state"][3]["content"]["slug"]
        }
        members = {key: content["membership"] for (kind, key), content in found.items() if kind == "m.room.member"}
        assert members == {matrix.bot: "join", matrix.keeper: "join", ivan: "invite"}
        assert ("m.room.encryption", "") not in found

    @pytest.mark.parametrize("has_alias", [True, False])
    def test_twice_makes_one_room(self, outbox: Outbox, matrix: Matrix, has_alias: bool) -> None:
        row = outbox.row("create_room", new_room(matrix, has_alias=has_alias))
        first = outbox.carry_out(row)
        row.attempts = 2
        assert outbox.carry_out(row) == first

    def test_an_alias_of_another_room_is_refused_for_good_and_that_room_untouched(
        self, outbox: Outbox, matrix: Matrix
    ) -> None:
        payload = new_room(matrix)
        other = outbox.send("create_room", payload).external_id
        before = state(matrix, other)
        with pytest.raises(Refused, match="taken by a room that is not ours"):
            outbox.send("create_room", payload)
        assert state(matrix, other) == before

    def test_a_room_half_made_is_completed(self, outbox: Outbox, matrix: Matrix) -> None:
        mira, _ = person(matrix)
        payload = new_room(matrix, invite=[mira])
        row = outbox.row("create_room", payload)
        half = {
            "room_version": "12",
            "preset": "private_chat",
            "room_alias_name": payload["body"]["room_alias_name"],
            "creation_content": {"m.federate": False, MARKER: str(row.key), "additional_creators": [matrix.keeper]},
        }
        made = matrix.call("POST", path("createRoom"), half)["room_id"]
        row.attempts = 2
        assert outbox.carry_out(row).external_id == made
        found = state(matrix, made)
        assert found["m.room.power_levels", ""] == power_levels([])
        assert found["m.room.guest_access", ""] == {"guest_access": "forbidden"}
        assert found["m.room.name", ""]["name"] == "Acme · Support"
        assert found["m.room.member", mira]["membership"] == "invite"

    def test_an_alias_of_a_room_thatis_gone_is_used_again(
        self, outbox: Outbox, matrix: Matrix, monkeypatch: Any
    ) -> None:
        """The homeserver's alias remains when it dies between naming a room and making it; shown by a room deleted under it."""
        payload = new_room(matrix)
        gone = outbox.send("create_room", payload).external_id
        monkeypatch.setattr(rooms, "_marker", lambda *_: None)
        monkeypatch.setattr(rooms, "is_gone", lambda *_: True)
        made = outbox.send("create_room", payload).external_id
        assert made != gone
        assert matrix.call("GET", path("directory", "room", payload["alias"]))["room_id"] == made

    def test_a_room_that_exists_counts_as_made_and_an_unknown_one_not(self, room: str, matrix: Matrix) -> None:
        assert rooms.is_gone(matrix, room) is False
        assert rooms.is_gone(matrix, "!unknown") is True

    def test_an_encrypted_room_is_refused(self, outbox: Outbox, matrix: Matrix) -> None:
        """By the homeserver itself; how the desk does it where the wall is missing: tests/wall."""
        payload = new_room(matrix)
        payload["body"]["initial_state"].append(
            {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
        )
        payload["body"]["power_level_content_override"]["events"]["m.room.encryption"] = 100
        with pytest.raises(Forbidden, match="403 M_FORBIDDEN"):
            outbox.send("create_room", payload)


class TestPeople:
    def test_somebody_admitted_is_in_with_the_account_of_their_sign_in(
        self, outbox: Outbox, matrix: Matrix, room: str
    ) -> None:
        mira, subject = person(matrix)
        row = outbox.row("admit", admission(matrix, room, mira, subject))
        first, again = outbox.carry_out(row), outbox.carry_out(row)
        assert first == again and first.report == {"room_id": room, "user_id": mira, "membership": "join"}
        member = state(matrix, room)["m.room.member", mira]
        assert (member["membership"], member["displayname"]) == ("join", "Mira")
        linked = matrix.admin(
            "GET", path("auth_providers", "oidc-roomdesk", "users", subject, base="/_synapse/admin/v1")
        )
        assert linked == {"user_id": mira}

    def test_without_the_people_token_they_stay_invited(
        self, outbox: Outbox, matrix: Matrix, room: str, desk: Settings, other_client: Clients
    ) -> None:
        mira, subject = person(matrix)
        alone = other_client(as_token=desk.as_token)
        row = outbox.row("admit", admission(matrix, room, mira, subject))
        for _ in range(2):
            assert send(row, alone).report == {"room_id": room, "user_id": mira, "membership": "invite"}
        assert state(matrix, room)["m.room.member", mira]["membership"] == "invite"
        outbox.carry_out(row)
        assert send(row, alone).report is not None
        assert state(matrix, room)["m.room.member", mira]["membership"] == "join"

    def test_power_is_given_and_taken(self, outbox: Outbox, matrix: Matrix, room: str) -> None:
        ivan, subject = person(matrix, "ivan")
        for power, wanted in ((50, {ivan: 50}), (50, {ivan: 50}), (0, {})):
            outbox.send("admit", admission(matrix, room, ivan, subject, power=power))
            assert matrix.call("GET", path("rooms", room, "state", "m.room.power_levels"))["users"] == wanted

    def test_a_banned_person_is_admitted_again(self, outbox: Outbox, matrix: Matrix, room: str) -> None:
        mira, subject = person(matrix)
        outbox.send("admit", admission(matrix, room, mira, subject))
        matrix.call("POST", path("rooms", room, "ban"), {"user_id": mira})
        outbox.send("admit", admission(matrix, room, mira, subject))
        assert state(matrix, room)["m.room.member", mira]["membership"] == "join"

    @pytest.mark.parametrize("membership", ["join", "invite", "leave", "ban", "never"])
    def test_somebody_removed_is_out_whatever_they_were(
        self, outbox: Outbox, matrix: Matrix, room: str, membership: str
    ) -> None:
        mira, subject = person(matrix)
        if membership != "never":
            outbox.send("admit", admission(matrix, room, mira, subject, join=membership != "invite"))
        if membership in ("leave", "ban"):
            matrix.call("POST", path("rooms", room, {"leave": "kick", "ban": "ban"}[membership]), {"user_id": mira})
        row = outbox.row("remove", {"room_id": room, "user_id": mira, "reason": "left the company"})
        for _ in range(2):
            assert outbox.carry_out(row).report == {"room_id": room, "user_id": mira, "membership": "leave"}
        found = state(matrix, room).get(("m.room.member", mira), {"membership": "leave"})["membership"]
        assert found == ("ban" if membership == "ban" else "leave")

    def test_two_people_with_one_sign_in_are_refused(self, outbox: Outbox, matrix: Matrix) -> None:
        mira, subject = person(matrix)
        other, _ = person(matrix, "oto")
        assert outbox.send("provision", {"user_id": mira, "display_name": "Mira", "subject": subject}).report == {
            "user_id": mira,
            "provisioned": True,
        }
        with pytest.raises(MatrixError, match="in use") as refusal:
            outbox.send("provision", {"user_id": other, "display_name": "Oto", "subject": subject})
        assert refusal.value.permanent


class TestSend:
    def test_twice_is_one_event_with_our_mark(self, outbox: Outbox, matrix: Matrix, room: str) -> None:
        row = outbox.row("send", text(room))
        first, again = outbox.carry_out(row), outbox.carry_out(row)
        assert first == again and first.values == {"event_id": first.external_id}
        (event,) = messages(matrix, room)
        assert (event["event_id"], event["sender"], event["content"][MARKER]) == (
            first.external_id,
            matrix.bot,
            str(row.key),
        )

    def test_as_a_person_also_after_they_signed_out_everywhere(self, outbox: Outbox, matrix: Matrix, room: str) -> None:
        mira, subject = person(matrix)
        outbox.send("admit", admission(matrix, room, mira, subject))
        row = outbox.row("send", text(room, **{"as": mira}))
        first = outbox.carry_out(row)
        matrix.call("DELETE", path("devices", DEVICE), user=mira)
        later = outbox.send("send", text(room, "Later", **{"as": mira}))
        assert [(event["sender"], event["event_id"]) for event in messages(matrix, room)] == [
            (mira, first.external_id),
            (mira, later.external_id),
        ]

    def test_as_a_ghost(self, outbox: Outbox, matrix: Matrix, room: str) -> None:
        ghost = f"@support_p_{uuid.uuid4().hex[:6]}:{matrix.server}"
        outbox.send("admit", {"room_id": room, "user_id": ghost, "join": False})
        matrix.register(ghost[1:].partition(":")[0])
        matrix.call("POST", path("rooms", room, "join"), {}, user=ghost)
        row = outbox.row("send", text(room, **{"as": ghost}))
        assert outbox.carry_out(row) == outbox.carry_out(row)
        assert [event["sender"] for event in messages(matrix, room)] == [ghost]

    def test_after_a_day_the_earlier_one_is_found_in_the_room(
        self, outbox: Outbox, matrix: Matrix, room: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The homeserver has forgotten the transaction id by then (here: never knew it); without looking there are two."""
        monkeypatch.setattr(history, "_PAGE", "2")
        row = outbox.row("send", text(room), attempts=2, first_claimed_at=clock.now() - LOOK_AFTER - timedelta(hours=1))
        marked = {"msgtype": "m.text", "body": "Hello", MARKER: str(row.key)}
        where = path("rooms", room, "send", "m.room.message", f"forgotten-{row.key}")
        earlier = matrix.call("PUT", where, marked, device=True)["event_id"]
        for number in range(5):
            outbox.send("send", text(room, f"{number}"))
        assert outbox.carry_out(row).external_id == earlier
        row.first_claimed_at = clock.now()
        assert outbox.carry_out(row).external_id != earlier, "the test's way of forgetting does not work"

    def test_a_late_row_that_was_never_sent_goes_out(self, outbox: Outbox, matrix: Matrix, room: str) -> None:
        row = outbox.row("send", text(room), attempts=5, first_claimed_at=clock.now() - timedelta(days=3))
        assert outbox.carry_out(row).external_id == messages(matrix, room)[0]["event_id"]

    def test_a_thread_under_an_earlier_row(self, outbox: Outbox, matrix: Matrix, room: str) -> None:
        parent = outbox.row("send", text(room, "root"))
        root = outbox.carry_out(parent)
        OutboxRow.objects.filter(pk=parent.pk).update(
            state="sent", external_id=root.external_id, result=json.dumps(root.values)
        )
        relation = {"rel_type": "m.thread", "event_id": {"$after": "event_id"}}
        content = {"msgtype": "m.text", "body": "child", "m.relates_to": relation}
        row = outbox.row("send", {**text(room), "content": content}, after_id=parent.pk)
        outbox.carry_out(OutboxRow.objects.select_related("after").get(pk=row.pk))
        assert messages(matrix, room)[1]["content"]["m.relates_to"]["event_id"] == root.external_id

    def test_a_child_of_a_failed_row_goes_alone(self, outbox: Outbox, matrix: Matrix, room: str) -> None:
        parent = outbox.row("send", text(room), state="failed")
        relation = {"rel_type": "m.thread", "event_id": {"$after": "event_id"}}
        content = {"msgtype": "m.text", "body": "child", "m.relates_to": relation}
        outbox.send("send", {**text(room), "content": content}, after=parent)
        assert "m.relates_to" not in messages(matrix, room)[0]["content"]

    @pytest.mark.parametrize("content", [{"n": 1.0}, {"n": 2**60}])
    def test_numbers_that_matrix_refuses_do_not_leave(self, outbox: Outbox, room: str, content: Json) -> None:
        with pytest.raises(Refused, match="number"):
            outbox.send("send", {**text(room), "content": content})

    def test_too_much_text_is_refused_for_good(self, outbox: Outbox, room: str) -> None:
        with pytest.raises(MatrixError) as refusal:
            outbox.send("send", text(room, "x" * 70_000))
        assert refusal.value.permanent and refusal.value.errcode == "M_TOO_LARGE"


class TestOthers:
    def test_a_redaction_twice_is_one(self, outbox: Outbox, matrix: Matrix, room: str) -> None:
        said = outbox.send("send", text(room))
        row = outbox.row("redact", {"room_id": room, "event_id": said.external_id, "reason": "a password"})
        first = outbox.carry_out(row)
        assert first.external_id and first == outbox.carry_out(row)
        assert messages(matrix, room)[0]["content"] == {}

    def test_state_twice_is_one_event(self, outbox: Outbox, matrix: Matrix, room: str) -> None:
        row = outbox.row(
            "state", {"room_id": room, "type": "m.room.topic", "state_key": "", "content": {"topic": "New"}}
        )
        first = outbox.carry_out(row)
        assert first.external_id and first == outbox.carry_out(row)
        assert matrix.call("GET", path("rooms", room, "state", "m.room.topic"))["topic"] == "New"

    def test_an_unknown_kind_is_refused(self, outbox: Outbox) -> None:
        with pytest.raises(Refused, match="cannot send"):
            outbox.send("dance", {})

    def test_what_builds_on_a_failed_row_is_refused(self, outbox: Outbox) -> None:
        parent = outbox.row("create_room", {}, state="failed")
        with pytest.raises(Refused, match="given up"):
            outbox.send("remove", {"room_id": {"$after": "room_id"}, "user_id": "@a:b"}, after=parent)

    def test_nobody_there_is_an_outage(self, outbox: Outbox, room: str, other_client: Clients) -> None:
        away = other_client(url="http://127.0.0.1:9", as_token="x")
        with pytest.raises(Unreachable) as outage:
            send(outbox.row("send", text(room)), away)
        assert not outage.value.permanent

    def test_a_wrong_token_is_the_installations_fault_not_the_rows(
        self, outbox: Outbox, room: str, other_client: Clients
    ) -> None:
        wrong = other_client(as_token="wrong")
        with pytest.raises(MatrixError) as refusal:
            send(outbox.row("send", text(room)), wrong)
        assert refusal.value.status == 401 and not refusal.value.permanent

    def test_secrets_are_in_no_error(self, desk: Settings, matrix: Matrix) -> None:
        with pytest.raises(NotFound) as refusal:
            matrix.call("GET", path("directory", "room", f"#none:{matrix.server}"))
        assert str(desk.as_token) not in f"{refusal.value} {refusal.value.__dict__}"


def test_ping_says_that_our_endpoint_is_away(matrix: Matrix) -> None:
    with pytest.raises(MatrixError) as outage:
        matrix.ping()
    assert not outage.value.permanent
