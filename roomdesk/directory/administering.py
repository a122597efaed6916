"""Of which products somebody is an administrator."""

from __future__ import annotations

from datetime import datetime

from roomdesk.directory.models import StaffRole
from roomdesk.directory.queries import Viewer
from roomdesk.directory.services.intervals import valid_at


def administered(viewer: Viewer, at: datetime) -> frozenset[str]:
    """Products of which the viewer is an administrator at an instant; the empty text stands for all of them, nothing for none."""
    if viewer.person_id is None:
        # A token with the scope, or the command line.
        return frozenset({""} if viewer.sees_all and (viewer.kind != "token" or viewer.may("admin")) else ())
    rows = StaffRole.objects.filter(valid_at(at), person_id=viewer.person_id, role=StaffRole.Role.ADMINISTRATOR)
    return frozenset(rows.values_list("product", flat=True))
