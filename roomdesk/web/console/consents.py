"""The page Consents: what customers were asked, asking, taking back, and the verification of an identity (R30–R36)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from roomdesk.cases.models import Case
from roomdesk.consent import asking, identifying, queries
from roomdesk.consent.asking import Wish
from roomdesk.consent.models import Afterwards, Attempt, IdentityCheck, Request, Use
from roomdesk.product.queries import newest, office_zones, product_of
from roomdesk.product.services import known
from roomdesk.refusals import DeskError, Invalid
from roomdesk.web.console.clock_words import moment
from roomdesk.web.console.guard import Reader, frame, staff_only
from roomdesk.web.portal.refusals import told

_TONES = {"open": "", "granted": "met", "refused": "late", "withdrawn": "", "expired": "late", "used": "met"}
_FIELDS = ("kind", "workspace", "case", "words", "action", "feature", "person", "target", "details")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def consents(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Everything that was asked, the newest first; POST asks."""
    given = {name: request.POST.get(name, "").replace("\0", "").strip() for name in _FIELDS}
    problem, field, status = "", "", 200
    if request.method == "POST":
        try:
            return HttpResponseRedirect(reverse("console:consent", args=[_ask(reader, given).ref]))
        except DeskError as error:
            problem, field, status = told(error), error.field or "", error.status
    asked = {name: request.GET.get(name, "").replace("\0", "") for name in ("state", "case", "before")}
    page = queries.page_of_consents(
        reader.viewer, state=asked["state"] or None, case=asked["case"] or None, before=asked["before"] or None
    )
    context = {
        **frame(reader),
        "rows": _rows(page.requests, reader),
        "older": urlencode({**_narrowed(asked), "before": page.next}) if page.next else "",
        "asked": asked,
        "is_narrowed": bool(_narrowed(asked)),
        "given": given if problem else {"case": asked["case"]},
        "problem": problem,
        "field": field,
        **_choices(reader, given["kind"], given["feature"]),
    }
    return render(request, "console/consents.html", context, status=status)


def _choices(reader: Reader, kind: str, feature: str) -> dict[str, Any]:
    """What can be asked of customers of the reader's products: kinds, and protections by name. What was sent stays chosen, whatever it is."""
    slugs = known() if reader.viewer.sees_all else reader.viewer.products
    products = [product_of(version.pk) for version in newest(slugs).values()]
    kinds = [slug for product in products for slug in product.consents]
    names = {
        slug: product.text(product.default_locale, f"feature.{slug}.name")
        for product in products
        for slug in product.security_features
    }
    features = {**names, **({feature: feature} if feature and feature not in names else {})}
    return {
        "kinds": list(dict.fromkeys([*kinds, asking.RESTORE, *([kind] if kind else [])])),
        "features": sorted(features.items(), key=lambda pair: pair[1].casefold()),
    }


def _narrowed(asked: dict[str, str]) -> dict[str, str]:
    return {name: asked[name] for name in ("state", "case") if asked[name]}


def _rows(requests: Sequence[Request], reader: Reader) -> list[tuple[Request, str, str]]:
    """Each with its tone and its end, as the office that asked reads its clock."""
    zones = office_zones(one.workspace.product for one in requests)
    return [
        (one, _TONES[one.state], moment(one.expires_at, zones[one.workspace.product], reader.now)) for one in requests
    ]


def about_case(found: Case, reader: Reader) -> list[tuple[Request, str, str]]:
    """What was asked about a case, for its page: the newest first, as `_rows`."""
    return _rows(queries.page_of_consents(reader.viewer, case=found.ref).requests, reader)


def _ask(reader: Reader, given: dict[str, str]) -> Request:
    wanted: dict[str, Any] = {**given, "case": given["case"].upper(), "kind": given["kind"].lower()}
    wanted["action"] = _action(given["action"])
    return asking.do_ask(reader.viewer, Wish(**wanted), author=reader.viewer.name, actor=reader.actor, now=reader.now)


def _action(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError) as error:
        raise Invalid(_("The action is no JSON: %(error)s.") % {"error": error}, field="action") from error


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def consent(request: HttpRequest, reader: Reader, ref: str) -> HttpResponse:
    """One request with its evidence; POST takes it back or keeps the verification of an identity."""
    found = queries.access_consent(ref, reader.viewer)
    problem, status = "", 200
    if request.method == "POST":
        try:
            _do(request, reader, found)
            return HttpResponseRedirect(_back(request, found))
        except DeskError as error:
            problem, status = told(error), error.status
    zone = office_zones([found.workspace.product])[found.workspace.product]
    context = {
        **frame(reader),
        "consent": found,
        "tone": _TONES[found.state],
        "until": moment(found.expires_at, zone, reader.now),
        "action": json.dumps(json.loads(found.action), ensure_ascii=False, indent=2),
        "grants": [(one, moment(one.at, zone, reader.now)) for one in queries.grants_of([found])[found.pk]],
        "attempts": Attempt.objects.filter(request=found).order_by("pk"),
        "afterwards": Afterwards.objects.filter(grant__request=found).order_by("pk"),
        "identity": IdentityCheck.objects.filter(request=found).first(),
        "use": Use.objects.filter(request=found).first(),
        "is_alive": found.state in ("open", "granted"),
        "problem": problem,
    }
    return render(request, "console/consent.html", context, status=status)


def _back(request: HttpRequest, found: Request) -> str:
    """Where the button stood: on the page of its case, or on its own."""
    if found.case is not None and request.POST.get("back") == "case":
        return reverse("console:case", args=[found.case.ref]) + "#consents"
    return reverse("console:consent", args=[found.ref])


def _do(request: HttpRequest, reader: Reader, found: Request) -> None:
    by: dict[str, Any] = {"author": reader.viewer.name, "actor": reader.actor, "now": reader.now}
    match request.POST.get("act"):
        case "withdraw":
            asking.do_withdraw(reader.viewer, found.ref, request.POST.get("reason", ""), **by)
        case "identity":
            method, evidence = request.POST.get("method", ""), request.POST.get("evidence", "")
            identifying.do_verify_identity(reader.viewer, found.ref, method, evidence, **by)
        case _:
            raise Invalid(_("This page has no such button; load it again."), field="act")
