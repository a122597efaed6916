"""The commands about cases, due times, settings and the inbox."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from roomdesk import pipeline
from roomdesk.audit.models import Entry
from roomdesk.channels.matrix.client import from_settings
from roomdesk.queues.models import InboxEvent, Lane
from roomdesk.runtime import clock
from roomdesk.runtime.instance import Instance, read_secrets
from tests.cases_api.place import PRODUCT, command, nothing_changes, told

VECTORS = Path(__file__).parents[1] / "data" / "sla_vectors.jsonl"


def test_case_is_opened_listed_answered_and_explained(desk: None) -> None:
    ref = told("case", "open", "acme", "P0 all is down", "--as", "olga")["ref"]
    assert told("case", "answer", ref, "We look", "--as", "ivan")["state"] == "recorded"
    assert [item["ref"] for item in told("case", "list", "--workspace", "acme", "--state", "open")["items"]] == [ref]
    words = command("case", "show", ref).stdout
    assert "P0 all is down" in words
    assert "ivan (staff): We look" in words
    explained = command("sla", "explain", ref).stdout
    assert "4 business hours" in explained
    assert "It is met" in explained
    assert told("sla", "explain", ref)["clocks"][0]["consumed"].startswith("0.")


REFUSED = {
    ("case", "show", "BC-1"): "BC-1",
    ("case", "list", "--state", "lost"): "lost",
    ("case", "list", "--workspace", "nowhere"): "nowhere",
    ("case", "open", "acme", "x", "--as", "oto"): "oto",
    ("case", "open", "acme", " ", "--as", "olga"): "empty",
    ("case", "answer", "BC-1", "x", "--as", "olga"): "BC-1",
    ("sla", "explain", "BC-1"): "BC-1",
    ("rooms", "plan", "--workspace", "nowhere"): "nowhere",
    ("audit", "verify", "--scope", "workspace:nowhere"): "workspace:nowhere",
    ("inbox", "show", "77"): "77",
}


def test_refusals_are_a_sentence_on_stderr_and_exit_1(desk: None) -> None:
    for words, says in REFUSED.items():
        with nothing_changes():
            done = command(*words)
        assert (done.exit_code, done.stdout) == (1, ""), words
        assert says in done.stderr
        assert done.stderr.strip().endswith(".")


def test_wrong_usage_is_exit_2(desk: None) -> None:
    assert command("case", "open", "acme", "x").exit_code == 2
    assert command("clock", "advance", "soon").exit_code == 2
    assert (
        command(
            "sla", "simulate", "--product", PRODUCT, "--tier", "pro", "--severity", "critical", "--at", "noon"
        ).exit_code
        == 2
    )


def test_simulation_promises_what_the_page_says_and_writes_nothing(desk: None) -> None:
    asked = ("--product", PRODUCT, "--tier", "pro", "--severity", "critical", "--at", "2026-03-06T14:30:00Z")
    with nothing_changes():
        clocks = told("sla", "simulate", *asked)["clocks"]
    first = next(item for item in clocks if item["clock"] == "first_response")
    assert (first["due_at"], first["target"]["words"]) == ("2026-03-09T09:30:00Z", "4 business hours")
    assert first["lines"][-1].startswith("It is running")


def test_simulation_refuses_what_the_product_has_not(desk: None) -> None:
    asked = {"product": PRODUCT, "tier": "pro", "severity": "critical", "at": "2026-03-06T14:30:00Z"}
    for field in ("product", "tier", "severity", "kind", "addon"):
        wrong = {**asked, field: "nonsense"}
        done = command("sla", "simulate", *(word for name, value in wrong.items() for word in (f"--{name}", value)))
        assert done.exit_code == 1
        assert '"nonsense"' in done.stderr


def test_due_answers_lines_without_a_desk_and_goes_on_after_broken_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOMDESK_DATA", "/nowhere")
    vectors = [json.loads(line) for line in VECTORS.read_text().splitlines()[:20]]
    questions = [json.dumps({k: v for k, v in vector.items() if k not in ("expect", "note")}) for vector in vectors]
    lines = [questions[0].encode(), b"{", b"\xff", b"[]", b"", *(q.encode() for q in questions[1:])]
    done = command("sla", "due", stdin=b"\n".join(lines))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 0
    assert [answer for answer in answers if "error" not in answer] == [
        {"id": vector["id"], "expect": vector["expect"]} for vector in vectors
    ]
    broken = [answer for answer in answers if "error" in answer]
    assert [answer["id"] for answer in broken] == [None, None, None]
    assert all(answer["error"].endswith(".") for answer in broken)


def test_settings_are_listed_without_any_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOMDESK_API_TOKEN", "this-must-not-be-shown-1234")
    items = {item["name"]: item for item in told("settings", "list")["items"]}
    assert (items["ROOMDESK_API_TOKEN"]["set"], items["ROOMDESK_MODE"]["value"]) == (True, "test")
    assert "value" not in items["ROOMDESK_API_TOKEN"]
    for words in (("settings", "list"), ("settings", "list", "--json")):
        assert "this-must-not-be-shown" not in command(*words).stdout


def test_matrix_login_is_refused_in_production_and_for_strangers(desk: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from roomdesk.rooms import accounts

    with nothing_changes():
        assert 'no person "nobody"' in command("matrix-login", "nobody").stderr
        monkeypatch.setattr(accounts, "settings", replace(accounts.settings, mode="production"))
        done = command("matrix-login", "olga", "--json")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "production" in done.stderr


def test_matrix_login_makes_the_account_and_is_audited(desk: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from roomdesk.rooms import accounts

    # This process' settings are older than the homeserver's administrator.
    kept = read_secrets(Instance(accounts.settings.data))
    full = from_settings(replace(accounts.settings, admin_token=kept["admin_token"]))
    monkeypatch.setattr(accounts, "current", lambda: full)
    first, second = told("matrix-login", "olga"), told("matrix-login", "olga")
    full.close()
    assert first["user_id"] == "@olga:roomdesk.localhost"
    assert first["device_id"] != second["device_id"]
    assert Entry.objects.filter(scope="vendor", action="matrix.login", subject="person:olga").count() == 2


def _set_aside_event() -> InboxEvent:
    """An event that cannot be read, worked on until it is set aside."""
    lane = Lane.objects.get(workspace__slug="acme")
    InboxEvent.objects.filter(lane__isnull=False).delete()
    event = InboxEvent.objects.create(source="desk", external_id="broken", lane=lane, raw="{", received_at=clock.now())
    while pipeline.drain():
        pass
    event.refresh_from_db()
    while event.state == InboxEvent.State.PENDING:
        pipeline.drain()
        event.refresh_from_db()
    return event


def test_set_aside_event_is_shown_replayed_and_ignored(desk: None) -> None:
    event = _set_aside_event()
    assert [item["id"] for item in told("inbox", "list", "--set-aside")["items"]] == [event.pk]
    assert told("inbox", "show", str(event.pk))["raw"] == "{"
    replayed = told("inbox", "replay", str(event.pk))
    assert (replayed["state"], replayed["replayed"]) == ("pending", True)
    with nothing_changes():
        assert command("inbox", "replay", str(event.pk)).exit_code == 1
        assert command("inbox", "ignore", str(event.pk), "--reason", "x").exit_code == 1
    InboxEvent.objects.update(raw='{"kind": "people_changed"}')
    pipeline.drain()
    event.refresh_from_db()
    assert event.state == InboxEvent.State.DONE


def test_ignored_event_keeps_its_reason(desk: None) -> None:
    event = _set_aside_event()
    with nothing_changes():
        assert command("inbox", "ignore", str(event.pk), "--reason", " ").exit_code == 1
    done = told("inbox", "ignore", str(event.pk), "--reason", "Sent by a test")
    assert (done["state"], done["reason"]) == ("ignored", "Sent by a test")
    assert Entry.objects.filter(action="inbox.ignored", subject=f"inbox:{event.pk}").count() == 1


def test_rooms_plan_changes_nothing_and_reconcile_asks_the_flow(desk: None) -> None:
    with nothing_changes():
        planned = told("rooms", "plan")
        assert told("rooms", "reconcile", "--dry-run") == planned
    assert [item["actions"] for item in planned["items"]] == [[{"action": "make_room"}]] * 9
    names = [item["workspace"] or item["staff_room"] for item in planned["items"]]
    assert names[:3] == ["acme", "beta", "space"] and "control-power-omni" in names, (
        "two workspaces, the staff's own rooms"
    )
    before = InboxEvent.objects.count()
    assert told("rooms", "reconcile", "--workspace", "acme")["items"] == ["acme"]
    assert InboxEvent.objects.count() == before + 1
    pipeline.drain()
    assert told("rooms", "plan")["items"][0] == {"workspace": "acme", "state": "wanted", "actions": []}
