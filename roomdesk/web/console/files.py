"""Files from the conversation's page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from roomdesk.cases.files import access_file, case_of
from roomdesk.refusals import Forbidden
from roomdesk.web.console.guard import Reader, staff_only
from roomdesk.web.inert import inert


@require_safe
@staff_only
def file(request: HttpRequest, reader: Reader, number: int) -> HttpResponseBase:
    """The kept copy of what came with a message; of a restricted case only for who may read it."""
    found = access_file(number, reader.viewer)
    case = case_of(found)
    if case is not None and not reader.may_read(case):
        raise Forbidden(_("This case is restricted; its files are read in the security role."))
    return inert(found)
