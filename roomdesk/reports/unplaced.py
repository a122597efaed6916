"""Messages of people that belong to no case, with the reason: what the desk has put away, for somebody to look over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from roomdesk.directory.errors import Invalid
from roomdesk.directory.queries import Viewer, workspaces_of
from roomdesk.record.models import Message

PAGE, MOST = 50, 200
#: Reasons by their code, in words for people.
REASONS = {
    "small_talk": "small talk",
    "command": "a command to the desk",
    "no_intake": "the workspace opens no cases",
    "undecided": "staff were asked which case it answers",
    "machine": "written by a machine",
    "": "no reason on record",
}


@dataclass(frozen=True, slots=True)
class Page:
    """Some of them, the newest first; `next` is the `before` of the page behind it."""

    items: Sequence[Message]
    next: int | None


def unplaced(
    viewer: Viewer,
    *,
    product: str | None = None,
    reason: str | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> Page:
    """Two queries, however many there are. Staff only: for anybody else there are none."""
    if reason is not None and reason not in REASONS:
        raise Invalid(
            f'There is no reason "{reason[:40]}"; there are {", ".join(filter(None, REASONS))}.', field="reason"
        )
    rows = Message.objects.filter(
        case__isnull=True, kind__in=[Message.Kind.MESSAGE, Message.Kind.FILE], author_kind__in=["customer", "staff"]
    )
    if not viewer.sees_all:
        rows = rows.filter(workspace__in=workspaces_of(viewer).filter(product__in=viewer.products).order_by())
    for given, narrowed in (
        (product, Q(workspace__product=product)),
        (reason, Q(why_code=reason)),
        (before, Q(pk__lt=before)),
    ):
        rows = rows if given is None else rows.filter(narrowed)
    size = max(1, min(limit, MOST))
    found = list(rows.select_related("workspace", "author").order_by("-pk")[: size + 1])
    return Page(found[:size], found[size - 1].pk if len(found) > size else None)


def shown(message: Message) -> dict[str, Any]:
    """Of a removed message there is no text."""
    return {
        "id": message.pk,
        "workspace": message.workspace.slug,
        "product": message.workspace.product,
        "author": message.author.slug if message.author else message.author_ref,
        "author_kind": message.author_kind,
        "at": message.at,
        "text": None if message.redacted_at else (message.edited_body or message.body),
        "why": {"code": message.why_code, "words": message.why},
    }
