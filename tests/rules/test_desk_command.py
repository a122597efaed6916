"""D9: what begins with `!desk` is a command, and answers nobody."""

import json
from datetime import date, timedelta

import pytest

from roomdesk.rules.desk_command import NOT_YET, Command, CommandError, Day, help_text, is_command, may, parse


@pytest.mark.parametrize("text", ["!desk ack", "  !DESK", "!desk: ack", "\n!desk\nack"])
def test_commands(text):
    assert is_command(text)


@pytest.mark.parametrize("text", ["", "desk ack", "write !desk ack", "!desktop", "!desk-ack", "! desk"])
def test_words_of_people(text):
    assert not is_command(text)


@pytest.mark.parametrize(
    ("text", "name", "given"),
    [
        ("!desk", "help", {"topic": ""}),
        ("!desk help resolve", "help", {"topic": "resolve"}),
        ("!DESK: Ack", "ack", {}),
        ("!desk take", "ack", {}),
        ("!desk assign @ivan:vendor.test", "assign", {"to": "@ivan:vendor.test"}),
        ("!desk severity Critical nobody can work", "severity", {"severity": "critical", "reason": "nobody can work"}),
        ("!desk kind feature-request", "kind", {"kind": "feature_request", "reason": ""}),
        ("!desk wait", "wait", {"state": "waiting_customer", "reason": ""}),
        ("!desk wait third party: the bank", "wait", {"state": "waiting_third_party", "reason": ": the bank"}),
        ("!desk wait for a screenshot", "wait", {"state": "waiting_customer", "reason": "for a screenshot"}),
        ("!desk wait customer 2d the log", "wait", {"state": "waiting_customer", "length": timedelta(days=2), "reason": "the log"}),
        ("!desk wait third until 2026-03-06 the bank", "wait", {"state": "waiting_third_party", "until": Day(date(2026, 3, 6), 540), "reason": "the bank"}),
        ("!desk snooze 4h", "snooze", {"length": timedelta(hours=4), "reason": ""}),
        ("!desk snooze for 30 min until lunch", "snooze", {"length": timedelta(minutes=30), "reason": "until lunch"}),
        ("!desk snooze until 2026-03-06", "snooze", {"until": Day(date(2026, 3, 6), 540), "reason": ""}),
        ("!desk snooze 2026-03-06 14:30 they are away", "snooze", {"until": Day(date(2026, 3, 6), 870), "reason": "they are away"}),
        ("!desk resolve fix: restarted it; cause: disk full", "resolve", {"fix": "restarted it", "root_cause": "disk full", "root_cause_unknown": False}),
        ("!desk resolve\nfix: restarted it\ncause: unknown.", "resolve", {"fix": "restarted it", "root_cause": "", "root_cause_unknown": True}),
        ("!desk resolve Restarted it. Cause: a full disk, because: logs", "resolve", {"fix": "Restarted it", "root_cause": "a full disk, because: logs", "root_cause_unknown": False}),
        ("!desk merge bc-12 the same", "merge", {"into": "BC-12", "reason": "the same"}),
        ("!desk split 812, #813 another matter", "split", {"messages": (812, 813), "reason": "another matter"}),
        ("!desk move BC-12 812", "move", {"into": "BC-12", "messages": (812,), "reason": ""}),
        ("!desk escalate Database, the queries are slow", "escalate", {"field": "database", "reason": "the queries are slow"}),
        ("!desk macro", "macro", {"macro": "", "values": {}}),
        ('!desk macro next_update when="Friday noon" x=1', "macro", {"macro": "next_update", "values": {"when": "Friday noon", "x": "1"}}),
        ("!desk link bc-12 same disk", "link", {"to": "BC-12", "reason": "same disk"}),
        ("!desk attach BC-12", "attach", {"to": "BC-12", "reason": ""}),
        ("!desk detach", "detach", {"reason": ""}),
        ("!desk answer-all We are on it.\nMore soon.\nbg: Работим.\npt_BR: Estamos nisso.", "answer-all", {"text": "We are on it.\nMore soon.", "texts": {"bg": "Работим.", "pt_BR": "Estamos nisso."}}),
        ("!desk resolve alone fix: restarted it; cause: unknown", "resolve", {"fix": "restarted it", "root_cause": "", "root_cause_unknown": True, "alone": True}),
        ("!desk resolve aloneness was fixed; cause: x", "resolve", {"fix": "aloneness was fixed", "root_cause": "x", "root_cause_unknown": False}),
        ("!desk deescalate", "deescalate", {"field": "", "reason": ""}),
        ("!desk note Their disk was full", "note", {"text": "Their disk was full"}),
    ],
)  # fmt: skip
def test_what_a_command_says(text, name, given):
    assert parse(text) == Command(name, "", given)


