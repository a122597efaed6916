"""R31, R34: only the phrase itself, newly written by somebody with authority, in time and in its place, is a consent."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomdesk.rules.consent import Answer, Request, Verdict, judge
from roomdesk.rules.consent_lines import answer_line
from roomdesk.rules.consent_phrase import folded

DATA = Path(__file__).parents[1] / "data"
#: The cases of the project, and our own against the rule of their README; a text may hold separators of lines other than the line feed.
LABELLED = [
    line
    for name in ("consent", "consent_own")
    for line in (DATA / f"{name}.jsonl").read_text("utf-8").split("\n")
    if line
]
OPENED = datetime(2026, 3, 2, 10, tzinfo=UTC)
PHRASE = "yes, replace prod"
REQUEST = Request("$request", PHRASE, ("owner", "admin"), OPENED, OPENED + timedelta(hours=2))
GRANT = Answer("owner", PHRASE, OPENED + timedelta(minutes=1), "reply", "$request")


@pytest.mark.parametrize("line", LABELLED, ids=lambda line: json.loads(line)["id"])
def test_labelled_answers_are_judged_as_labelled(line):
    wanted = json.loads(line)
    assert answer_line(line) == {"id": wanted["id"], "expect": wanted["expect"]}


@pytest.mark.parametrize(
    "text",
    [
        PHRASE, "YES, REPLACE PROD", " yes,\u00a0replace\r\n prod\t", "yes, replace prod.", "yes, replace prod!", "“Yes, replace prod.”", '"yes, replace prod"!',
        "„yes, replace prod”", "«yes, replace prod»", "‘yes, replace prod’", "'yes, replace prod'", "*yes, replace prod*", "**yes, replace prod**",
        "***yes, replace prod***", "_yes, replace prod_", "__ yes, replace prod __", "___yes, replace prod___", '**"yes, replace prod"**.',
        "> <@bot> please write:\n> yes, replace prod\n\nyes, replace prod",
    ],
)  # fmt: skip
def test_what_people_do_to_a_phrase_without_meaning_anything_counts(text):
    assert judge(REQUEST, replace(GRANT, text=text), 1) is Verdict.GRANTED


@pytest.mark.parametrize(
    "text",
    [
        "", "ok", "yes", "👍", "yes replace prod", "yes, replace prod..", "yes, replace prod!!", "yes, replace prod?", "yes, replace prod!.", "yes, replace prod …",
        "`yes, replace prod`", "~~yes, replace prod~~", "# yes, replace prod", "> yes, replace prod", "> yes, replace prod\n\n", ">yes, replace prod\n\nyes, replace prod",
        "yes, replace prod\nyes, replace prod", "no: yes, replace prod", "yes, replace prod, tomorrow", "yes, replace рrod", "yés, replace prod",
        "yes, replace\u200b prod", "yes, replace pro\u00add", "\u202eyes, replace prod", "ｙｅｓ, replace prod", "yes‚ replace prod", '"yes, replace prod', "“yes, replace prod\"",
        "**yes, replace prod*", "||yes, replace prod||", "(yes, replace prod)", "* yes, replace prod",
    ],
)  # fmt: skip
def test_any_other_text_does_not(text):
    assert judge(REQUEST, replace(GRANT, text=text), 1) is Verdict.NOT_THE_PHRASE


def test_quoted_lines_are_left_out_of_replies_only():
    text = "> please write:\n\nyes, replace prod"
    assert judge(REQUEST, replace(GRANT, text=text), 1) is Verdict.GRANTED
    assert judge(REQUEST, replace(GRANT, text=text, relation="thread"), 1) is Verdict.NOT_THE_PHRASE
    assert judge(REQUEST, replace(GRANT, text=text, relation="none", relates_to=None), 1) is Verdict.NOT_THE_PHRASE


@pytest.mark.parametrize(
    "formatted",
    [
        "<strong>yes, replace prod</strong>", "<p>Yes, <em>replace</em><br/>prod</p>", "<span data-mx-color='#f00'>yes, replace prod</span>!",
        "<mx-reply><blockquote>no<br>yes</blockquote></mx-reply>yes, replace prod", "yes&#44; replace&nbsp;prod", "<u><b><i>yes, replace prod</i></b></u>",
    ],
)  # fmt: skip
def test_formatted_text_that_only_emphasises_counts(formatted):
    assert judge(REQUEST, replace(GRANT, formatted=formatted), 1) is Verdict.GRANTED


@pytest.mark.parametrize(
    "formatted",
    [
        "", "Do <b>not</b> do it yet", "<del>yes, replace prod</del>", "<s>yes, replace prod</s>", "<code>yes, replace prod</code>", "<pre>yes, replace prod</pre>",
        "<blockquote>yes, replace prod</blockquote>", "<h1>yes, replace prod</h1>", "<a href='x'>yes, replace prod</a>", "<p>not: </p>yes, replace prod",
        "<span data-mx-spoiler>yes, replace prod</span>", "<span data-mx-spoiler='why'>yes, replace prod</span>", "yes, replace prod<!-- not -->",
        "<mx-reply>yes, replace prod</mx-reply>", "<mx-reply>yes, replace prod", "yes, replace prod<img src=x alt=' not'>", "<!doctype html>yes, replace prod",
        "yes, replace prod<mx-reply>not</mx-reply>", "<mx-reply>a</mx-reply><mx-reply>b</mx-reply>yes, replace prod", "yes, replace prod</mx-reply>",
        "<b></b><mx-reply>x</mx-reply>yes, replace prod", "<span data-mx-maths='no'>yes, replace prod</span>", "<span data-mx-other>yes, replace prod</span>",
        "<?x?>yes, replace prod", "<script>yes, replace prod</script>", "<font color='#fff'>yes, replace prod</font>", "yes, replace prod</del>", "<b",
    ],
)  # fmt: skip
def test_formatted_text_that_shows_anything_else_does_not(formatted):
    assert judge(REQUEST, replace(GRANT, formatted=formatted), 1) is Verdict.NOT_THE_PHRASE


def test_a_quote_is_hidden_where_something_is_answered_and_nowhere_else() -> None:
    """What is no answer is shown whole by every client: `not to yes, replace prod`."""
    shown = "<mx-reply>I do not agree to </mx-reply>yes, replace prod"
    verdicts = {
        relation: judge(REQUEST, replace(GRANT, relation=relation, relates_to=to, formatted=shown), 1)
        for relation, to in (("reply", "$request"), ("thread", "$request"), ("none", None))
    }
    assert verdicts == {"reply": Verdict.GRANTED, "thread": Verdict.GRANTED, "none": Verdict.NOT_THE_PHRASE}


@pytest.mark.parametrize("relation", ["edit", "reaction", "forward"])
def test_only_a_new_message_counts_whatever_else_is_wrong(relation):
    wrong = replace(GRANT, relation=relation, role="member", text="ok", sent_at=OPENED - timedelta(days=1))
    assert judge(REQUEST, wrong, 3) is Verdict.NOT_A_NEW_MESSAGE


def test_the_place_says_which_request_is_meant():
    alone = replace(GRANT, relation="none", relates_to=None)
    assert judge(REQUEST, alone, 1) is Verdict.GRANTED
    assert [judge(REQUEST, alone, count) for count in (0, 2)] == [Verdict.AMBIGUOUS] * 2
    assert judge(REQUEST, GRANT, 5) is Verdict.GRANTED
    for relation in ("reply", "thread"):
        assert judge(REQUEST, replace(GRANT, relation=relation, relates_to="$other"), 1) is Verdict.WRONG_THREAD
        assert judge(REQUEST, replace(GRANT, relation=relation, relates_to=None), 1) is Verdict.WRONG_THREAD


@pytest.mark.parametrize("role", ["member", "staff", "bot", "", "Owner", "none"])
def test_only_who_may_at_that_moment(role):
    assert judge(REQUEST, replace(GRANT, role=role), 1) is Verdict.NO_AUTHORITY


def test_it_must_be_written_after_the_request_and_before_its_end():
    moment = timedelta(microseconds=1)
    told = {
        OPENED: Verdict.TOO_EARLY,
        OPENED + moment: Verdict.GRANTED,
        REQUEST.expires_at - moment: Verdict.GRANTED,
        REQUEST.expires_at: Verdict.EXPIRED,
    }
    assert {at: judge(REQUEST, replace(GRANT, sent_at=at), 1) for at in told} == told


@settings(derandomize=True, max_examples=500)
@given(st.text(), st.sampled_from(['"', "*", "**", "_", "'", " ", "\n", "\u00a0"]))
def test_folding_is_done_when_it_is_done(text, around):
    assert folded(f"{around}{text}{around}") == folded(text)
    once = folded(text)
    assert once == once.strip(" \t\n\u00a0") and "  " not in once


@pytest.mark.parametrize("noise", [" not", "no ", "x", "\u200d", "?", "0"])
def test_anything_beside_the_phrase_makes_it_another_text(noise):
    for place in range(len(PHRASE) + 1):
        text = PHRASE[:place] + noise + PHRASE[place:]
        assert judge(REQUEST, replace(GRANT, text=text), 1) is Verdict.NOT_THE_PHRASE


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"request": None}, "request must be an object, not None."),
        ({"open_requests_in_room": "1"}, "open_requests_in_room must be a whole number, not '1'."),
        ({"open_requests_in_room": True}, "open_requests_in_room must be a whole number, not True."),
        ({"message": {"relation": "quote"}}, "message.relation must be one of none, reply, thread, edit, reaction, forward, not 'quote'."),
    ],
)  # fmt: skip
def test_a_broken_line_is_answered_with_the_field_and_the_reason(change, sentence):
    line = {**json.loads(LABELLED[0]), **change}
    assert answer_line(json.dumps(line)) == {"id": line["id"], "error": sentence}


def test_what_is_no_question_at_all_is_answered_too():
    assert answer_line("{") == {
        "id": None,
        "error": "The line is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1).",
    }
    assert answer_line("[]") == {"id": None, "error": "The line must be a JSON object, not []."}
