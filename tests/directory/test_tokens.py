"""Tokens for programs: shown once, kept as a digest, ended at once."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from roomdesk.directory import queries, services
from roomdesk.directory.models import ApiToken, Workspace
from roomdesk.refusals import Conflict, Invalid, NotFound
from tests.directory import world
from tests.directory.world import ACTOR, START, at, nothing_changes, refused

pytestmark = pytest.mark.usefixtures("desk")


def make(**wanted: Any) -> tuple[ApiToken, str]:
    return services.do_make_token(**{"name": "shop", "scopes": ["cases:read"], "actor": ACTOR, "now": START, **wanted})


def test_only_the_digest_is_kept() -> None:
    row, plain = make()
    assert plain.startswith("rd_")
    assert row.digest == hashlib.sha256(plain.encode()).hexdigest()
    assert services.access_token(plain, at(1)) == row
    assert plain not in str(world.snapshot())


def test_unknown_expired_and_revoked_tokens_get_the_same_answer() -> None:
    _, expired = make(expires=at(1))
    _, revoked = make(name="other")
    services.do_revoke_token(name="other", actor=ACTOR, now=START)
    answers = set()
    for plain in (expired, revoked, "rd_nothing", "", "\ud800"):
        with pytest.raises(NotFound) as caught:
            services.access_token(plain, at(1))
        answers.add(str(caught.value))
    assert answers == {"This token is not valid."}
    assert services.access_token(expired, at(0.5))


def test_revoking_twice_is_as_good_as_once() -> None:
    make()
    services.do_revoke_token(name="shop", actor=ACTOR, now=at(1))
    with nothing_changes():
        services.do_revoke_token(name="shop", actor=ACTOR, now=at(2))


def test_a_token_of_one_workspace_sees_that_one_only() -> None:
    world.put(slug="nord", product="cloud")
    row, _ = make(workspace="acme")
    viewer = queries.viewer_of_token(row)
    assert list(queries.workspaces_of(viewer)) == [Workspace.objects.get(slug="acme")]


@pytest.mark.parametrize(
    ("wanted", "error", "words", "field"),
    [
        ({"scopes": []}, Invalid, "No scope is given", "scopes"),
        ({"scopes": ["everything"]}, Invalid, 'no scope "everything"', "scopes"),
        ({"scopes": ["admin"], "workspace": "acme"}, Invalid, "cannot be limited", "scopes"),
        ({"name": "bootstrap"}, Invalid, "cannot be the name", "name"),
        ({"name": "A b"}, Invalid, "cannot be the name", "name"),
        ({"workspace": "nothing"}, NotFound, "no workspace", "workspace"),
    ],
)
def test_what_is_refused_changes_nothing(wanted: dict[str, Any], error: type[Invalid], words: str, field: str) -> None:
    with refused(error, words, field):
        make(**wanted)


def test_a_name_is_given_once() -> None:
    make()
    with refused(Conflict, "choose another name", "name"):
        make()


def test_the_bootstrap_token_follows_the_settings() -> None:
    first, second = "first-token-of-the-settings", "second-token-of-the-settings"
    services.ensure_bootstrap_token(first, START)
    with nothing_changes():
        services.ensure_bootstrap_token(first, at(1))
        services.ensure_bootstrap_token(None, at(1))
    services.ensure_bootstrap_token(second, at(2))
    assert services.access_token(second, at(2)).scopes == list(services.tokens.SCOPES)
    with pytest.raises(NotFound):
        services.access_token(first, at(2))
