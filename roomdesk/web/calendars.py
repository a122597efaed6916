"""Calendars of rotas at secret addresses, for calendar programs that sign in nowhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from roomdesk.oncall import feeds
from roomdesk.refusals import NotFound
from roomdesk.runtime import clock


@never_cache
@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar, or 404, the same for an address that never was and one that was revoked."""
    try:
        text = feeds.calendar(token, clock.now())
    except NotFound as missing:
        return HttpResponse(str(missing), status=404, content_type="text/plain; charset=utf-8")
    answer = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = 'inline; filename="on-call.ics"'
    return answer
