"""`roomdesk webhook`: where other programs hear of events."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from roomdesk.cli.access import viewer
from roomdesk.cli.base import actor_name, emit, json_option, plain, with_desk
from roomdesk.cli.directory import table

if TYPE_CHECKING:
    from roomdesk.audit.work import Actor


@click.group()
def webhook() -> None:
    """Where other programs hear of events."""


@webhook.command()
@click.argument("name")
@click.option("--url", help="Where events are sent; a new endpoint needs it.")
@click.option("--product", help="Limit it to one product.")
@click.option("--event", "events", multiple=True, help="case.opened or case.changed; may be repeated. Left out: all.")
@json_option
@with_desk
def put(name: str, url: str | None, product: str | None, events: tuple[str, ...], as_json: bool) -> None:
    """Make the endpoint NAME, or change it. Its secret is printed when it is made, this once."""
    from roomdesk.runtime import clock
    from roomdesk.webhooks import managing, shown

    now = clock.now()
    wish = managing.Wish(url=url, product=product, events=events or None)
    made, secret = managing.do_put(viewer(), name, wish, actor=_actor(), now=now)
    emit(
        {**shown.endpoint(made, now), "secret": secret or None}, as_json, secret or f"{name} is {shown.state_of(made)}."
    )


@webhook.command("list")
@json_option
@with_desk
def list_endpoints(as_json: bool) -> None:
    """List all endpoints."""
    from roomdesk.runtime import clock
    from roomdesk.webhooks import managing, shown

    now = clock.now()
    items = [shown.endpoint(one, now) for one in managing.access_endpoints(viewer(), now)]
    rows = [(i["slug"], i["url"], i["product"] or "all", " ".join(i["events"]) or "all", _state(i)) for i in items]
    emit({"items": items}, as_json, table(rows, "There is no endpoint yet."))


def _state(item: dict[str, Any]) -> str:
    return f"off: {item['reason']}" if item["state"] == "off" else str(item["state"])


@webhook.command()
@click.argument("name")
@click.option("--overlap-hours", type=click.IntRange(0, 720), default=24, help="How long the former secret signs too.")
@json_option
@with_desk
def rotate(name: str, overlap_hours: int, as_json: bool) -> None:
    """Give the endpoint NAME a new secret and print it, this once."""
    from roomdesk.runtime import clock
    from roomdesk.webhooks import managing, shown

    now, overlap = clock.now(), timedelta(hours=overlap_hours)
    found, secret = managing.do_rotate(viewer(), name, overlap=overlap, actor=_actor(), now=now)
    emit({**shown.endpoint(found, now), "secret": secret}, as_json, secret)


@webhook.command()
@click.argument("name")
@json_option
@with_desk
def on(name: str, as_json: bool) -> None:
    """Switch the endpoint NAME on."""
    _switch(name, True, as_json)


@webhook.command()
@click.argument("name")
@json_option
@with_desk
def off(name: str, as_json: bool) -> None:
    """Switch the endpoint NAME off. What waits for it is dropped, and can be replayed later."""
    _switch(name, False, as_json)


def _switch(name: str, wanted: bool, as_json: bool) -> None:
    from roomdesk.runtime import clock
    from roomdesk.webhooks import managing, shown

    now = clock.now()
    found = managing.do_switch(viewer(), name, wanted, actor=_actor(), now=now)
    emit(shown.endpoint(found, now), as_json, f"{name} is {shown.state_of(found)}.")


@webhook.command()
@click.argument("name")
@json_option
@with_desk
def remove(name: str, as_json: bool) -> None:
    """Remove the endpoint NAME with its log."""
    from roomdesk.runtime import clock
    from roomdesk.webhooks import managing

    managing.do_remove(viewer(), name, actor=_actor(), now=clock.now())
    emit({"removed": name}, as_json, f"{name} is removed.")


@webhook.command()
@click.argument("name")
@json_option
@with_desk
def ping(name: str, as_json: bool) -> None:
    """Send an event that says nothing to the endpoint NAME."""
    from roomdesk.runtime import clock
    from roomdesk.webhooks import deliveries, managing, shown

    now = clock.now()
    made = managing.do_ping(viewer(), name, actor=_actor(), now=now)
    told, _ = deliveries.attempts_of(viewer(), name, made.pk, now)
    emit(
        shown.delivery(told),
        as_json,
        f"Sent as delivery {made.pk}; `roomdesk webhook deliveries {name}` tells how it went.",
    )


@webhook.command("deliveries")
@click.argument("name")
@click.option("--before", type=click.IntRange(1), help="Continue before this number.")
@json_option
@with_desk
def list_deliveries(name: str, before: int | None, as_json: bool) -> None:
    """List what was sent to the endpoint NAME, the newest first."""
    from roomdesk.runtime import clock
    from roomdesk.webhooks import deliveries, shown

    page = deliveries.page(viewer(), name, clock.now(), before=before)
    items = [shown.delivery(one) for one in page.items]
    rows = [
        (
            str(i["number"]),
            plain(i["at"]),
            i["type"],
            i["subject"],
            i["state"],
            str(i["attempts"]),
            i["last_problem"] or "",
        )
        for i in items
    ]
    emit({"items": items, "next": page.next}, as_json, table(rows, "Nothing was sent yet."))


@webhook.command()
@click.argument("name")
@click.argument("number", type=click.IntRange(1))
@json_option
@with_desk
def replay(name: str, number: int, as_json: bool) -> None:
    """Send the delivery NUMBER of the endpoint NAME once more, with the same id."""
    from roomdesk.runtime import clock
    from roomdesk.webhooks import deliveries, shown

    told = deliveries.do_replay(viewer(), name, number, actor=_actor(), now=clock.now())
    emit(shown.delivery(told), as_json, f"The delivery {number} is sent once more.")


def _actor() -> Actor:
    from roomdesk.audit.work import Actor

    return Actor("cli", actor_name())
