"""The desk cannot wake anybody any more, and somebody is woken all the same (D34)."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from roomdesk import bootstrap
from roomdesk.queues import lanes
from roomdesk.queues.models import InboxEvent
from roomdesk.runtime import clock, instance
from roomdesk.worker import beat, watchdog
from roomdesk.worker.watchdog import Watchdog
from tests.fakes.notified import Notified
from tests.fakes.pagerduty import KEY
from tests.paging import test_escalating
from tests.paging.night import NIGHT, Night

phones = test_escalating.phones


def test_it_calls_whoever_was_on_call_last_when_the_workers_are_silent_and_says_when_they_are_back(
    night: Night, phones: Notified, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = NIGHT
    # Whether the web process answers is another matter.
    monkeypatch.setattr(watchdog.http, "answers", lambda url, timeout: True)
    given = {"pagerduty_url": night.pagerduty.url, "pagerduty_routing": KEY, "heartbeat_url": None}
    dog = Watchdog(replace(bootstrap.settings, **given), now=lambda: time)
    beat.step()
    noted = instance.create(bootstrap.settings.data).run / beat.FILE
    assert os.stat(noted).st_mode & 0o077 == 0, "it holds secrets"
    assert not dog.look().trouble
    for _ in range(20):
        time += timedelta(seconds=10)
        dog.look()
    incident = night.pagerduty.page()
    assert incident.event["payload"]["class"] == "watchdog"
    # Of the products without a rota all engineers count as on call.
    assert sorted(phones.people()) == ["dora", "ivan", "petya"]
    noted.unlink()
    time += timedelta(minutes=15)
    assert dog.look().calls, "what it knew last serves on"
    assert len(phones.people()) == 6
    beat.step()
    time = NIGHT
    assert not dog.look().trouble
    time += timedelta(seconds=61)
    assert dog.look().ends and incident.status == "resolved"


class Outside(BaseHTTPRequestHandler):
    """A service that counts beats."""

    beats: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.beats.append(self.path)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def heartbeat() -> Iterator[str]:
    Outside.beats.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Outside) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/beat"
        server.shutdown()
        thread.join()


def test_a_p0_that_waits_calls_people_although_workers_live_and_the_beats_stop_meanwhile(
    night: Night, phones: Notified, monkeypatch: pytest.MonkeyPatch, heartbeat: str
) -> None:
    monkeypatch.setattr(watchdog.http, "answers", lambda url, timeout: True)
    monkeypatch.setattr(watchdog, "BEAT", 0.0)
    given = {"pagerduty_url": night.pagerduty.url, "pagerduty_routing": KEY, "heartbeat_url": heartbeat}
    dog = Watchdog(replace(bootstrap.settings, **given), now=clock.now)
    beat.step()
    dog.look()
    assert Outside.beats == ["/beat"]
    night.unheard("cedar", "P0 all is down")
    InboxEvent.objects.filter(raw__contains="P0").update(is_urgent=True)
    lanes.assign_waiting()
    for _ in range(14):
        night.time.tick(timedelta(seconds=10))
        beat.step()
        dog.look()
    incident = night.pagerduty.page()
    assert "A P0 has been waiting in the inbox since 01:00:00 UTC" in incident.event["payload"]["summary"]
    assert "ivan" in phones.people()
    beats = len(Outside.beats)
    night.time.tick(timedelta(seconds=10))
    dog.look()
    assert len(Outside.beats) == beats, "whoever stands outside notices that they stopped"


def test_a_p0_that_nobody_works_on_is_noted_for_it(night: Night) -> None:
    night.unheard("cedar", "P0 all is down")
    InboxEvent.objects.filter(raw__contains="P0").update(is_urgent=True)
    lanes.assign_waiting()
    beat.step()
    found = beat.read(instance.create(bootstrap.settings.data).run)
    assert found["urgent_since"] is not None and found["routing"] == ""
