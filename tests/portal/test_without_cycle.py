"""Ended cases whose rows were copied in without a cycle (`roomdesk bench seed` makes such): they are read everywhere, and only read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from roomdesk.cases.models import Case
from roomdesk.directory import services
from roomdesk.directory.models import Person, Workspace
from roomdesk.queues.ids import next_ids
from roomdesk.runtime import clock
from tests.cases_api.place import Rest, nothing_changes, token, told
from tests.flow.world import ACTOR, OLGA, message, room, store
from tests.portal import scene
from tests.portal.conftest import Browser
from tests.search.talk import work_off


def copied(state: Case.State = Case.State.CLOSED) -> Case:
    return Case.objects.create(
        id=next_ids(Case, 1).pop(),
        ref="BC-90001",
        workspace=Workspace.objects.get(slug="acme"),
        product="plana-business-cloud",
        title="From the desk before",
        kind="other",
        severity="low",
        state=state,
        channel="form",
        opened_at=clock.now(),
        opened_by=Person.objects.get(slug="olga"),
        resolved_at=clock.now(),
    )


@pytest.fixture
def rest(desk: None) -> Rest:
    return Rest(token("all", "cases:read", "cases:write"))


@pytest.mark.parametrize("state", ["closed", "resolved"])
def test_it_is_read_on_every_face(browser: Browser, rest: Rest, state: str) -> None:
    case, viewer = copied(Case.State(state)), browser("ivan")
    for client, address in (
        (browser("olga"), f"/portal/acme/cases/{case.ref}"),
        (browser("olga"), "/portal/acme/cases?view=all"),
        (viewer, f"/console/cases/{case.ref}"),
        (viewer, "/console/?view=all"),
    ):
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert "From the desk before" in answer.content.decode(), address
    assert "Were you helped?" not in browser("olga").get(f"/portal/acme/cases/{case.ref}").content.decode()
    whole = rest.get(f"cases/{case.ref}")
    assert (whole.status_code, whole.json()["cycles"], whole.json()["clocks"]) == (200, [], [])
    assert rest.get(f"cases/{case.ref}/sla").json() == {"ref": case.ref, "clocks": []}
    assert told("case", "show", case.ref) == whole.json()


def test_what_would_change_it_is_refused_in_a_sentence_and_changes_nothing(browser: Browser, rest: Rest) -> None:
    case = copied()
    by: dict[str, Any] = {"author": "ivan"}
    with nothing_changes():
        for path, body in (
            ("reopen", by),
            ("messages", {**by, "text": "Once more"}),
            ("satisfaction", {"author": "olga", "score": "good"}),
            ("link", {**by, "to": scene.case_of("$said").ref}),
        ):
            answer = rest.post(f"cases/{case.ref}/{path}", body)
            assert answer.status_code == 409, (path, answer.content)
            assert case.ref in json.loads(answer.content)["detail"]
        page = _sent(browser("ivan"), f"/console/cases/{case.ref}/act", act="reopen")
        assert "has no cycle on record, so it can only be read" in page
        _sent(browser("olga"), f"/portal/acme/cases/{case.ref}/rate", score="good")
        _sent(browser("olga"), f"/portal/acme/cases/{case.ref}", text="Once more")


def _sent(client: Client, address: str, **form: str) -> str:
    answer = client.post(address, form)
    assert answer.status_code == 409, (address, answer.status_code)
    return str(answer.content.decode())


def test_a_message_that_names_it_becomes_a_case_of_its_own(browser: Browser) -> None:
    """Nor does one that was merged into it hold the room up."""
    case = copied()
    services.do_put_member(workspace="acme", id="olga", role="owner", actor=ACTOR, now=clock.now())
    store(message("$again", room("acme"), OLGA, f"The same as {case.ref} has happened again, the invoices are gone."))
    work_off()
    found = scene.case_of("$again")
    assert found.pk != case.pk
    Case.objects.filter(pk=found.pk).update(state="merged", merged_into=case)
    store(message("$more", room("acme"), OLGA, "The export is empty since this morning, too."))
    work_off()
    assert scene.case_of("$more").pk not in (case.pk, found.pk)
