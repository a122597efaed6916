"""The pages Workspaces: every customer at a glance, and one with its people, its plan, its room and its cases."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_cases
from roomdesk.directory.models import Membership, Workspace, WorkspaceTerms
from roomdesk.directory.queries import access_workspace, open_terms, people_of, workspaces_of
from roomdesk.product.queries import newest, product_of
from roomdesk.rooms.inside import people_inside, room_of
from roomdesk.web.console.clock_words import moment
from roomdesk.web.console.guard import Reader, frame, staff_only
from roomdesk.web.console.own import names
from roomdesk.web.console.present import STATES, plain
from roomdesk.web.console.workspace_card import on_call_for
from roomdesk.web.live.scopes import UNTOLD

PAGE = 50
#: Cases on a workspace's page, the newest ones.
SHOWN = 20


@require_safe
@staff_only
def workspaces(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Those of the reader's products by their id, or those whose name or id has the words."""
    words, after = (request.GET.get(name, "").replace("\0", "").strip()[:80] for name in ("q", "after"))
    rows = workspaces_of(reader.viewer)
    rows = rows.filter(Q(display_name__icontains=words) | Q(slug__icontains=words)) if words else rows
    found = list(rows.filter(slug__gt=after).prefetch_related(open_terms())[: PAGE + 1])
    shown, address = found[:PAGE], reverse("console:workspaces")
    counts, called = _counts(reader, shown), names(one.product for one in shown)
    context = {
        **frame(reader, UNTOLD),
        "words": words,
        "rows": [_row(one, called[one.product], counts.get(one.pk, {})) for one in shown],
        "columns": [
            _("Workspace"),
            _("Product"),
            _("Tier"),
            _("State"),
            _("People"),
            _("Open cases"),
            _("Account manager"),
        ],
        "next": f"{address}?{urlencode({'q': words, 'after': shown[-1].slug})}" if len(found) > PAGE else "",
        "first": f"{address}?{urlencode({'q': words})}" if after else "",
    }
    return render(request, "console/workspaces.html", context)


def _counts(reader: Reader, shown: list[Workspace]) -> dict[int, dict[str, int]]:
    """People and open cases of these workspaces. Two queries."""
    ids = [one.pk for one in shown]
    people = Membership.objects.filter(workspace__in=ids, valid_to=None).order_by().values("workspace")
    cases = access_cases(reader.viewer).filter(workspace__in=ids, state__in=Case.OPEN)
    cases = cases.select_related(None).prefetch_related(None).order_by()
    found: dict[int, dict[str, int]] = {pk: {} for pk in ids}
    for name, rows in (("people", people), ("cases", cases.values("workspace"))):
        for row in rows.annotate(number=Count("pk")):
            found[row["workspace"]][name] = row["number"]
    return found


def _row(one: Workspace, product: str, counts: dict[str, int]) -> list[tuple[str, str]]:
    terms: WorkspaceTerms | None = next(iter(one.terms_now), None)  # type: ignore[attr-defined]
    manager = one.account_manager.name if one.account_manager else _("none")
    open_cases = counts.get("cases", 0)
    return [
        (one.display_name or one.slug, reverse("console:workspace", args=[one.slug])),
        (product, reverse("console:product", args=[one.product])),
        (plain(terms.tier) if terms else "–", ""),
        (plain(terms.state) if terms else "–", ""),
        (str(counts.get("people", 0)), ""),
        (str(open_cases), f"{reverse('console:cases')}?{urlencode({'workspace': one.slug})}" if open_cases else ""),
        (manager, ""),
    ]


@require_safe
@staff_only
def workspace(request: HttpRequest, reader: Reader, slug: str) -> HttpResponse:
    """One workspace."""
    found = access_workspace(slug, reader.viewer)
    product = product_of(newest([found.product])[found.product].pk)
    context = {
        **frame(reader, UNTOLD),
        "workspace": found,
        "product": product,
        "plan": _plan(found, found.time_zone or product.office.timezone, reader),
        "plan_columns": [_("From"), _("Until"), _("Tier"), _("Add-ons"), _("State")],
        "people": _people(found, reader),
        "people_columns": [_("Name"), _("Id"), _("Role"), _("Access to the room"), _("Mail")],
        "on_call": on_call_for(found.product, reader),
        "cases": _cases(found, reader),
        "cases_columns": [_("Case"), _("State"), _("Severity"), _("Assignee")],
        **_room(found, reader, has_rooms=product.room),
    }
    return render(request, "console/workspace.html", context)


def _plan(found: Workspace, zone: str, reader: Reader) -> list[list[tuple[str, str]]]:
    """Tier, add-ons and state, the present ones first: what was promised depends on when."""
    return [
        [
            (moment(one.valid_from, zone, reader.now), ""),
            (moment(one.valid_to, zone, reader.now) if one.valid_to else _("now"), ""),
            (plain(one.tier), ""),
            (", ".join(one.addons) or _("none"), ""),
            (plain(one.state), ""),
        ]
        for one in found.terms.order_by("-valid_from", "-pk")[:SHOWN]
    ]


def _people(found: Workspace, reader: Reader) -> list[list[tuple[str, str]]]:
    return [
        [
            (one.person.name or one.person.slug, ""),
            (one.person.slug, ""),
            (plain(one.role), ""),
            (_("yes") if one.support_room_access or one.role != Membership.Role.MEMBER else _("no"), ""),
            (one.person.email or _("none"), ""),
        ]
        for one in people_of(found, reader.now)
    ]


def _cases(found: Workspace, reader: Reader) -> list[list[tuple[str, str]]]:
    rows = access_cases(reader.viewer).filter(workspace=found).order_by("-opened_at", "-pk")[:SHOWN]
    return [
        [
            (f"{one.ref} {reader.title(one)}", reverse("console:case", args=[one.ref])),
            (str(STATES.get(one.state, one.state)), ""),
            (plain(one.severity), ""),
            (one.assignee.name if one.assignee else _("nobody"), ""),
        ]
        for one in rows
    ]


def _room(found: Workspace, reader: Reader, *, has_rooms: bool) -> dict[str, Any]:
    room = room_of(found) if has_rooms else None
    return {
        "has_rooms": has_rooms,
        "room": room,
        "inside": people_inside(found, room, reader.now) if room and room.room_id else [],
    }
