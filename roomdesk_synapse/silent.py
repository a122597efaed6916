"""Application services without an address: Synapse keeps the books of what it would hand them, with each event anew.

The token that acts for people belongs to one (docs/synapse.md). For every event somebody writes, Synapse asks its state, stores a transaction for it,
sends it nowhere and removes it again: three transactions of its database, two of them waited for on disk, while the event's way to the desk waits too.
This is no promised interface of Synapse: where it has changed, the books are kept as before, and nothing else is different.
"""

from __future__ import annotations

import logging
from typing import Any

from synapse.module_api import ModuleApi

logger = logging.getLogger(__name__)


def skip(api: ModuleApi) -> int:
    """Hands no events to services without an address; gives how many there are. Their tokens work as before."""
    try:
        found = [one for one in api._hs.get_datastores().main.get_app_services() if one.url is None]
        for service in found:
            if not callable(service.is_interested_in_event):
                raise TypeError("is_interested_in_event is no method")  # noqa: TRY301
            service.is_interested_in_event = _never
    except (AttributeError, TypeError) as error:
        logger.warning("This Synapse keeps its application services otherwise (%s): it does more than it must.", error)
        return 0
    return len(found)


async def _never(*args: Any, **named: Any) -> bool:
    return False
