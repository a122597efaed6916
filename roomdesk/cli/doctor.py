"""`roomdesk doctor`: how every part is, and what to do."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from roomdesk.cli.base import emit, json_option, quiet_pool

if TYPE_CHECKING:
    from roomdesk.doctor.findings import Finding


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Examine every part and say what to do. Exit 0 if there is no problem (warnings are none), else 1."""
    from roomdesk.doctor.examine import examine

    quiet_pool()
    found = examine()
    is_well = all(finding.status != "problem" for finding in found)
    emit({"ok": is_well, "checks": [asdict(finding) for finding in found]}, as_json, "\n".join(map(_words, found)))
    if not is_well:
        sys.exit(1)


def _words(finding: Finding) -> str:
    advice = f"\n{'':9}→ {finding.do}" if finding.do else ""
    return f"{finding.status:<8} {finding.part}: {finding.says}{advice}"
