"""Whether anybody would be woken at night: PagerDuty, ways of people, rotas with gaps, pages that nobody has (docs/paging.md)."""

from __future__ import annotations

from datetime import datetime, timedelta

from roomdesk.bootstrap import settings
from roomdesk.directory.models import StaffRole
from roomdesk.directory.services.intervals import valid_at
from roomdesk.doctor.findings import Finding, ok, problem, warning
from roomdesk.oncall import asking, importing, rotas
from roomdesk.oncall.models import Import, Page, Reach, Rota
from roomdesk.product.queries import newest, product_of
from roomdesk.product.services import known
from roomdesk.runtime import clock

#: A page that waits for longer is nobody's by any fault.
_PATIENCE = timedelta(minutes=30)
#: A rota of PagerDuty that was told longer ago may be wrong by now.
_UNTOLD = timedelta(minutes=30)


def pages() -> Finding:
    """Pages that nobody has for long."""
    late = Page.objects.filter(state__in=Page.WAITING, opened_at__lt=clock.now() - _PATIENCE).order_by("pk")
    refs = [page.ref or page.key for page in late[:5]]
    if refs:
        return problem(
            "pages",
            f"Nobody has the page of {', '.join(refs)} for more than {_PATIENCE.seconds // 60} minutes.",
            "`roomdesk oncall pages --waiting` says what was tried; take it with `roomdesk oncall ack REF`.",
        )
    return ok("pages", "No page waits for long.")


def paging() -> Finding:
    """Whether a P0 of a product that pages would reach somebody."""
    if not any(row.action == "page" for slug in known() for row in product_of(newest([slug])[slug].pk).cover):
        return ok("paging", "No product pages anybody.")
    has_ways = Reach.objects.exists()
    if not settings.pagerduty_routing and not has_ways:
        return warning(
            "paging",
            "A P0 would call nobody but the control room: there is no routing of PagerDuty, and nobody has a way of their own.",
            "Set ROOMDESK_PAGERDUTY_ROUTING, or ways with `roomdesk oncall reach PERSON`; then try `roomdesk oncall drill`.",
        )
    if settings.pagerduty_routing and not settings.pagerduty_webhook_secrets:
        return warning(
            "paging",
            "PagerDuty is called, and cannot tell the desk who has a page: its webhooks are refused without a secret.",
            "Make a webhook subscription to <public address>/hooks/pagerduty and set ROOMDESK_PAGERDUTY_WEBHOOK_SECRETS.",
        )
    if not has_ways:
        return warning(
            "paging",
            "While PagerDuty is away nobody is called but the control room: nobody has a way of their own.",
            "Set ways with `roomdesk oncall reach PERSON --way apprise=…`, and try them with `roomdesk oncall test PERSON`.",
        )
    if settings.heartbeat_url is None:
        return warning(
            "paging",
            "Nobody outside would notice that this machine is gone: the watchdog has no heartbeat address.",
            "Set ROOMDESK_HEARTBEAT_URL to a service that calls people when it stops, and run `roomdesk watchdog` beside the desk.",
        )
    return ok("paging", "PagerDuty or people's own ways are set.")


def imports() -> Finding:
    """Rotas that are PagerDuty's, and whether it still tells them."""
    for state in Import.objects.filter(product__in=importing.theirs()).order_by("product"):
        since = f"since {state.heard_at:%Y-%m-%d %H:%M} UTC" if state.heard_at else "yet"
        if state.heard_at is None or state.heard_at < clock.now() - _UNTOLD:
            return warning(
                "imported rota",
                f"PagerDuty has not told who is on call for {state.product} {since}. {state.problem}".strip(),
                f"What was told last holds on; `roomdesk oncall import --product {state.product}` asks now.",
            )
        if state.strangers:
            return warning(
                "imported rota",
                f"On call for {state.product} in PagerDuty, and nobody of the staff here: {', '.join(state.strangers)}.",
                "Give them the same mail address here and there; until then the desk cannot call them by its own ways.",
            )
    return ok("imported rota", "PagerDuty tells the rotas that are its own, or none is.")


def rota() -> Finding:
    """Gaps ahead, and a rota without anybody of the security role, who alone may read restricted cases (D22)."""
    now = clock.now()
    for found in Rota.objects.order_by("product"):
        if found.product not in known():
            continue
        gaps = asking.found_in(found, now, asking.notice_days(found.product))["gaps"]
        if gaps:
            return warning(
                "rota",
                f"Nobody is on call for {found.product} from {gaps[0]['start']:%Y-%m-%d %H:%M} to {gaps[0]['end']:%Y-%m-%d %H:%M} UTC.",
                f"`roomdesk oncall gaps --product {found.product}` lists all; write the rota anew, or swap.",
            )
        if not _has_security(found, now):
            return warning(
                "rota",
                f"Nobody in the rota of {found.product} has the security role: a restricted P0 could be read by nobody on call.",
                "Give the role to somebody of the rota with `roomdesk staff put`.",
            )
    return ok("rota", "No rota has a gap ahead.")


def _has_security(found: Rota, now: datetime) -> bool:
    people = rotas.people_of(found)
    roles = StaffRole.objects.filter(valid_at(now), role=StaffRole.Role.SECURITY, person__slug__in=people)
    return roles.filter(product__in=["", found.product]).exists()