def test_a_case_may_be_named_first():
    assert parse("!desk bc-1042 ack") == Command("ack", "BC-1042", {})
    assert parse("!desk BC-1042") == Command("status", "BC-1042", {})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("!desk resolv fix: x", 'There is no command "resolv". Did you mean "resolve"?'),
        ("!desk abracadabra", 'There is no command "abracadabra". !desk help lists them; nothing was done.'),
        ("!desk ack now", '"now" says nothing here'),
        ("!desk severity", "Which severity?"),
        ("!desk assign", "To whom?"),
        ("!desk escalate", "To which field?"),
        ("!desk macro on_it now", '"now" is no value; write name=value'),
        ("!desk link", "To which case? Write !desk link BC-1042."),
        ("!desk attach the other", "To which case? Write !desk attach BC-1042."),
        ("!desk answer-all", "What is to be said?"),
        ("!desk answer-all\nbg: Работим.", "What is to be said?"),
        ("!desk resolve", "A resolution needs both"),
        ("!desk resolve fix: restarted", "A resolution needs both"),
        ("!desk resolve cause: unknown", "A resolution needs both"),
        ("!desk snooze", "For how long?"),
        ("!desk snooze soon", "For how long?"),
        ("!desk snooze 2026-02-30", "2026-02-30 is no date."),
        ("!desk merge", "Into which case?"),
        ("!desk split BC-1", "Which messages?"),
        ("!desk move 812", "Which messages, and where to?"),
        ("!desk note", "What is to be noted?"),
        ("!desk consent", "What is to be agreed to?"),
        ("!desk consent restore target=copy", "What is to be agreed to?"),
        ("!desk consent restore hours=soon x", "hours=soon is no number of hours"),
        ("!desk consent restore {x} y", "The action in braces is no JSON"),
        ("!desk consent withdraw 12", "Which request?"),
        *((f"!desk {word} x", f'"{word}" does not exist in this version yet; nothing was done.') for word in sorted(NOT_YET)),
    ],
)  # fmt: skip
def test_a_command_that_cannot_be_understood_is_refused_with_how_it_is_written(text, sentence):
    with pytest.raises(CommandError) as refusal:
        parse(text)
    assert sentence in str(refusal.value)


def test_a_consent_is_asked_for_in_a_sentence():
    action = {"do": "restore", "target": "current"}
    text = f"!desk consent restore target=current hours=4 {json.dumps(action)} Sunday's backup {{as it is}}"
    assert parse(text).given == {
        "do": "ask", "kind": "restore", "target": "current", "hours": 4, "action": action, "words": "Sunday's backup {as it is}",
    }  # fmt: skip
    assert parse("!desk consent security-disable feature=two_factor Off").given["kind"] == "security_disable"
    assert parse("!desk consent withdraw bc-c12 done").given == {
        "do": "withdraw",
        "consent": "BC-C12",
        "reason": "done",
    }


def test_help_names_every_command_and_tells_of_one():
    assert all(f"!desk {name}" in help_text() for name in ("ack", "resolve", "split", "why"))
    assert help_text("resolv" + "e").startswith("!desk resolve fix:")
    with pytest.raises(CommandError):
        help_text("nonsense")


def test_an_auditor_looks_and_changes_nothing():
    looks, acts = parse("!desk status"), parse("!desk ack")
    assert may(looks, frozenset({"auditor"})) and not may(acts, frozenset({"auditor"}))
    assert may(acts, frozenset({"auditor", "engineer"})) and not may(looks, frozenset())
