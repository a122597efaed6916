"""The page Webhooks, for administrators: where events go, how that goes, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazily
from django.views.decorators.http import require_http_methods

from roomdesk.product.schema import Product
from roomdesk.refusals import DeskError, Invalid
from roomdesk.web.console.clock_words import moment, span
from roomdesk.web.console.guard import Reader, frame, staff_only
from roomdesk.web.console.own import own_products, zone_of
from roomdesk.web.portal.refusals import told
from roomdesk.webhooks import deliveries, managing, shown
from roomdesk.webhooks.deliveries import Told
from roomdesk.webhooks.emitting import TYPES
from roomdesk.webhooks.models import Endpoint

_STATES = {"on": ("met", lazily("on")), "failing": ("soon", lazily("failing")), "off": ("late", lazily("off"))}
_FATES = {
    "queued": ("", lazily("waits")),
    "sending": ("", lazily("is being sent")),
    "retry": ("soon", lazily("is tried again")),
    "sent": ("met", lazily("taken")),
    "failed": ("late", lazily("given up")),
    "dropped": ("late", lazily("dropped")),
}


@dataclass(frozen=True, slots=True)
class Row:
    """An endpoint as it is drawn."""

    slug: str
    url: str
    what: str
    tone: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """A delivery as it is drawn."""

    number: int
    type: str
    subject: str
    at: str
    tone: str
    fate: str
    may_replay: bool


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def endpoints(request: HttpRequest, reader: Reader) -> HttpResponse:
    """All endpoints; POST makes one."""
    given = {name: _clean(request, name) for name in ("slug", "url", "product")}
    events = [event for event in request.POST.getlist("events") if event in TYPES]
    problem, field, status, secret = "", "", 200, ""
    if request.method == "POST":
        wish = managing.Wish(given["url"], given["product"], events)
        try:
            _made, secret = managing.do_put(reader.viewer, given["slug"], wish, actor=reader.actor, now=reader.now)
        except DeskError as error:
            problem, field, status = told(error), error.field or "", error.status
    found, products = managing.access_endpoints(reader.viewer, reader.now), own_products(reader)
    context = {
        **frame(reader),
        "endpoints": [_row(one, products) for one in found],
        "products": [(slug, one.name) for slug, one in products.items()],
        "types": [(event, not events or event in events) for event in TYPES],
        "given": given if problem else {},
        "problem": problem,
        "field": field,
        "made": given["slug"],
        "secret": secret,
    }
    return render(request, "console/webhooks.html", context, status=status)


def _clean(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\0", "").strip()


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def endpoint(request: HttpRequest, reader: Reader, slug: str) -> HttpResponse:
    """One endpoint with its log; POST does what its buttons say. A new secret is on the page that answers, and on no other."""
    found = managing.access_endpoint(reader.viewer, slug.replace("\0", ""), reader.now)
    problem, status, secret = "", 200, ""
    if request.method == "POST":
        try:
            secret = _do(reader, found.slug, _clean(request, "act"))
        except DeskError as error:
            problem, status = told(error), error.status
        if not (secret or problem):
            return HttpResponseRedirect(reverse("console:webhook", args=[found.slug]))
        found = managing.access_endpoint(reader.viewer, found.slug, reader.now)
    before = request.GET.get("before", "")
    products = own_products(reader)
    zone = zone_of(found.product, products)
    page = deliveries.page(reader.viewer, found.slug, reader.now, before=_number(before) if before else None)
    context = {
        **frame(reader),
        "row": _row(found, products),
        "is_on": found.disabled_at is None,
        "both_until": _both(found, zone, reader.now),
        "secret": secret,
        "problem": problem,
        "lines": [_line(one, zone, reader.now) for one in page.items],
        "next": f"{reverse('console:webhook', args=[found.slug])}?before={page.next}" if page.next else "",
    }
    return render(request, "console/webhook.html", context, status=status)


def _do(reader: Reader, slug: str, act: str) -> str:
    """Gives a new secret, where one was made."""
    by: dict[str, Any] = {"actor": reader.actor, "now": reader.now}
    name, _colon, number = act.partition(":")
    acts: dict[str, Callable[[], object]] = {
        "ping": lambda: managing.do_ping(reader.viewer, slug, **by),
        "on": lambda: managing.do_switch(reader.viewer, slug, True, **by),
        "off": lambda: managing.do_switch(reader.viewer, slug, False, **by),
        "replay": lambda: deliveries.do_replay(reader.viewer, slug, _number(number), **by),
    }
    if name == "rotate":
        return managing.do_rotate(reader.viewer, slug, **by)[1]
    if name not in acts:
        raise Invalid(_("This page has no such button; load it again."))
    acts[name]()
    return ""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _row(found: Endpoint, products: Mapping[str, Product]) -> Row:
    tone, state = _STATES[shown.state_of(found)]
    whose = products[found.product].name if found.product in products else found.product
    what = f"{whose or _('all products')}, {', '.join(found.events) or _('all events')}"
    return Row(found.slug, found.url, what, tone, str(state), told(found.disabled_reason))


def _both(found: Endpoint, zone: str, now: datetime) -> str:
    until = found.former_until
    return moment(until, zone, now) if until is not None and until > now else ""


def _line(one_told: Told, zone: str, now: datetime) -> Line:
    one, last = one_told.delivery, one_told.last
    tone, fate = _FATES[one_told.state]
    details = [
        _("%(many)s attempts") % {"many": one_told.attempts} if one_told.attempts > 1 else "",
        last.problem if last else "",
    ]
    if one_told.next_at is not None and one_told.attempts:
        details.append(_("next in %(span)s") % {"span": span(max(one_told.next_at - now, now - now))})
    words = "; ".join(str(one) for one in (fate, *details) if one)
    is_over = one_told.state in ("sent", "failed", "dropped")
    return Line(one.pk, one.type, one.subject, moment(one.at, zone, now), tone, words, is_over)
