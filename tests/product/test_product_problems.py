"""Broken product files: each gives exactly the sentence that tells its writer what to put right."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from roomdesk.product.loading import check_folder, read_product
from roomdesk.product.problems import ProductError

ROOT = Path(__file__).parents[2]
Break = Callable[[str, str, str], list[str]]
OFFICE_MONDAY = 'mon = [["09:00", "18:00"]]'
FOUR_HOURS = 'kind = "business_hours", amount = 4'
AMOUNT = "An amount is a whole number or a decimal in quotes with at most 2 places"

# file, what stands there, what is written instead, the problems
IN_PRODUCT = [
    ("[brand]", "[brand", [": This is not TOML: Expected ']' at the end of a table declaration (at line 11, column 7)."]),
    ('\nname = "P', '\nnam = "P', ["name: This key is missing.", 'nam: This key is unknown. Did you mean "name"?']),
    ("logo_text", "logo_txt", ["brand.logo_text: This key is missing.", 'brand.logo_txt: This key is unknown. Did you mean "logo_text"?']),
    ("room = false", 'room = "no"', ['room: This must be true or false, not "no".']),
    ('["en", "pt"]', '"en"', ['locales: This must be a list, not "en".']),
    ('"OM"', '"po"', ['ref_prefix: "po" is not a prefix of two to five capital letters.']),
    ('"#6d28d9"', '"purple"', ['brand.accent: "purple" is not a colour, such as #1f6feb.']),
    ('support = "support@', 'support = "at ', ['contact.support: "at poweromni.example" is not a mail address.']),
    ('slug = "power-omni"', 'slug = "omni"', ['slug: The folder is called "power-omni"; the slug must be the same.']),
    (
        '["email", "form"]',
        '["email", "fax"]',
        ['tiers[1].channels[2]: This must be "matrix", "email", "form", "whatsapp" or "phone", not "fax".'],
    ),
    ('["email", "form"]', '["matrix"]', [
        'tiers[1].channels: The product has no rooms, so no tier has the channel "matrix".',
        'backup[1].tiers: The tier "basic" does not have the channel "email".',
    ]),
    ('default_locale = "en"', 'default_locale = "bg"', ['default_locale: There is no locale "bg", only en and pt.']),
    (
        'item = "basic"',
        'item = "base"',
        [
            'plans.prices[1].item: There is no tier or add-on "base", only basic and enterprise. Did you mean "basic"?',
            'plans.prices: "basic" has no price; write 0 if it is free.',
        ],
    ),
    ("1490", "1490.5", [f"plans.prices[2].amount: {AMOUNT}, not negative; this is 1490.5."]),
]  # fmt: skip
IN_POLICY = [
    ('source = "roomdesk"', 'source = "pagerduty"', [
        'oncall.escalation_policy: The rota is PagerDuty\'s (source = "pagerduty"), so the number of its escalation policy is needed.',
    ]),
    ('source = "roomdesk"', 'source = "roomdesk"\nescalation_policy = "pabc"\nrunbook = "wiki"', [
        'oncall.escalation_policy: "pabc" is not the number of an escalation policy of PagerDuty, such as PABC123.',
        'oncall.runbook: "wiki" is not a web address; it must begin with https://.',
    ]),
    ('country = "BR"', "", ["calendars.office.holidays.country: This key is missing."]),
    ('country = "BR"', 'country = "Brazil"', [
        'calendars.office.holidays: Holidays of the country "Brazil" are not known; use a code such as BG.',
    ]),
    ('country = "BR"', 'country = "BR"\nremoved = [2026-01-02]', [
        "calendars.office.holidays: 2026-01-02 cannot be removed: it is no public holiday of BR.",
    ]),
    ("2036", "2020", ["calendars.office.holidays: The years end in 2020, before they begin in 2024."]),
    ("Sao_Paulo", "Sao_Paolo", [
        'calendars.office.timezone: There is no time zone "America/Sao_Paolo"; write a name such as Europe/Sofia.',
    ]),
    (OFFICE_MONDAY, 'mon = [["09:00", "13:00"], ["12:30", "18:00"]]', [
        "calendars.office.week.mon: The windows 09:00–13:00 and 12:30–18:00 overlap.",
    ]),
    (OFFICE_MONDAY, 'mon = [["18:00", "09:00"]]', [
        "calendars.office.week.mon[1]: A window must end after it begins, this one is 18:00–09:00.",
    ]),
    (OFFICE_MONDAY, 'mon = [["9:00", "18:00"]]', [
        'calendars.office.week.mon[1][1]: "9:00" is not a time of day, such as 09:00 or 24:00.',
    ]),
    (OFFICE_MONDAY, 'mon = [["09:00"]]', ["calendars.office.week.mon[1][2]: This value is missing."]),
    (OFFICE_MONDAY, 'monday = [["09:00", "18:00"]]', [
        'calendars.office.week.monday: This key is unknown. Did you mean "mon"?',
    ]),
    ('tier = "basic"', 'tier = "basics"', [
        'targets[1].tier: There is no tier "basics", only basic and enterprise. Did you mean "basic"?',
        *(
            f'targets: There is no first_response for the severity "{severity}" in the tier "basic".'
            for severity in ("critical", "high", "normal", "feature")
        ),
    ]),
    ('severity = "high"\ntier', 'severity = "critical"\ntier', [
        'targets: "first_response of critical for enterprise" stands here 2 times; it may stand once.',
        'targets: There is no first_response for the severity "high" in the tier "enterprise".',
    ]),
    ('calendar = "always"', 'calendar = "allways"', [
        'targets[2].calendar: There is no calendar "allways", only office and always. Did you mean "always"?',
    ]),
    (FOUR_HOURS, 'kind = "hours", amount = 4', [
        'targets[3].target.kind: This must be "business_hours", "business_days", "elapsed" or "none", not "hours".',
    ]),
    (FOUR_HOURS, 'kind = "business_hours"', [
        'targets[3].target: A target of the kind "business_hours" needs an amount.',
    ]),
    (FOUR_HOURS, 'kind = "business_hours", amount = "0.0"', [
        f'targets[3].target.amount: {AMOUNT}, above zero; this is "0.0".',
    ]),
    (FOUR_HOURS, 'kind = "business_hours", amount = "4.125"', [
        f'targets[3].target.amount: {AMOUNT}, above zero; this is "4.125".',
    ]),
    ('kind = "none"', 'kind = "none", amount = 1', ['targets[1].target: A target of the kind "none" has no amount.']),
    ('_severity = "normal"', '_severity = "feature"', [
        'default_severity: "feature" is tied to a kind and cannot be the default.',
    ]),
    ("[50, 75, 90]", "[50, 90, 75]", ["life.warnings: Warnings must rise from one to the next."]),
    ('[[cover]]\naction', '[[cover]]\nhours = "inside"\naction', [
        "cover[2]: The last row must fit every case, so that none is without one.",
    ]),
    ('office_calendar = "office"', 'office_calendar = "desk"', [
        'oncall.office_calendar: There is no calendar "desk", only office and always.',
    ]),
    ('who_may = ["owner"]', 'who_may = ["owner", "boss"]', [
        'consent[5].who_may[2]: This must be "owner", "admin" or "member", not "boss".',
    ]),
    ('who_may = ["owner"]', 'who_may = ["member"]', [
        "consent[5].who_may: A member has no authority to consent; name owner or admin.",
    ]),
    ('copy_needs = "data_change"', 'copy_needs = "data_changes"', [
        "restore.copy_needs: There is no consent \"data_changes\", only data_change, restore_over_current, "
        'security_disable, two_factor_reset, policy_change and integration. Did you mean "data_change"?',
    ]),
]  # fmt: skip
IN_REQUESTS = [
    ('asks = ["when"]', 'asks = ["when", "ref"]', ['macros[2].asks: "ref" is filled in by the desk; nobody is asked for it.']),
    ("p0_window_minutes = 30", "p0_window_minutes = 0", ["grouping.p0_window_minutes: This must be at least 1, not 0."]),
    ("p0_window_minutes = 30", "p0_window_minutes = 30.5", ["grouping.p0_window_minutes: This must be a whole number, not 30.5."]),
    ('"tried", "ex', '"where", "tried", "ex', ['checklist.items: "where" stands here 2 times; it may stand once.']),
    ('mode = "always"', 'mode = "never"', ['security.mode: This must be "mention" or "always", not "never".']),
    ("pt = [", "bg = [", ["grouping.small_talk: Every product needs pt here."]),
]  # fmt: skip
NOTICE = '["channel health notice"]'
MANY = "[" + ", ".join(f'{{ pattern = "{letter}.{{0,30}}b.{{0,30}}c" }}' for letter in "defghi") + "]"
IN_TRIAGE = [
    ('pt = ["alerta de canal"', 'bg = ["alerta de canal"', ['kinds.alert.bg: There is no locale "bg", only en and pt.']),
    ("[severities.high]", "[severities.hi]", [
        'severities.hi: There is no severity "hi", only critical, high, normal and feature. Did you mean "high"?',
    ]),
    (NOTICE, '[{ pattern = "(a+)+b", weight = 8 }]', [
        "kinds.alert.en[1].pattern: Each repeat says how many at most, up to 100: `.{0,40}` instead of `.*`, `\\d{1,6}` instead of `\\d+`.",
    ]),
    (NOTICE, '["a notice", { pattern = "a(" }]', [
        "kinds.alert.en[2].pattern: It is no regular expression: missing ), unterminated subpattern at position 1.",
    ]),
    (NOTICE, '[{ pattern = "a?" }]', [
        "kinds.alert.en[1].pattern: It fits where nothing stands; at least one character must be asked for.",
    ]),
    ('["alerta de canal"', '[{ pattern = "alerta (?:de )?(canal|canais) \\\\1" }', [
        "kinds.alert.pt[1].pattern: It refers back to a group; write out what may stand there.",
    ]),
    (NOTICE, "[{ weight = 7 }]", ["kinds.alert.en[1]: Write either a phrase or a pattern here."]),
    (NOTICE, '[{ phrase = "a", pattern = "b" }]', ["kinds.alert.en[1]: Write either a phrase or a pattern here."]),
    (NOTICE, '[{ patern = "a" }]', ['kinds.alert.en[1].patern: This key is unknown. Did you mean "pattern"?']),
    (NOTICE, "[7]", [
        'kinds.alert.en[1]: This must be a word or phrase in quotes, or a table such as { pattern = "…", weight = 7 }, not 7.',
    ]),
    (NOTICE, '[{ phrase = "a", weight = 11 }]', ["kinds.alert.en[1].weight: This must be at most 10, not 11."]),
    (NOTICE, '[{ phrase = "a", weight = -11 }]', ["kinds.alert.en[1].weight: This must be at least -10, not -11."]),
    (NOTICE, '[{ phrase = "a", weight = 0.5 }]', ["kinds.alert.en[1].weight: This must be a whole number, not 0.5."]),
    (NOTICE, '[{ phrase = "a", weight = 0 }]', [
        "kinds.alert.en[1].weight: A weight of 0 says nothing; write 1 to 10 for what speaks for it, -10 to -1 for what speaks against it.",
    ]),
    (NOTICE, '["a", " "]', ["kinds.alert.en[2]: There is nothing in this phrase that could be looked for."]),
    (NOTICE, '["a", "b", "a"]', ['kinds.alert.en: "a" stands here 2 times; it may stand once.']),
    ('["no channel receives anything", "all channels are offline"]\npt = ["nenhum canal recebe nada", "todos os canais estão fora"]',
     '[{ phrase = "a", weight = 4 }, { phrase = "b", weight = -10 }]',
     ["severities.critical: All that speaks for it here weighs 4 together; it is found from 5 on, so it never would be."]),
    (NOTICE, MANY, [
        ': There are 5766 ways to read a text by all patterns of "en" together, at most 5000 are taken; repeat less in them.',
    ]),
]  # fmt: skip
IN_TEXTS = [
    ("Estou olhando {ref}", "Estou olhando {screen}", [
        "macro.on_it: This text names {screen}, which nobody fills in; it may name {agent}, {customer}, {ref} and {workspace}.",
    ]),
    ("notícias minhas {when}", "notícias minhas", ["macro.next_update: This text must name {when}."]),
    ('met = "', 'mett = "', ["clock.met: This text is missing.", 'clock.mett: This text is unknown. Did you mean "clock.met"?']),
    ('past_aim = "além do nosso objetivo"', "past_aim = 1", ["clock.past_aim: This must be a text in quotes that is not empty."]),
    ("plantão já foi chamado.", "plantão chama {name}.", ["p0.joined: This text names {name}, which nobody fills in; it may name {ref}."]),
    ('"além do nosso objetivo"', '"{ref}"', ["clock.past_aim: This text names {ref}, which nobody fills in; it may name none."]),
    ('hard = "Seu pedido {ref}', 'hard = "Seu pedido', ["notice.hard: This text must name {ref}."]),
    ('"respondido em {span}"', '"respondido em {span} }"', [
        "clock.met: This text has a brace that belongs to no placeholder; write placeholders as {name}.",
    ]),
    ("autorizo a alteração {ref}", "autorizo", [
        "consent.data_change.phrase: A phrase is one line and names {ref}, {feature} or {person}.",
    ]),
]  # fmt: skip
BROKEN = [
    (file, *row)
    for file, rows in {
        "product.toml": IN_PRODUCT,
        "policy.toml": IN_POLICY,
        "requests.toml": IN_REQUESTS,
        "triage.toml": IN_TRIAGE,
        "texts.pt.toml": IN_TEXTS,
    }.items()
    for row in rows
]


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"), BROKEN, ids=[f"{file}-{lines[0]}" for file, _, _, lines in BROKEN]
)
def test_a_broken_file_gives_exactly_these_sentences(
    broken: Break, file: str, old: str, new: str, expected: list[str]
) -> None:
    assert broken(file, old, new) == [
        f"{file}{line}" if line.startswith(":") else f"{file}: {line}" for line in expected
    ]


def test_problems_of_several_files_come_together(good: Path, broken: Break) -> None:
    (good / "triage.toml").unlink()
    (good / "texts.pt.toml").rename(good / "texts.de.toml")
    shutil.rmtree(good / "docs")
    assert broken("product.toml", "room = false", "room = 0") == [
        "product.toml: room: This must be true or false, not 0.",
        "triage.toml: This file is missing.",
        "docs: There is no page; write at least one docs/….md.",
    ]


def test_texts_of_a_locale_that_is_missing_or_not_declared(good: Path, broken: Break) -> None:
    (good / "texts.pt.toml").rename(good / "texts.de.toml")
    assert broken("docs/asking.md", "# Agent", "Agent") == [
        "texts.de.toml: This locale is not declared; product.toml has en and pt.",
        "texts.pt.toml: This file is missing.",
        'docs/asking.md: This page has no title; begin it with "# …".',
    ]


def test_a_file_that_is_not_utf8(good: Path) -> None:
    (good / "policy.toml").write_bytes(b"# caf\xe9\n")
    with pytest.raises(ProductError, match=r"^policy\.toml: This file is not UTF-8 text, see byte 5\.$"):
        read_product(good)


def test_a_room_needs_its_texts_chat_and_channel(broken: Break) -> None:
    problems = broken("product.toml", "room = false", "room = true")
    assert problems[:3] == [
        "product.toml: chat_url: A product with rooms needs the address of the chat.",
        'product.toml: tiers[1].channels: The product has rooms, so every tier has the channel "matrix".',
        'product.toml: tiers[2].channels: The product has rooms, so every tier has the channel "matrix".',
    ]
    assert "texts.pt.toml: room.welcome: This text is missing." in problems


def test_two_products_of_a_folder_may_not_share_a_prefix(tmp_path: Path) -> None:
    root = Path(shutil.copytree(ROOT / "products", tmp_path / "products"))
    path = root / "power-omni" / "product.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"OM"', '"BC"'), encoding="utf-8")
    with pytest.raises(ProductError) as caught:
        check_folder(root)
    assert str(caught.value) == (
        'power-omni/product.toml: ref_prefix: The prefix "BC" is used by plana-business-cloud and power-omni; '
        "each product needs its own."
    )


def test_problems_of_a_folder_name_the_product(tmp_path: Path) -> None:
    root = Path(shutil.copytree(ROOT / "products", tmp_path / "products"))
    (root / "bos" / "policy.toml").unlink()
    with pytest.raises(ProductError, match=r"^bos/policy\.toml: This file is missing\.$"):
        check_folder(root)


def test_a_folder_without_products(tmp_path: Path) -> None:
    with pytest.raises(ProductError, match=r"There is no product here: no folder has a product\.toml\.$"):
        check_folder(tmp_path)


def test_a_macro_that_stands_twice_is_named(broken: Break) -> None:
    problems = broken("requests.toml", 'slug = "on_it"', 'slug = "next_update"')
    assert 'requests.toml: macros: "next_update" stands here 2 times; it may stand once.' in problems
