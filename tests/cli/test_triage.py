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


WEIGHED = """
[kinds.alert]
en = [
  { pattern = 'zorb [a-z]{2}-\\d{1,3}', weight = 8 },
  { phrase = "plim", weight = 2 },
  { phrase = "plom", weight = 3 },
  { phrase = "in a drill", weight = -5 },
]
bg = [{ pattern = 'зорб [а-я]{2}-\\d{1,3}', weight = 8 }]
"""


@pytest.mark.parametrize(
    ("locale", "text", "told"),
    [
        ("en", "Our screen says ZORB AB-12 since ten", "“zorb ab-12” (pattern zorb [a-z]{2}-\\d{1,3}, weight 8)"),
        ("bg", "На екрана пише Зорб АБ-12 от десет", "“zorb ab-12” (pattern зорб [а-я]{2}-\\d{1,3}, weight 8)"),
        ("en", "There is a plim and a plom on it", "“plom” (weight 3)"),
        ("en", "There is a plom on it", None),
        ("en", "There is a plim and a plom on it in a drill", None),
    ],
)
def test_patterns_and_weights_decide_and_are_named_with_their_weight(
    products: Path, locale: str, text: str, told: str | None
) -> None:
    (products / "bos" / "triage.toml").write_text(WEIGHED, "utf-8")
    given = json.dumps({"id": 1, "product": "bos", "locale": locale, "text": text}) + "\n"
    found = json.loads(run("triage", "classify", "--why", "--products", str(products), stdin=given).stdout)
    assert (found["expect"]["kind"] == "alert") == (told is not None)
    assert (f"The product's own words: {told}" in found["why"]) == (told is not None)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("zorb (", "It is no regular expression: missing ), unterminated subpattern at position 5."),
        ("(?:a{1,9}){1,9}", "A repeat stands within another; write the inner one out."),
    ],
)
def test_a_pattern_that_cannot_be_taken_is_refused_by_whatever_reads_the_files(
    products: Path, pattern: str, reason: str
) -> None:
    (products / "bos" / "triage.toml").write_text(f"[kinds.alert]\nen = ['a', {{ pattern = '{pattern}' }}]\n", "utf-8")
    expected = f"bos/triage.toml: kinds.alert.en[2].pattern: {reason}"
    told = run("triage", "classify", "--products", str(products), stdin=line("x", "bos"))
    assert (told.exit_code, told.stdout, expected in told.stderr) == (1, "", True)
    checked = run("product", "check", str(products), "--json")
    key, _, _ = expected.removeprefix("bos/triage.toml: ").partition(": ")
    assert checked.exit_code == 1 and json.loads(checked.stdout) == {
        "ok": False,
        "problems": [{"file": "bos/triage.toml", "key": key, "reason": reason}],
    }


def test_broken_product_files_are_refused_with_file_and_key(products: Path) -> None:
    (products / "bos" / "triage.toml").write_text('[answers.legall]\nen = ["zorb deed"]\n', "utf-8")
    told = refusal("triage", "classify", "--products", str(products), stdin=line("x", "bos"))
    assert "triage.toml" in told and 'answers.legall: There is no answer "legall"' in told


@pytest.mark.parametrize(
    ("locale", "text", "kind"),
    [
        ("en", "Till 4 shows code 112 since this morning, what is it?", "incident"),
        ("en", "What is the red lamp at the till?", "incident"),
        ("en", "What is the red lamp?", "question"),
        ("en", "What is the red lamp at the till in practice mode?", "question"),
        ("bg", "Какво значи каса 4, код 112?", "incident"),
        ("bg", "Kakvo e chervenata lampa na kasata?", "incident"),
        ("bg", "Каква е червената лампа на касата в режим за проба?", "question"),
    ],
)
def test_the_example_that_ships_is_heard_in_its_languages(locale: str, text: str, kind: str) -> None:
    given = json.dumps({"id": 1, "product": "plana-business-cloud", "locale": locale, "text": text}) + "\n"
    told = run("triage", "classify", "--products", str(ROOT / "products"), stdin=given)
    assert json.loads(told.stdout)["expect"]["kind"] == kind
