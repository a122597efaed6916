"""What Synapse does with each event for nobody: left out, for it takes its database as long as the event itself.

- Application services without an address. The token that acts for people belongs to one (docs/synapse.md). For every event somebody writes, Synapse
  asks the service's state, stores a transaction for it, sends it nowhere and removes it again.
- Delayed events (MSC4140) where none may be ordered. Synapse counts them after each event and notes how far it has looked.

This is no promised interface of Synapse: where it has changed, Synapse does what it did before, and nothing else is different.
"""

from __future__ import annotations

import logging
from typing import Any

from synapse.module_api import ModuleApi

logger = logging.getLogger(__name__)


def leave_out(api: ModuleApi) -> None:
    """Hands no events to services without an address, and looks for no delayed events where there can be none. Everything else works as before."""
    hs: Any = api._hs
    try:
        for service in hs.get_datastores().main.get_app_services():
            if service.url is None:
                _replace(service, "is_interested_in_event", _never)
        if not hs.config.server.msc4140_enabled:
            _replace(hs.get_delayed_events_handler(), "_unsafe_process_new_event", _nothing)
    except (AttributeError, TypeError) as error:
        logger.warning("This Synapse is made otherwise (%s): it does more than it must for each event.", error)


def _replace(holder: Any, name: str, by: Any) -> None:
    if not callable(getattr(holder, name)):
        raise TypeError(f"{name} is no method")
    setattr(holder, name, by)


async def _never(*args: Any, **named: Any) -> bool:
    return False


async def _nothing(*args: Any, **named: Any) -> None:
    """No delayed event can be cancelled by the state that changed."""
