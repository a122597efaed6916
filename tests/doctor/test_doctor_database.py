"""What the doctor says of a database whose rights, version or partitions are not as they should be."""

from __future__ import annotations

from datetime import timedelta

from roomdesk.doctor.examine import examine
from roomdesk.doctor.findings import Finding
from roomdesk.runtime import clock
from tests.audit.owner import connected, tamper


def _found() -> dict[str, Finding]:
    return {finding.part: finding for finding in examine()}


def test_right_on_the_chain_is_a_problem(database: str) -> None:
    _grant(database, "GRANT UPDATE ON audit_entry TO roomdesk_app")
    found = _found()["audit rights"]
    assert found.status == "problem"
    assert "UPDATE audit_entry" in found.says


def test_right_on_a_single_partition_is_a_problem(database: str) -> None:
    _grant(database, "GRANT DELETE ON audit_entry_rest TO roomdesk_app")
    assert "audit_entry_rest" in _found()["audit rights"].says


def _grant(database: str, statement: str) -> None:
    with connected(database) as owner:
        owner.execute(statement)  # type: ignore[arg-type]


def test_missing_migration_is_a_problem(database: str) -> None:
    tamper(database, "DELETE FROM django_migrations WHERE app = 'clocks'")
    found = _found()["schema"]
    assert (found.status, "clocks" in found.says, "roomdesk migrate" in found.do) == ("problem", True, True)


def test_missing_partition_is_a_problem(database: str) -> None:
    name = f"audit_entry_{clock.now().replace(day=1) + timedelta(days=31):%Y_%m}"
    _grant(database, f"DROP TABLE IF EXISTS {name}")
    assert name in _found()["partitions"].says
