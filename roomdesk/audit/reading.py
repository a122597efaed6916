"""The chains as people look through them: newest entries first, each with what it commits to as long as that is there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from roomdesk.audit.models import Content, Entry, Head, Root

#: Entries of one page.
PAGE = 50
#: So many entries are looked through for a page; a filter that finds few goes on from there.
LOOKED = 2000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a chain is asked for; empty texts narrow nothing. `action` is the beginning of one, the others are whole."""

    scope: str
    action: str = ""
    actor: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry with its content: None where it was erased."""

    entry: Entry
    content: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is the `before` of the page behind it; 0 at the chain's beginning."""

    head: Head | None
    root: Root | None
    items: Sequence[Shown]
    next: int


def page(wanted: Wanted, before: int = 0) -> Page:
    """Entries of one chain, the newest first, below number `before`. Four queries, over at most `LOOKED` entries."""
    head = Head.objects.filter(scope=wanted.scope).first()
    root = Root.objects.filter(scope=wanted.scope).order_by("-day").first()
    top = min(before - 1, head.seq) if before and head else head.seq if head else 0
    floor = max(top - LOOKED, 0)
    rows = Entry.objects.filter(scope=wanted.scope, seq__gt=floor, seq__lte=top)
    for name, value in (("action__startswith", wanted.action), ("actor", wanted.actor), ("subject", wanted.subject)):
        rows = rows.filter(**{name: value}) if value else rows
    found = list(rows.order_by("-seq", "-pk")[: PAGE + 1])
    contents = Content.objects.in_bulk([entry.pk for entry in found[:PAGE]])
    shown = [Shown(entry, _content(contents.get(entry.pk))) for entry in found[:PAGE]]
    return Page(head, root, shown, found[PAGE - 1].seq if len(found) > PAGE else floor + 1 if floor else 0)


def _content(row: Content | None) -> dict[str, Any] | None:
    return None if row is None else dict(json.loads(row.data))
