"""Timers of a case, and when the one falls that puts it away by itself."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from roomdesk.clocks.policy import office_of
from roomdesk.rules.due_time import due
from roomdesk.rules.targets import Target

#: Its quiet days are over; its snooze is.
CLOSE_TIMER, WAKE_TIMER = "case_close", "case_wake"


def days_after(version_id: int, days: int, at: datetime) -> datetime:
    """So many business days of the vendor's office after an instant, by that version of the policy."""
    found = due(office_of(version_id), Target("business_days", Fraction(days)), at)
    assert found is not None
    return found
