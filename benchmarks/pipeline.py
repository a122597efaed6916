"""Events per second stored and fully processed by one web and one worker process, beside Synapse's own best send rate.

Run: `python benchmarks/pipeline.py [EVENTS]` (default 6000). Everything runs in one folder that is removed afterwards, on this
machine, in one run: first Synapse alone is asked for its best send rate (1, 4, 16 and 64 at once over 20 rooms), then
transactions as Synapse would push them (100 events each, then 1 each) go to the web process, with the worker process running.
"Stored" ends with the last 200 from the endpoint, "processed" when the last event is on record with its case and clock.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.support.installation import ROOT, installation

ROOMS = 20
PEOPLE = 3
#: So many seconds without progress are the end.
_STANDING = 60
SAYING = "The export shows a wrong VAT amount for order 4711, since this morning, for all of us in the office."


def main(events: int) -> None:
    with installation():
        _measure(events)


def _measure(events: int) -> None:
    rooms = _provision()
    best = _best_send_rate(rooms)
    print(f"Synapse alone: {best:.1f} sends/s at best")
    print(_words_of_latency(_latency(rooms)))
    for size, count in ((100, events), (1, max(200, events // 10))):
        stored, processed = _push(rooms, count, size)
        print(
            f"{count} events in transactions of {size}: stored {stored:.0f}/s ({stored / best:.1f} x Synapse), "
            f"stored and fully processed {processed:.0f}/s ({processed / best:.1f} x Synapse)"
        )
    drained = _drain(rooms, events)
    print(f"a backlog of {events} events, worker alone: processed {drained:.0f}/s ({drained / best:.1f} x Synapse)")


def _provision() -> list[str]:
    """20 workspaces with three people and an engineer each, rooms made and joined."""
    from roomdesk.audit.work import Actor
    from roomdesk.directory import services
    from roomdesk.rooms.models import Room, RoomMember
    from roomdesk.runtime import clock

    # A month ago: the messages below are said within the last day, by people who had long been there.
    actor, now = Actor("cli", "bench"), clock.now() - timedelta(days=30)
    services.load_all(ROOT / "products", actor, now)
    services.do_put_staff(id="ivan", name="Ivan", email="ivan@vendor.test", roles=["engineer"], actor=actor, now=now)
    for n in range(ROOMS):
        slug = f"bench-{n}"
        services.do_put_workspace(slug=slug, product="plana-business-cloud", tier="pro", actor=actor, now=now)
        for p in range(PEOPLE):
            who = f"{slug}-p{p}"
            role = "owner" if p == 0 else "admin"
            services.do_put_member(
                workspace=slug, id=who, name=who, email=f"{who}@x.test", role=role, actor=actor, now=now
            )
    wanted = ROOMS * (PEOPLE + 1)
    deadline = time.monotonic() + 180
    inside = RoomMember.objects.filter(room__workspace__isnull=False, membership="join")
    while inside.filter(user_id__regex="^@(ivan|bench)").count() < wanted:
        if time.monotonic() > deadline:
            raise SystemExit("The rooms were not ready within 180 s.")
        time.sleep(0.5)
    return list(Room.objects.filter(workspace__isnull=False).order_by("pk").values_list("room_id", flat=True))


def _best_send_rate(rooms: list[str]) -> float:
    """Sends of the bot into all rooms, as many at once as serves Synapse best."""
    from roomdesk.bootstrap import settings

    bot = f"@support:{settings.matrix_server_name}"
    headers = {"Authorization": f"Bearer {settings.as_token}"}
    limits = httpx.Limits(max_connections=70)
    with httpx.Client(base_url=str(settings.matrix_url), headers=headers, timeout=60, limits=limits) as client:

        def send(number: int) -> None:
            room = rooms[number % len(rooms)]
            client.put(
                f"/_matrix/client/v3/rooms/{room}/send/m.room.message/bench-{time.time_ns()}-{number}",
                params={"user_id": bot, "device_id": "ROOMDESK"},
                json={"msgtype": "m.notice", "body": SAYING, "m.mentions": {}},
            ).raise_for_status()

        return max(_rate(send, at_once) for at_once in (1, 4, 16, 64))


def _latency(rooms: list[str], count: int = 60) -> list[float]:
    """Seconds from the homeserver's own time of a customer's message to its being on record, at ten messages a second.

    What was sent before must all have been pushed and worked off: how long that takes is measured below, by itself.
    """
    from roomdesk.bootstrap import settings
    from roomdesk.record.models import Message

    _until_all_is_in()

    headers = {"Authorization": f"Bearer {settings.people_token}"}
    with httpx.Client(base_url=str(settings.matrix_url), headers=headers, timeout=60) as client:
        for number in range(count):
            place = number % len(rooms)
            client.put(
                f"/_matrix/client/v3/rooms/{rooms[place]}/send/m.room.message/late-{time.time_ns()}",
                params={"user_id": f"@bench-{place}-p1:{settings.matrix_server_name}"},
                json={"msgtype": "m.text", "body": f"latency {number}"},
            ).raise_for_status()
            time.sleep(0.1)
    said = Message.objects.filter(body__startswith="latency ")
    deadline = time.monotonic() + 30
    while said.count() < count and time.monotonic() < deadline:
        time.sleep(0.1)
    return sorted((recorded - at).total_seconds() for at, recorded in said.values_list("at", "recorded_at"))


def _until_all_is_in(quiet: float = 3.0) -> None:
    """Waits until for so many seconds nothing has come in and nothing waits."""
    from roomdesk.queues.models import InboxEvent

    def seen() -> tuple[int, bool]:
        newest = InboxEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        return newest, InboxEvent.objects.filter(state=InboxEvent.State.PENDING, lane__isnull=False).exists()

    before, since = seen(), time.monotonic()
    while time.monotonic() - since < quiet:
        time.sleep(0.2)
        now = seen()
        if now != before or now[1]:
            before, since = now, time.monotonic()


def _words_of_latency(seconds: list[float]) -> str:
    middle, late = seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.99) - 1]
    return f"{len(seconds)} messages of customers on record after {middle * 1000:.0f} ms (median), {late * 1000:.0f} ms (99 %)"


def _rate(send: object, at_once: int, count: int = 240) -> float:
    with ThreadPoolExecutor(at_once) as pool:
        began = time.monotonic()
        list(pool.map(send, range(count)))  # type: ignore[arg-type]
        return count / (time.monotonic() - began)


def _events(rooms: list[str], count: int) -> Iterator[dict[str, object]]:
    """Messages of customers, one in twenty in reply to an earlier one, spread over hours so that some open cases."""
    from roomdesk.bootstrap import settings

    dice = random.Random(7)
    began = time.time_ns() // 1_000_000 - count * 9_000
    earlier: dict[str, str] = {}
    for number in range(count):
        place = dice.randrange(len(rooms))
        room, event_id = rooms[place], f"$bench{time.time_ns()}-{number}"
        content: dict[str, object] = {"msgtype": "m.text", "body": f"{SAYING} ({number})"}
        if room in earlier and dice.random() < 0.05:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": earlier[room]}}
        earlier[room] = event_id
        sender = f"@bench-{place}-p{dice.randrange(PEOPLE)}:{settings.matrix_server_name}"
        yield {
            "type": "m.room.message",
            "event_id": event_id,
            "room_id": room,
            "sender": sender,
            "origin_server_ts": began + number * 9_000,
            "content": content,
        }


def _push(rooms: list[str], count: int, size: int) -> tuple[float, float]:
    events, last = list(_events(rooms, count)), _last()
    began = time.monotonic()
    _store(events, size)
    stored = time.monotonic() - began
    _await_done(last)
    return count / stored, count / (time.monotonic() - began)


def _store(events: list[dict[str, object]], size: int) -> None:
    from roomdesk.bootstrap import settings

    headers = {"Authorization": f"Bearer {settings.hs_token}"}
    with httpx.Client(base_url=f"http://{settings.host}:{settings.port}", headers=headers, timeout=60) as client:
        for start in range(0, len(events), size):
            body = json.dumps({"events": events[start : start + size]})
            name = f"bench-{time.time_ns()}"
            client.put(f"/_matrix/app/v1/transactions/{name}", content=body).raise_for_status()


def _last() -> int:
    """The newest event's number."""
    from roomdesk.queues.models import InboxEvent

    return InboxEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _await_done(last: int) -> None:
    """Until nothing of ours that came after the event `last` waits. Looks seldom, and only there: looking takes time from what is measured."""
    from roomdesk.queues.models import InboxEvent

    pending = InboxEvent.objects.filter(state="pending", external_id__startswith="$bench", pk__gt=last)
    left, since = pending.count(), time.monotonic()
    while pending.exists():
        time.sleep(0.1)
        if time.monotonic() - since > _STANDING:
            before, left, since = left, pending.count(), time.monotonic()
            if left == before:
                raise SystemExit(f"The worker stands still: {left} events are left, see the log.")
    set_aside = InboxEvent.objects.filter(state="set_aside")
    if set_aside.exists():
        raise SystemExit(f"Events were set aside: {set_aside[0].reason}")


def _drain(rooms: list[str], count: int) -> float:
    """What a worker makes of a backlog: the events are stored while it stands still."""
    import signal

    from roomdesk.bootstrap import settings

    pid, last = int((settings.data / "run" / "worker.pid").read_text()), _last()
    os.kill(pid, signal.SIGSTOP)
    try:
        _store(list(_events(rooms, count)), 100)
    finally:
        os.kill(pid, signal.SIGCONT)
    began = time.monotonic()
    _await_done(last)
    return count / (time.monotonic() - began)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 6000)
