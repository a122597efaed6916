"""R17: faults that people make in clocks are found. The list is `fault_list.py`; `python -m tests.rules.seeded_faults` prints by what."""

import pytest

from tests.rules.fault_list import FAULTS, Fault
from tests.rules.seeded_faults import FaultDoesNotApplyError, found_by


def test_the_engine_itself_passes():
    assert found_by(None) is None


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_a_seeded_fault_is_found(fault):
    assert found_by(fault) is not None


def test_a_fault_whose_place_is_gone_is_told():
    with pytest.raises(FaultDoesNotApplyError, match="has 0 times"):
        found_by(Fault("moved away", "zones.py", "text that is nowhere", ""))
