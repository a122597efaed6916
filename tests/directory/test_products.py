"""Versions of products: new content is a new number, the same content is nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from roomdesk.directory.services import load, load_all
from roomdesk.product import services
from roomdesk.product.models import ProductVersion
from roomdesk.refusals import Conflict, Invalid, NotFound
from roomdesk.rules.own_words import OwnWord
from tests.directory import world
from tests.directory.example import product
from tests.directory.world import ACTOR, START, at, nothing_changes, refused

pytestmark = pytest.mark.usefixtures("desk")
ROOT = Path(__file__).parents[2]


def test_the_same_content_is_the_same_version() -> None:
    with nothing_changes():
        version, is_new = load(product("cloud"), ACTOR, at(1))
    assert (version.number, is_new) == (1, False)


def test_new_content_is_a_new_version_and_the_old_one_stays() -> None:
    changed = product("cloud", name="Cloud Nine")
    version, is_new = load(changed, ACTOR, at(1))
    assert (version.number, version.loaded_at, is_new) == (2, at(1), True)
    assert services.product_of(services.current("cloud")) == changed
    assert services.product_of(services.version("cloud", 1)) == product("cloud")
    assert world.entries("vendor")[-1] == ("product.loaded", "product:cloud")


def test_an_unknown_product_is_answered_with_those_there_are() -> None:
    with refused(NotFound, "Loaded are: bos, cloud, plana-business-cloud and power-omni.", "product"):
        services.current("clod")
    with refused(NotFound, "its newest is 1"):
        services.version("cloud", 7)


def test_one_faulty_folder_stops_all(tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "product.toml").write_text("slug = ")
    with refused(Invalid, "bad/product.toml: This is not TOML"):
        load_all(tmp_path, ACTOR, START)


def test_a_pattern_that_is_not_taken_stops_the_load_and_the_version_before_stays(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ROOT / "products" / "bos", tmp_path / "bos"))
    before = services.product_of(services.current("bos"))
    (folder / "triage.toml").write_text("[kinds.alert]\nen = [{ pattern = 'a{1,9}.*' }]\n", "utf-8")
    with refused(Invalid, "triage.toml: kinds.alert.en[1].pattern: Each repeat says how many at most"):
        load(folder, ACTOR, at(1))
    assert services.product_of(services.current("bos")) == before
    (folder / "triage.toml").write_text("[kinds.alert]\nen = [{ pattern = 'a{1,9}', weight = 7 }]\n", "utf-8")
    version, is_new = load(folder, ACTOR, at(1))
    assert (is_new, services.product_of(version).triage.own["kinds.alert"]["en"]) == (
        True,
        (OwnWord("a{1,9}", True, 7),),
    )


def test_a_version_in_a_form_of_the_past_is_refused_with_what_to_do() -> None:
    old = ProductVersion.objects.create(slug="old", number=1, content_hash="0" * 64, content="{}", loaded_at=START)
    with refused(Conflict, "load the product again"):
        services.product_of(old)
