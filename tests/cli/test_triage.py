"""`roomdesk triage classify`: lines in, findings out, by the words of their products."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.shell import refusal, run

pytestmark = pytest.mark.part_of("R11")

ROOT = Path(__file__).parents[2]


def line(text: str, product: str) -> str:
    return json.dumps({"id": product, "product": product, "locale": "en", "text": text}) + "\n"


@pytest.fixture
def products(tmp_path: Path) -> Path:
    """A product with one word of its own."""
    shutil.copytree(ROOT / "products" / "bos", tmp_path / "products" / "bos")
    (tmp_path / "products" / "bos" / "triage.toml").write_text('[answers.legal]\nen = ["zorb deed"]\n', "utf-8")
    return tmp_path / "products"


def test_a_product_s_own_words_count_for_its_lines_only(products: Path) -> None:
    text = "Please send us the zorb deed for our files"
    given = line(text, "bos") + "broken\n" + line(text, "power-omni")
    told = run("triage", "classify", "--why", "--products", str(products), stdin=given)
    first, broken, other = map(json.loads, told.stdout.splitlines())
    assert (first["expect"]["kind"], first["expect"]["answer"]) == ("legal", "legal")
    assert "zorb deed" in first["why"][0]
    assert "error" in broken and "expect" not in broken
    assert other["expect"]["answer"] is None, "it is no word of power-omni"


def test_broken_product_files_are_refused_with_file_and_key(products: Path) -> None:
    (products / "bos" / "triage.toml").write_text('[answers.legall]\nen = ["zorb deed"]\n', "utf-8")
    told = refusal("triage", "classify", "--products", str(products), stdin=line("x", "bos"))
    assert "triage.toml" in told and 'answers.legall: There is no answer "legall"' in told
