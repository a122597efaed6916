"""The rota of a product that is PagerDuty's (D33): asked for every few minutes, and kept as it was told last while PagerDuty is away (R40)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from roomdesk.audit.work import DESK, Work
from roomdesk.bootstrap import settings
from roomdesk.channels.pagerduty.errors import PagerDutyError
from roomdesk.channels.pagerduty.oncalls import Entry, oncalls
from roomdesk.directory.errors import Conflict
from roomdesk.directory.queries import Viewer, staff_at
from roomdesk.oncall import hand_over, paging, rotas, taken_over
from roomdesk.oncall.models import Import, Rota
from roomdesk.product import services as products
from roomdesk.product.policy import Oncall
from roomdesk.product.queries import newest, product_of
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.outbox import Sent
from roomdesk.rules import imported_rota
from roomdesk.rules import rota as rules
from roomdesk.rules.imported_rota import OnCall
from roomdesk.runtime import clock

#: What the outbox calls it.
ONCALLS = "oncalls"
#: How often it is asked.
EVERY = timedelta(minutes=5)
#: Whole days of the past and of what comes that are asked for, and days of the past that are kept.
_PAST, _COMING, _KEPT = timedelta(days=1), timedelta(days=31), timedelta(days=15)
_NO_KEY = "There is no key of PagerDuty's REST API: set ROOMDESK_PAGERDUTY_API_TOKEN."


def terms(product: str) -> Oncall:
    return product_of(newest([product])[product].pk).oncall


def theirs() -> list[str]:
    """The products whose rota is PagerDuty's."""
    return [slug for slug in products.known() if terms(slug).source == "pagerduty"]


def ask_due(now: datetime, *, at_once: Sequence[str] = ()) -> int:
    """Has PagerDuty asked for every rota that was not asked for lately; gives how many. Any number of workers may do it."""
    return sum(_ask(slug, now, now if slug in at_once else now - EVERY) for slug in theirs())


def do_ask(viewer: Viewer, product: str, *, now: datetime) -> dict[str, Any]:
    """Has PagerDuty asked now, whenever it was last; says how it went last. Leads only; Conflict where the rota is ours."""
    rotas.check_leads(viewer, product, now)
    if product not in theirs():
        raise Conflict(f'The rota of {product} is ours: policy.toml says source = "roomdesk".', field="product")
    ask_due(now, at_once=[product])
    found = shown(None, product)
    assert found is not None
    return found


def _ask(product: str, now: datetime, before: datetime) -> bool:
    Import.objects.get_or_create(product=product)
    with transaction.atomic():
        due = Import.objects.filter(Q(asked_at=None) | Q(asked_at__lte=before), product=product)
        # The one whose update counts asks; another worker finds it asked.
        if not due.update(asked_at=now):
            return False
        if settings.pagerduty_api_token is None:
            Import.objects.filter(product=product).update(problem=_NO_KEY)
            return False
        since = now.replace(hour=0, minute=0, second=0, microsecond=0) - _PAST
        said = {"action": ONCALLS, "product": product, "policy": terms(product).escalation_policy}
        said |= {"since": since.isoformat(), "until": (since + _PAST + _COMING).isoformat()}
        work = Work(now, DESK)
        lane = paging.lane_for(None)
        work.send(paging.PAGERDUTY, ONCALLS, f"{paging.PAGERDUTY}:{ONCALLS}:{product}", said, lane_id=lane.pk)
        work.flush()
    return True


def send(row: OutboxRow) -> Sent:
    """Asks, and reports what was told or why nothing was: the next time is soon, so this row is not tried again."""
    said = json.loads(row.payload)
    since, until = (datetime.fromisoformat(said[name]) for name in ("since", "until"))
    theirs_from, theirs_to = clock.to_outside(since), clock.to_outside(until)
    try:
        found = oncalls(
            settings.pagerduty_api_url, settings.pagerduty_api_token or "", said["policy"], theirs_from, theirs_to
        )
    except PagerDutyError as error:
        return Sent(report={"problem": _words(error)})
    return Sent(report={"found": [_plain(one, since, until) for one in found]})


