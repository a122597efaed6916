"""What a process makes once of the newest product versions: made before the first message or page needs it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import Error, connection

from roomdesk.cases import triaging
from roomdesk.clocks.policy import calendar_of, target_rows
from roomdesk.product.queries import newest, product_of
from roomdesk.product.services import known
from roomdesk.runtime import heap


def make_ready() -> None:
    """Targets, calendars and the vocabulary of triage, some thousands of expressions; versions that older cases were promised by differ in little."""
    versions = [version.pk for version in newest(known()).values()]
    for version in versions:
        target_rows(version)
        for name in product_of(version).calendars:
            calendar_of(version, name)
    triaging.make_ready(versions)


def beside(make: Callable[[], None], log: logging.Logger, otherwise: str) -> threading.Thread:
    """Makes ready beside what the process does; it ends without waiting for it. Without a database `otherwise` is told: who comes first waits."""
    thread = threading.Thread(target=_safely, args=(make, log, otherwise), name="ready", daemon=True)
    thread.start()
    return thread


def _safely(make: Callable[[], None], log: logging.Logger, otherwise: str) -> None:
    try:
        make()
    except Error as error:
        log.warning("%s: %s", otherwise, str(error).strip().partition("\n")[0])
    finally:
        connection.close()
    heap.settle()
