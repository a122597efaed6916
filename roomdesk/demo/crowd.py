"""Many workspaces with many messages at once, for measuring (`roomdesk bench seed`). By COPY, without cases' clocks and evidence."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.bootstrap import settings
from roomdesk.cases.models import Case
from roomdesk.demo import babble, crowd_cases
from roomdesk.directory.models import Membership, Person, Workspace, WorkspaceTerms
from roomdesk.directory.services.granting import lane_key
from roomdesk.product.models import ProductVersion
from roomdesk.product.queries import product_of
from roomdesk.product.schema import Product
from roomdesk.queues import bulk, partitions
from roomdesk.queues.ids import next_ids
from roomdesk.queues.models import Lane
from roomdesk.record import finding
from roomdesk.record.models import Findable, Message
from roomdesk.refusals import Conflict

PREFIX = "bench-"
SPAN = timedelta(days=730)
STAFF = 20
_CHUNK = 10_000
_CASES = 3


@dataclass(slots=True)
class _Place:
    """A workspace to write to, with its owner, its cases and the last number of its conversation."""

    id: int
    lane_id: int
    product: str
    owner: int
    cases: list[int] = field(default_factory=list)
    number: int = 0


def seed(
    messages: int,
    workspaces: int,
    actor: Actor,
    now: datetime,
    progress: Callable[[str], None] = lambda words: None,
    *,
    cases: int = 0,
) -> None:
    """Makes the workspaces that are missing and adds `cases` and `messages` to them, of the last two years, in their order.

    Conflict outside demo and test, and before a product is loaded. The same numbers make the same texts.
    """
    if settings.mode not in ("demo", "test"):
        raise Conflict("Messages are made up in demo and test only; this installation is neither.")
    _months(now)
    dice = random.Random(f"{messages} {workspaces}")  # noqa: S311 - the same texts each time
    with transaction.atomic():
        places = _places(workspaces, now - SPAN, progress)
        staff = _staff(now - SPAN)
        if cases:
            _add_cases(cases, places, staff, now, progress)
            places = _known(workspaces)
        work = Work(now, actor)
        work.audit("bench.seeded", "bench", {"messages": messages, "workspaces": workspaces, "cases": cases})
        work.flush()
    texts = babble.texts(dice)
    for start in range(0, messages, _CHUNK):
        count = min(_CHUNK, messages - start)
        times = [now - SPAN * (1 - (start + n) / messages) for n in range(count)]
        with transaction.atomic():
            _say(dice, places, staff, texts, times)
        while finding.file_waiting(_CHUNK):
            pass
        progress(f"{start + count:,} of {messages:,} messages")
    lanes = [Lane(pk=place.lane_id, last_number=place.number, told_number=place.number) for place in places]
    bulk.update(Lane, lanes, Lane.NUMBERS)
    _analyze()


def _months(now: datetime) -> None:
    """Partitions of the past two years too."""
    for days in range(0, SPAN.days + 1, 180):
        partitions.ensure(now - SPAN + timedelta(days=days))
    partitions.ensure(now)


def _product() -> Product:
    """A loaded product without rooms if there is one: then nothing of this reaches a homeserver."""
    newest = ProductVersion.objects.order_by("slug", "-number").distinct("slug").values_list("pk", flat=True)
    if not newest:
        raise Conflict("No product is loaded yet; load one with `roomdesk product load`.")
    return min(map(product_of, newest), key=lambda product: product.room)


def _places(count: int, at: datetime, progress: Callable[[str], None]) -> list[_Place]:
    product = _product()
    there = Workspace.objects.filter(slug__startswith=PREFIX).count()
    slugs = [f"{PREFIX}{number:05}" for number in range(there + 1, count + 1)]
    lanes = Lane.objects.bulk_create([Lane(key=lane_key(slug)) for slug in slugs])
    made = Workspace.objects.bulk_create(
        Workspace(
            slug=slug,
            product=product.slug,
            display_name=slug.capitalize(),
            locale=product.default_locale,
            lane=lane,
            created_at=at,
        )
        for slug, lane in zip(slugs, lanes, strict=True)
    )
    tier = next(iter(product.tiers))
    WorkspaceTerms.objects.bulk_create(WorkspaceTerms(workspace=one, tier=tier, valid_from=at) for one in made)
    owners = _people([f"{slug}-owner" for slug in slugs], at)
    Membership.objects.bulk_create(
        Membership(workspace=one, person=owner, role="owner", support_room_access=True, valid_from=at)
        for one, owner in zip(made, owners, strict=True)
    )
    _open_cases(made, owners, product, at)
    progress(f"{len(made):,} workspaces made, {count - len(made):,} were there")
    return _known(count)


def _people(slugs: list[str], at: datetime) -> list[Person]:
    return Person.objects.bulk_create(
        Person(slug=slug, name=slug.replace("-", " ").title(), localpart=slug, created_at=at) for slug in slugs
    )


def _open_cases(places: list[Workspace], owners: list[Person], product: Product, at: datetime) -> None:
    """Closed ones, of which one in a hundred is restricted."""
    ids = next_ids(Case, len(places) * _CASES)
    Case.objects.bulk_create(
        (
            Case(
                id=(pk := ids.pop()),
                ref=f"{product.ref_prefix}-{pk}",
                workspace=place,
                product=product.slug,
                title="A made-up matter",
                kind="other",
                severity=product.default_severity,
                state=Case.State.CLOSED,
                channel="form",
                is_restricted=pk % 100 == 0,
                opened_at=at,
                opened_by=owner,
            )
            for place, owner in zip(places, owners, strict=True)
            for _ in range(_CASES)
        ),
        batch_size=5_000,
    )


def _known(count: int) -> list[_Place]:
    rows = Workspace.objects.filter(slug__startswith=PREFIX).order_by("slug").select_related("lane")[:count]
    owners = Membership.objects.filter(workspace__slug__startswith=PREFIX, valid_to=None)
    of = dict(owners.values_list("workspace_id", "person_id"))
    places = {row.pk: _Place(row.pk, row.lane_id, row.product, of[row.pk], number=row.lane.last_number) for row in rows}
    for pk, workspace in Case.objects.filter(workspace__slug__startswith=PREFIX).values_list("pk", "workspace_id"):
        if workspace in places:
            places[workspace].cases.append(pk)
    return list(places.values())


def _add_cases(
    count: int, places: list[_Place], staff: list[int], now: datetime, progress: Callable[[str], None]
) -> None:
    found = Workspace.objects.in_bulk([place.id for place in places])
    owned = [(found[place.id], place.owner) for place in places]
    crowd_cases.add(count, owned, staff, _product(), now, SPAN, progress)


def _staff(at: datetime) -> list[int]:
    slugs = [f"{PREFIX}staff-{number}" for number in range(1, STAFF + 1)]
    if not Person.objects.filter(slug=slugs[0]).exists():
        _people(slugs, at)
    return list(Person.objects.filter(slug__in=slugs).order_by("pk").values_list("pk", flat=True))


def _say(dice: random.Random, places: list[_Place], staff: list[int], texts: list[str], times: list[datetime]) -> None:
    ids = next_ids(Message, len(times))
    names = ", ".join(_COLUMNS.split())
    with connection.cursor() as cursor, cursor.copy(f"COPY record_message ({names}) FROM STDIN") as copy:
        for at in times:
            copy.write_row(_line(dice, ids.pop(), dice.choice(places), staff, dice.choice(texts), at))


_COLUMNS = (
    "id workspace_id number channel external_id address author_id author_ref author_kind kind body content at recorded_at is_late "
    "case_id thread_root reply_to target why_code why edited_body redacted_by"
)


def _line(dice: random.Random, pk: int, place: _Place, staff: list[int], text: str, at: datetime) -> tuple[Any, ...]:
    """A customer or, one time in three, staff says the text and a number of its own; one in fifty is a file."""
    place.number += 1
    by_staff, is_file = dice.random() < 1 / 3, dice.random() < 1 / 50
    author, kind = (dice.choice(staff), "staff") if by_staff else (place.owner, "customer")
    case = dice.choice(place.cases) if place.cases and dice.random() < 0.8 else None
    return (
        pk, place.id, place.number, "form", "", "", author, f"{PREFIX}{author}", kind, "file" if is_file else "message", f"{text} {pk}.",
        "{}", at, at, False, case, "", "", "", "", "", "", "",
    )  # fmt: skip


def _analyze() -> None:
    """What the database knows of its tables, now instead of some minutes later. Only their owner may; others are told in vain."""
    with connection.cursor() as cursor:
        for model in (Message, Findable, Case, Workspace):
            cursor.execute(f"ANALYZE {model._meta.db_table}")
