"""Customers sign in by their product's provider, as the people who were provisioned; and nobody by another product's."""

from __future__ import annotations

from typing import Any

import pytest

from roomdesk.directory import services
from roomdesk.directory.models import Identity, Person
from roomdesk.directory.services import identities
from roomdesk.refusals import Conflict, NotFound
from roomdesk.web.identity.outside.configured import provider_of
from tests.directory import world
from tests.directory.example import product
from tests.directory.world import ACTOR, START
from tests.identity.outside import Outside, browser, is_in, outside, sign_in

__all__ = ["outside"]


@pytest.fixture
def shop(outside: Outside) -> None:
    """Another product with a customer of its own, Nina; and Ivan of the staff belongs to acme, too."""
    services.load(product("shop"), ACTOR, START)
    world.put(slug="nord", product="shop")
    world.member(workspace="nord", id="nina", role="owner")


def refused(claims: dict[str, Any], outside: Outside) -> None:
    outside.cloud.person = claims
    client = browser()
    with world.nothing_changes():
        answer = sign_in(client, "cloud")
        assert answer.status_code == 403
    text = answer.content.decode()
    assert "Nobody who was given access here has this account. Ask the person who gave you access" in text
    assert not is_in(client) and not Identity.objects.exists()


def test_the_person_who_was_provisioned_comes_in_and_is_linked(outside: Outside) -> None:
    outside.cloud.person = {"sub": "olga"}
    client = browser()
    assert sign_in(client, "cloud", next="/portal/acme/")["Location"] == "/portal/acme/"
    assert client.get("/")["Location"] == "/portal/"
    assert list(Identity.objects.values_list("person__slug", "issuer", "subject")) == [("olga", outside.cloud.issuer, "olga")]  # fmt: skip
    assert world.entries("vendor")[-1] == ("person.linked", "person:olga")


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("who", ["nina", "ivan", "ana", "nobody", "olga\0"])
def test_nobody_else_is_let_in_and_nothing_is_made(outside: Outside, who: str) -> None:
    refused({"sub": who.replace("\0", "x"), "email": "olga@acme.test", "email_verified": True}, outside)


def test_staff_who_belong_to_a_workspace_come_in_by_the_vendor_alone(outside: Outside) -> None:
    world.member(id="ivan", role="member")
    refused({"sub": "ivan"}, outside)


def test_whoever_has_left_the_workspace_is_unknown(outside: Outside) -> None:
    services.do_remove_member(workspace="acme", id="asen", actor=ACTOR, now=START)
    refused({"sub": "asen"}, outside)


def test_a_link_made_beforehand_leads_to_the_person(outside: Outside) -> None:
    identities.do_link(id="olga", issuer=outside.cloud.issuer, subject="7f3c", actor=ACTOR, now=START)
    outside.cloud.person = {"sub": "7f3c"}
    client = browser()
    sign_in(client, "cloud")
    assert client.session["_auth_user_id"] == str(Person.objects.get(slug="olga").pk)
    # The id does not lead to her any more: that is somebody else's account there.
    outside.cloud.person = {"sub": "olga"}
    other = browser()
    assert sign_in(other, "cloud").status_code == 409 and not is_in(other)


def test_links_are_made_and_taken_away_once_each(outside: Outside) -> None:
    found = provider_of("cloud")
    assert found is not None
    issuer = found.issuer
    for _ in range(2):
        identities.do_link(id="olga", issuer=issuer, subject="7f3c", actor=ACTOR, now=START)
    assert [action for action, _ in world.entries("vendor")].count("person.linked") == 1
    with world.refused(Conflict, 'linked with "olga"', "subject"):
        identities.do_link(id="asen", issuer=issuer, subject="7f3c", actor=ACTOR, now=START)
    with world.refused(Conflict, "linked with another account"):
        identities.do_link(id="olga", issuer=issuer, subject="other", actor=ACTOR, now=START)
    identities.do_unlink(id="olga", issuer=issuer, actor=ACTOR, now=START)
    with world.refused(NotFound, '"olga" is not linked', "provider"):
        identities.do_unlink(id="olga", issuer=issuer, actor=ACTOR, now=START)
    assert not Identity.objects.exists() and world.entries("vendor")[-1] == ("person.unlinked", "person:olga")
