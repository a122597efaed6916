"""Putting workspaces: what is made, what stays as it is, what is refused (R01, R55, D8)."""

from __future__ import annotations

import json

import pytest

from roomdesk.audit.models import Content, Entry
from roomdesk.directory import queries, services
from roomdesk.directory.models import Workspace, WorkspaceTerms
from roomdesk.queues.models import InboxEvent, Lane
from roomdesk.refusals import Invalid, NotFound
from tests.directory import world
from tests.directory.example import product
from tests.directory.world import ACTOR, START, at, nothing_changes, put, refused

pytestmark = pytest.mark.usefixtures("desk")


def test_a_new_workspace_has_its_lane_its_terms_and_the_products_defaults() -> None:
    nord = put(slug="nord-ltd", product="cloud")
    assert (nord.display_name, nord.locale, nord.account_manager) == ("Nord Ltd", "bg", None)
    assert nord.lane == Lane.objects.get(key="workspace:nord-ltd")
    terms = queries.terms_at([nord.pk], START)[nord.pk]
    assert (terms.tier, terms.addons, terms.state, terms.valid_to) == ("basic", [], "active", None)
    assert world.entries("workspace:nord-ltd") == [("workspace.created", "workspace:nord-ltd")]


def test_the_pipeline_is_told_in_the_workspaces_lane() -> None:
    nord = put(slug="nord", product="cloud")
    told = InboxEvent.objects.get(lane=nord.lane)
    assert json.loads(told.raw)["kind"] == "workspace_changed"
    assert (told.source, told.state) == ("desk", "pending")


def test_the_same_again_changes_nothing_and_leaves_no_trace() -> None:
    wanted = {"slug": "nord", "product": "cloud", "tier": "pro", "addons": ["night", "import"], "locale": "en"}
    put(**wanted)
    with nothing_changes():
        put(at(1), **wanted)
        put(at(1), slug="nord", addons=["import", "night", "import"])
        put(at(1), slug="nord")


def test_a_change_of_tier_closes_the_terms_and_opens_new_ones() -> None:
    acme = put(at(1), slug="acme", tier="enterprise", addons=["night"])
    old, new = WorkspaceTerms.objects.filter(workspace=acme).order_by("valid_from", "pk")
    assert (old.tier, old.valid_from, old.valid_to) == ("pro", START, at(1))
    assert (new.tier, new.addons, new.valid_from, new.valid_to) == ("enterprise", ["night"], at(1), None)
    assert queries.terms_at([acme.pk], at(0.5))[acme.pk].tier == "pro"
    assert queries.terms_at([acme.pk], at(1))[acme.pk].tier == "enterprise"


def test_a_change_of_name_leaves_the_terms_alone_and_is_audited_with_before_and_after() -> None:
    put(at(1), slug="acme", display_name="Acme Foods")
    assert WorkspaceTerms.objects.filter(workspace__slug="acme").count() == 1
    entry = Entry.objects.filter(scope="workspace:acme").latest("seq")
    data = json.loads(Content.objects.get(entry_id=entry.pk).data)
    assert (entry.action, entry.actor, entry.at) == ("workspace.changed", "tests", at(1))
    assert data == {"before": {"display_name": "Acme"}, "after": {"display_name": "Acme Foods"}}


def test_an_account_manager_can_be_taken_away() -> None:
    assert put(slug="acme", account_manager="").account_manager is None


def test_a_tier_that_a_newer_product_dropped_may_stay_until_it_is_changed() -> None:
    tiers = [{"slug": "only", "name": "Only", "channels": ["matrix"]}]
    services.load(product("cloud", tiers=tiers, addons=[]), ACTOR, at(1))
    put(at(2), slug="acme", display_name="Acme Foods")
    with refused(Invalid, 'has no tier "basic"; it has only', "tier"):
        put(at(2), slug="acme", tier="basic")


def test_an_account_manager_of_another_product_is_refused() -> None:
    world.staff(id="petya", roles=["account_manager"], product="bos")
    with refused(Invalid, "is no account manager of the product", "account_manager"):
        put(slug="acme", account_manager="petya")


def test_wishes_are_fulfilled_together_or_not_at_all() -> None:
    good = services.WorkspaceWish(slug="nord", product="cloud")
    bad = services.MemberWish(workspace="nord", person=services.PersonWish(id="mira"), role="king")
    with refused(Invalid, "owner, admin or member", "role"):
        services.grant([good, bad], ACTOR, START)
    assert not Workspace.objects.filter(slug="nord").exists()


def test_a_viewer_gets_the_same_answer_for_missing_and_for_forbidden() -> None:
    put(slug="nord", product="cloud")
    own = Workspace.objects.get(slug="acme").pk
    viewer = queries.Viewer("token", "t", workspaces=frozenset({own}))
    assert queries.access_workspace("acme", viewer).pk == own
    answers = [_refusal(slug, viewer).replace(slug, "…") for slug in ("nord", "nothing")]
    assert answers[0] == answers[1]


def _refusal(slug: str, viewer: queries.Viewer) -> str:
    with pytest.raises(NotFound) as caught:
        queries.access_workspace(slug, viewer)
    return str(caught.value)


def test_pages_of_workspaces_follow_each_other_without_gap() -> None:
    for slug in ("ada", "bee", "zed"):
        put(slug=slug, product="cloud")
    everyone = queries.Viewer("staff", "x", sees_all=True)
    first, key = queries.workspace_page(everyone, limit=3)
    second, end = queries.workspace_page(everyone, after=key or "", limit=3)
    assert [row.slug for row in first + second] == ["acme", "ada", "bee", "zed"]
    assert (key, end) == ("bee", None)
