"""The watchdog: a process of its own that needs no database, looks whether the desk would still wake somebody, and calls people by itself (D34)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx

from roomdesk.channels.apprise.notify import NotifyError, notify
from roomdesk.channels.pagerduty import event
from roomdesk.channels.pagerduty.enqueue import enqueue
from roomdesk.channels.pagerduty.errors import PagerDutyError
from roomdesk.channels.pagerduty.event import Trigger
from roomdesk.channels.pagerduty.routing import keys_of
from roomdesk.rules.watchdog import Seen, State, Verdict, judge
from roomdesk.runtime import clock, http, instance
from roomdesk.runtime.settings import Settings
from roomdesk.worker.beat import read

_LOG = logging.getLogger("roomdesk.watchdog")
#: Seconds between two looks, and between two beats to the outside.
EVERY, BEAT = 10.0, 60.0


class Watchdog:
    """`look` is one look, and what follows from it. `now` is the time of the outside, as no moved clock tells it."""

    def __init__(self, settings: Settings, now: Callable[[], datetime] = lambda: clock.to_outside(clock.now())) -> None:
        self._settings = settings
        self._now = now
        self._state = State()
        self._kept: dict[str, Any] = {}
        self._beaten = 0.0
        self._key = f"roomdesk:{settings.matrix_server_name}:watchdog"

    def look(self) -> Verdict:
        noted = read(instance.create(self._settings.data).run)
        # What was known last serves when nothing can be read any more.
        self._kept = noted or self._kept
        verdict = judge(self._state, self._seen())
        self._state = verdict.state
        if verdict.calls:
            _LOG.error("People are called: %s", verdict.trouble)
            self._call(verdict.trouble)
        if verdict.ends:
            self._post(lambda key: event.follow_up("resolve", routing_key=key, key=self._key))
        if verdict.beats:
            self._beat()
        return verdict

    def _seen(self) -> Seen:
        kept = self._kept
        urgent = kept.get("urgent_since")
        return Seen(
            self._now(),
            datetime.fromisoformat(kept["at"]) if "at" in kept else None,
            datetime.fromisoformat(urgent) if urgent else None,
            http.answers(f"{instance.web_address(self._settings)}/healthz", timeout=5.0),
        )

    def _call(self, trouble: str) -> None:
        told = Trigger(
            summary=f"Roomdesk: {trouble}",
            source=self._settings.matrix_server_name,
            severity="critical",
            at=self._now(),
            kind="watchdog",
            url=self._settings.public_url or "",
        )
        self._post(lambda key: event.trigger(told, routing_key=key, key=self._key))
        for address in self._kept.get("call", []):
            try:
                notify(address, "Roomdesk: nobody would be woken", trouble)
            except NotifyError as error:
                _LOG.error("Somebody could not be called: %s", error)

    def _post(self, body: Callable[[str], bytes]) -> None:
        """To every service of PagerDuty: whose customers would wait is not known."""
        for key in keys_of(self._settings.pagerduty_routing or self._kept.get("routing")):
            try:
                enqueue(self._settings.pagerduty_url, body(key))
            except PagerDutyError as error:
                _LOG.error("PagerDuty could not be told: %s", error)

    def _beat(self) -> None:
        """Tells somebody outside that all is well; when this ends they call people, also where this whole machine is gone."""
        url = self._settings.heartbeat_url
        if url is None or time.monotonic() - self._beaten < BEAT:
            return
        self._beaten = time.monotonic()
        try:
            with http.client(role="heartbeat", timeout=10.0, sensitive=True) as client:
                client.get(url).raise_for_status()
        except httpx.HTTPError as error:
            _LOG.warning("The heartbeat was not taken: %s", type(error).__name__)


def main(settings: Settings) -> None:
    """Looks until the process is ended."""
    watchdog = Watchdog(settings)
    _LOG.info("The watchdog looks every %d s.", EVERY)
    while True:
        watchdog.look()
        time.sleep(EVERY)
