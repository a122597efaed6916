"""D3, D4: which row of a target table applies."""

from fractions import Fraction

import pytest

from roomdesk.rules.errors import RuleError
from roomdesk.rules.severity import TargetRow, check_known, choose_target, lowered_to
from roomdesk.rules.targets import Target


def row(hours, tier=None, severity=None, kind=None, addon=None, clock="first_response"):
    return TargetRow(clock, tier, severity, kind, Target("elapsed", Fraction(hours)), "office", True, addon)


ROWS = [
    row(1, "pro"), row(2, "pro", "critical"), row(3, None, "critical"), row(4, "pro", kind="security"), row(5, "pro", "high", "security"),
    row(6, "pro", "critical", addon="on-call"), row(7, clock="resolution"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tier", "addons", "kind", "severity", "hours", "why"),
    [
        ("pro", (), "incident", "normal", 1, "default"),
        ("pro", (), "incident", "critical", 2, "severity"),
        ("basic", (), "incident", "critical", 3, "severity"),
        ("pro", (), "security", "critical", 4, "kind"),
        ("pro", (), "security", "high", 5, "kind"),
        ("pro", ("on-call",), "incident", "critical", 6, "severity"),
        ("pro", ("on-call",), "security", "critical", 4, "kind"),
    ],
)
def test_kind_goes_before_severity_before_default(tier, addons, kind, severity, hours, why):
    for rows in (ROWS, ROWS[::-1]):
        chosen = choose_target(rows, tier, addons, kind, severity)
        assert chosen.row.target.amount == hours
        assert chosen.why.code == why


def test_a_clock_without_a_row_does_not_exist():
    assert choose_target(ROWS, "basic", (), "incident", "normal") is None
    assert choose_target(ROWS, "pro", (), "incident", "normal", clock="update") is None
    assert choose_target(ROWS, "pro", (), "incident", "normal", clock="resolution").row.target.amount == 7


def test_a_finding_becomes_the_next_lower_severity_that_the_product_has():
    has = ("critical", "normal", "feature")
    assert lowered_to("critical", has) == ("critical", None)
    severity, why = lowered_to("high", has)
    assert severity == "normal"
    assert why.words == "The product has no severity high, so it is normal."
    assert lowered_to("feature", ("normal", "critical"))[0] == "normal"


def test_a_severity_set_by_a_person_is_refused_with_the_list():
    with pytest.raises(RuleError, match=r"severity 'high' does not exist here; choose one of critical, normal\."):
        check_known("high", ("critical", "normal"))
    with pytest.raises(RuleError, match="does not exist here"):
        lowered_to("urgent", ("critical",))
    with pytest.raises(RuleError, match="at least one"):
        lowered_to("high", ())
