"""Staff sign in by the vendor's provider: who it is, the roles that it says, and what is not believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from roomdesk.audit.models import Entry
from roomdesk.directory import queries, services
from roomdesk.directory.models import Identity, Person
from roomdesk.directory.services import identities, staff
from roomdesk.directory.services.identities import do_enter
from roomdesk.rules.sign_in import Provider as Wanted
from roomdesk.runtime import clock
from roomdesk.web.identity.outside.configured import provider_of
from tests.directory import world
from tests.directory.world import ACTOR, START
from tests.fakes.oidc import Provider
from tests.harness.authenticator import shown
from tests.harness.races import at_once, meeting
from tests.identity.outside import Outside, at_the_provider, browser, come_back, is_in, outside, sign_in, there

__all__ = ["outside"]

ANA = {"sub": "v-1", "email": "ANA@vendor.test", "email_verified": True, "groups": ["support"]}


def roles(who: str = "ana") -> set[tuple[str, str, str]]:
    return {(row.role, row.product, row.field) for row in queries.staff_at(clock.now()) if row.person.slug == who}


def linked() -> list[tuple[str, str]]:
    return list(Identity.objects.order_by("pk").values_list("person__slug", "subject"))


def audited() -> list[str]:
    return list(Entry.objects.filter(scope="vendor", actor="provider:vendor").order_by("seq").values_list("action", flat=True))  # fmt: skip


def refused(outside: Outside, words: str, status: int = 403) -> None:
    """Ana is not let in, told why, and nothing is changed."""
    client = browser()
    with world.nothing_changes():
        before = linked()
        answer = sign_in(client, "vendor")
        assert (answer.status_code, linked()) == (status, before), answer.content.decode()
    assert words in answer.content.decode() and not is_in(client)


def test_staff_come_in_with_the_roles_of_their_claim(outside: Outside) -> None:
    outside.vendor.person = ANA
    client = browser()
    page = client.get("/accounts/login/?next=/console/rooms").content.decode()
    assert "Sign in with Vendor" in page and "/accounts/outside/vendor/?next=/console/rooms" in page
    answer = sign_in(client, "vendor", next="/console/rooms")
    assert (answer.status_code, answer["Location"]) == (302, "/console/rooms")
    assert client.get("/")["Location"] == "/console/"
    assert roles() == {("engineer", "cloud", "")} and linked() == [("ana", "v-1")]
    assert audited() == ["person.linked", "staff.revoked", "staff.granted"]


def test_the_next_sign_in_takes_away_and_gives_what_has_changed_there(outside: Outside) -> None:
    outside.vendor.person = ANA | {"groups": ["leads", "dba"]}
    sign_in(browser(), "vendor")
    assert roles() == {("lead", "", ""), ("engineer", "cloud", ""), ("specialist", "cloud", "database")}
    outside.vendor.person = {"sub": "v-1", "email": "other@vendor.test", "email_verified": False, "groups": "support"}
    before = len(audited())
    assert sign_in(browser(), "vendor").status_code == 302
    assert roles() == {("engineer", "cloud", "")}
    assert audited()[before:] == ["staff.revoked", "staff.revoked"]
    before = len(audited())
    sign_in(browser(), "vendor")
    assert audited()[before:] == [], "what is so already leaves no trace"


def test_whoever_has_no_role_there_any_more_has_none_here_and_stays_outside(outside: Outside) -> None:
    outside.vendor.person = ANA
    sign_in(browser(), "vendor")
    outside.vendor.person = ANA | {"groups": []}
    client = browser()
    answer = sign_in(client, "vendor")
    assert answer.status_code == 403 and "has no role at this desk any more" in answer.content.decode()
    assert not is_in(client) and roles() == set()
    assert audited()[-2:] == ["staff.revoked", "person.left"]
    outside.vendor.person = ANA
    assert sign_in(client, "vendor").status_code == 302 and roles() == {("engineer", "cloud", "")}


@pytest.mark.parametrize(
    ("person", "words"),
    [
        (ANA | {"groups": ["support", "cleaners"]}, "a role that this desk does not know, so nothing was changed: cleaners"),
        ({name: value for name, value in ANA.items() if name != "groups"}, "says nothing of roles"),
        (ANA | {"email_verified": False}, "Nobody who was given access here has this account."),
        (ANA | {"email_verified": "true"}, "Nobody who was given access here has this account."),
        ({"sub": "v-1", "email": "ana@vendor.test", "groups": ["support"]}, "Nobody who was given access"),
        (ANA | {"email": "nobody@vendor.test"}, "Nobody who was given access"),
        (ANA | {"email": "olga@acme.test"}, "Nobody who was given access"),
    ],
)  # fmt: skip
def test_who_is_not_known_or_says_too_little_stays_outside(
    outside: Outside, person: dict[str, Any], words: str
) -> None:
    outside.vendor.person = person
    refused(outside, words)


def test_an_address_that_passed_to_somebody_else_brings_them_not_in(outside: Outside) -> None:
    outside.vendor.person = ANA
    sign_in(browser(), "vendor")
    outside.vendor.person = ANA | {"sub": "v-2"}
    refused(outside, "linked with another account", 409)


def test_somebody_who_may_no_longer_sign_in_is_as_unknown(outside: Outside) -> None:
    outside.vendor.person = ANA
    Person.objects.filter(slug="ana").update(is_active=False)
    refused(outside, "Nobody who was given access")


Changed = Callable[[dict[str, Any]], Any]


def with_claims(**more: Any) -> Changed:
    return lambda claims: {name: value for name, value in {**claims, **more}.items() if value is not None}


@pytest.mark.parametrize(
    "change",
    [
        with_claims(iss="https://id.elsewhere.example"),
        with_claims(aud="another"),
        with_claims(aud=["desk", "another"]),
        with_claims(aud=["desk", "another"], azp="another"),
        with_claims(azp="another"),
        with_claims(nonce="n" * 43),
        with_claims(nonce=None),
        with_claims(exp=None),
        with_claims(exp=True),
        lambda claims: {**claims, "exp": claims["iat"] - 61},
        lambda claims: {**claims, "iat": claims["iat"] + 120},
        lambda claims: {**claims, "nbf": claims["iat"] + 120},
        with_claims(sub=None),
        with_claims(sub=""),
        with_claims(sub=7),
    ],
)
def test_a_token_that_says_something_wrong_is_not_believed(outside: Outside, change: Changed) -> None:
    outside.vendor.person, outside.vendor.change = ANA, change
    refused(outside, "cannot be trusted")


def test_a_minute_between_two_clocks_is_none(outside: Outside) -> None:
    outside.vendor.person = ANA
    outside.vendor.change = lambda claims: {**claims, "iat": claims["iat"] + 50, "exp": claims["iat"] - 50}
    assert sign_in(browser(), "vendor").status_code == 302


def _none(provider: Provider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, None, algorithm="none", headers={"kid": provider.kid})


def _shared(provider: Provider, claims: dict[str, Any]) -> str:
    return jwt.encode(
        claims, "a secret of the desk that is long enough", algorithm="HS256", headers={"kid": provider.kid}
    )


def _other_key(provider: Provider, claims: dict[str, Any]) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": provider.kid})


def _other_name(provider: Provider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, provider.key, algorithm="RS256", headers={"kid": "another"})


def _no_token(provider: Provider, claims: dict[str, Any]) -> str:
    return json.dumps(claims)


@pytest.mark.parametrize("encode", [_none, _shared, _other_key, _other_name, _no_token])
def test_a_token_that_the_provider_did_not_sign_is_not_believed(
    outside: Outside, encode: Callable[[Provider, dict[str, Any]], str]
) -> None:
    outside.vendor.person, outside.vendor.encode = ANA, encode
    refused(outside, "cannot be trusted")


def test_a_new_key_of_the_provider_is_fetched_and_what_is_known_is_not(outside: Outside) -> None:
    outside.vendor.person = ANA
    sign_in(browser(), "vendor")
    outside.vendor.key, outside.vendor.kid = rsa.generate_private_key(public_exponent=65537, key_size=2048), "k2"
    assert sign_in(browser(), "vendor").status_code == 302
    assert outside.vendor.reads == 1


def test_another_browser_a_second_use_and_another_provider_get_nobody_in(outside: Outside) -> None:
    outside.vendor.person = ANA
    client, other = browser(), browser()
    address = at_the_provider(there(client, "vendor"))
    with world.nothing_changes():
        assert "begun in another browser" in come_back(other, address).content.decode()
        assert come_back(client, address.replace("/vendor/", "/cloud/")).status_code == 400
    assert not is_in(other) and not is_in(client)
    address = at_the_provider(there(client, "vendor"))
    assert come_back(client, address).status_code == 302
    client.post("/accounts/logout/")
    assert come_back(client, address).status_code == 400 and not is_in(client)
    assert outside.vendor.exchanges == 1


def test_a_sign_in_that_took_too_long_begins_again(outside: Outside) -> None:
    outside.vendor.person = ANA
    client = browser()
    with clock.frozen(START) as still:
        address = there(client, "vendor")
        still.tick(world.HOUR / 4)
        assert come_back(client, at_the_provider(address)).status_code == 400
    assert not is_in(client)


def test_an_answer_of_another_issuer_is_not_taken_to_the_provider(outside: Outside) -> None:
    client = browser()
    address = at_the_provider(there(client, "vendor"))
    answer = come_back(client, address.partition("&iss=")[0] + "&iss=https://id.elsewhere.example")
    assert answer.status_code == 403 and outside.vendor.exchanges == 0


def test_whoever_ends_it_there_is_told_that_nothing_changed(outside: Outside) -> None:
    outside.vendor.declines = True
    refused(outside, "You ended the sign-in at the provider.")


def test_a_provider_that_is_away_is_told_as_such(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside.vendor, "discovery", lambda: {"issuer": "https://id.elsewhere.example"})
    answer = browser().get("/accounts/outside/vendor/")
    assert answer.status_code == 502 and "cannot be reached just now" in answer.content.decode()
    assert browser().get("/accounts/outside/nobody/").status_code == 404


@pytest.mark.parametrize(
    ("methods", "is_public"), [(["client_secret_basic"], False), (["client_secret_post"], False), (["none"], True)]
)
def test_the_secret_goes_the_way_that_the_provider_wants_it(
    outside: Outside, monkeypatch: pytest.MonkeyPatch, methods: list[str], is_public: bool
) -> None:
    from tests.fakes.oidc import SECRET
    from tests.identity.outside import SETTINGS, use

    text = SETTINGS.format(vendor=outside.vendor.issuer, cloud=outside.cloud.issuer, client="desk", secret=SECRET)
    if is_public:
        use(monkeypatch, text.replace(f'client_secret = "{SECRET}"\n', ""))
    outside.vendor.person, outside.vendor.methods, outside.vendor.is_public = ANA, methods, is_public
    assert sign_in(browser(), "vendor").status_code == 302 and outside.vendor.refused == []


def test_what_only_the_other_place_tells_is_fetched_and_must_be_of_the_same(outside: Outside) -> None:
    outside.vendor.person = {"sub": "v-1", "groups": ["support"]}
    outside.vendor.userinfo = {"email": "ana@vendor.test", "email_verified": True, "groups": ["leads"]}
    assert sign_in(browser(), "vendor").status_code == 302
    assert roles() == {("engineer", "cloud", "")}, "the signed token's word goes first"
    outside.vendor.userinfo = {**outside.vendor.userinfo, "sub": "v-2"}
    refused(outside, "cannot be trusted")


def test_the_address_chooses_neither_scopes_nor_where_it_ends(outside: Outside) -> None:
    outside.vendor.person = ANA
    client = browser()
    answer = sign_in(client, "vendor", next="https://evil.test/", scope="admin", prompt="none", nonce="x")
    assert answer["Location"] == "/"
    asked = outside.vendor.asked[-1]
    assert (asked["scope"], asked.get("prompt"), len(asked["nonce"])) == ("openid profile email", None, 43)


@pytest.mark.parametrize("is_locked", [True, False])
def test_two_sign_ins_at_once_end_a_role_once(
    outside: Outside, monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    """Without the lock on the person's row both end it, and the audit says so twice."""
    outside.vendor.person = ANA | {"groups": ["leads"]}
    sign_in(browser(), "vendor")
    found, before = provider_of("vendor"), len(audited())
    assert isinstance(found, Wanted)
    if not is_locked:
        monkeypatch.setattr(identities, "_held", lambda person: person)
    place = meeting(monkeypatch, staff, "_open")
    claims = {"sub": "v-1", "groups": ["support"]}
    acts = [place.in_turn(lambda: do_enter(found, claims, now=clock.now())) for _ in range(2)]
    assert at_once(*acts) == []
    assert (place.was_prevented, place.took_place) == (is_locked, not is_locked)
    assert audited()[before:] == ["staff.revoked"] * (1 if is_locked else 2)
    assert roles() == {("engineer", "cloud", "")}


def test_whoever_has_a_second_factor_here_is_asked_for_it_too(outside: Outside) -> None:
    from tests.identity.test_second_factor import activate
    from tests.identity.test_sign_in import PASSWORD
    from tests.identity.test_sign_in import sign_in as by_password

    services.do_set_password(id="ana", password=PASSWORD, actor=ACTOR, now=START)
    first = browser()
    by_password(first, "ana")
    secret = activate(first)
    outside.vendor.person = ANA
    client = browser()
    assert sign_in(client, "vendor", next="/console/rooms")["Location"] == "/accounts/2fa/authenticate/"
    assert not is_in(client)
    assert client.post("/accounts/2fa/authenticate/", {"code": shown(secret)})["Location"] == "/console/rooms"
    assert is_in(client)


def test_staff_who_are_held_to_a_second_factor_have_shown_it_at_the_provider(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from roomdesk import bootstrap
    from roomdesk.web.identity import second_factor

    monkeypatch.setattr(second_factor, "settings", replace(bootstrap.settings, staff_second_factor="required"))
    outside.vendor.person = ANA
    client = Client(SERVER_NAME="127.0.0.1")
    sign_in(client, "vendor")
    assert client.get("/console/").status_code == 200
