"""Scenes that tests begin with: a workspace with people by role, its room made and everybody in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.harness.live import Live, eventually
from tests.harness.matrix import Client

PRODUCT = "plana-business-cloud"


@dataclass
class Scene:
    """One workspace. `owner` Olga has the workspace's slug in her id, `engineer` Ivan the product's."""

    live: Live
    slug: str
    engineer: str
    room: str = ""

    @property
    def owner(self) -> str:
        return f"olga-{self.slug}"

    def member(self, role: str, name: str, **more: Any) -> str:
        """Puts a person and returns the id."""
        person = f"{name.lower()}-{self.slug}"
        body = {"name": name, "email": f"{person}@{self.slug}.test", "role": role, **more}
        answer = self.live.rest("PUT", f"workspaces/{self.slug}/members/{person}", json=body)
        assert answer.status_code in (200, 201), answer.text
        return person

    def client(self, person: str) -> Client:
        return self.live.client(person)

    def cases(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.live.rest("GET", f"cases?workspace={self.slug}").json()["items"]
        return items

    def case(self, number: int = 1) -> dict[str, Any]:
        """The newest case once there are `number`."""
        return eventually(lambda: self.cases()[:1] if len(self.cases()) >= number else None, f"case {number}")[0]

    def memberships(self) -> dict[str, str]:
        """Person (localpart) → membership, as the desk knows it."""
        answer = self.live.rest("GET", f"workspaces/{self.slug}/room")
        assert answer.status_code in (200, 404), answer.text
        return {m["user_id"][1:].partition(":")[0]: m["membership"] for m in answer.json().get("members", [])}

    def await_in_room(self, *people: str) -> None:
        eventually(lambda: all(self.memberships().get(p) == "join" for p in people), lambda: self._missing(people))

    def _missing(self, people: tuple[str, ...]) -> str:
        """Who should be there, who is, what the chain says was done, and what the desk itself thinks is wrong."""
        done = self.live.run("audit", "export", f"workspace:{self.slug}", check=False).stdout[-3000:]
        told = self.live.run("doctor", check=False).stdout[-3000:]
        return f"{people} in the room of {self.memberships()}\n{done}\n{told}\n"


def workspace(
    live: Live, slug: str, *, tier: str = "pro", locale: str = "en", product: str = PRODUCT, engineer: str = ""
) -> Scene:
    """Provisions by REST, and waits until owner and engineer are in the room (where the product has rooms).

    The engineer is the product's, who is in each of its rooms: with one for each workspace everybody would have to come into every room.
    """
    scene = Scene(live, slug, engineer or f"ivan-{product}")
    staff = {"name": "Ivan", "email": f"{scene.engineer}@vendor.test", "roles": ["engineer"], "product": product}
    assert live.rest("PUT", f"staff/{scene.engineer}", json=staff).status_code in (200, 201)
    body = {"product": product, "tier": tier, "locale": locale, "display_name": slug.title()}
    answer = live.rest("PUT", f"workspaces/{slug}", json=body)
    assert answer.status_code == 201, answer.text
    scene.member("owner", "Olga")
    if product != "power-omni":
        scene.room = live.room(slug)
        scene.await_in_room(scene.owner, scene.engineer)
    return scene
