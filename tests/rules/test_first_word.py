"""DESIGN §8: P0 as the first word, by the label rules of cases/README."""

import json
import time
from pathlib import Path

import pytest

from roomdesk.rules.first_word import is_p0

CASES = [json.loads(line) for line in (Path(__file__).parents[1] / "data/triage.jsonl").read_text("utf-8").splitlines()]

YES = [
    "P0", "p0", "Р0", "р0", "P0!", "p0!!! help", "P0: down", "P0, down", "P0. Down", "P0.Server is down", "P0… down",
    "P0-nothing works", "P0 — nothing", "**P0** down", "*P0*", "__P0__ down", "_P0_ down", "(P0) down", "[P0] x", "#P0 x", "\"P0\" x",
    "„P0“ всичко падна", "«P0» x", "🔥P0 x", "🔥 🔥 P0🔥", "ℹ️ P0 x", "P0🔥", "P0\nall down", "\n\n  P0 x", "\t P0", "\u200bP0 x", "P\u200b0 x",
    "\ufeffP0", "P0/P1 whatever", "P0? is anybody there", "P0;", "P0\u00a0x", "- P0 x", "!!! P0", "...p0", "P0️⃣",
    "@support P0", "@support: P0", "@support, P0 x", "@support:planapulse.com P0 x", "@support:planapulse.com: P0", "@support:server P0",
    "@support:localhost:8448 P0", "@support:P0 x", "@SUPPORT p0", "Support: P0", "support: p0", "Support:P0", "Support : P0", "@Support: P0",
    "@support @support P0", "🔥 @support P0", "@support\nP0 down", "@support P0.", "@support:[::1]:8448 P0",
    "> somebody said\n\nP0 now", "> a\n> b\nP0 now", " > a\n\nP0", "> <@x:y> P0?\n\nР0 да", ">P0 quoted\nP0 own", "> a\n\n@support P0",
    "🔥\nP0",
]  # fmt: skip
NO = [
    "", " ", "!!!", "P01", "P0ST", "P0.5", "P0,5", "PO", "РО", "po down", "P 0", "P-0", "0P", "P", "xP0", "P0_x", "P0's meaning?", "P0х",
    "P0@firma.bg wrote", "P00", "p0p0", "P0²", "Ρ0 greek",
    "Hello P0", "Здравейте, P0 - от половин час", "Olá! P0", "urgent P0", "URGENT: P0", "СПЕШНО P0", "it is P0", "1. P0", "is this P0?",
    "@gregor P0!!", "@supporter P0", "@support-team P0", "@support.bg P0", "@support @gregor P0", "@gregor @support P0", "support P0", "Support team: P0",
    "@room P0", "Supporter: P0", "@supportP0",
    "`P0` x", "``P0``", "```\nP0\n```", "```P0```", "~~~\nP0\n~~~", "🔥`P0`", "@support `P0`", "  ```\nP0", "```\nlog\n```\nP0",
    "> P0", ">P0", "> P0 x\n\nIs it valid on weekends?", "> a\n> P0", "🔥\n> P0\nhello", " >> P0", "Sei que não é P0",
]  # fmt: skip
PILL = '<a href="https://matrix.to/#/@support:plana.test">PLANA Support</a>'
FORMATTED = [
    ("P0 x", "<p>P0 x</p>", True),
    ("P0 x", "<strong>P0</strong> x", True),
    ("P0 x", "<h1>P0</h1>", True),
    ("P0 x", "", True),
    ("P0 x", "<p></p>", True),
    ("P0 x", '<img src="mxc://a/b" alt="P0">', True),
    ("P0 x", "<!-- --><p>P0", True),
    ("P0 x", "<code>P0</code> x", False),
    ("P0 x", "<pre><code>P0\n</code></pre>", False),
    ("P0 x", "<p><code>P0</code></p>", False),
    ("P0 use\nok?", "<blockquote><p>P0 use</p></blockquote><p>ok?</p>", False),
    ("x\nP0", "<blockquote>a<blockquote>P0</blockquote>P0</blockquote>P0 own", True),
    ("> a\n\nP0", "<mx-reply><blockquote>P0?</blockquote></mx-reply>P0", True),
    ("> P0\n\nhi", "<mx-reply><blockquote>P0</blockquote></mx-reply>hi", False),
    ("PLANA Support P0 x", PILL + " P0 x", True),
    ("PLANA Support: P0 x", PILL + ": P0 x", True),
    ("PLANA Support P0", PILL.replace("@support:", "%40support%3A") + " P0", True),
    ("Gregor P0", '<a href="https://matrix.to/#/@gregor:plana.test">P0 Gregor</a> P0', False),
    ("P0 x", "<p>hello</p>", False),
    ("hello", "<p>hello &lt;P0</p>", False),
    ("<P0>", "&lt;P0&gt;", True),
    ("P0ST", "<p>P0ST</p>", False),
    ("`P0`", "`P0`", False),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_labelled_cases_agree(case):
    assert is_p0(case["text"]) is case["expect"]["p0"], case["note"]


@pytest.mark.parametrize("text", YES)
def test_p0_is_the_first_word(text):
    assert is_p0(text)


@pytest.mark.parametrize("text", NO)
def test_p0_is_not_the_first_word(text):
    assert not is_p0(text)


@pytest.mark.parametrize(("text", "formatted", "expected"), FORMATTED)
def test_formatted_text_decides_where_it_shows_something(text, formatted, expected):
    assert is_p0(text, formatted) is expected


def test_the_bot_may_have_another_name():
    assert is_p0("@desk:x.test P0", bot_localpart="desk")
    assert is_p0("PLANA Help: P0", bot_names=("PLANA Help",))
    assert not is_p0("@support P0", bot_localpart="desk")
    assert not is_p0("Support: P0", bot_names=())


@pytest.mark.parametrize(
    "text",
    [
        "> p0\n" * 13000,
        "<" * 65000 + "p0",
        "@support " * 8000 + "x p0",
        "!" * 65000 + "p0 _",
        "p0_" * 21000,
        "<a href=" * 8000,
        "\n" * 65000 + "x p0",
    ],
)
def test_a_hostile_message_costs_milliseconds(text):
    began = time.process_time()
    is_p0(text)
    is_p0(text, text)
    assert time.process_time() - began < 0.25
