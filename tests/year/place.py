"""The simulated desk as it begins the year: customers of all products and tiers, their people and rooms; and new policies."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from roomdesk import pipeline
from roomdesk.audit.work import Actor
from roomdesk.bootstrap import settings
from roomdesk.directory.services import grant, load
from roomdesk.directory.services.wishes import MemberWish, PersonWish, StaffWish, Wish, WorkspaceWish
from roomdesk.queues import inbox, outbox
from roomdesk.queues.inbox import Arrival
from roomdesk.queues.models import InboxEvent, OutboxRow
from roomdesk.queues.outbox import Sent
from roomdesk.runtime import clock
from tests.harness.database import ROOT

VENDOR = Actor("cli", "year")
SERVER = settings.matrix_server_name
ENGINEERS = ("ivan", "ina", "petar")
STAFF = {"ivan": "engineer", "ina": "engineer", "petar": "engineer", "lena": "lead"}
#: Each product with its share of the workspaces, and its tiers.
PRODUCTS = {
    "plana-business-cloud": (11, ("starter", "pro", "enterprise")),
    "bos": (6, ("starter", "pro", "enterprise")),
    "power-omni": (3, ("basic", "enterprise")),
}
ROOMLESS = "power-omni"


@dataclass(frozen=True)
class Place:
    """One workspace, with its people by id and its Matrix room (empty: none)."""

    slug: str
    product: str
    people: tuple[str, ...]
    room: str


def user(person: str) -> str:
    return f"@{person}:{SERVER}"


def build(size: int, rng: Random, first: int = 0) -> list[Place]:
    """So many workspaces with four people each, staff, and a room for each of a product that has rooms.

    They are numbered from `first` on: a part of an installation that is spread over several databases (D37).
    """
    places = [_place(number, size, first) for number in range(size)]
    wishes: list[Wish] = [StaffWish(person=PersonWish(id=name), roles=(role,)) for name, role in STAFF.items()]
    for place in places:
        wishes += _wishes(place, rng)
    grant(wishes, VENDOR, clock.now())
    work_off()
    for row in OutboxRow.objects.filter(kind="create_room"):
        made = {"room_id": f"!{row.destination.rpartition(':')[2]}"}
        outbox.note_sent(row, Sent(made["room_id"], made, {**made, "alias": None}), clock.now())
    work_off()
    for place in places:
        if place.room:
            hear(
                place.room,
                "ivan",
                "m.room.member",
                {"membership": "join"},
                f"$join-{place.slug}",
                state_key=user("ivan"),
            )
    work_off()
    return places


def _place(number: int, size: int, first: int) -> Place:
    shares = [product for product, (share, _) in PRODUCTS.items() for _ in range(share)]
    product = shares[number * len(shares) // size]
    slug = f"w{first + number:03}"
    people = tuple(f"{name}-{slug}" for name in ("olga", "asen", "mira", "boris"))
    return Place(slug, product, people, "" if product == ROOMLESS else f"!{slug}")


def _wishes(place: Place, rng: Random) -> list[Wish]:
    tier = rng.choice(PRODUCTS[place.product][1])
    state = rng.choices(("active", "trial", "suspended", "cancelled"), (85, 9, 4, 2))[0]
    made: list[Wish] = [
        WorkspaceWish(
            slug=place.slug, product=place.product, tier=tier, addons=addons_of(place, tier, rng), state=state
        )
    ]
    for person, role in zip(place.people, ("owner", "admin", "member", "member"), strict=True):
        wish = PersonWish(id=person)
        made.append(MemberWish(workspace=place.slug, person=wish, role=role, support_room_access=True))
    return made


def addons_of(place: Place, tier: str, rng: Random) -> tuple[str, ...]:
    can = place.product == "plana-business-cloud" and tier == "pro"
    return ("on-call",) if can and rng.random() < 0.5 else ()


def hear(
    room: str,
    person: str,
    kind: str,
    content: Mapping[str, Any],
    event_id: str,
    *,
    sent: int = 0,
    problem: str = "",
    **more: Any,
) -> None:
    """Puts a Matrix event into the inbox as the endpoint does, received now and sent (milliseconds) earlier or now.

    With a problem it is set aside.
    """
    named = {"event_id": event_id, "room_id": room, "sender": user(person), "type": kind, "content": content, **more}
    raw = {"origin_server_ts": sent or clock.to_ms(clock.now()), **named}
    inbox.store([Arrival("matrix", event_id, room, json.dumps(raw), problem=problem)], clock.now())


def work_off() -> int:
    """Drains until nothing is left, as the worker does: what staff's rooms still have is taken once no customer waits."""
    done = 0
    while moved := pipeline.drain():
        done += moved
    assert not InboxEvent.objects.filter(state="pending", lane__isnull=False).exists(), "a lane was left with events"
    return done


TRIAL, SUSPENDED = (f'slug = "{state}"\nintake = true\nclocks = ' for state in ("trial", "suspended"))
#: New versions of products: what stands in `policy.toml` or `product.toml`, and what stands there instead.
POLICIES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "closure": (
        "plana-business-cloud",
        [('timezone = "Europe/Sofia"', 'timezone = "Europe/Sofia"\nclosures = { 2026-05-08 = [["13:00", "18:00"]] }')],
    ),
    "longer day": ("bos", [('mon = [["09:00", "18:00"]]', 'mon = [["08:00", "12:30"], ["13:00", "19:00"]]')]),
    "stricter": (
        "plana-business-cloud",
        [
            ('tier = "pro"\ntarget = { kind = "business_hours", amount = 4 }', 'tier = "pro"\ntarget = { kind = "business_hours", amount = "2.5" }'),
            ("upward_grace_minutes = 15", "upward_grace_minutes = 30"),
        ],
    ),
    "opening": (
        "power-omni",
        [('[calendars.office]\n', '[calendars.office]\nopenings = { 2026-09-05 = [["10:00", "16:00"]] }\n')],
    ),
    "other warnings": ("bos", [("warnings = [50, 75, 90]", "warnings = [40, 80]")]),
    "looser": (
        "plana-business-cloud",
        [('tier = "starter"\ntarget = { kind = "business_days", amount = 2 }', 'tier = "starter"\ntarget = { kind = "business_days", amount = 3 }')],
    ),
    "trials without clocks": ("plana-business-cloud", [(f"{TRIAL}true", f"{TRIAL}false")]),
    "suspended without clocks": ("bos", [(f"{SUSPENDED}true", f"{SUSPENDED}false")]),
    "cancelled are heard": (
        "plana-business-cloud",
        [('slug = "cancelled"\nintake = false', 'slug = "cancelled"\nintake = true')],
    ),
    "trials with clocks": ("plana-business-cloud", [(f"{TRIAL}false", f"{TRIAL}true")]),
}  # fmt: skip


def load_policy(name: str, folder: Path) -> str:
    """Changes the product's files in `folder`, where earlier changes stand, and loads them; returns the product."""
    product, changes = POLICIES[name]
    files = folder / product
    if not files.exists():
        shutil.copytree(ROOT / "products" / product, files)
    for before, after in changes:
        file = next(one for one in sorted(files.glob("p*.toml")) if before in one.read_text(encoding="utf-8"))
        file.write_text(file.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    _, is_new = load(files, VENDOR, clock.now())
    assert is_new
    return product
