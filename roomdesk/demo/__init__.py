"""Example data for `roomdesk demo`: three products' customers, their rooms, and conversations that go on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from roomdesk.demo.welcome import Welcome
    from roomdesk.demo.world import World
    from roomdesk.runtime.settings import Settings


def seed(settings: Settings, progress: Callable[[str], None]) -> Welcome:
    """Fills a running installation with the example world and returns what to tell the newcomer.

    Idempotent: workspaces and people that exist are left as they are, what was said is not said again.
    """
    from roomdesk.demo import settling, talking
    from roomdesk.demo.welcome import welcome
    from roomdesk.demo.world import world

    began, everything = time.monotonic(), world()
    new = settling.settle(everything)
    if new:
        progress(f"{len(new)} workspaces and their people are in.")
    settling.set_passwords(_signers(everything), settling.password(settings))
    settling.await_rooms(everything.places, progress)
    settling.ask_for_access(new)
    talking.talk(everything.conversations, progress)
    progress(f"The example data is there (after {time.monotonic() - began:.1f} s).")
    waiting = talking.waiting_case(everything.places[0].slug)
    return welcome(settings, everything, settling.password(settings), waiting)


def _signers(everything: World) -> list[str]:
    """Everybody: who has no access to a room asks for it in the portal."""
    customers = [person.id for place in everything.places for person in place.people]
    return [*(one.id for one in everything.staff), *customers]
