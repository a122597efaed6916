"""Hearing PostgreSQL's notifications on a connection of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from roomdesk.queues.signals import AWAITED, INBOX, PATIENT
from roomdesk.worker.loops import BACK_OFF, Stop, first_line

_LOG = logging.getLogger("roomdesk.worker")


class Listener(threading.Thread):
    """Sets the event of each channel that is notified. After a break all are set: nobody knows what was missed.

    `hurry` is set by what comes into the inbox and does not call itself patient, `awaited` too by what an open page shows.
    """

    def __init__(
        self,
        url: str,
        events: Mapping[str, threading.Event],
        stop: Stop,
        hurry: threading.Event | None = None,
        awaited: threading.Event | None = None,
    ) -> None:
        super().__init__(name="listener", daemon=True)
        self._url = url
        self._events = events
        self._hurry = hurry or threading.Event()
        self._awaited = awaited or threading.Event()
        self._stop_asked = stop

    def run(self) -> None:
        wait = BACK_OFF[0]
        while not self._stop_asked.asked:
            began = time.monotonic()
            try:
                self._listen()
            except psycopg.Error as error:
                if wait == BACK_OFF[0]:
                    _LOG.warning("The listener waits for the database: %s", first_line(error))
            wait = BACK_OFF[0] if time.monotonic() - began > BACK_OFF[1] else min(wait * 2, BACK_OFF[1])
            if not self._stop_asked.asked:
                time.sleep(wait)

    def _listen(self) -> None:
        with psycopg.connect(_watchful(self._url), autocommit=True) as connection:
            for channel in self._events:
                connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            for event in (self._hurry, *self._events.values()):
                event.set()
            while not self._stop_asked.asked:
                for notification in connection.notifies(timeout=1.0):
                    if notification.channel == INBOX and notification.payload != PATIENT:
                        self._hurry.set()
                    if notification.channel == INBOX and notification.payload == AWAITED:
                        self._awaited.set()
                    self._events[notification.channel].set()


def _watchful(url: str) -> str:
    """With keepalives: a listener never sends anything, and would not notice that the other side is gone."""
    return make_conninfo(
        url, keepalives=1, keepalives_idle=10, keepalives_interval=5, keepalives_count=3, connect_timeout=5
    )
