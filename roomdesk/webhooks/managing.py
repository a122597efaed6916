"""Operators and administrators put endpoints, change their secrets, switch them on and off. Every write is audited, without secrets."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.bootstrap import settings
from roomdesk.directory.administering import administered
from roomdesk.directory.errors import Conflict, Invalid, NotFound
from roomdesk.directory.queries import Viewer
from roomdesk.product.problems import listed
from roomdesk.product.services import known
from roomdesk.refusals import Forbidden
from roomdesk.rules.outside_address import is_public
from roomdesk.rules.webhook import secret_of
from roomdesk.webhooks import emitting, sending
from roomdesk.webhooks.models import Delivery, Endpoint

#: How long both secrets sign after a change, unless told otherwise, and at most.
OVERLAP, LONGEST_OVERLAP = timedelta(hours=24), timedelta(days=30)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_ADDRESS = re.compile(r"[0-9a-fA-F:.]+")
_BYTES = 32
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wish:
    """An endpoint as it shall be; None leaves a thing as it is, or for a new one as it is by default."""

    url: str | None = None
    product: str | None = None
    events: Sequence[str] | None = None


def _administered(viewer: Viewer, at: datetime) -> frozenset[str]:
    """Products of which the viewer is an administrator (empty text: all). Forbidden for whoever is none."""
    found = administered(viewer, at)
    if not found:
        raise Forbidden("Only administrators see and change where events go.")
    return found


def check_may(viewer: Viewer, product: str, at: datetime) -> None:
    """Endpoints of a product are its administrators' business, those of all products that of administrators of all."""
    if not {"", product} & _administered(viewer, at):
        raise Forbidden("Only administrators of the product see and change where its events go.")


def access_endpoints(viewer: Viewer, at: datetime) -> list[Endpoint]:
    """The endpoints that are the viewer's to see, by name. Forbidden for whoever administers nothing."""
    products = _administered(viewer, at)
    found = Endpoint.objects.order_by("slug")
    return list(found if "" in products else found.filter(product__in=products))


def access_endpoint(viewer: Viewer, slug: str, at: datetime) -> Endpoint:
    """One of them. NotFound, in the same words, if it is missing or not the viewer's."""
    found = next((one for one in access_endpoints(viewer, at) if one.slug == slug), None)
    if found is None:
        raise NotFound(f'There is no webhook endpoint "{slug}", or it is not yours to see.', field="slug")
    return found


def do_put(viewer: Viewer, slug: str, wish: Wish, *, actor: Actor, now: datetime) -> tuple[Endpoint, str]:
    """Makes or changes an endpoint; gives it with its secret where it is new, this once. Idempotent."""
    if not _NAME.fullmatch(slug):
        raise Invalid(f'"{slug[:60]}" cannot be a name; use small letters, digits, ".", "_" and "-".', field="slug")
    _check(wish)
    with transaction.atomic():
        found = Endpoint.objects.select_for_update(no_key=True).filter(slug=slug).first()
        check_may(viewer, found.product if found else wish.product or "", now)
        if wish.product is not None:
            check_may(viewer, wish.product, now)
        return (_changed(found, wish, actor, now), "") if found else _made(slug, wish, actor, now)


def _made(slug: str, wish: Wish, actor: Actor, now: datetime) -> tuple[Endpoint, str]:
    if wish.url is None:
        raise Invalid("A new endpoint needs its address.", field="url")
    secret = secret_of(secrets.token_bytes(_BYTES))
    made = Endpoint(
        slug=slug,
        url=wish.url,
        product=wish.product or "",
        events=sorted(set(wish.events or ())),
        secret=secret,
        created_at=now,
    )
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:
        raise Conflict(
            f'Somebody else has just made "{slug}". Nothing was changed; try again.', field="slug"
        ) from error
    _audit("webhook.made", made, actor, now)
    return made, secret


def _changed(found: Endpoint, wish: Wish, actor: Actor, now: datetime) -> Endpoint:
    before = (found.url, found.product, found.events)
    found.url = wish.url if wish.url is not None else found.url
    found.product = wish.product if wish.product is not None else found.product
    found.events = sorted(set(wish.events)) if wish.events is not None else found.events
    if before != (found.url, found.product, found.events):
        found.save(update_fields=["url", "product", "events"])
        _audit("webhook.changed", found, actor, now)
    return found


def _check(wish: Wish) -> None:
    if wish.url is not None:
        check_address(wish.url)
    if wish.product and wish.product not in known():
        raise Invalid(f'There is no product "{wish.product}". Loaded are: {listed(known())}.', field="product")
    unknown = sorted(set(wish.events or ()) - set(emitting.TYPES))
    if unknown:
        raise Invalid(f'There is no event "{unknown[0][:60]}"; there are {listed(emitting.TYPES)}.', field="events")


