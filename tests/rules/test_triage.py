"""R11–R14: what a message wants, on labelled texts of others and on texts of our own (cases/README, triage)."""

import json
from pathlib import Path

import pytest

from benchmarks.triage import figures
from roomdesk.product.vocabulary import vocabulary
from roomdesk.rules.own_words import OwnWord
from roomdesk.rules.triage import ITEMS, triage
from roomdesk.rules.triage_lines import answer_line
from roomdesk.rules.triage_opinion import Opinion
from roomdesk.rules.triage_text import by_sound, words_of
from roomdesk.rules.triage_vocabulary import Vocabulary, compiled

DATA = Path(__file__).parents[1] / "data"
WORDS = vocabulary()


def judged(name):
    lines = [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]
    return [(line["expect"], answer_line(json.dumps(line), lambda _: WORDS)["expect"]) for line in lines]


@pytest.mark.parametrize("name", ["triage.jsonl", "triage_own.jsonl"])
def test_labelled_texts_are_judged_well_enough(name):
    found = figures(judged(name))
    assert found["p0"] == 1 and found["critical below high"] == 0
    assert found["answer F1"] >= 0.95
    assert min(found["kind"], found["severity"], found["items F1"]) >= 0.85


def test_what_only_looks_like_a_matter_for_an_answer_at_once_gets_none():
    lines = [json.loads(line) for line in (DATA / "triage_own.jsonl").read_text("utf-8").splitlines()]
    texts = [line for line in lines if line["id"].startswith("counter-")]
    assert len(texts) > 60
    assert [line["id"] for line in texts if triage(line["text"], line["locale"], WORDS).answer] == []


@pytest.mark.parametrize("typed", ["vapros", "vupros", "vypros", "въпрос"])
def test_a_bulgarian_vowel_is_found_however_it_is_typed(typed):
    words = words_of(f"imam {typed}", "bg")
    assert Vocabulary({"bg": compiled("bg", {"asked": ["въпрос"]})}).found("asked", words)


@pytest.mark.parametrize(
    "text",
    [
        "The bot is down in all queues for everybody, people go on answering",
        "All PDFs come out blank for everybody since this morning",
    ],
)
def test_one_feature_that_is_broken_for_everybody_is_high_and_not_critical(text):
    assert triage(text, "en", WORDS).severity == "high"


@pytest.mark.parametrize(
    "text",
    ["The export fails.", "ASAP!!! The export fails!!!", "The export fails, this is a disgrace, I am furious", "PLEASE, the export fails. Unbelievable."],
)  # fmt: skip
def test_tone_never_raises_a_severity(text):
    assert triage(text, "en", WORDS).severity == triage("The export fails.", "en", WORDS).severity


@pytest.mark.parametrize("text", ["Не работи", "Не работи, благодаря", "Ne raboti", "Não resolveu", "Не се оправи"])
def test_a_small_word_that_is_denied_is_no_small_talk(text):
    assert triage(text, "en", WORDS).kind != "small_talk"


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "Nobody can open the till, the whole shop stands still"),
        ("en", "Our stores are standing still since ten"),
        ("bg", "Целият магазин спря"),
        ("bg", "Никой не може да отвори касата, целият магазин стои"),
        ("pt", "Ninguém consegue abrir o caixa, a loja inteira parou"),
    ],
)
def test_a_business_that_stands_still_is_critical(locale, text):
    assert triage(text, locale, WORDS).severity == "critical"


@pytest.mark.parametrize(
    ("locale", "text", "kind"),
    [
        ("en", "There is an error in our last invoice", "subscription"),
        ("bg", "Има грешка в последната ви фактура", "subscription"),
        ("pt", "Há um erro na nossa última fatura", "subscription"),
        ("en", "There is an error on the invoice screen", "incident"),
        ("bg", "Излиза грешка при запис на фактура", "incident"),
        ("pt", "Dá erro na emissão da fatura", "incident"),
    ],
)
def test_a_wrong_invoice_of_ours_is_a_matter_of_money_and_a_failing_screen_is_none(locale, text, kind):
    assert triage(text, locale, WORDS).kind == kind


