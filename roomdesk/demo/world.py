"""The example world: who is in it and what they say. Data in `data/`, read once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Staff:
    """A person of the vendor; `products` holds an empty text for all products."""

    id: str
    name: str
    roles: tuple[str, ...]
    products: tuple[str, ...]

    @property
    def email(self) -> str:
        return f"{self.id}@desk.example"


@dataclass(frozen=True, slots=True)
class Customer:
    """A person of a workspace; `room` lets a member into the room."""

    id: str
    name: str
    role: str
    room: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A workspace with its people."""

    slug: str
    name: str
    product: str
    tier: str
    locale: str
    account_manager: str
    people: tuple[Customer, ...]
    addons: tuple[str, ...] = ()
    time_zone: str = ""
    state: str = "active"

    def email(self, person: Customer) -> str:
        return f"{person.id}@{self.slug}.example"


@dataclass(frozen=True, slots=True)
class Line:
    """Something said; an answer stands in the thread of its conversation's first line."""

    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Conversation:
    workspace: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class World:
    staff: tuple[Staff, ...]
    places: tuple[Place, ...]
    conversations: tuple[Conversation, ...]


@cache
def world() -> World:
    """The demo's world."""
    return World(tuple(_staff()), tuple(_places()), tuple(_conversations()))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((files("roomdesk.demo") / "data" / f"{name}.toml").read_text("utf-8"))


def _staff() -> Iterator[Staff]:
    for row in _read("people")["staff"]:
        yield Staff(row["id"], row["name"], tuple(row["roles"]), tuple(row["products"]))


def _places() -> Iterator[Place]:
    for row in _read("workspaces")["workspaces"]:
        people = tuple(Customer(**person) for person in row["people"])
        yield Place(**{**row, "people": people, "addons": tuple(row.get("addons", ()))})


def _conversations() -> Iterator[Conversation]:
    for row in _read("conversations")["conversations"]:
        yield Conversation(row["workspace"], tuple(Line(**line) for line in row["lines"]))
