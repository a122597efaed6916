"""A product's own words with weights: what is enough, what is not, what speaks against, and what staff are told of it (R11)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.triage import figures
from roomdesk.product.loading import check_folder
from roomdesk.product.vocabulary import vocabulary
from roomdesk.rules.own_words import OwnWord, weighed
from roomdesk.rules.triage import triage
from roomdesk.rules.triage_lines import answer_line

ROOT = Path(__file__).parents[2]
CODE = OwnWord(r"zorb \w{2}\d{3}", True, 8)
OWN = vocabulary(
    {
        "kinds.alert": {
            "en": (CODE, OwnWord("plim", weight=2), OwnWord("plom", weight=3), OwnWord("in a drill", weight=-5)),
            "bg": (OwnWord(r"зорб [а-я]{2}\d{3}", True, 8), OwnWord("plim", weight=4)),
            "pt": (OwnWord("plim", weight=4),),
        },
        "kinds.module": {"en": (OwnWord("zorb", weight=6),)},
        "severities.high": {"en": (OwnWord("plim", weight=5),)},
        "severities.critical": {"en": (OwnWord("plim plom", weight=10),)},
        "items.urgency": {"en": (OwnWord("plim", weight=4), OwnWord("plom", weight=1))},
        "items.where": {"en": (OwnWord("plim", weight=2), OwnWord("plom", weight=3))},
    }
)


@pytest.mark.parametrize(
    ("text", "locale", "expected", "told"),
    [
        ("It says zorb AB123 since ten", "en", {"kind": "alert"}, rf"The product's own words: “zorb ab123” (pattern {CODE.written}, weight 8)"),
        ("Пише зорб АБ123 от десет", "bg", {"kind": "alert"}, r"The product's own words: “zorb ab123” (pattern зорб [а-я]{2}\d{3}, weight 8)"),
        ("The plom and the plim are on", "en", {"kind": "alert"}, "The product's own words: “plom” (weight 3)"),
        # Of two findings the weightier one; of how bad it is the gravest that is enough.
        ("A zorb is wrong", "en", {"kind": "module"}, "The product's own words: “zorb” (weight 6)"),
        ("The export fails, plim plom", "en", {"severity": "critical"}, "The product's own words for how bad it is: “plim plom” (weight 10)"),
        ("The export fails, plim", "en", {"severity": "high"}, "The product's own words for how bad it is: “plim” (weight 5)"),
    ],
)  # fmt: skip
def test_what_is_enough_decides_and_is_told_with_its_weight(
    text: str, locale: str, expected: dict[str, str], told: str
) -> None:
    found = triage(text, locale, OWN)
    assert {name: getattr(found, name) for name in expected} == expected
    assert told in found.why


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("The plom is on since ten", "en"),
        ("The plim is on since ten", "en"),
        # What speaks against it is enough to take away what speaks for it.
        ("The plim and the plom are on in a drill", "en"),
        ("Пише зурб АБ123 от десет", "bg"),
        # The same word counts once, however many languages have it: by what it weighs most.
        ("O plim está ligado e não sei por quê", "pt"),
    ],
)
def test_what_is_not_enough_changes_nothing(text: str, locale: str) -> None:
    found = triage(text, locale, OWN)
    assert found.kind != "alert" and not any("own words: " in why for why in found.why)


def test_items_are_ticked_by_what_is_enough_together() -> None:
    assert {"where", "urgency"} <= set(triage("It does not work, the plim and the plom", "en", OWN).provided)
    assert not {"where", "urgency"} & set(triage("It does not work, the plim", "en", OWN).provided)


def test_the_same_place_counts_once_by_the_word_that_weighs_most() -> None:
    one, other, against = OwnWord("a", weight=2), OwnWord("b", True, 4), OwnWord("c", weight=-9)
    assert weighed("x", [("plim", one), ("plim", other)]).weight == 4
    assert weighed("x", [("plim", other), ("plim", one)]).words == (("plim", other),)
    assert weighed("x", [("plim", other), ("plom", against)]).weight == -5


def test_weights_make_nothing_less_grave_and_touch_no_p0() -> None:
    mild = vocabulary({"severities.critical": {"en": (OwnWord("log in", weight=-10),)}})
    text = "Nobody in the company can log in, everything is down"
    assert triage(text, "en", mild).severity == "critical"
    assert triage(f"P0 {text}", "en", mild).severity == "critical"


@pytest.mark.parametrize("name", ["triage.jsonl", "triage_own.jsonl"])
def test_the_words_of_the_products_that_ship_make_no_labelled_text_worse(name: str) -> None:
    own = {product.slug: product.triage.own for product in check_folder(ROOT / "products")}
    lines = [json.loads(line) for line in (ROOT / "tests/data" / name).read_text("utf-8").splitlines()]

    def told(words: dict[str, object]) -> dict[str, float]:
        return figures(
            [(line["expect"], answer_line(json.dumps(line), lambda slug: vocabulary(words.get(slug)))["expect"]) for line in lines]  # type: ignore[arg-type]
        )  # fmt: skip

    with_them, without = told(dict(own)), told({})
    assert with_them["critical below high"] == without["critical below high"] == 0
    assert all(with_them[one] >= without[one] for one in ("p0", "kind", "severity", "answer F1", "items F1"))