def test_what_is_quoted_is_not_the_persons_own():
    assert triage("> P0 everything is down for everybody\n\nThanks!", "en", WORDS).kind == "small_talk"
    assert triage('Where is the button "Cancel subscription"?', "en", WORDS).kind == "question"


def test_a_p0_is_critical_whatever_it_says_and_its_kind_is_by_content():
    found = triage("P0 how do I change the logo?", "en", WORDS)
    assert (found.p0, found.severity, found.kind, "urgency" in found.provided) == (True, "critical", "question", True)
    assert triage("p0", "bg", WORDS).kind == "incident"


@pytest.mark.parametrize(
    ("cyrillic", "typed"),
    [("напомняне", "napomnqne"), ("желаем", "jelaem"), ("защо", "zashto"), ("щета", "6teta"), ("чакам", "4akam"), ("юли", "yuli")],
)  # fmt: skip
def test_bulgarian_in_latin_letters_sounds_the_same(cyrillic, typed):
    assert by_sound(cyrillic) == by_sound(typed)


def test_every_finding_says_why_and_names_known_items():
    for wanted, found in judged("triage_own.jsonl"):
        assert set(found["provided"]) <= set(ITEMS) and wanted.keys() == found.keys()
    for text in ("The invoice total is wrong", "hello", "asdf", "How do I export?"):
        assert triage(text, "en", WORDS).why


@pytest.mark.parametrize(
    "text", ["", " ", "\n", "🙂", "?" * 5000, "a" * 60_000, "не " * 20_000, '"' * 9999, "(" * 9999]
)
def test_odd_texts_are_judged_too(text):
    found = triage(text, "bg", WORDS)
    assert found.severity == "normal" and found.answer is None


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ({"id": 1, "product": "bos", "locale": "de", "text": "x"}, "locale must be one of en, bg, pt, not 'de'."),
        ({"id": 1, "product": "bos", "locale": "en", "text": None}, "text must be a text, not None."),
        ({"id": 1, "locale": "en", "text": "x"}, "product must be a text, not None."),
    ],
)
def test_a_broken_line_is_answered_with_the_field_and_the_reason(line, sentence):
    assert answer_line(json.dumps(line), lambda _: WORDS) == {"id": 1, "error": sentence}


def test_a_second_opinion_decides_where_only_a_question_mark_speaks_and_says_by_which_words():
    text = "Is it just us or has the lot gone dark? Fourteen desks, fourteen blank screens."
    without = Vocabulary(WORDS.of)
    assert triage(text, "en", without).kind == "question"
    found = triage(text, "en", WORDS)
    assert found.kind == "incident"
    assert any("by its words as a whole (" in why and "likely" in why for why in found.why)


def test_a_second_opinion_drops_no_message_and_answers_nothing_by_itself():
    certain = Opinion(("billing_document", "small_talk"), (0.0, 9.0), {})
    assert triage("it's doing that thing again", "en", Vocabulary(WORDS.of, {"kind": certain})).kind == "other"
    paper = Opinion(("billing_document", "incident"), (9.0, 0.0), {})
    found = triage("it's doing that thing again", "en", Vocabulary(WORDS.of, {"kind": paper}))
    assert (found.kind, found.answer) == ("billing_document", None)


@pytest.mark.parametrize(("weight", "kind"), [(0.0, "other"), (0.3, "other"), (9.0, "incident")])
def test_where_nothing_speaks_and_the_opinion_is_not_sure_staff_are_asked(weight, kind):
    opinion = Opinion(("incident", "question"), (weight, 0.0), {})
    found = triage("it's doing that thing again", "en", Vocabulary(WORDS.of, {"kind": opinion}))
    assert (found.kind, found.severity, found.answer) == (kind, "normal", None)


