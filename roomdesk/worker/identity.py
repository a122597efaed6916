"""This process' worker number, kept as long as the process lives, whatever happens to the database."""

from __future__ import annotations

import logging

from django.db import InterfaceError, OperationalError, connection

from roomdesk.queues import workers
from roomdesk.runtime import clock
from roomdesk.worker.loops import first_line

_LOG = logging.getLogger("roomdesk.worker")


class Identity:
    """Holds the number's lock on the connection of the thread that calls `keep`, always the same one.

    Without the lock others take this worker for dead and give its rows to somebody else; so a broken connection means
    a new number. Rows claimed under the old one are given back by the sweeper and sent again under their same key.
    """

    def __init__(self) -> None:
        self._number: int | None = None

    @property
    def number(self) -> int | None:
        """None while the database is away: then nothing may be claimed."""
        return self._number

    def keep(self) -> None:
        """Registers, or sees that the registration still stands. Never raises for an outage."""
        try:
            self._check()
        except (OperationalError, InterfaceError) as error:
            if self._number is not None:
                _LOG.warning("The worker's registration waits for the database: %s", first_line(error))
            self._number = None
            connection.close()

    def _check(self) -> None:
        if self._number is None:
            self._number = workers.register(clock.now())
            _LOG.info("This is worker %d.", self._number)
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
