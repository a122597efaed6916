"""A loaded product: what it says, how it is stored, and how two versions differ."""

from __future__ import annotations

import json
from pathlib import Path

import holidays
import pytest
from pydantic import ValidationError

from roomdesk.product.canonical import canonical_text, content_hash, from_json, to_json
from roomdesk.product.changes import diff
from roomdesk.product.loading import read_product
from roomdesk.product.problems import ProductError
from roomdesk.product.promises import Measure
from roomdesk.product.schema import Product
from roomdesk.product.texts import notice_key, p0_key
from roomdesk.rules.calendars import parse_calendar
from roomdesk.rules.targets import parse_target


def changed(folder: Path, file: str, old: str, new: str) -> Product:
    path = folder / file
    before = path.read_text(encoding="utf-8")
    assert old in before, f"{old!r} is not in {file}"
    path.write_text(before.replace(old, new, 1), encoding="utf-8")
    return read_product(folder)


def measure(kind: str, amount: int | None = None, *, soft: bool = False) -> Measure:
    return Measure.model_validate({"kind": kind, "amount": amount, "soft": soft} if amount else {"kind": kind})


def test_a_product_survives_json(shipped: dict[str, Product]) -> None:
    for product in shipped.values():
        plain = json.loads(json.dumps(to_json(product)))
        again = from_json(plain)
        assert again == product
        assert content_hash(again) == content_hash(product)
        assert list(again.tiers) == list(product.tiers)
        assert again.severity_slugs == product.severity_slugs


def test_canonical_text_is_sorted_and_without_floats(shipped: dict[str, Product]) -> None:
    for product in shipped.values():
        text = canonical_text(product)
        plain = json.loads(text, parse_float=lambda word: pytest.fail(f"{word} is a float"))
        assert text == json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def test_the_same_files_give_the_same_hash_and_others_another(good: Path) -> None:
    before = read_product(good)
    assert content_hash(read_product(good)) == content_hash(before)
    (good / "docs" / "more.md").write_text("# More\n", encoding="utf-8")
    (good / "policy.toml").write_text("# Said anew.\n" + (good / "policy.toml").read_text("utf-8"), "utf-8")
    assert content_hash(read_product(good)) == content_hash(before)
    assert content_hash(changed(good, "product.toml", "1490", '"1490.10"')) != content_hash(before)


