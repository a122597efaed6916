"""Faults put into the clock engine one at a time, each of which the suite has to find. Run: `python -m tests.rules.seeded_faults`

Every fault is one exchange of text in a copy of `roomdesk/rules` that is loaded under another name in this process. A copy
is asked the public vectors first, then what an oracle knows (`seeded_checks.py`), until one answer is wrong. Ends with
status 1 when a fault survives, and with an error when a fault's text is not found exactly once: then the engine has
changed, and the fault has to be written anew.
"""

import importlib.util
import sys
import tempfile
from pathlib import Path

from tests.rules.fault_list import FAULTS, Fault
from tests.rules.seeded_checks import failing_check

RULES = Path(__file__).parents[2] / "roomdesk/rules"


class FaultDoesNotApplyError(Exception):
    """The text that a fault exchanges is not in the engine exactly once."""


def patched(fault: Fault) -> str:
    source = (RULES / fault.file).read_text("utf-8")
    if source.count(fault.before) != 1:
        raise FaultDoesNotApplyError(
            f'"{fault.name}": {fault.file} has {source.count(fault.before)} times: {fault.before}'
        )
    return source.replace(fault.before, fault.after)


def load(fault: Fault | None, name: str, folder: Path) -> str:
    """Make the engine importable as the package `name`, with that fault; gives `name`."""
    package = folder / name
    package.mkdir()
    for file in RULES.glob("*.py"):
        text = patched(fault) if fault and file.name == fault.file else file.read_text("utf-8")
        (package / file.name).write_text(text.replace("roomdesk.rules", name), "utf-8")
    spec = importlib.util.spec_from_file_location(
        name, package / "__init__.py", submodule_search_locations=[str(package)]
    )
    assert spec and spec.loader
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
    return name


def forget(name: str) -> None:
    for module in [module for module in sys.modules if module == name or module.startswith(f"{name}.")]:
        del sys.modules[module]


def found_by(fault: Fault | None) -> str | None:
    """The check that an engine with this fault does not pass; None when it passes all of them."""
    name = f"rules_with_fault_{FAULTS.index(fault) if fault in FAULTS else 'none'}"
    with tempfile.TemporaryDirectory() as folder:
        load(fault, name, Path(folder))
        try:
            return failing_check(name)
        finally:
            forget(name)


def main() -> int:
    if (check := found_by(None)) is not None:
        print(f"The engine itself does not pass: {check}.")
        return 1
    survivors = 0
    for fault in FAULTS:
        check = found_by(fault)
        survivors += check is None
        print(f"{fault.name:<64} {check or 'SURVIVES'}", flush=True)
    print(f"{len(FAULTS)} faults, {survivors} survive.")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
