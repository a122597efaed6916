"""Accounts at the real homeserver: linked to their sign-in, and written only where something is not as it should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from roomdesk.channels.matrix import membership
from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.names import path
from roomdesk.runtime.settings import Settings
from tests.channels.test_send import person

USERS = "/_synapse/admin/v2"


class Listening(Matrix):
    """A client that notes what is written by the administrator."""

    written: list[dict[str, Any]]
    looked: int = 0

    def admin(self, method: str, where: str, body: Any = None, **more: Any) -> Any:
        self.looked += method == "GET"
        if method == "PUT":
            self.written.append(body)
        return super().admin(method, where, body, **more)


@pytest.fixture
def listening(desk: Settings) -> Iterator[Listening]:
    client = Listening(
        desk.matrix_url or "", desk.matrix_server_name, as_token=desk.as_token or "", people_token=desk.people_token, admin_token=desk.admin_token
    )  # fmt: skip
    client.written = []
    yield client
    client.close()


def links(matrix: Matrix, user: str) -> set[tuple[str, str]]:
    known = membership.account(matrix, user)
    assert known is not None
    return {(one["auth_provider"], one["external_id"]) for one in known["external_ids"]}


@pytest.fixture
def mira(listening: Listening) -> tuple[str, str]:
    user, subject = person(listening)
    assert membership.provision(listening, user, "Mira", subject)
    listening.written.clear()
    return user, subject


def test_an_account_that_is_right_is_not_written_again(listening: Listening, mira: tuple[str, str]) -> None:
    user, subject = mira
    assert membership.provision(listening, user, "Mira", subject)
    assert listening.written == []


def test_an_account_just_made_is_not_looked_at_again_where_somebody_comes_in(
    listening: Listening, mira: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    user, subject = mira
    before = listening.looked
    membership.provision_once(listening, user, "Mira", subject)
    assert (listening.looked, listening.written) == (before, [])
    membership.provision_once(listening, user, "Mira B.", subject)
    assert listening.written == [{"displayname": "Mira B."}], "another name"
    assert membership.lock(listening, user)
    before = listening.looked
    membership.provision_once(listening, user, "Mira B.", subject)
    assert listening.looked == before + 1, "what was locked since is looked at"
    monkeypatch.setattr(membership, "_SEEN_FOR", -1.0)
    membership.provision_once(listening, user, "Mira B.", subject)
    assert listening.looked == before + 2, "what was seen long ago is looked at"


@pytest.mark.parametrize(
    ("change", "written"),
    [
        (lambda matrix, user, subject: membership.provision(matrix, user, "Mira B.", subject), {"displayname": "Mira B."}),
        (lambda matrix, user, subject: membership.provision(matrix, user, "Mira", subject, unlock=True), {"locked": False}),
    ],
)  # fmt: skip
def test_only_what_differs_is_written(
    listening: Listening, mira: tuple[str, str], change: Callable[..., bool], written: dict[str, Any]
) -> None:
    assert membership.lock(listening, mira[0])
    listening.written.clear()
    assert change(listening, *mira)
    assert listening.written == [written]


def test_a_new_sign_in_takes_the_place_of_the_old_one_and_the_vendors_own_stays(
    listening: Listening, mira: tuple[str, str]
) -> None:
    user, subject = mira
    ours, theirs = (membership.IDENTITY_PROVIDER, subject), ("oidc-vendor", f"v-{subject}")
    both = [{"auth_provider": provider, "external_id": name} for provider, name in (theirs, ours)]
    listening.admin("PUT", path("users", user, base=USERS), {"external_ids": both})
    listening.written.clear()
    assert membership.provision(listening, user, "Mira", subject) and listening.written == []
    assert membership.provision(listening, user, "Mira", f"{subject}-new")
    assert links(listening, user) == {theirs, (membership.IDENTITY_PROVIDER, f"{subject}-new")}