def test_a_stored_version_does_not_ask_for_holidays_again(
    shipped: dict[str, Product], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = to_json(shipped["bos"])
    monkeypatch.setattr(holidays, "country_holidays", lambda *a, **k: pytest.fail("holidays were looked up"))
    assert from_json(plain).office.holidays == shipped["bos"].office.holidays


def test_data_that_is_no_product_is_refused() -> None:
    with pytest.raises(ProductError, match="the stored version: slug: This key is missing"):
        from_json({})


def test_a_product_never_changes(shipped: dict[str, Product]) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        shipped["bos"].name = "Other"  # type: ignore[misc]


def test_the_rules_read_calendars_and_targets_as_they_are(shipped: dict[str, Product]) -> None:
    for product in shipped.values():
        for calendar in product.calendars.values():
            assert parse_calendar(calendar.as_plain()).holidays == frozenset(calendar.holidays)
        for row in product.target_rows():
            parsed = parse_target(row.target.as_plain())
            assert (parsed.kind, parsed.amount or None, parsed.soft) == (
                row.target.kind,
                row.target.quantity,
                row.target.soft,
            )


def test_no_change_is_no_difference(good: Path) -> None:
    assert diff(read_product(good), read_product(good)) == []


def test_changes_are_named_by_row_and_said_in_words(good: Path) -> None:
    before = read_product(good)
    changed(good, "policy.toml", 'kind = "business_hours", amount = 4', 'kind = "business_hours", amount = 2')
    changed(good, "policy.toml", "to_year = 2036", 'to_year = 2036\nadded = [{ date = 2027-01-04, name = "We move" }]')
    changed(good, "product.toml", '"email", "form", "whatsapp"', '"email", "whatsapp"')
    after = changed(good, "texts.en.toml", 'past_aim = "past our aim"', 'past_aim = "after our aim"')
    assert [str(change) for change in diff(before, after)] == [
        'calendars.office.days_off[2027-01-04].date: added, "2027-01-04".',
        'calendars.office.days_off[2027-01-04].name: added, "We move".',
        'targets[first_response high enterprise].target.amount: was "4", is now "2".',
        'texts.en.clock.past_aim: was "past our aim", is now "after our aim".',
        'tiers[enterprise].channels: was "email", "form", "whatsapp", is now "email", "whatsapp".',
    ]
    assert "days_off[2027-01-04].name: removed, was" in "\n".join(map(str, diff(after, before)))


def test_a_changed_order_is_a_change(good: Path) -> None:
    before = read_product(good)
    critical, high = '[[severities]]\nslug = "critical"\n\n', '[[severities]]\nslug = "high"\n\n'
    after = changed(good, "policy.toml", critical + high, high + critical)
    assert [str(change) for change in diff(before, after)] == [
        "severities (order): was critical, high, normal, feature, is now high, critical, normal, feature."
    ]


def test_closures_and_openings_reach_the_rules(good: Path) -> None:
    week = "[calendars.office.week]"
    text = f'[calendars.office.closures]\n2026-12-23 = [["14:00", "24:00"]]\n\n[calendars.office.openings]\n2026-12-27 = [["10:00", "12:00"]]\n\n{week}'
    plain = changed(good, "policy.toml", week, text).office.as_plain()
    assert plain["closures"] == {"2026-12-23": [["14:00", "24:00"]]}
    assert plain["openings"] == {"2026-12-27": [["10:00", "12:00"]]}
    assert parse_calendar(plain).openings


def test_a_text_is_filled_and_falls_back_to_the_default_locale(shipped: dict[str, Product]) -> None:
    product = shipped["bos"]
    english = "Your request BOS-7 is recorded. First answer by Monday 13:00."
    assert product.text("en", "notice.hard", ref="BOS-7", due="Monday 13:00") == english
    assert product.text("pt", "notice.hard", ref="BOS-7", due="Monday 13:00", more="unused") == english
    assert product.text(None, "notice.hard", ref="BOS-7", due="Monday 13:00") == english
    assert product.text("bg", "notice.hard", ref="BOS-7", due="понеделник 13:00").startswith("Заявката ви BOS-7")


def test_values_are_not_filled_in_twice(shipped: dict[str, Product]) -> None:
    assert "{ref}" in shipped["bos"].text("en", "case.taken", ref="BOS-7", person="{ref}")


def test_a_missing_value_and_an_unknown_text_are_named(shipped: dict[str, Product]) -> None:
    with pytest.raises(LookupError, match=r'The text "notice\.hard" names \{due\}, and no value was given for it\.'):
        shipped["bos"].text("en", "notice.hard", ref="BOS-7")
    with pytest.raises(LookupError, match=r'The product "bos" has no text "notice\.loud"\.'):
        shipped["bos"].text("en", "notice.loud")


@pytest.mark.parametrize(
    ("target", "open_now", "key"),
    [
        (measure("business_hours", 4), True, "notice.hard"),
        (measure("business_days", 5, soft=True), True, "notice.soft"),
        (measure("business_days", 1), False, "notice.outside_hard"),
        (measure("business_days", 5, soft=True), False, "notice.outside_soft"),
        (measure("elapsed", 1), False, "notice.always"),
        (measure("none"), True, "notice.queue"),
        (measure("none"), False, "notice.outside_queue"),
    ],
)
def test_the_notice_by_target_and_hour(shipped: dict[str, Product], target: Measure, open_now: bool, key: str) -> None:
    assert notice_key(target, open_now=open_now) == key
    assert all(key in product.texts["en"] for product in shipped.values())


@pytest.mark.parametrize(
    ("action", "target", "key"),
    [
        ("page", measure("elapsed", 1), "p0.paged"),
        ("page", measure("business_hours", 4), "p0.paged_target"),
        ("page", measure("none"), "p0.paged_queue"),
        ("notify", measure("business_hours", 4), "p0.notified"),
        ("notify", measure("none"), "p0.notified_queue"),
        ("answer", measure("business_days", 1), "p0.answered"),
        ("answer", measure("none"), "p0.answered_queue"),
    ],
)
def test_the_answer_to_a_p0(shipped: dict[str, Product], action: str, target: Measure, key: str) -> None:
    assert p0_key(action, target) == key  # type: ignore[arg-type]
    assert all(key in product.texts["en"] for product in shipped.values())


def test_a_product_s_own_words_are_stored_as_they_are_written_and_differ_by_what_they_look_for(good: Path) -> None:
    before = read_product(good)
    assert to_json(before)["triage"]["kinds"]["alert"]["en"] == ["channel health notice"]
    signs = '["channel health notice", { pattern = "w[ab]-\\\\d{3}", weight = 8 }, { phrase = "slug", weight = -2 }]'
    after = changed(good, "triage.toml", '["channel health notice"]', signs)
    stored = to_json(after)["triage"]["kinds"]["alert"]["en"]
    assert stored == [
        "channel health notice",
        {"pattern": r"w[ab]-\d{3}", "weight": 8},
        {"phrase": "slug", "weight": -2},
    ]
    assert from_json(to_json(after)) == after
    told = [str(change) for change in diff(before, after)]
    assert r"triage.kinds.alert.en[w[ab]-\d{3}].weight: added, 8." in told
    assert 'triage.kinds.alert.en[slug].phrase: added, "slug".' in told
    again = changed(good, "triage.toml", "weight = 8", "weight = 7")
    assert [str(change) for change in diff(after, again)] == [
        r"triage.kinds.alert.en[w[ab]-\d{3}].weight: was 8, is now 7."
    ]
