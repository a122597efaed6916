"""A page from the bare inbox row, where the flow is behind: nobody may have to wait for a backlog (D26).

Only what wakes somebody is decided here, by the same pure rules; the case, its clocks and the words to the customer follow in their order,
and take the page over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from roomdesk.audit.work import DESK, Work
from roomdesk.bootstrap import settings
from roomdesk.channels.matrix.events import Heard, read_event
from roomdesk.clocks.policy import office_of
from roomdesk.directory.models import Workspace
from roomdesk.directory.queries import terms_at
from roomdesk.directory.standing import standings
from roomdesk.oncall import misuse, paging
from roomdesk.oncall.models import Page
from roomdesk.product.models import ProductVersion
from roomdesk.product.queries import newest, product_of
from roomdesk.queues import lanes
from roomdesk.queues.models import InboxEvent
from roomdesk.rooms import naming
from roomdesk.rules.first_word import is_p0
from roomdesk.rules.paging import decide

#: How long the flow has to deal with a P0 by itself, and how many are looked at.
PATIENCE, MOST = timedelta(seconds=3), 50
_SPEECH = frozenset({"message", "file"})


@dataclass(frozen=True, slots=True)
class _Waiting:
    event: InboxEvent
    heard: Heard
    workspace: Workspace
    version: ProductVersion


def page_waiting(now: datetime) -> int:
    """Pages for P0s that have waited too long in the inbox; returns how many. Any number of workers may do it."""
    waiting = InboxEvent.objects.filter(state=InboxEvent.State.PENDING, is_urgent=True)
    if not waiting.exists():
        return 0
    # The flow gives events their lanes before each batch, and may be long at one.
    lanes.assign_waiting()
    events = InboxEvent.objects.filter(
        is_urgent=True,
        state=InboxEvent.State.PENDING,
        source="matrix",
        is_replayed=False,
        received_at__lt=now - PATIENCE,
    ).exclude(lane=None)
    found = list(events.order_by("pk")[:MOST])
    if not found:
        return 0
    known = set(Page.objects.filter(event_id__in=[one.external_id for one in found]).values_list("event_id", flat=True))
    workspaces = {w.lane_id: w for w in Workspace.objects.filter(lane_id__in={one.lane_id for one in found})}
    return sum(_page(one, workspaces, now) for one in found if one.external_id not in known)


def _page(event: InboxEvent, workspaces: Mapping[int, Workspace], now: datetime) -> bool:
    workspace = workspaces.get(event.lane_id or 0)
    version = newest([workspace.product]).get(workspace.product) if workspace else None
    if workspace is None or version is None:
        return False
    one = _Waiting(event, read_event(event.raw), workspace, version)
    if not _wakes(one, now):
        return False
    try:
        with transaction.atomic(durable=True):
            return _open(one, now)
    except IntegrityError:
        # The flow was there first, after all.
        return False


def _wakes(one: _Waiting, now: datetime) -> bool:
    """Whether this is a P0 of a customer who is entitled; what the flow would find, without its case."""
    heard, at = one.heard, one.event.received_at
    if heard.kind not in _SPEECH or heard.msgtype == "m.notice":
        return False
    if not is_p0(heard.body, heard.formatted_body, bot_localpart=naming.BOT):
        return False
    localpart = naming.localpart_of(heard.sender, settings.matrix_server_name)
    standing = standings([localpart], [one.workspace.pk]).get(localpart)
    if standing is None or not standing.person.is_active or standing.kind(one.workspace.pk, at) != "customer":
        return False
    return _entitled(one, at)


def _entitled(one: _Waiting, at: datetime) -> bool:
    product, terms = product_of(one.version.pk), terms_at([one.workspace.pk], at).get(one.workspace.pk)
    if terms is None:
        return False
    state, open_now = product.states[terms.state], office_of(one.version.pk).next_working(at) <= at
    cover = product.cover_for(terms.tier, terms.addons, product.severity_slugs[0], open_now=open_now)
    return state.intake and decide(cover, may_page=state.paging, open_now=open_now) == "page"


def _open(one: _Waiting, now: datetime) -> bool:
    product = product_of(one.version.pk)
    lanes.lock(paging.lane_for(one.workspace).pk)
    # Under the lock: several workers look, and three people at once are one page (D11).
    since = now - timedelta(minutes=product.grouping.p0_window_minutes)
    recent = Page.objects.filter(workspace=one.workspace, opened_at__gt=since).exclude(state=Page.State.RESOLVED)
    if recent.exists():
        return False
    work = Work(now, DESK)
    wanted = paging.Wanted(
        product=product.slug,
        cause=Page.Cause.P0,
        severity=misuse.severity_for(one.workspace, product, now),
        at=now,
        look_at=paging.first_look(now, product.oncall.accept_seconds),
        workspace=one.workspace,
        event_id=one.event.external_id,
    )
    paging.open_page(work, wanted)
    work.flush()
    return True
