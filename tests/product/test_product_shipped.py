"""The three products that ship: the tables of their support pages row by row, and the pages' facts."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest

from roomdesk.product.docs import read_pages
from roomdesk.product.formatting import format_measure
from roomdesk.product.problems import ProductError
from roomdesk.product.schema import Product
from roomdesk.product.texts import ALWAYS, PLACEHOLDER, ROOM, spec, specs
from roomdesk.rules.severity import TargetRow, choose_target
from roomdesk.rules.targets import parse_target

ROOT = Path(__file__).parents[2]
SLUGS = ["plana-business-cloud", "bos", "power-omni"]

# First responses: product, severity, and by tier what the page says.
TABLES = {
    "plana-business-cloud": {
        "critical": {"starter": "1 business day", "pro": "4 business hours", "enterprise": "1 hour, 24/7"},
        "high": {"starter": "2 business days", "pro": "1 business day", "enterprise": "4 business hours"},
        "normal": {"starter": "5 business days", "pro": "2 business days", "enterprise": "1 business day"},
        "feature": {"starter": "5+ business days", "pro": "5 business days", "enterprise": "5 business days"},
    },
    "bos": {
        "critical": {"starter": "1 business day", "pro": "4 business hours", "enterprise": "1 hour, 24/7"},
        "normal": dict.fromkeys(("starter", "pro", "enterprise"), "1 business day"),
        "feature": dict.fromkeys(("starter", "pro", "enterprise"), "5 business days"),
    },
    "power-omni": {
        severity: {"basic": "in the order of the support queue"}
        for severity in ("critical", "high", "normal", "feature")
    },
}


def promised(product: Product, severity: str, tier: str) -> str:
    """What the row says that the rules choose for a case of this severity."""
    rows = [
        TargetRow(r.clock, r.tier, r.severity, r.kind, parse_target(r.target.as_plain()), r.calendar, r.public, r.addon)
        for r in product.targets
    ]
    kind = next(one.kind for one in product.severities if one.slug == severity)
    chosen = choose_target(rows, tier, [], kind or "incident", severity)
    assert chosen is not None
    return format_measure(product.targets[rows.index(chosen.row)].target, "en")


@pytest.mark.parametrize(
    ("slug", "severity", "tier", "words"),
    [(s, sev, tier, words) for s, table in TABLES.items() for sev, row in table.items() for tier, words in row.items()],
)
def test_first_responses_are_those_of_the_page(
    shipped: dict[str, Product], slug: str, severity: str, tier: str, words: str
) -> None:
    assert promised(shipped[slug], severity, tier) == words


def test_bos_has_no_high(shipped: dict[str, Product]) -> None:
    assert shipped["bos"].severity_slugs == ("critical", "normal", "feature")
    assert shipped["plana-business-cloud"].severity_slugs == ("critical", "high", "normal", "feature")


def test_the_vendors_own_aims_are_not_public_and_never_breach(shipped: dict[str, Product]) -> None:
    for slug in ("plana-business-cloud", "bos"):
        rows = [row for row in shipped[slug].targets if row.clock != "first_response"]
        assert {row.clock for row in rows} == {"update", "resolution"}
        assert all(row.target.soft and not row.public for row in rows)


def test_enterprise_figures_out_of_a_picture_are_examples(shipped: dict[str, Product]) -> None:
    rows = shipped["power-omni"].targets
    assert {row.clock for row in rows if row.tier == "enterprise" and row.public} == {"first_response", "resolution"}
    assert all(row.example == (row.tier == "enterprise") for row in rows)


@pytest.mark.parametrize(
    ("slug", "tier", "addons", "severity", "open_now", "action"),
    [
        ("plana-business-cloud", "enterprise", [], "critical", False, "page"),
        ("plana-business-cloud", "enterprise", [], "critical", True, "page"),
        ("plana-business-cloud", "enterprise", [], "normal", False, "answer"),
        ("plana-business-cloud", "pro", ["on-call"], "critical", False, "page"),
        ("plana-business-cloud", "pro", [], "critical", False, "answer"),
        ("plana-business-cloud", "pro", [], "critical", True, "notify"),
        ("plana-business-cloud", "starter", [], "critical", False, "answer"),
        ("bos", "starter", [], "critical", False, "page"),
        ("bos", "starter", [], "critical", True, "notify"),
        ("bos", "enterprise", [], "critical", True, "page"),
        ("power-omni", "enterprise", [], "critical", False, "page"),
        ("power-omni", "basic", [], "critical", False, "answer"),
    ],
)
def test_who_is_woken(
    shipped: dict[str, Product], slug: str, tier: str, addons: list[str], severity: str, open_now: bool, action: str
) -> None:
    assert shipped[slug].cover_for(tier, addons, severity, open_now=open_now) == action


def test_the_office_is_closed_on_bulgarian_holidays_written_out(shipped: dict[str, Product]) -> None:
    office = shipped["plana-business-cloud"].office
    assert office.timezone == "Europe/Sofia"
    assert {date(2026, 3, 3), date(2026, 4, 13), date(2026, 5, 25), date(2036, 12, 25)} <= set(office.holidays)
    assert date(2026, 5, 22) not in office.holidays
    assert office.holiday_name(date(2026, 3, 3)) == "Liberation Day"
    assert office.as_plain()["week"]["fri"] == [["09:00", "18:00"]]
    assert office.as_plain()["week"]["sat"] == []


def test_channels_by_tier(shipped: dict[str, Product]) -> None:
    for slug in ("plana-business-cloud", "bos"):
        having = {tier.slug for tier in shipped[slug].tiers.values() if "phone" in tier.channels}
        assert having == {"enterprise"}
    assert shipped["power-omni"].tiers["enterprise"].channels == ("email", "form", "whatsapp")
    assert shipped["power-omni"].tiers["basic"].channels == ("email", "form")


def test_deflections_name_the_place_to_go(shipped: dict[str, Product]) -> None:
    product = shipped["plana-business-cloud"]
    assert "Settings → Billing" in product.answer_text("en", "billing_document")
    assert "legal@plana.solutions" in product.answer_text("bg", "legal")
    assert "security@plana.solutions" in product.answer_text("en", "security", ref="BC-1042")
    assert not any(product.answers[slug].opens_case for slug in ("billing_document", "legal"))
    assert all(product.answers[f"out_of_scope:{reason}"].opens_case for reason in ("third_party", "custom_development"))


def test_the_phrase_of_a_restore_is_english_everywhere(shipped: dict[str, Product]) -> None:
    for product in shipped.values():
        assert {product.consent_phrase(locale, "restore_over_current") for locale in product.locales} == {
            "yes, replace prod"
        }
    plana = shipped["plana-business-cloud"]
    assert plana.consent_phrase("en", "data_change", ref="BC-1042") == "go ahead with BC-1042"
    assert plana.consents["policy_change"].who_may == ("owner",)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_text_is_said_in_every_language_in_its_own_words(shipped: dict[str, Product], slug: str) -> None:
    product = shipped[slug]
    assert set(product.texts) == set(product.locales)
    same_everywhere = re.compile(r"room\.name|feature\.two_factor\.name|severity\.normal\.name|specialist\..*")
    for key in specs(product):
        said = {product.texts[locale][key] for locale in product.locales}
        assert len(said) == len(product.locales) or same_everywhere.fullmatch(key), key


@pytest.mark.parametrize("slug", SLUGS)
def test_texts_keep_the_voice(shipped: dict[str, Product], slug: str) -> None:
    for texts in shipped[slug].texts.values():
        for key, text in texts.items():
            assert not re.search(r"(?<!\w)!(?!desk)|\w!|ticket|oops", text, re.IGNORECASE), key


def squeezed(text: str) -> str:
    return " ".join(text.split()).casefold()


def pages_of(slug: str) -> str:
    return squeezed(" ".join(page.body for page in read_pages(ROOT / "products" / slug)))


ASKED = [json.loads(line) for line in (ROOT / "tests/data/ask.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("case", [case for case in ASKED if case["answerable"]], ids=lambda case: case["id"])
def test_the_pages_have_the_words_that_answers_need(case: dict[str, object]) -> None:
    pages, wanted = pages_of(str(case["product"])), case["must_contain"]
    assert isinstance(wanted, list)
    assert [words for words in wanted if squeezed(words) not in pages] == []


@pytest.mark.parametrize(
    ("slug", "facts"),
    [
        (
            "plana-business-cloud",
            [
                "https://chat.planapulse.com → pick #support-<your-workspace>",
                "workspace owner + admins automatically; members on request",
                "Business hours are Mon-Fri 09:00–18:00 EET / EEST",
                "| Feature request | 5+ business days | 5 business days | 5 business days |",
                'Restore over current data without an unambiguous "yes, replace prod"',
                "rare — about 1 day in the last 18 months",
            ],
        ),
        (
            "bos",
            [
                'Settings → Team → click the member → Toggle "Support room access"',
                "A persistent record — chats stay forever, searchable",
                "| Critical | 4 hours business | Pro tier |",
                "Reset 2FA after verifying your identity",
                "Number in your DPA",
            ],
        ),
        (
            "power-omni",
            [
                "Standard response time according to the support queue.",
                "Direct access through agile channels (WhatsApp)",
                "Simply accept the terms and click **Subscribe**",
                "automatically reflected in your **Monthly Invoice**",
            ],
        ),
    ],
)
def test_the_pages_keep_the_facts_word_for_word(slug: str, facts: list[str]) -> None:
    pages = pages_of(slug)
    assert [fact for fact in facts if squeezed(fact) not in pages] == []


def test_a_page_has_its_name_and_title() -> None:
    pages = {page.name: page.title for page in read_pages(ROOT / "products" / "bos")}
    assert pages == {
        "backup-channels": "Backup channels",
        "matrix-room": "Matrix room",
        "response-times": "Response times",
        "working-with-us": "Working with us",
    }


def test_a_product_without_pages_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProductError, match="There is no page"):
        read_pages(tmp_path)


def test_the_guide_lists_every_text_with_what_it_names() -> None:
    guide = (ROOT / "docs" / "products.md").read_text(encoding="utf-8")
    for key, words in (ALWAYS | ROOM).items():
        names = spec(words)
        said = re.search(rf"^\| `{re.escape(key)}`[^|]*\|([^|]*)\|([^|]*)\|$", guide, re.MULTILINE)
        assert said is not None, key
        assert [set(PLACEHOLDER.findall(cell)) for cell in said.groups()] == [names.required, names.optional], key
