"""The embedded PostgreSQL keeps at hand what the machine, or the container, has memory for."""

from __future__ import annotations

from pathlib import Path

import pytest

from roomdesk.runtime import memory
from roomdesk.runtime.instance import Instance
from roomdesk.runtime.postgres import spec

GIGABYTE = 1024 * memory.MEGABYTE


@pytest.mark.parametrize(
    ("gigabytes", "setting"), [(0.25, "128MB"), (1, "128MB"), (2, "256MB"), (4, "512MB"), (8, "1024MB"), (64, "1024MB")]
)
def test_an_eighth_of_the_memory_is_kept_within_bounds(gigabytes: float, setting: str) -> None:
    assert memory.shared_buffers(int(gigabytes * GIGABYTE)) == setting


def test_a_container_has_what_its_limit_says_and_a_machine_all_of_it(tmp_path: Path) -> None:
    none, limited, absent = tmp_path / "memory.max", tmp_path / "limited", tmp_path / "absent"
    none.write_text("max\n")
    limited.write_text(f"{32 * memory.MEGABYTE}\n")
    machine = memory.available(())
    assert machine > 256 * memory.MEGABYTE
    assert memory.available((none, absent)) == machine
    assert memory.available((none, limited)) == 32 * memory.MEGABYTE


def test_postgresql_is_started_with_it(tmp_path: Path) -> None:
    assert f"shared_buffers={memory.shared_buffers(memory.available())}" in spec(Instance(tmp_path), 5432).command
