"""The page On call: who has the watch, pages that nobody has, the rota with its swaps and gaps, and one's own ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from roomdesk.cases import taking
from roomdesk.cases.models import Case
from roomdesk.oncall import asking, feeds, importing, queries, reaching, rotas
from roomdesk.oncall.models import Page, Rota
from roomdesk.product.schema import Product
from roomdesk.refusals import DeskError, Forbidden, Invalid
from roomdesk.web.console.clock_words import moment
from roomdesk.web.console.guard import Reader, frame, staff_only
from roomdesk.web.console.own import own_products, zone_of
from roomdesk.web.console.rota_form import staff_names
from roomdesk.web.console.rota_seen import seen
from roomdesk.web.portal.refusals import told

_NAMES = ("act", "product", "ref", "person", "reason", "instead_of", "number", "ways")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def oncall(request: HttpRequest, reader: Reader) -> HttpResponse:
    """The page; POST does what its buttons say. A new calendar's address is on the page that answers, and on no other."""
    given = {name: request.POST.get(name, "").replace("\0", "").strip() for name in _NAMES}
    problem, status, secret = "", 200, ""
    if request.method == "POST":
        try:
            secret = _do(reader, given)
        except DeskError as error:
            problem, status = told(error), error.status
        if not (secret or problem):
            return HttpResponseRedirect(reverse("console:oncall"))
    products = own_products(reader)
    context = {
        **frame(reader),
        "problem": problem,
        "secret": secret,
        "given": given if problem else {},
        "waiting": [_waiting(page, reader, products) for page in queries.access_pages(reader.viewer, waiting=True)],
        "watches": [_watch(reader, one) for one in products.values()],
        "ways": [reaching.shown(one) for one in reaching.ways_of(reader.person)],
    }
    return render(request, "console/oncall.html", context, status=status)


def _waiting(page: Page, reader: Reader, products: Mapping[str, Product]) -> Mapping[str, Any]:
    case = Case.objects.filter(pk=page.case_id).first() if page.case_id else None
    title = reader.title(case) if case else page.get_cause_display()
    tried = [f"{call.way} {call.to}: {call.state}".replace(" :", ":") for call in page.calls.all()]
    since = moment(page.opened_at, zone_of(page.product, products), reader.now)
    return {"ref": page.ref, "title": title, "since": since, "tried": tried}


def _watch(reader: Reader, product: Product) -> Mapping[str, Any]:
    slug, zone, at = product.slug, product.office.timezone, reader.now
    rota = Rota.objects.filter(product=slug).first()
    imported = importing.shown(rota, slug)
    names = staff_names(reader, product)
    found: dict[str, Any] = {
        "product": slug,
        "name": product.name,
        "may_write": imported is None and _may_write(reader, slug),
        "imported": imported,
        "told_at": moment(imported["heard_at"], zone, at) if imported and imported["heard_at"] else "",
        "staff": list(names.items()),
        "rota": rota,
    }
    if rota is None:
        return found
    meant = rotas.rota_of(rota)
    turns = dict.fromkeys(person for layer in meant.layers for person in layer.people)
    return {
        **found,
        "seen": seen(meant, product, names, at),
        "turns": [(person, names.get(person, person)) for person in turns],
        "swaps": [_swap(one, names, zone, at) for one in asking.whole(rota)["swaps"] if one["end"] > at],
        "calendars": [
            (one.pk, names.get(one.person, one.person), moment(one.made_at, zone, at))
            for one in feeds.access_feeds(reader.viewer, slug, at)
        ],
    }


def _may_write(reader: Reader, slug: str) -> bool:
    try:
        rotas.check_leads(reader.viewer, slug, reader.now)
    except Forbidden:
        return False
    return True


def _swap(one: Mapping[str, Any], names: Mapping[str, str], zone: str, now: datetime) -> Mapping[str, Any]:
    person = names.get(one["person"], one["person"])
    return {**one, "person": person, "start": moment(one["start"], zone, now), "end": moment(one["end"], zone, now)}


def _do(reader: Reader, given: Mapping[str, str]) -> str:
    """Gives the address of a calendar, where one was made."""
    by: dict[str, Any] = {"actor": reader.actor, "now": reader.now}
    viewer, product = reader.viewer, given["product"]
    acts: dict[str, Callable[[], object]] = {
        "acknowledge": lambda: taking.do_acknowledge(viewer, given["ref"], author=viewer.name, via="console", **by),
        "swap": lambda: rotas.do_swap(viewer, product, _wish(given), **by),
        "end_swap": lambda: rotas.do_end_swap(viewer, product, _number(given["number"]), **by),
        "revoke": lambda: feeds.do_revoke(viewer, product, _number(given["number"]), **by),
        "ways": lambda: reaching.do_put(viewer, viewer.name, _ways(given["ways"]), **by),
    }
    if given["act"] == "calendar":
        return feeds.do_make(viewer, product, viewer.name, **by)[1]
    if given["act"] not in acts:
        raise Invalid(_("This page has no such button; load it again."))
    acts[given["act"]]()
    return ""


def _wish(given: Mapping[str, str]) -> rotas.Wish:
    return rotas.Wish(None, given["person"], given["reason"], instead_of=given["instead_of"] or None)


def _ways(text: str) -> list[tuple[str, str]]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [(line.partition("=")[0].strip(), line.partition("=")[2].strip()) for line in lines]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
