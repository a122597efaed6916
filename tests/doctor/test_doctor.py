"""The doctor on a real PostgreSQL and Synapse: what is well, what is not, and that no secret is told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from roomdesk import bootstrap, pipeline
from roomdesk.doctor import calendars
from roomdesk.doctor.examine import examine
from roomdesk.doctor.findings import Finding
from roomdesk.queues import lanes, workers
from roomdesk.queues.models import InboxEvent, Lane, OutboxRow, Route
from roomdesk.record.models import Unfiled
from roomdesk.runtime import clock
from tests.cases_api import place
from tests.cases_api.place import command
from tests.harness.database import Databases

#: There is neither web nor worker in these tests.
AWAY = {"worker", "web", "push"}


@pytest.fixture(scope="module")
def shared(databases: Databases) -> Iterator[None]:
    with databases.copy_of(place.build):
        while pipeline.drain():
            pass
        yield


@pytest.fixture
def desk(shared: None) -> Iterator[None]:
    """A desk at rest; what the test puts into the queues is removed again."""
    events, rows = (list(table.objects.values_list("pk", flat=True)) for table in (InboxEvent, OutboxRow))
    yield
    InboxEvent.objects.exclude(pk__in=events).delete()
    OutboxRow.objects.exclude(pk__in=rows).delete()
    InboxEvent.objects.update(state="done")
    OutboxRow.objects.update(state="queued", last_error="")
    connection.close()


def _found() -> dict[str, Finding]:
    return {finding.part: finding for finding in examine()}


def _status(part: str) -> str:
    return _found()[part].status


def test_desk_in_order_has_no_problem_but_what_is_not_started(desk: None) -> None:
    found = _found()
    assert {part for part, finding in found.items() if finding.status == "problem"} == AWAY
    parts = ("schema", "audit rights", "partitions", "registration", "sign-up", "password login", "products")
    assert {*parts, "wall", "profiles"} <= {part for part, finding in found.items() if finding.status == "ok"}
    assert all(finding.says.endswith((".", "…")) or finding.status != "ok" for finding in found.values())
    assert all(finding.do for finding in found.values() if finding.status != "ok"), (
        "who says what is wrong says what to do"
    )


def test_command_ends_with_1_while_there_is_a_problem(desk: None) -> None:
    done = command("doctor", "--json")
    value = json.loads(done.stdout)
    assert (done.exit_code, value["ok"]) == (1, False)
    assert {check["status"] for check in value["checks"]} <= {"ok", "warning", "problem"}
    assert "problem  web:" in command("doctor").stdout


def test_looking_changes_nothing(desk: None) -> None:
    with place.nothing_changes():
        examine()


def test_living_worker_is_seen(desk: None) -> None:
    workers.register(clock.now())
    assert _status("worker") == "ok"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")


@pytest.mark.parametrize(("age", "status"), [(0, "ok"), (2, "warning"), (20, "problem")])
def test_waiting_events_are_judged_by_their_age(desk: None, age: int, status: str) -> None:
    InboxEvent.objects.update(state="pending", received_at=clock.now() - timedelta(minutes=age))
    assert _status("inbox") == status


def test_messages_that_were_not_filed_for_a_while_are_told(desk: None) -> None:
    Unfiled.objects.update(recorded_at=clock.now())
    assert _status("search") == "ok"
    Unfiled.objects.update_or_create(pk=1, defaults={"recorded_at": clock.now() - timedelta(minutes=5)})
    assert _status("search") == "warning" and "cannot be found yet" in _found()["search"].says


def test_set_aside_and_unrouted_events_are_told(desk: None) -> None:
    lane = Lane.objects.first()
    old = clock.now() - timedelta(minutes=5)
    aside = InboxEvent.objects.create(
        source="matrix",
        external_id="$a",
        lane=lane,
        raw="{}",
        received_at=old,
        state="set_aside",
        reason="ValueError: x",
    )
    InboxEvent.objects.create(source="matrix", external_id="$b", address="!nobody", raw="{}", received_at=old)
    found = _found()
    assert (found["set aside"].status, found["unrouted"].status) == ("warning", "warning")
    assert f"roomdesk inbox show {aside.pk}" in found["set aside"].do


def test_failed_and_retried_calls_are_told_with_their_error_but_without_secrets(desk: None) -> None:
    secret = bootstrap.settings.as_token
    OutboxRow.objects.create(
        channel="matrix", kind="admit", destination="a", payload="{}", created_at=clock.now(), next_at=clock.now(),
        state="failed", last_error=f"Refused with Bearer {secret}",
    )  # fmt: skip
    found = _found()["outbox"]
    assert (found.status, found.says.endswith("Refused with Bearer (hidden)")) == ("warning", True)
    OutboxRow.objects.filter(state="failed").delete()
    OutboxRow.objects.update(
        state="retry", last_error="The homeserver could not be reached", created_at=clock.now() - timedelta(hours=1)
    )
    found = _found()["outbox"]
    assert (found.status, "could not be reached" in found.says) == ("problem", True)
    assert str(secret) not in command("doctor", "--json").stdout


def test_files_that_differ_from_what_is_loaded_are_told(
    desk: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = tmp_path / "products"
    shutil.copytree(Path(__file__).parents[2] / "products", files)
    monkeypatch.setattr(bootstrap, "settings", replace(bootstrap.settings, products=files))
    assert _status("products") == "ok"
    product = files / place.PRODUCT / "product.toml"
    product.write_text(product.read_text().replace("name = ", "name = 'Other' #", 1))
    found = _found()["products"]
    assert (found.status, place.PRODUCT in found.says) == ("warning", True)
    product.write_text("no product")
    assert "faulty" in _found()["products"].says


def test_days_off_that_run_out_are_told_half_a_year_before(desk: None) -> None:
    told = {}
    for year in (2035, 2036, 2037):
        with clock.frozen(datetime(year, 9, 1, tzinfo=UTC)):
            told[year] = calendars.holidays()
    assert [finding.status for finding in told.values()] == ["ok", "warning", "problem"]
    assert "2036" in told[2036].says and "to_year" in told[2036].do


def test_rooms_that_stay_unread_after_a_break_are_told(desk: None) -> None:
    lanes.route("matrix", "!unread", Lane.objects.create(key="unread"), clock.now())
    route = Route.objects.filter(address="!unread")
    try:
        assert _status("unread rooms") == "ok"
        for ago, status in ((30, "ok"), (120, "warning"), (3600, "problem")):
            since = clock.now() - timedelta(seconds=ago)
            route.update(unread_from=since, held_since=since)
            assert _status("unread rooms") == status
    finally:
        route.delete()
        Lane.objects.filter(key="unread").delete()


def test_secrets_that_others_may_read_are_a_problem(desk: None) -> None:
    path = bootstrap.settings.data / "secrets.json"
    path.chmod(0o644)
    try:
        found = _found()["data folder"]
    finally:
        path.chmod(0o600)
    assert (found.status, str(path) in found.do) == ("problem", True)


def test_moved_clock_is_told(desk: None) -> None:
    clock.advance(timedelta(hours=3))
    try:
        assert "3:00:00" in _found()["clock"].says
    finally:
        (bootstrap.settings.data / "clock-offset").unlink()


def test_wrong_token_and_absent_homeserver_are_told(desk: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from roomdesk.channels.matrix.client import Matrix
    from roomdesk.doctor import homeserver

    ours = bootstrap.settings
    wrong = Matrix(
        str(ours.matrix_url),
        ours.matrix_server_name,
        as_token="not-the-token-at-all",
        people_token="nor-this-one-at-all",
    )
    monkeypatch.setattr(homeserver, "current", lambda: wrong)
    found = _found()
    wrong.close()
    assert [found[part].status for part in ("registration", "people token")] == ["problem", "problem"]
    monkeypatch.setattr(bootstrap, "settings", replace(ours, matrix_url="http://127.0.0.1:1"))
    found = _found()
    assert found["homeserver"].status == "problem"
    assert "registration" not in found, "what stands on an absent part is not asked"


def test_installation_without_people_token_is_warned(desk: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "settings", replace(bootstrap.settings, people_token=None))
    assert _status("people token") == "warning"


def test_settings_and_folders_that_are_wrong_end_the_examination(
    desk: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ROOMDESK_DATA", str(tmp_path))
    assert [(f.part, f.status) for f in examine()] == [("data folder", "problem")]
    monkeypatch.setenv("ROOMDESK_PORT", "many")
    monkeypatch.setenv("ROOMDESK_MODE", "play")
    assert [f.status for f in examine()] == ["problem", "problem"]
    assert "ROOMDESK_PORT" in command("doctor").stdout
