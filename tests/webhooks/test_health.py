"""What the doctor says of endpoints that do not hear, and that every step of a case's life is told to those that do."""

from __future__ import annotations

from importlib import import_module

from django.db import connection
from django.test.utils import CaptureQueriesContext

from roomdesk.doctor import hooks as doctor
from roomdesk.runtime import clock
from roomdesk.webhooks.models import Endpoint
from tests.webhooks.conftest import Hooks


def test_with_endpoints_that_hear_there_is_nothing_to_say(hooks: Hooks) -> None:
    hooks.put()
    hooks.open()
    hooks.send()
    found = doctor.webhooks()
    assert (found.status, found.says) == ("ok", "No endpoint fails.")


def test_a_failing_endpoint_is_told_of_with_its_reason_and_what_waits(hooks: Hooks) -> None:
    hooks.put()
    hooks.receiver.answers = [(503, {}, "Down")] * 100
    hooks.open("One")
    hooks.open("Two")
    hooks.send()
    assert doctor.webhooks().status == "ok", "it is tried again within seconds"
    hooks.passes(hours=2)
    hooks.send(1)
    found = doctor.webhooks()
    assert found.status == "warning"
    assert found.says.startswith(
        "crm takes nothing; that began 2:00:00 ago, and 2 event(s) did not reach it: It answered 503"
    )
    assert "After 3 days" in found.do


def test_one_that_was_switched_off_says_how_to_bring_it_back(hooks: Hooks) -> None:
    hooks.put()
    hooks.receiver.answers = [(410, {}, "")]
    hooks.open()
    hooks.send()
    hooks.passes(days=1, minutes=5)
    found = doctor.webhooks()
    assert found.status == "warning"
    assert (
        found.says
        == "crm was switched off 1 day, 0:05:00 ago, and 1 event(s) did not reach it: It answered 410: it wants nothing any more."
    )
    assert "roomdesk webhook on crm" in found.do and "roomdesk webhook replay crm NUMBER" in found.do
    hooks.call("POST", "webhooks/crm/switch", {"on": True})
    assert doctor.webhooks().status == "ok"


def test_one_that_somebody_switched_off_is_no_trouble(hooks: Hooks) -> None:
    hooks.put()
    hooks.call("POST", "webhooks/crm/switch", {"on": False})
    hooks.passes(days=30)
    found = doctor.webhooks()
    assert (found.status, found.says) == ("ok", "No endpoint fails. Switched off by somebody: crm.")


def test_words_do_not_tell_who_switched_it_off(hooks: Hooks) -> None:
    hooks.put()
    hooks.call("POST", "webhooks/crm/switch", {"on": False})
    assert Endpoint.objects.get().disabled_by == "ops"
    Endpoint.objects.update(disabled_reason="It is moved to another house.")
    assert doctor.webhooks().says == "No endpoint fails. Switched off by somebody: crm."
    Endpoint.objects.update(disabled_reason="Switched off by a rule of the desk.", disabled_by="")
    assert doctor.webhooks().status == "warning"
    hooks.call("POST", "webhooks/crm/switch", {"on": True})
    assert (Endpoint.objects.get().disabled_by, doctor.webhooks().status) == ("", "ok")


def test_those_switched_off_by_former_versions_are_known_by_their_reason(hooks: Hooks) -> None:
    reasons = {"one": "Switched off by Ana P. Lee.", "two": "It answered 410: it wants nothing any more.", "three": ""}
    for slug, reason in reasons.items():
        hooks.put(slug)
        Endpoint.objects.filter(slug=slug).update(disabled_at=clock.now() if reason else None, disabled_reason=reason)
    with connection.cursor() as cursor:
        cursor.execute(import_module("roomdesk.webhooks.migrations.0002_disabled_by").NAME_THEM)
    found = dict(Endpoint.objects.values_list("slug", "disabled_by"))
    assert found == {"one": "Ana P. Lee", "two": "", "three": ""}


def test_how_many_are_ill_costs_no_more_queries(hooks: Hooks) -> None:
    hooks.receiver.answers = [(503, {}, "Down")] * 1000
    counts = []
    for number in range(3):
        hooks.put(f"crm-{number}")
        hooks.open()
        hooks.send()
        hooks.passes(hours=2)
        hooks.send(1)
        with CaptureQueriesContext(connection) as caught:
            says = doctor.webhooks().says
        assert says.count("It answered 503") == number + 1
        assert [f"{left} event(s)" in says for left in range(1, 4)] == [left <= number + 1 for left in range(1, 4)]
        counts.append(len(caught))
    assert counts == [1, 1, 1]


def test_every_step_of_a_cases_life_is_an_event(hooks: Hooks) -> None:
    hooks.put()
    ref, other = hooks.open(), hooks.open("Another matter")
    said = hooks.rest.post(f"cases/{ref}/messages", {"author": "oto", "text": "And the printer beeps, too."}).json()
    fixed = {"state": "resolved", "fix": "Restarted it", "root_cause_unknown": True, "author": "ivan"}
    hooks.change(ref, severity="critical", assignee="ivan", state="investigating", author="ivan")
    hooks.change(ref, **fixed)
    hooks.change(ref, state="closed", author="ivan")
    steps = (
        ("reopen", {}, 200),
        ("split", {"messages": [said["id"]]}, 201),
    )
    for step, body, status in steps:
        answer = hooks.rest.post(f"cases/{ref}/{step}", {"author": "ivan", **body})
        assert answer.status_code == status, answer.content
    assert hooks.rest.post(f"cases/{other}/merge", {"author": "ivan", "into": ref}).status_code == 200
    hooks.send(60)
    told = [(one["type"], one["data"].get("change", {})) for one in hooks.told()]
    assert [kind for kind, _ in told].count("case.opened") == 3, "a case that was split off begins, too"
    changes = [(change["what"], change["before"], change["after"]) for kind, change in told if kind == "case.changed"]
    for wanted in (
        ("severity", "normal", "critical"),
        ("assignee", None, "ivan"),
        ("state", "new", "investigating"),
        ("state", "investigating", "resolved"),
        ("state", "resolved", "closed"),
        ("state", "closed", "investigating"),
    ):
        assert wanted in changes
    assert {"split", "merge", "merged"} <= {what for what, _, _ in changes}
