"""What other programs tell the desk: webhooks of PagerDuty. Answered once they are stored."""

from __future__ import annotations

import logging

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from roomdesk.oncall import hooks
from roomdesk.runtime import clock

_LOG = logging.getLogger("roomdesk.pagerduty")
#: What is longer PagerDuty itself drops (contracts §2).
LARGEST = 262_144


@csrf_exempt
@require_POST
def pagerduty(request: HttpRequest) -> HttpResponse:
    """202 once a delivery is stored; 401 for one that is not signed with our secret; 503, on which it is repeated, while it cannot be stored."""
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        return HttpResponse(status=413)
    body = request.body
    given = {name: request.headers.get(header, "") for name, header in _HEADERS.items()}
    try:
        is_genuine = hooks.receive(**given, body=body, now=clock.now())
    except (DatabaseError, InterfaceError) as error:
        _LOG.error("A webhook of PagerDuty could not be stored: %s", str(error).strip().partition("\n")[0])
        return HttpResponse(status=503)
    return HttpResponse(status=202 if is_genuine else 401)


_HEADERS = {
    "signature": "X-PagerDuty-Signature",
    "webhook_id": "X-Webhook-Id",
    "subscription": "X-Webhook-Subscription",
}
