"""Several statements and reads in one exchange give what one by one would."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from roomdesk.queues import bulk, inbox, lanes, outbox
from roomdesk.queues.ids import IdBlock, next_ids
from roomdesk.queues.inbox import Arrival
from roomdesk.queues.making import made
from roomdesk.queues.models import InboxEvent, Lane, OutboxRow, Position
from roomdesk.queues.reading import Rows, first, together
from roomdesk.queues.statements import Statements
from roomdesk.runtime import clock
from tests.channels.rows import add_row


def test_each_sees_what_those_before_it_wrote_and_gives_its_rows(database: str) -> None:
    plan, said = Statements(), "it's 100 % \\ ; done"
    positions = [Position(source="a", token=said, at=clock.now()), Position(source="b", token="", at=clock.now())]
    plan.add(bulk.inserting(Position, positions, keyed=True))
    plan.add(("SELECT source, token FROM queues_position ORDER BY source", []))
    plan.add(("DELETE FROM queues_position", []), ("SELECT count(*) FROM queues_position", []))
    with CaptureQueriesContext(connection) as caught:
        assert plan.run() == [[], [("a", said), ("b", "")], [], [(0,)]]
    assert len(caught) == 1
    assert plan.run() == [], "what was sent is not sent again"


def test_the_first_error_ends_all_of_them(database: str) -> None:
    plan = Statements()
    twice = bulk.inserting(Lane, [Lane(key="twice")])
    plan.add(twice, twice, ("DELETE FROM queues_lane", []))
    with pytest.raises(IntegrityError), transaction.atomic():
        plan.run()
    assert not Lane.objects.filter(key="twice").exists()


@pytest.mark.parametrize("count", [2, bulk.FEW + 1])
def test_few_rows_and_many_are_written_alike_and_in_their_order(database: str, count: int) -> None:
    plan = Statements()
    lane = Lane(key="workspace:pear")
    plan.add(bulk.inserting(Lane, [lane]))
    bulk.insert(plan, Lane, [Lane(key=f"workspace:{number}", last_number=number) for number in range(count)])
    plan.add(("SELECT count(*) FROM queues_lane WHERE key LIKE 'workspace:%%'", []))
    with transaction.atomic():
        assert plan.run()[-1] == [(count + 1,)]
        transaction.set_rollback(True)


def test_rows_read_together_are_the_models_that_they_are_apart(database: str) -> None:
    first_one = add_row("first", {"a": 1}, priority=3)
    add_row("second", {"b": "100 %"}, after=first_one)
    rows = Rows(OutboxRow, "id > %s ORDER BY id", 0)
    deferred = Rows(OutboxRow, "priority = ANY(%s::int[])", [3], without=["payload"])
    none = Rows(Lane, "key = %s", "nobody's")
    with CaptureQueriesContext(connection) as caught:
        together(rows, deferred, none)
        assert (list(rows), list(deferred), list(none)) == (list(OutboxRow.objects.order_by("pk")), [first_one], [])
    assert len(caught) == 1 + 1
    for read, there in zip(rows, OutboxRow.objects.order_by("pk"), strict=True):
        fields = [field.attname for field in OutboxRow._meta.concrete_fields]
        assert [getattr(read, name) for name in fields] == [getattr(there, name) for name in fields]
        assert not read._state.adding
    (one,) = deferred
    assert "payload" in one.get_deferred_fields() and one.payload == first_one.payload
    assert [row.kind for row in Rows(OutboxRow, "kind = %s", "second")] == ["second"], (
        "by itself it is read when it is gone through"
    )
    assert first("SELECT kind FROM queues_outboxrow WHERE id = %s", first_one.pk) == "first"
    assert first("SELECT 1 WHERE %s", False) is None


@pytest.mark.parametrize(
    "said", ['it\'s 100 % \\ ; "done"', '{"body": "\\\\ud83d \\\\u0000 \\n"}', "Ж\u2028\U0001f600\x7f\t", ""]
)
def test_rows_that_are_poured_in_are_there_as_they_were(database: str, said: str) -> None:
    at = clock.now()
    rows = [
        made(OutboxRow, id=number, key=f"{said[:9]}{number}", once=once, channel="matrix", kind="send", destination=said, payload=said, priority=-2, next_at=at, created_at=at)
        for number, once in enumerate((None, said, said, None), next_ids(OutboxRow, 1)[0] + 1_000)
    ]  # fmt: skip
    plan = Statements()
    plan.add(*outbox.putting(rows))
    plan.run()
    kept = [*rows[:2], rows[3]]
    found = list(OutboxRow.objects.filter(destination=said, payload=said).order_by("pk"))
    assert [vars(row) | {"_state": None} for row in found] == [vars(row) | {"_state": None} for row in kept]


def test_ids_are_reserved_by_one_question_and_only_where_they_are_wanting(database: str) -> None:
    block = IdBlock()
    with CaptureQueriesContext(connection) as caught:
        block.reserve({Lane: 2, OutboxRow: 1})
        block.reserve({Lane: 1})
        taken = [block.take(Lane), block.take(Lane)]
        row = block.take(OutboxRow)
    assert len(caught) == 1
    assert taken == sorted(taken) and len({*taken}) == 2
    assert next_ids(Lane, 1)[0] > taken[1] and next_ids(OutboxRow, 1)[0] > row
    block.reserve({Lane: 2})
    assert block.take(Lane) > taken[1]


def test_what_comes_from_a_known_address_has_its_lane_at_once(database: str) -> None:
    lane, _ = Lane.objects.get_or_create(key="workspace:known")
    lanes.route("matrix", "!known", lane, clock.now())
    there = [Arrival("matrix", f"${where}", where, "{}") for where in ("!known", "!stranger")]
    broken = Arrival("matrix", "malformed:1", "!known", "{}", problem="This event cannot be read.")
    inbox.store([*there, broken], clock.now())
    found = dict(InboxEvent.objects.values_list("external_id", "lane_id"))
    assert found == {"$!known": lane.pk, "$!stranger": None, "malformed:1": None}
    assert lanes.assign_waiting() == 0
