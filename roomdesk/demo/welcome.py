"""What a newcomer is told when the demo runs: who signs in how, how a Matrix client gets in, what to try next."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from roomdesk.demo.world import Customer, Place, World
from roomdesk.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Welcome:
    """`sign_ins` for programs, `words` for people."""

    sign_ins: list[dict[str, str]]
    words: str


def welcome(settings: Settings, world: World, password: str, ref: str) -> Welcome:
    """`ref` is a case that waits for an answer, empty when there is none."""
    place = world.places[0]
    shown = [*_staff(world), *_customers(place)]
    sign_ins = [{"email": email, "password": password, "who": who} for email, who in shown]
    parts = [
        _sign_in_words(settings, _staff(world), place, password),
        _matrix_words(settings),
        _try_words(settings, place, ref),
    ]
    return Welcome(sign_ins, "\n\n".join(parts))


def _staff(world: World) -> list[tuple[str, str]]:
    """Those who see everything, and the first engineer of each product."""
    chosen = {
        product: one
        for one in reversed(world.staff)
        for product in one.products
        if not product or "engineer" in one.roles
    }
    people = {one.id: one for one in world.staff if one in chosen.values()}
    return [
        (one.email, _does(one.roles, one.products))
        for one in sorted(people.values(), key=lambda one: "" not in one.products)
    ]


def _does(roles: Sequence[str], products: Sequence[str]) -> str:
    of = ", ".join(filter(None, products))
    return f"{roles[0].replace('_', ' ')}{f' of {of}' if of else ', sees everything'}"


def _customers(place: Place) -> list[tuple[str, str]]:
    return [(place.email(one), _customer_words(place, one)) for one in place.people]


def _customer_words(place: Place, one: Customer) -> str:
    waits = one.role == "member" and not one.room
    return f"{one.role} of {place.slug}{', asks for access to the room' if waits else ''}"


def _sign_in_words(settings: Settings, staff: Sequence[tuple[str, str]], place: Place, password: str) -> str:
    lines = [f"  {email:<24} {who}" for email, who in staff]
    theirs = [f"  {email:<24} {who}" for email, who in _customers(place)]
    head = f"Sign in at {settings.public_url}, everybody with the password {password}. Staff come to the console:"
    return "\n".join([head, *lines, "Customers come to their portal:", *theirs])


def _matrix_words(settings: Settings) -> str:
    head = (
        f"Any Matrix client can take part: set the homeserver {settings.matrix_public_url}, choose single sign-on, and sign in "
        "with the same password as any of these."
    )
    space = "Staff find the space “Support desk” there, with every room by product, and control rooms with a thread for each open case."
    return "\n".join([head, space])


def _try_words(settings: Settings, place: Place, ref: str) -> str:
    program = _program(settings)
    token = f'-H "Authorization: Bearer {settings.api_token}"'
    case = ref or "REF"
    lines = [
        f"{settings.public_url}/console/cases/{ref}  (answer it, and see its clock met)" if ref else "",
        f"{settings.public_url}/portal/{place.slug}/team  (as its owner: let somebody into the room)",
        f"{program} case show {case}",
        f"{program} sla explain {case}",
        f"{program} matrix-login {place.people[0].id} --json  (a token to speak as this person)",
        f"{program} clock advance 50m  (the demo's time goes on; clocks press, then run late)",
        f"curl {token} '{settings.public_url}/api/v1/cases?workspace={place.slug}'",
    ]
    return "\n".join(["Try next:", *(f"  {line}" for line in lines if line)])


def _program(settings: Settings) -> str:
    """The command as it can be typed here."""
    found = Path(sys.argv[0])
    near = found.is_absolute() and found.is_relative_to(Path.cwd())
    name = str(found.relative_to(Path.cwd()) if near else found)
    other = settings.data.absolute() != Path(".roomdesk").absolute()
    return f"ROOMDESK_DATA={shlex.quote(str(settings.data))} {name}" if other else name
