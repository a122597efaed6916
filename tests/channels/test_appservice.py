"""The homeserver's endpoint on a real database: right statuses, nothing lost that was valid, later events flow."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from django.db import OperationalError, connection
from django.test import Client as DjangoClient

from roomdesk.queues.models import InboxEvent
from roomdesk.queues.signals import AWAITED, INBOX, PATIENT
from roomdesk.runtime.settings import Settings
from roomdesk.web.appservice import Appservice
from roomdesk.web.asgi import application

TRANSACTIONS = "/_matrix/app/v1/transactions"


class Homeserver:
    """Calls the web application as the homeserver does."""

    def __init__(self, endpoint: Any, token: str) -> None:
        self._application = endpoint
        self._bearer = {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, *, headers: dict[str, str] | None = None, **request: Any) -> httpx.Response:
        return asyncio.run(self._call(method, path, self._bearer if headers is None else headers, **request))

    async def _call(self, method: str, path: str, headers: dict[str, str], **request: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self._application)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, path, headers=headers, **request)

    def put(self, *events: object, name: str | None = None) -> httpx.Response:
        return self.call("PUT", f"{TRANSACTIONS}/{name or uuid.uuid4()}", json={"events": list(events)})


@pytest.fixture
def homeserver(desk: Settings, database: str) -> Iterator[Homeserver]:
    endpoint = Appservice(desk)
    yield Homeserver(endpoint, str(desk.hs_token))
    endpoint.close()


def event(number: int, body: object = "Good morning") -> dict[str, Any]:
    return {
        "type": "m.room.message",
        "event_id": f"$e{number}",
        "room_id": "!r",
        "sender": "@mira:hs",
        "content": {"msgtype": "m.text", "body": body},
    }


def stored() -> list[tuple[str, str]]:
    return list(InboxEvent.objects.order_by("id").values_list("external_id", "state"))


def test_a_transaction_is_stored_and_answered_with_an_empty_object(homeserver: Homeserver) -> None:
    answer = homeserver.put(event(1), event(2))
    assert (answer.status_code, answer.json(), answer.headers["content-type"]) == (200, {}, "application/json")
    assert stored() == [("$e1", "pending"), ("$e2", "pending")]


def test_repeats_and_reordered_transactions_store_each_event_once(homeserver: Homeserver) -> None:
    for name, events in (("7", (1, 2)), ("7", (1, 2)), ("6", (2, 3)), ("7", (3, 4)), ("8", (5, 5))):
        assert homeserver.put(*(event(number) for number in events), name=name).status_code == 200
    assert [name for name, _ in stored()] == ["$e1", "$e2", "$e3", "$e4", "$e5"]


def test_words_of_a_room_that_somebody_looks_at_are_awaited_and_nothing_else_is(desk: Settings, database: str) -> None:
    endpoint = Appservice(desk, is_awaited=lambda room: room == "!r")
    homeserver = Homeserver(endpoint, str(desk.hs_token))
    with psycopg.connect(database, autocommit=True) as listener:
        listener.execute(f"LISTEN {INBOX}")
        for one in (event(1), {**event(2), "room_id": "!other"}, {**event(3), "state_key": ""}, event(1)):
            assert homeserver.put(one).status_code == 200
        told = [one.payload for one in listener.notifies(timeout=60, stop_after=3)]
        assert told == [AWAITED, "", PATIENT]
        assert list(listener.notifies(timeout=0)) == [], "what was stored before is told to nobody"
    endpoint.close()


@pytest.mark.parametrize(
    ("headers", "status", "errcode"),
    [
        ({}, 401, "M_MISSING_TOKEN"),
        ({"Authorization": "Basic x"}, 401, "M_MISSING_TOKEN"),
        ({"Authorization": "Bearer wrong"}, 403, "M_FORBIDDEN"),
        ({"Authorization": "Bearer "}, 403, "M_FORBIDDEN"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", f"{TRANSACTIONS}/1"),
        ("POST", "/_matrix/app/v1/ping"),
        ("GET", "/_matrix/app/v1/rooms/%23a%3Ahs"),
        ("GET", "/_matrix/app/x"),
    ],
)
def test_without_the_token_nothing_is_done(
    homeserver: Homeserver, headers: dict[str, str], status: int, errcode: str, method: str, path: str
) -> None:
    answer = homeserver.call(method, path, headers=headers, json={"events": [event(1)]})
    assert (answer.status_code, answer.json()["errcode"]) == (status, errcode)
    assert stored() == []


@pytest.mark.parametrize(
    ("method", "path", "status", "errcode"),
    [
        ("GET", "/_matrix/app/v1/users/%40anna%3Ahs", 404, "M_NOT_FOUND"),
        ("GET", "/_matrix/app/v1/rooms/%23support-acme%3Ahs", 404, "M_NOT_FOUND"),
        ("GET", "/_matrix/app/v1/thirdparty/protocol/irc", 404, "M_UNRECOGNIZED"),
        ("PUT", "/_matrix/app/v2/transactions/1", 404, "M_UNRECOGNIZED"),
        ("PUT", "/_matrix/app/v1/transactions/", 404, "M_UNRECOGNIZED"),
        ("GET", "/_matrix/app/v1/", 404, "M_UNRECOGNIZED"),
        ("GET", "/_matrix/app/", 404, "M_UNRECOGNIZED"),
        ("POST", "/_matrix/app/v1/transactions/1", 405, "M_UNRECOGNIZED"),
        ("GET", "/_matrix/app/v1/ping", 405, "M_UNRECOGNIZED"),
        ("DELETE", "/_matrix/app/v1/users/a", 405, "M_UNRECOGNIZED"),
    ],
)
def test_other_addresses(homeserver: Homeserver, method: str, path: str, status: int, errcode: str) -> None:
    answer = homeserver.call(method, path)
    assert (answer.status_code, answer.json()["errcode"]) == (status, errcode)


@pytest.mark.parametrize("content", [b"{}", b'{"transaction_id": null}', b""])
def test_ping_is_answered(homeserver: Homeserver, content: bytes) -> None:
    answer = homeserver.call("POST", "/_matrix/app/v1/ping", content=content)
    assert (answer.status_code, answer.json()) == (200, {})


@pytest.mark.parametrize(
    ("content", "errcode"),
    [
        (b"{", "M_NOT_JSON"),
        (b"\xff", "M_NOT_JSON"),
        (b'{"events": [NaN]}', "M_NOT_JSON"),
        (b"[]", "M_BAD_JSON"),
        (b"{}", "M_BAD_JSON"),
    ],
)
def test_a_body_that_is_no_transaction_is_refused_and_later_ones_flow(
    homeserver: Homeserver, content: bytes, errcode: str
) -> None:
    answer = homeserver.call("PUT", f"{TRANSACTIONS}/1", content=content)
    assert (answer.status_code, answer.json()["errcode"]) == (400, errcode)
    assert stored() == []
    assert homeserver.put(event(1), name="1").status_code == 200
    assert stored() == [("$e1", "pending")]


def test_what_cannot_be_worked_on_is_set_aside_beside_the_valid(homeserver: Homeserver) -> None:
    deep = '{"event_id":"$d","room_id":"!r","content":' + "[" * 50_000 + "]" * 50_000 + "}"
    text = '{"events": [' + ", ".join([json.dumps(event(1)), "7", deep, json.dumps(event(2))]) + "]}"
    assert homeserver.call("PUT", f"{TRANSACTIONS}/1", content=text).status_code == 200
    states = stored()
    assert [state for _, state in states] == ["pending", "set_aside", "set_aside", "pending"]
    assert states[0][0] == "$e1" and states[3][0] == "$e2"


@pytest.mark.parametrize("body", ["NUL \u0000", "half \ud800", "😀" * 5000, 1.5, {"a": [None]}, "x" * 3_000_000])
def test_nothing_is_refused_for_its_content(homeserver: Homeserver, body: object) -> None:
    text = json.dumps({"events": [event(1, body)]})
    assert homeserver.call("PUT", f"{TRANSACTIONS}/1", content=text).status_code == 200
    assert json.loads(InboxEvent.objects.get().raw)["content"]["body"] == body


@pytest.mark.parametrize("name", ["a%00b", "%F0%9F%98%80", "x" * 2000, "a%2Fb", "%ED%A0%80", "..%2F..", "%20"])
def test_strange_transaction_ids_are_stored_once(homeserver: Homeserver, name: str) -> None:
    for _ in range(2):
        assert homeserver.put(event(1), name=name).status_code == 200
    assert stored() == [("$e1", "pending")]


def test_a_body_beyond_the_limit_is_refused(homeserver: Homeserver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roomdesk.web.appservice.LARGEST", 1000)

    async def in_parts() -> Any:
        for _ in range(20):
            yield b" " * 100

    for content in (b" " * 1001, in_parts()):
        answer = homeserver.call("PUT", f"{TRANSACTIONS}/1", content=content)
        assert (answer.status_code, answer.json()["errcode"]) == (413, "M_TOO_LARGE")
    assert homeserver.put(event(1)).status_code == 200


def test_an_urgent_first_word_is_seen_at_the_door(homeserver: Homeserver) -> None:
    homeserver.put(event(1, "P0 all is down"), event(2, "hello"))
    assert list(InboxEvent.objects.order_by("id").values_list("is_urgent", flat=True)) == [True, False]


def test_a_connection_that_died_meanwhile_costs_nothing(homeserver: Homeserver) -> None:
    assert homeserver.put(event(1)).status_code == 200
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"
        )
        assert cursor.rowcount >= 1
    assert homeserver.put(event(2)).status_code == 200
    assert [name for name, _ in stored()] == ["$e1", "$e2"]


def test_while_the_database_is_away_the_homeserver_is_asked_to_come_again(
    homeserver: Homeserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: object, **named: object) -> None:
        raise OperationalError("connection refused")

    with monkeypatch.context() as outage:
        outage.setattr("roomdesk.queues.inbox.receive_transaction", away)
        answer = homeserver.put(event(1), name="1")
        assert (answer.status_code, answer.json()["errcode"]) == (503, "M_UNKNOWN")
    assert homeserver.put(event(1), name="1").status_code == 200
    assert stored() == [("$e1", "pending")]


def test_health_and_headers(database: str) -> None:
    answer = DjangoClient(headers={"host": "127.0.0.1"}).get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["referrer-policy"] == "same-origin"


def test_the_web_application_hands_the_homeservers_calls_over() -> None:
    """By address alone; any host name will do, because an outside homeserver uses one of its own."""
    answer = Homeserver(application, "wrong").call(
        "PUT", "/_matrix/app/v1/transactions/1", headers={"Host": "desk.internal"}
    )
    assert (answer.status_code, answer.json()["errcode"]) == (401, "M_MISSING_TOKEN")
