"""Accounts at outside providers by REST: linked before somebody signs in, listed, taken away; and what is refused."""

from __future__ import annotations

import pytest

from roomdesk.directory.models import Identity
from tests.api.caller import Caller, caller, problem
from tests.directory import world
from tests.identity.outside import Outside, browser, is_in, outside, sign_in

__all__ = ["outside"]


@pytest.fixture
def admin(outside: Outside) -> Caller:
    return caller("admin")


def linked(who: str = "olga", provider: str = "cloud") -> str:
    return f"people/{who}/identities/{provider}"


def test_a_link_leads_to_the_person_until_it_is_taken_away(outside: Outside, admin: Caller) -> None:
    wanted = {"provider": "cloud", "issuer": outside.cloud.issuer, "subject": "7f3c"}
    assert admin("GET", "people/olga/identities").json() == {"items": [], "next": None}
    made = admin("PUT", linked(), {"subject": "7f3c"})
    assert (made.status_code, made.json()) == (201, wanted)
    assert world.entries("vendor")[-1] == ("person.linked", "person:olga")
    with world.nothing_changes():
        again = admin("PUT", linked(), {"subject": "7f3c"})
        assert (again.status_code, again.json()) == (200, wanted)
        assert admin("GET", "people/olga/identities").json()["items"] == [wanted]
    outside.cloud.person = {"sub": "7f3c"}
    client = browser()
    sign_in(client, "cloud")
    assert is_in(client)
    assert admin("DELETE", linked()).status_code == 204
    assert world.entries("vendor")[-1] == ("person.unlinked", "person:olga")
    other = browser()
    sign_in(other, "cloud")
    assert not is_in(other) and not Identity.objects.exists()


def test_what_is_wrong_is_told_and_changes_nothing(admin: Caller) -> None:
    assert admin("PUT", linked(), {"subject": "7f3c"}).status_code == 201
    before = list(Identity.objects.values_list("person__slug", "subject"))
    with world.nothing_changes():
        taken = problem(admin("PUT", linked("asen"), {"subject": "7f3c"}), 409, "conflict", "subject")
        assert 'linked with "olga"' in taken
        problem(admin("PUT", linked(), {"subject": "other"}), 409, "conflict")
        problem(admin("PUT", linked(), {"subject": " "}), 422, "invalid", "subject")
        problem(admin("PUT", linked(), {}), 422, "invalid", "subject")
        problem(admin("PUT", linked("nobody"), {"subject": "x"}), 404, "not_found", "id")
        nowhere = problem(admin("PUT", linked(provider="none"), {"subject": "x"}), 404, "not_found", "provider")
        assert nowhere == 'There is no provider "none" in the settings; there is cloud, vendor.'
        problem(admin("DELETE", linked("asen")), 404, "not_found", "provider")
        problem(admin("GET", "people/nobody/identities"), 404, "not_found", "id")
    assert list(Identity.objects.values_list("person__slug", "subject")) == before
