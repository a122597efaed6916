"""PagerDuty's Events API v2 and its webhooks as contracts §1 and §2 have them: it validates, deduplicates while open, and remembers.

Every incident must be claimed by the test (`page`); one that nobody expected fails it when the fake is closed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "R" + "0123456789abcdef" * 2
KEY = KEY[:32]
_TOP = {"routing_key", "event_action", "dedup_key", "payload", "images", "links", "client", "client_url"}
_PAYLOAD = {"summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"}


@dataclass
class Incident:
    """What one key opened. `log` are the actions that it has heard, in order."""

    id: str
    key: str
    event: dict[str, Any]
    routing_key: str
    status: str = "triggered"
    by: str = ""
    log: list[str] = field(default_factory=lambda: ["trigger"])


@dataclass
class PagerDuty:
    """`answers` are statuses given one after the other instead of taking an event; `taken_first`: it is taken all the same
    (the answer is lost). `keys` are the routing keys it knows.
    """

    url: str = ""
    keys: set[str] = field(default_factory=lambda: {KEY})
    answers: list[int] = field(default_factory=list)
    retry_after: int = 0
    api_token: str = ""
    #: On-calls by escalation policy, as `GET /oncalls` lists them.
    oncalls: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    #: Statuses given one after the other instead of an answer of the REST API.
    api_answers: list[int] = field(default_factory=list)
    #: How many more events are read and never answered: whoever sent them must give up by themselves.
    hangs: int = 0
    taken_first: bool = False
    refused: list[str] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    _claimed: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def enqueue(self, body: bytes) -> tuple[int, dict[str, Any]]:
        with self._lock:
            try:
                event = json.loads(body)
            except ValueError:
                return self._refuse("The body is no JSON.")
            self.seen.append(event)
            if problems := list(_problems(event, body)):
                return self._refuse(*problems)
            if self.answers:
                status = self.answers.pop(0)
                if self.taken_first:
                    self._take(event)
                return status, {"status": "throttle exceeded" if status == 429 else "error"}
            key = self._take(event)
            return 202, {"status": "success", "message": "Event processed", "dedup_key": key}

    def _refuse(self, *problems: str) -> tuple[int, dict[str, Any]]:
        self.refused += problems
        return 400, {"status": "invalid event", "message": "Event object is invalid", "errors": list(problems)}

    def _take(self, event: dict[str, Any]) -> str:
        """Taken is queued: an unknown routing key, or a follow-up to nothing that is open, is dropped in silence."""
        key = event.get("dedup_key") or hashlib.sha256(json.dumps(event).encode()).hexdigest()[:32]
        same = [i for i in self.incidents if (i.routing_key, i.key) == (event["routing_key"], key)]
        still_open = next((i for i in same if i.status != "resolved"), None)
        action = event["event_action"]
        if event["routing_key"] not in self.keys:
            return key
        if still_open is None and action == "trigger":
            self.incidents.append(Incident(f"PINC{len(self.incidents) + 1}", key, event, event["routing_key"]))
        elif still_open is not None:
            still_open.log.append(action)
            still_open.status = {"acknowledge": "acknowledged", "resolve": "resolved"}.get(action, still_open.status)
        return key

    def found(self, path: str, token: str) -> tuple[int, dict[str, Any]]:
        """The REST API: incidents by the key of their alert, and on-calls by escalation policy."""
        place = urlsplit(path)
        if self.api_answers:
            return self.api_answers.pop(0), {"error": {"message": "no"}}
        if place.path not in ("/incidents", "/oncalls"):
            return 404, {"error": {"message": "Not Found"}}
        if token != f"Token token={self.api_token}":
            return 401, {"error": {"message": "no"}}
        if place.path == "/oncalls":
            return 200, self._on_call(parse_qs(place.query, strict_parsing=True))
        key = parse_qs(place.query).get("incident_key", [""])[0]
        rows = [one for one in self.incidents if one.key == key]
        return 200, {"incidents": [self._row(one) for one in reversed(rows)], "more": False}

    def _on_call(self, asked: dict[str, list[str]]) -> dict[str, Any]:
        """Those that touch the time asked for, a page of them; mail addresses only where users are asked for."""
        assert set(asked) == {"escalation_policy_ids[]", "include[]", "time_zone", "since", "until", "limit", "offset"}
        since, until = (datetime.fromisoformat(asked[name][0]) for name in ("since", "until"))
        found = [
            one
            for policy in asked["escalation_policy_ids[]"]
            for one in self.oncalls.get(policy, [])
            if (one["start"] is None or datetime.fromisoformat(one["start"]) < until)
            and (one["end"] is None or datetime.fromisoformat(one["end"]) > since)
        ]
        limit, offset = (int(asked[name][0]) for name in ("limit", "offset"))
        rows = found[offset : offset + limit]
        return {"oncalls": rows, "limit": limit, "offset": offset, "more": offset + limit < len(found), "total": None}

    def on_call(self, policy: str, name: str, start: str | None, end: str | None, *, level: int = 1,
                schedule: str | None = "Primary", email: str | None = None) -> None:  # fmt: skip
        """Has somebody be on call there; without a schedule by the policy itself, and then for ever."""
        number = f"PU{name.upper()[:5]}"
        user = {
            "id": number,
            "type": "user",
            "summary": name,
            "name": name,
            "email": email or f"{name.lower()}@vendor.test",
        }
        self.oncalls.setdefault(policy, []).append(
            {
                "escalation_policy": {"id": policy, "type": "escalation_policy_reference", "summary": "Support"},
                "escalation_level": level,
                "schedule": {"id": "PSCHED1", "type": "schedule_reference", "summary": schedule} if schedule else None,
                "user": user,
                "start": start,
                "end": end,
            }
        )

    def _row(self, one: Incident) -> dict[str, Any]:
        who = {"id": "PUSER1", "type": "user_reference", "summary": one.by}
        taken = [{"at": "2026-03-08T01:02:03Z", "acknowledger": who}] if one.by else []
        return {"id": one.id, "type": "incident", "status": one.status, "incident_key": None, "acknowledgements": taken}

    def page(self) -> Incident:
        """The next incident that the test has not claimed yet; it must be there."""
        found = next((one for one in self.incidents if one.id not in self._claimed), None)
        assert found is not None, "nobody was paged"
        self._claimed.add(found.id)
        return found

    @property
    def unexpected(self) -> list[str]:
        return [f"{one.event['payload']['summary']!r}" for one in self.incidents if one.id not in self._claimed]

    def webhook(self, incident: Incident | None, kind: str, *, secret: str, webhook_id: str, agent: str | None = "Ana",
                incident_key: str | None = None, data: dict[str, Any] | None = None) -> tuple[bytes, dict[str, str]]:  # fmt: skip
        """Body and headers of a delivery; `secret` may be several with spaces between, as while one is changed."""
        about = data or {
            "id": incident.id if incident else "PNONE",
            "type": "incident",
            "status": kind.rpartition(".")[2],
            "incident_key": incident_key if incident_key is not None else (incident.key if incident else ""),
        }
        event = {
            "id": f"01{webhook_id}",
            "event_type": kind,
            "resource_type": "incident",
            "occurred_at": "2026-03-08T01:02:03.567Z",
            "agent": {"id": "PUSER1", "type": "user_reference", "summary": agent} if agent else None,
            "client": None,
            "data": about,
        }
        body = json.dumps({"event": event}).encode()
        signed = ",".join(f"v1={hmac.new(s.encode(), body, hashlib.sha256).hexdigest()}" for s in secret.split())
        headers = {
            "X-PagerDuty-Signature": signed,
            "X-Webhook-Id": webhook_id,
            "X-Webhook-Subscription": "PSUB1",
            "User-Agent": "PagerDuty-Webhook/V3.0",
        }
        return body, headers


def _problems(event: dict[str, Any], body: bytes) -> Iterator[str]:
    action, payload = event.get("event_action"), event.get("payload", {})
    if len(body) > 512_000:
        yield "the event is longer than 512 KB"
    if len(str(event.get("routing_key", ""))) != 32:
        yield "'routing_key' must be 32 characters"
    if action not in ("trigger", "acknowledge", "resolve"):
        yield "'event_action' is invalid"
    if unknown := set(event) - _TOP | set(payload) - _PAYLOAD:
        yield f"unknown fields: {sorted(unknown)}"
    if len(event.get("dedup_key", "")) > 255 or (action != "trigger" and not event.get("dedup_key")):
        yield "'dedup_key' is missing or longer than 255 characters"
    if action == "trigger":
        yield from _trigger_problems(event, payload)


def _trigger_problems(event: dict[str, Any], payload: dict[str, Any]) -> Iterator[str]:
    if not 0 < len(payload.get("summary", "")) <= 1024:
        yield "'payload.summary' is missing or longer than 1024 characters"
    if not payload.get("source"):
        yield "'payload.source' is missing"
    if payload.get("severity") not in ("critical", "error", "warning", "info"):
        yield "'payload.severity' is invalid"
    if "timestamp" in payload and datetime.fromisoformat(payload["timestamp"]).tzinfo is None:
        yield "'payload.timestamp' has no zone"
    if not isinstance(payload.get("custom_details", {}), dict):
        yield "'payload.custom_details' must be an object"
    if any(not link.get("href", "").startswith("http") for link in event.get("links", [])):
        yield "a link has no address"


def _handler(fake: PagerDuty, released: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if fake.hangs > 0:
                # Read, taken, and the line is cut without a word: the sender cannot know.
                fake.hangs -= 1
                fake.enqueue(body)
                released.wait(60)
                return
            found = fake.enqueue(body) if self.path == "/v2/enqueue" else (404, {"message": "Not Found"})
            status, answer = found
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            if status == 429 and fake.retry_after:
                self.send_header("retry-after", str(fake.retry_after))
            self.end_headers()
            self.wfile.write(text)

        def do_GET(self) -> None:
            status, answer = fake.found(self.path, self.headers.get("authorization", ""))
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: Any) -> None:
            """Nothing is printed."""

    return Handler


@contextmanager
def pagerduty() -> Iterator[PagerDuty]:
    """Runs one on this machine; at its end no page may be unexpected, and no event refused that the test has not looked at."""
    fake, released = PagerDuty(), threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(fake, released)) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        fake.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield fake
        finally:
            released.set()
            server.shutdown()
            thread.join()
    assert fake.unexpected == [], "paged without being expected"
    assert fake.refused == []
