"""What messages are found by follows the record: edits, removals, cases that part and join, whoever dies or writes meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings

from roomdesk.cases import changing, joining, parting
from roomdesk.cases.models import Case
from roomdesk.cases.parting import Parting
from roomdesk.directory import services
from roomdesk.directory.models import Person
from roomdesk.directory.queries import viewer_of_person
from roomdesk.record.finding import SPEECH
from roomdesk.record.models import Findable, Message, Unfiled
from roomdesk.rules.search_index import Said, vector
from roomdesk.runtime import clock
from tests.cases_api.place import Rest, command, token
from tests.flow import steps
from tests.flow.conftest import Fresh
from tests.flow.world import ACTOR, ASEN, EVERYONE, OLGA, START, Step, message, room, store
from tests.search.talk import edit, edits, filed, found, page, removal, says, work_off

LATER = START + timedelta(hours=1)


@pytest.fixture
def rest(desk: None) -> Rest:
    return Rest(token("all", "cases:read"))


def case_of(event_id: str) -> Case:
    case = Message.objects.get(external_id=event_id).case
    assert case is not None
    return case


def out_of_step() -> list[int]:
    """Ids of messages that are filed otherwise than the record says, or wait to be."""
    said = Message.objects.filter(kind__in=SPEECH, redacted_at=None).select_related("workspace")
    wanted = {row.pk: row for row in said}
    there = {row.pk: row for row in Findable.objects.all()}
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, words::text FROM record_findable")
        words = dict(cursor.fetchall())
        cursor.execute(
            "SELECT k, w::tsvector::text FROM unnest(%s::bigint[], %s::text[]) AS u(k, w)",
            [[*wanted], [vector(_said(row)) for row in wanted.values()]],
        )
        expected = dict(cursor.fetchall())
    facts = {pk: (row.workspace_id, row.case_id, row.at, row.recorded_at) for pk, row in wanted.items()}
    held = {pk: (row.workspace_id, row.case_id, row.at, row.recorded_at) for pk, row in there.items()}
    waiting = Unfiled.objects.values_list("pk", flat=True)
    others = {pk for pk in {*facts, *held} if (facts.get(pk), expected.get(pk)) != (held.get(pk), words.get(pk))}
    return sorted({*others, *waiting})


def _said(row: Message) -> Said:
    author, is_file = str(row.author_id or row.author_ref), row.kind == "file"
    text = row.edited_body or row.body
    return Said(text, row.workspace_id, row.workspace.product, author, row.author_kind, is_file, row.at)


def test_a_message_edited_twice_and_then_removed_in_one_batch(desk: None, rest: Rest) -> None:
    with clock.frozen(LATER):
        for event_id, text in (("$a", "First apricot."), ("$b", "First blueberry.")):
            store(message(event_id, room("acme"), OLGA, text))
        store(edit("$a", "Second cherry.", OLGA), edit("$b", "Second durian.", OLGA), removal("$b", OLGA))
        work_off()
        assert found(rest, "apricot") == found(rest, "blueberry") == found(rest, "durian") == []
        assert found(rest, "cherry") == ["$a"]
        edits("$b", "Third elderberry.", OLGA)
        assert found(rest, "elderberry") == []
    assert out_of_step() == []


def test_what_is_split_off_merged_and_brought_back_is_found_in_its_case(desk: None, rest: Rest) -> None:
    with clock.frozen(LATER) as time:
        says("$one", "cedar", ASEN, "The fig is broken.")
        time.tick(timedelta(seconds=30))
        says("$two", "cedar", ASEN, "And the grape is.")
        whole = case_of("$one")
        assert found(rest, f"case:{whole.ref} grape") == ["$two"]
        parted = parting.do_split(
            EVERYONE, whole.ref, Parting([Message.objects.get(external_id="$two").pk]), actor=ACTOR, now=time.at
        )
        assert found(rest, f"case:{whole.ref} grape") == []
        filed()
        assert found(rest, f"case:{parted.ref} grape") == ["$two"]
        joining.do_merge(EVERYONE, parted.ref, whole.ref, actor=ACTOR, now=time.at)
        says("$three", "cedar", ASEN, "More of the lime.", **thread("$two"))
        assert found(rest, f"case:{case_of('$three').ref} lime") == ["$three"]
        joining.do_unmerge(EVERYONE, parted.ref, actor=ACTOR, now=time.at)
        filed()
        assert found(rest, f"case:{parted.ref} lime") == ["$three"]
    assert out_of_step() == []


def thread(event_id: str) -> dict[str, object]:
    reply = {"is_falling_back": True, "m.in_reply_to": {"event_id": event_id}}
    return {"m.relates_to": {"rel_type": "m.thread", "event_id": event_id, **reply}}


def test_a_case_that_becomes_restricted_is_found_no_longer(desk: None, rest: Rest) -> None:
    with clock.frozen(LATER):
        says("$open", "cedar", OLGA, "P0 The mango was taken.")
        assert found(rest, "mango") == ["$open"]
        case = case_of("$open")
        changing.do_change(EVERYONE, case.ref, changing.Change(kind="security"), actor=ACTOR, now=clock.now())
        Case.objects.filter(pk=case.pk).update(is_restricted=True)
        assert found(rest, "mango") == []


def test_a_member_without_access_to_the_room_finds_nothing_and_with_it_their_own(desk: None) -> None:
    """Through the service that the portal will call: members have no other way in yet."""
    from roomdesk.cases.search import search

    with clock.frozen(LATER):
        for person, more in (("mira", {}), ("rosa", {"support_room_access": True})):
            services.do_put_member(workspace="acme", id=person, role="member", actor=ACTOR, now=START, **more)
        seen = {
            slug: {
                hit.message.workspace.slug
                for hit in search(
                    viewer_of_person(Person.objects.get(slug=slug), clock.now()), "after:2026", clock.now()
                ).items
            }
            for slug in ("mira", "rosa")
        }
    assert seen == {"mira": set(), "rosa": {"acme"}}


def test_a_search_costs_as_many_queries_for_many_messages_as_for_few(desk: None, rest: Rest) -> None:
    few = _queries(rest)
    with clock.frozen(LATER):
        store(*(message(f"$more{n}", room("acme"), OLGA, f"Another invoice {n}") for n in range(60)))
        work_off()
    assert _queries(rest) <= few <= 8


def _queries(rest: Rest) -> int:
    found(rest, "invoice")
    with CaptureQueriesContext(connection) as caught:
        assert found(rest, "invoice", limit=100)
    return len(caught)


def test_after_an_upgrade_everything_on_record_waits_to_be_filed(desk: None) -> None:
    from importlib import import_module

    Findable.objects.all().delete()
    queue = import_module("roomdesk.record.migrations.0004_unfiled")
    with connection.cursor() as cursor:
        cursor.execute(
            queue.UNFILE[queue.UNFILE.index("INSERT INTO record_unfiled (message_id, recorded_at)\nSELECT") :]
        )
    filed()
    assert out_of_step() == [] and Findable.objects.exists()


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(drawn=steps.steps())
def test_whatever_is_said_is_filed_as_the_record_has_it(fresh: Fresh, drawn: list[Step]) -> None:
    with fresh(), clock.frozen(START + timedelta(hours=2)) as time:
        steps.store_all(drawn, time)
        work_off()
        assert out_of_step() == []


def test_made_up_messages_are_filed_as_said_ones_are(desk: None, rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    from roomdesk.demo import babble

    monkeypatch.setattr(babble, "_TEXTS", 40)
    done = command("bench", "seed", "--messages", "120", "--workspaces", "3")
    assert (done.exit_code, done.stdout) == (0, "120 messages were added to 3 workspaces.\n"), done.stderr
    command("bench", "seed", "--messages", "30", "--workspaces", "4")
    assert Findable.objects.filter(workspace__slug__startswith="bench-").count() == 150
    assert page(rest, "workspace:bench-00001")["total"] > 20
    numbers = Message.objects.filter(workspace__slug="bench-00002").values_list("number", flat=True)
    assert len(numbers) == len(set(numbers))
    assert out_of_step() == []


def test_made_up_cases_come_with_their_clocks_and_some_are_open(desk: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from roomdesk.demo import babble

    monkeypatch.setattr(babble, "_TEXTS", 40)
    done = command("bench", "seed", "--messages", "10", "--workspaces", "2", "--cases", "100")
    assert done.stdout == "10 messages and 100 cases were added to 2 workspaces.\n", done.stderr
    made = Case.objects.filter(workspace__slug__startswith="bench-", clocks__isnull=False)
    assert made.count() == 100 and made.filter(cycles__number=1).count() == 100
    opened = made.filter(state__in=Case.OPEN)
    assert opened.count() == 2 and not opened.exclude(clocks__state="running").exists()