OWN = vocabulary(
    {
        "kinds.alert": {"en": (OwnWord("zorb notice"),), "bg": (OwnWord("известие зорб"),)},
        "severities.critical": {"en": (OwnWord("no zorb anywhere"),)},
        "severities.normal": {"en": (OwnWord("zorb"),)},
        "answers.out_of_scope:third_party": {"en": (OwnWord("zorbpay"),), "pt-br": (OwnWord("Zórb é"),)},
        "items.where": {"en": (OwnWord("on the zorb board"),)},
        "items.urgency": {"en": (OwnWord("before the zorb"),)},
    }
)


@pytest.mark.parametrize(
    ("text", "locale", "expected"),
    [
        ("A zorb notice came for each of the nine plants this morning", "en", {"kind": "alert", "severity": "normal"}),
        ("Известие Зорб дойде тази сутрин за деветте растения", "bg", {"kind": "alert"}),
        ("The export fails, there is no zorb anywhere in the plant", "en", {"kind": "incident", "severity": "critical"}),
        ("ZorbPay declines our cards", "en", {"kind": "question", "answer": "out_of_scope:third_party"}),
        ("o zorb e que nao aceita os nossos cartoes na loja", "pt", {"answer": "out_of_scope:third_party"}),
        ("The export fails on the zorb board, we need it before the zorb", "en", {"provided": ("where", "happened", "urgency")}),
        # Inside a word, and in quotation marks, it is not theirs.
        ("The azorbpay declines our cards", "en", {"answer": None}),
        ('The button "ZorbPay" is grey and does nothing', "en", {"answer": None}),
    ],
)  # fmt: skip
def test_a_product_adds_words_of_its_own(text, locale, expected):
    found = triage(text, locale, OWN)
    assert {name: getattr(found, name) for name in expected} == expected
    assert found.why


def test_words_of_a_product_make_nothing_less_grave_and_no_other_product_hears_them():
    text = "P0 no zorb anywhere, nobody can save, the whole company stands still"
    assert triage(text, "en", OWN).severity == "critical"
    assert triage("The export fails, there is no zorb anywhere in the plant", "en", WORDS).severity != "critical"
    still = "Nobody in the company can log in, everything is down, also the zorb"
    assert triage(still, "en", OWN).severity == triage(still, "en", WORDS).severity == "critical"


def test_a_p0_is_never_doubted():
    sure = Opinion(("normal", "question"), (9.0, 0.0), {})
    found = triage("P0 nobody can save", "en", Vocabulary(WORDS.of, {"kind": sure, "severity": sure}))
    assert (found.kind, found.severity) == ("incident", "critical")


def test_a_second_opinion_makes_nothing_less_grave():
    text = "Orders cannot be saved since this morning, it shows error 500."
    mild = Opinion(("normal",), (9.0,), {})
    assert triage(text, "en", Vocabulary(WORDS.of, {"severity": mild})).severity == "high"
    grave = Opinion(("critical", "normal"), (9.0, 0.0), {})
    assert triage(text, "en", Vocabulary(WORDS.of, {"severity": grave})).severity == "critical"
    assert triage("All of them, and orders too.", "en", Vocabulary(WORDS.of, {"severity": grave})).severity == "normal"


def test_portuguese_is_heard_in_a_workspace_of_another_language():
    found = triage("Bom dia, o relatório de vendas não está abrindo.", "en", WORDS)
    assert found.kind == "incident" and "where" in found.provided


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("The transfers page has become slow. We can work, only slowly; five people are affected.", "normal"),
        ("The transfers page is down and we can't work.", "critical"),
        ("The transfers page is down, nobody here can work.", "critical"),
        ("The transfers page is down and we are not able to work.", "critical"),
    ],
)
def test_who_can_work_does_not_stand_still(text, severity):
    assert triage(text, "en", WORDS).severity == severity