def check_address(url: str) -> None:
    """Refuses what could never be sent to. Where a name leads is looked at when something is sent."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    is_plain = bool(host) and len(url) <= 500 and url.isascii() and url.isprintable() and " " not in url and port != 0
    schemes = ("https", "http") if settings.webhook_schemes == "any" else ("https",)
    if not is_plain or parts.scheme not in schemes or parts.fragment:
        wanted = " or ".join(f"{scheme}://" for scheme in schemes)
        raise Invalid(
            f"This is no address that events can be sent to; it begins with {wanted} and names a host.", field="url"
        )
    if parts.username or parts.password:
        raise Invalid("An address holds no user and no password: events are signed instead.", field="url")
    is_inside = host == "localhost" or host.endswith(".localhost") or (_ADDRESS.fullmatch(host) and not is_public(host))
    if is_inside and settings.webhook_networks != "any":
        raise Invalid(
            f"{host} is no public address, and nothing is sent to others (ROOMDESK_WEBHOOK_NETWORKS).", field="url"
        )


def _acted(
    viewer: Viewer, slug: str, actor: Actor, now: datetime, act: Callable[[Endpoint], T], action: str
) -> tuple[Endpoint, T]:
    with transaction.atomic():
        seen = access_endpoint(viewer, slug, now)
        found = Endpoint.objects.select_for_update(no_key=True).get(pk=seen.pk)
        done = act(found)
        _audit(action, found, actor, now)
    return found, done


def do_rotate(
    viewer: Viewer, slug: str, *, overlap: timedelta = OVERLAP, actor: Actor, now: datetime
) -> tuple[Endpoint, str]:
    """A new secret, given this once; the former one signs beside it for the overlap. Another change meanwhile ends that of the one before."""
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise Invalid(f"Both secrets can sign for at most {LONGEST_OVERLAP.days} days.", field="overlap_hours")

    def act(found: Endpoint) -> str:
        found.former_secret, found.former_until = found.secret, now + overlap
        found.secret = secret_of(secrets.token_bytes(_BYTES))
        found.save(update_fields=["secret", "former_secret", "former_until"])
        return found.secret

    return _acted(viewer, slug, actor, now, act, "webhook.rotated")


def do_switch(viewer: Viewer, slug: str, on: bool, *, actor: Actor, now: datetime) -> Endpoint:
    """Switches an endpoint on or off; the same again changes nothing. What happened while it was off is not sent afterwards."""
    seen = access_endpoint(viewer, slug, now)
    if (seen.disabled_at is None) == on:
        return seen

    def act(found: Endpoint) -> None:
        if not on:
            sending.disable(found, f"Switched off by {actor.name}.", now, by=actor.name)
            return
        found.disabled_at, found.disabled_reason, found.disabled_by, found.failing_since = None, "", "", None
        found.save(update_fields=["disabled_at", "disabled_reason", "disabled_by", "failing_since"])

    return _acted(viewer, slug, actor, now, act, f"webhook.switched_{'on' if on else 'off'}")[0]


def do_remove(viewer: Viewer, slug: str, *, actor: Actor, now: datetime) -> None:
    """Removes an endpoint with its log."""

    def act(found: Endpoint) -> None:
        sending.disable(found, "Removed.", now, by=actor.name)

    found, _ = _acted(viewer, slug, actor, now, act, "webhook.removed")
    Endpoint.objects.filter(pk=found.pk).delete()


def do_ping(viewer: Viewer, slug: str, *, actor: Actor, now: datetime) -> Delivery:
    """Sends an event that says nothing, to see whether the endpoint takes it. Refused where it is switched off."""
    with transaction.atomic():
        found = access_endpoint(viewer, slug, now)
        if found.disabled_at is not None:
            raise Invalid(f"{slug} is switched off: {found.disabled_reason}", field="slug")
        work = Work(now, actor)
        message_id = f"msg_{uuid.uuid4().hex}"
        facts = {"endpoint": slug}
        made = emitting.tell(work, found, emitting.PING, message_id=message_id, subject=slug, at=now, facts=facts)
        work.audit("webhook.pinged", f"webhook:{slug}", {"delivery": made.pk, "id": message_id})
        work.flush()
    return made


def _audit(action: str, found: Endpoint, actor: Actor, now: datetime) -> None:
    work = Work(now, actor)
    shown = {"url": found.url, "product": found.product or None, "events": found.events, "until": found.former_until}
    work.audit(action, f"webhook:{found.slug}", shown)
    work.flush()
