"""The page On call: who has the watch, pages that nobody has, the rota with its swaps and gaps, and one's own ways."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
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
from roomdesk.product.queries import newest, product_of
from roomdesk.product.services import known
from roomdesk.refusals import DeskError, Forbidden, Invalid
from roomdesk.rules.toml_text import written_as_toml
from roomdesk.web.console.clock_words import moment
from roomdesk.web.console.guard import Reader, frame, staff_only
from roomdesk.web.portal.refusals import told

_NAMES = ("act", "product", "ref", "written", "person", "reason", "instead_of", "number", "ways")


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
    mine = [slug for slug in known() if reader.viewer.sees_all or slug in reader.viewer.products]
    context = {
        **frame(reader),
        "problem": problem,
        "secret": secret,
        "given": given if problem else {},
        "waiting": [_waiting(page, reader) for page in queries.access_pages(reader.viewer, waiting=True)],
        "watches": [_watch(reader, slug) for slug in mine],
        "ways": [reaching.shown(one) for one in reaching.ways_of(reader.person)],
    }
    return render(request, "console/oncall.html", context, status=status)


def _waiting(page: Page, reader: Reader) -> Mapping[str, Any]:
    case = Case.objects.filter(pk=page.case_id).first() if page.case_id else None
    title = reader.title(case) if case else page.get_cause_display()
    tried = [f"{call.way} {call.to}: {call.state}".replace(" :", ":") for call in page.calls.all()]
    return {"ref": page.ref, "title": title, "since": moment(page.opened_at, "UTC", reader.now), "tried": tried}


def _watch(reader: Reader, slug: str) -> Mapping[str, Any]:
    rota = Rota.objects.filter(product=slug).first()
    product = product_of(newest([slug])[slug].pk)
    zone = product.office.timezone
    found: dict[str, Any] = {"product": slug, "name": product.name, "zone": zone, "may_write": _may_write(reader, slug)}
    found["imported"] = importing.shown(rota, slug)
    found["may_write"] = found["may_write"] and found["imported"] is None
    if rota is None:
        return {**found, "written": "", "rota": None}
    at = reader.now
    ahead = asking.found_in(rota, at, asking.notice_days(slug))
    return {
        **found,
        "rota": rota,
        "written": "" if found["imported"] else written_as_toml(rota.written),
        "shifts": [_shift(one, zone, at) for one in ahead["shifts"][:12]],
        "gaps": [(moment(one["start"], zone, at), moment(one["end"], zone, at)) for one in ahead["gaps"]],
        "swaps": [_swap(one, zone, at) for one in asking.whole(rota)["swaps"] if one["end"] > at],
        "calendars": feeds.access_feeds(reader.viewer, slug, at),
    }


def _may_write(reader: Reader, slug: str) -> bool:
    try:
        rotas.check_leads(reader.viewer, slug, reader.now)
    except Forbidden:
        return False
    return True


def _shift(one: Mapping[str, Any], zone: str, now: Any) -> Mapping[str, Any]:
    is_now = one["start"] <= now < one["end"]
    why = one.get("reason", "") or (
        _("for %(person)s") % {"person": one["stands_in_for"]} if one.get("stands_in_for") else ""
    )
    return {
        "person": one["person"], "layer": one["layer"], "level": one["level"], "is_now": is_now, "why": why,
        "start": moment(one["start"], zone, now), "end": moment(one["end"], zone, now),
    }  # fmt: skip


def _swap(one: Mapping[str, Any], zone: str, now: Any) -> Mapping[str, Any]:
    return {**one, "start": moment(one["start"], zone, now), "end": moment(one["end"], zone, now)}


def _do(reader: Reader, given: Mapping[str, str]) -> str:
    """Gives the address of a calendar, where one was made."""
    by: dict[str, Any] = {"actor": reader.actor, "now": reader.now}
    viewer, product = reader.viewer, given["product"]
    acts: dict[str, Callable[[], object]] = {
        "acknowledge": lambda: taking.do_acknowledge(viewer, given["ref"], author=viewer.name, via="console", **by),
        "write": lambda: rotas.do_put(viewer, product, _table(given["written"]), **by),
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


def _table(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(_("The rota cannot be read as TOML: %(error)s.") % {"error": error}, field="written") from error


def _ways(text: str) -> list[tuple[str, str]]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [(line.partition("=")[0].strip(), line.partition("=")[2].strip()) for line in lines]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