def _words(error: PagerDutyError) -> str:
    if error.status in (401, 403):
        return f"PagerDuty refuses the key of its REST API ({error.status}): look at ROOMDESK_PAGERDUTY_API_TOKEN."
    return str(error)


def _plain(one: Entry, since: datetime, until: datetime) -> dict[str, Any]:
    return {
        "level": one.level,
        "schedule": one.schedule,
        "name": one.name,
        "email": one.email,
        "start": (_ours(one.start) if one.start else since).isoformat(),
        "end": (_ours(one.end) if one.end else until).isoformat(),
    }


def _ours(at: datetime) -> datetime:
    """PagerDuty's time in that of this installation, in whole seconds (D29)."""
    return clock.from_outside(at).replace(microsecond=0)


def hear(work: Work, said: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    """What became of asking: the rota follows, or stays as it was told last, with the reason."""
    product = said["product"]
    state = Import.objects.select_for_update(no_key=True).filter(product=product).first()
    if state is None or product not in theirs():
        return
    problem = data.get("problem") or data.get("error") or ""
    if not problem and not data.get("found"):
        problem = f"PagerDuty has nobody on call by the escalation policy {said['policy']}; look at its number in policy.toml."
    if problem:
        state.problem = str(problem)[:500]
        state.save(update_fields=["problem"])
        return
    found, strangers = _known(product, data["found"], work.now)
    state.heard_at, state.problem, state.strangers = work.now, "", strangers
    state.save(update_fields=["heard_at", "problem", "strangers"])
    _take(work, product, found, datetime.fromisoformat(said["since"]))


def _known(product: str, found: Sequence[Mapping[str, Any]], now: datetime) -> tuple[list[OnCall], list[str]]:
    """The on-calls with our people, whom their mail address tells, and the names of those who are none of ours."""
    people = {row.person.email.lower(): row.person.slug for row in staff_at(now, [product]) if row.person.email}
    strangers = sorted({one["name"] for one in found if one["email"].lower() not in people})
    return [taken_over.read(one, people.get(one["email"].lower(), "")) for one in found], strangers


def _take(work: Work, product: str, found: Sequence[OnCall], since: datetime) -> None:
    rota = Rota.objects.select_for_update(no_key=True).filter(product=product).first()
    before = taken_over.known(rota.written) if rota and rota.source == Rota.Source.PAGERDUTY else []
    written = taken_over.written(imported_rota.carried(before, found, since, work.now - _KEPT))
    if rota is not None and (rota.source, rota.written) == (Rota.Source.PAGERDUTY, written):
        return
    made = rota or Rota(product=product, version=0)
    made.source, made.written, made.changed_at, made.changed_by = Rota.Source.PAGERDUTY, written, work.now, "pagerduty"
    made.version += 1
    made.save()
    # What departed from a rota of ours departs from nothing any more.
    made.swaps.filter(ended_at=None, end__gt=work.now).update(ended_at=work.now, ended_by="pagerduty")
    work.audit("rota.imported", f"rota:{product}", {"version": made.version, "written": written})
    hand_over.changed(work, made, rules.next_hand_over(taken_over.rota(written), work.now))


def shown(rota: Rota | None, product: str) -> dict[str, Any] | None:
    """How the import stands, for REST, command line and pages; None where the rota is ours."""
    if product not in theirs() and (rota is None or rota.source == Rota.Source.ROOMDESK):
        return None
    state = Import.objects.filter(product=product).first() or Import(product=product)
    policy = terms(product).escalation_policy
    return {
        "policy": policy,
        "heard_at": state.heard_at,
        "problem": state.problem or None,
        "strangers": state.strangers,
    }
