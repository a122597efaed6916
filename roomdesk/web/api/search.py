"""Search of the record."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from roomdesk.cases import search as record
from roomdesk.runtime import clock
from roomdesk.web.api import case_schemas as forms
from roomdesk.web.api.asked import check_query
from roomdesk.web.api.auth import endpoint, viewer_of
from roomdesk.web.api.schemas import REFUSALS

router = Router(tags=["record"])
_ASKED = ("q", "workspace", "order", "after", "limit")


class Part(Schema):
    text: str
    match: bool = Field(description="It is what was looked for.")


class Hit(forms.Message):
    workspace: str
    case: str | None = Field(description="The reference of its case; null for what belongs to none.")
    excerpt: list[Part] = Field(description="The piece of the text around the first match, in parts.")


class Hits(Schema):
    items: list[Hit]
    next: str | None = Field(description="The value of `after` for the next page, or null at the end.")
    total: int | None = Field(description="At most 2000; null on later pages of the newest, where nobody counts again.")
    more: bool = Field(description="There are more than `total`.")


@router.get("/search", response={200: Hits, **REFUSALS}, **endpoint("search"))
def search(
    request: HttpRequest,
    q: str = Query("", description='Words, "phrases", inv*, from:, workspace:, case:, before:, after:, has:file.'),
    workspace: str = "",
    order: str = Query(record.NEWEST, description="newest, or best: the newest 2000 by how well they answer."),
    after: str = Query("", description="The `next` of the page before."),
    limit: int = Query(record.PAGE, ge=1, le=record.MOST),
) -> dict[str, Any]:
    """Messages that the token may see and that say what `q` asks for, the newest first."""
    check_query(request, *_ASKED)
    found = record.search(
        viewer_of(request), q, clock.now(), workspace=workspace, order=order, after=after, limit=limit
    )
    return record.shown(found)


@router.get("/record", response={200: Hits, **REFUSALS}, **endpoint("record"))
def of_record(
    request: HttpRequest,
    q: str = "",
    workspace: str = "",
    order: str = record.NEWEST,
    after: str = "",
    limit: int = Query(record.PAGE, ge=1, le=record.MOST),
) -> dict[str, Any]:
    """The same as `/search`, at the record's own address."""
    return search(request, q=q, workspace=workspace, order=order, after=after, limit=limit)
