"""Example data for `roomdesk demo`: three products' customers, their rooms, and conversations that go on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from roomdesk.demo.world import World
    from roomdesk.runtime.settings import Settings


def seed(settings: Settings, progress: Callable[[str], None]) -> list[str]:
    """Fills a running installation with the example world and returns lines for the newcomer: who signs in how, what to try.

    Idempotent: workspaces and people that exist are left as they are, what was said is not said again.
    """
    from roomdesk.demo import settling, talking
    from roomdesk.demo.world import world

    began, everything = time.monotonic(), world()
    new = settling.settle(everything)
    if new:
        progress(f"{len(new)} workspaces and their people are in.")
    settling.set_passwords(_signers(everything), settling.password(settings))
    settling.await_rooms(everything.places, progress)
    talking.talk(everything.conversations, progress)
    progress(f"The example data is there (after {time.monotonic() - began:.1f} s).")
    return _lines(settings, settling.password(settings), talking.first_case("acme"))


def _signers(everything: World) -> list[str]:
    """Everybody who may sign in: staff, and of the customers those who are in a room."""
    customers = [
        person.id for place in everything.places for person in place.people if person.role != "member" or person.room
    ]
    return [*(one.id for one in everything.staff), *customers]


def _lines(settings: Settings, password: str, ref: str) -> list[str]:
    return [
        f"dora@desk.example (sees all products), password {password}",
        f"ivan@desk.example (engineer), password {password}",
        f"olga@acme.example (a customer: has no console; for a Matrix client), password {password}",
    ]
