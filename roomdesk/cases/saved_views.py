"""Views of the inbox that staff keep under a name, for themselves or for all staff. A view only narrows: it shows nobody more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from roomdesk.audit.work import Actor, Work
from roomdesk.cases.models import SavedView
from roomdesk.cases.narrowing import Narrow
from roomdesk.directory.errors import Conflict, Invalid, NotFound
from roomdesk.directory.models import Person

MOST = 50


def views_of(person: Person) -> Sequence[SavedView]:
    """The person's own and those shared by others, by name. One query."""
    rows = SavedView.objects.filter(Q(owner=person) | Q(is_shared=True)).select_related("owner")
    return list(rows.order_by("name", "pk")[: 2 * MOST])


def do_save(person: Person, name: str, narrow: Narrow, *, is_shared: bool, actor: Actor, now: datetime) -> SavedView:
    """Keeps the view under this name. Invalid for a name that is empty or too long, Conflict for one that is taken or one too many."""
    clean = " ".join(name.replace("\0", "").split())
    if not 0 < len(clean) <= 60:
        raise Invalid("Give the view a name of at most 60 characters.", field="name")
    if SavedView.objects.filter(owner=person).count() >= MOST:
        raise Conflict(f"You keep {MOST} views; remove one first.", field="name")
    try:
        with transaction.atomic():
            kept = SavedView.objects.create(
                owner=person, name=clean, wanted=narrow.wanted, is_shared=is_shared, created_at=now
            )
            _audit(kept, "view.saved", actor, now)
    except IntegrityError as error:
        raise Conflict(f"You have a view “{clean}” already; give this one another name.", field="name") from error
    return kept


def do_remove(person: Person, number: int, *, actor: Actor, now: datetime) -> None:
    """Removes the person's own view. NotFound for others'."""
    with transaction.atomic():
        kept = SavedView.objects.filter(pk=number, owner=person).first()
        if kept is None:
            raise NotFound("There is no such view of yours.", field="view")
        _audit(kept, "view.removed", actor, now)
        kept.delete()


def _audit(kept: SavedView, action: str, actor: Actor, now: datetime) -> None:
    work = Work(now, actor)
    work.audit(action, f"view:{kept.pk}", {"name": kept.name, "wanted": kept.wanted, "shared": kept.is_shared})
    work.flush()
