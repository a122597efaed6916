"""Specialists by field are called in for a case and leave after it (R26, D15, D32)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from roomdesk.audit.models import Entry
from roomdesk.cases.models import Case
from roomdesk.directory import belonging, services
from roomdesk.directory.models import Escalation, Workspace
from roomdesk.runtime import clock
from tests.cases_api.place import ACTOR, PRODUCT, command, nothing_changes, told
from tests.cases_life.acting import FIXED, Desk

pytestmark = pytest.mark.part_of("R26")


def specialist(person: str, field: str, product: str = PRODUCT) -> None:
    then = clock.now() - timedelta(days=1)
    services.do_put_staff(id=person, roles=["specialist"], product=product, field=field, actor=ACTOR, now=then)


@pytest.fixture
def staffed(desk: Desk) -> Desk:
    """Dora and Dan know databases, Nina networks (of all products); nobody knows AI."""
    specialist("dora", "database")
    specialist("dan", "database")
    specialist("nina", "networking", "")
    return desk


def inside(slug: str = "acme", *, many_rooms: bool = False) -> set[str]:
    """The staff who belong in the workspace's room now."""
    workspace = Workspace.objects.get(slug=slug)
    return {person.slug for person in belonging.staff(workspace, clock.now(), many_rooms=many_rooms)}


def test_specialists_belong_in_the_room_while_the_case_is_escalated_to_them(staffed: Desk) -> None:
    ref = staffed.open()
    assert inside() == {"ivan"}
    assert staffed.done(ref, "escalate", field="database", reason="Slow queries")["escalations"] == ["database"]
    assert inside() == {"ivan", "dora", "dan"}
    assert inside("beta") == {"ivan"}, "in no other customer's room"
    assert inside(many_rooms=True) == {"dora", "dan"}, "also where nobody is in the rooms in advance"
    staffed.done(ref, "escalate", field="networking")
    assert staffed.done(ref, "deescalate", field="database")["escalations"] == ["networking"]
    assert inside() == {"ivan", "nina"}
    staffed.done(ref, "deescalate")
    assert inside() == {"ivan"}
    assert staffed.changes(ref, "escalation") == [
        (None, "database"),
        (None, "networking"),
        ("database", None),
        ("networking", None),
    ]
    first = next(change for change in staffed.case(ref)["changes"] if change["what"] == "escalation")
    assert (first["by"], first["reason"]) == ("ivan", "Slow queries")
    assert Entry.objects.filter(action="case.escalation", subject=f"case:{ref}").count() == 4


def test_an_escalation_is_beside_the_state_and_ends_with_the_resolution(staffed: Desk) -> None:
    ref = staffed.open()
    assert staffed.done(ref, "escalate", field="database")["state"] == "new"
    staffed.changed(ref, state="investigating")
    assert staffed.changed(ref, **FIXED)["escalations"] == []
    assert inside() == {"ivan"}
    ended = [change for change in staffed.case(ref)["changes"] if change["what"] == "escalation"][-1]
    assert (ended["before"], ended["after"], ended["reason"]) == ("database", None, "It was resolved.")
    staffed.done(ref, "reopen")
    assert inside() == {"ivan"}, "who is needed again is called again"


def test_who_is_needed_for_another_case_stays(staffed: Desk) -> None:
    one, other = staffed.open(), staffed.open("The export stops", "mira")
    for ref in (one, other):
        staffed.done(ref, "escalate", field="database")
    staffed.changed(one, **FIXED)
    assert inside() == {"ivan", "dora", "dan"}
    staffed.changed(other, **FIXED)
    assert inside() == {"ivan"}


def test_the_escalation_of_a_merged_case_ends_with_the_one_that_goes_on(staffed: Desk) -> None:
    one, other = staffed.open(), staffed.open("The export stops", "mira")
    staffed.done(one, "escalate", field="database")
    staffed.done(one, "merge", into=other)
    assert inside() == {"ivan", "dora", "dan"}
    staffed.changed(other, **FIXED)
    assert inside() == {"ivan"}
    assert not Escalation.objects.filter(valid_to=None).exists()


def test_undoing_a_merge_leaves_the_escalation_where_it_was(staffed: Desk) -> None:
    one, other = staffed.open(), staffed.open("The export stops", "mira")
    staffed.done(one, "escalate", field="database")
    staffed.done(one, "merge", into=other)
    assert staffed.done(one, "unmerge")["escalations"] == ["database"]
    staffed.changed(other, **FIXED)
    assert inside() == {"ivan", "dora", "dan"}


def test_the_same_again_writes_nothing(staffed: Desk) -> None:
    ref = staffed.open()
    staffed.done(ref, "escalate", field="database")
    with nothing_changes():
        assert staffed.done(ref, "escalate", field="Database")["escalations"] == ["database"]
    staffed.done(ref, "deescalate", field="database")
    with nothing_changes():
        staffed.done(ref, "deescalate", field="database")
        staffed.done(ref, "deescalate")


@pytest.mark.parametrize(
    ("field", "status", "sentence"),
    [
        ("plumbing", 422, 'There is no field "plumbing" here; this product has ai, database, networking.'),
        ("ai", 409, 'Nobody is a specialist for "ai"; make somebody one, or escalate to database, networking.'),
        ("", 422, "To which field? This product has ai, database, networking."),
    ],
)
def test_a_field_without_specialists_is_refused(staffed: Desk, field: str, status: int, sentence: str) -> None:
    ref = staffed.open()
    with nothing_changes():
        answer = staffed.act(ref, "escalate", field=field)
    assert (answer.status_code, answer.json()["detail"], answer.json()["field"]) == (status, sentence, "field")
    assert not Escalation.objects.exists()


def test_what_is_over_is_not_escalated_and_what_never_was_does_not_end(staffed: Desk) -> None:
    ref = staffed.open()
    with nothing_changes():
        answer = staffed.act(ref, "deescalate", field="database")
    assert (answer.status_code, answer.json()["field"]) == (409, "field")
    staffed.changed(ref, **FIXED)
    with nothing_changes():
        answer = staffed.act(ref, "escalate", field="database")
    assert (answer.status_code, answer.json()["field"]) == (409, "state")


def test_a_specialist_who_leaves_the_staff_leaves_the_room(staffed: Desk) -> None:
    ref = staffed.open()
    staffed.done(ref, "escalate", field="database")
    services.do_remove_staff(id="dora", actor=ACTOR, now=clock.now())
    assert inside() == {"ivan", "dan"}


def test_the_command_line_does_the_same(staffed: Desk) -> None:
    ref = staffed.open()
    done = told("case", "escalate", ref, "database", "--as", "ivan", "--reason", "Slow queries")
    assert done["escalations"] == ["database"]
    assert "escalated to database" in command("case", "show", ref).stdout
    with nothing_changes():
        refused = command("case", "escalate", ref, "ai")
    assert (refused.exit_code, "Nobody is a specialist" in refused.stderr) == (1, True)
    assert told("case", "deescalate", ref)["escalations"] == []
    assert [row.by for row in Case.objects.get(ref=ref).changes.filter(what="escalation")] == [
        "ivan",
        f"cli:{Entry.objects.filter(action='case.escalation').last().actor}",
    ]
