"""The record of a workspace as one stream of lines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router

from roomdesk.cases import exporting
from roomdesk.cases.exporting import Key, Wanted
from roomdesk.runtime import clock
from roomdesk.web.api.asked import check_query
from roomdesk.web.api.auth import actor_of, endpoint, viewer_of
from roomdesk.web.api.schemas import REFUSALS

router = Router(tags=["record"])


@router.get("/record/export", response={200: str, **REFUSALS}, **endpoint("record_export"))
def record_export(
    request: HttpRequest,
    workspace: str,
    since: str = Query("", alias="from", description="Said from then on: a day, a month, a year, or an instant; UTC."),
    until: str = Query("", description="Said before then."),
) -> StreamingHttpResponse:
    """Every entry of the record in the order of time, one JSON object a line (NDJSON), what was removed as a sealed stub.

    The last line is `{"end": true, "entries": n}`: without it the stream broke off. Restricted cases are not in it; internal notes only for
    a token of the whole installation.
    """
    check_query(request, "workspace", "from", "until")
    now = clock.now()
    wanted = exporting.access_export(viewer_of(request), workspace, now, since=since, until=until)
    exporting.note(wanted, actor_of(request), now)
    # The server's loop must not wait for the database; elsewhere nothing else waits.
    lines = _later(wanted) if isinstance(request, ASGIRequest) else _lines(wanted)
    return StreamingHttpResponse(
        lines, content_type="application/x-ndjson; charset=utf-8", headers={"Cache-Control": "private, no-store"}
    )


Piece = tuple[bytes, Key | None, int]


def _lines(wanted: Wanted) -> Iterator[bytes]:
    after, count = None, 0
    while True:
        piece, after, count = _piece(wanted, after, count)
        yield piece
        if after is None:
            return


async def _later(wanted: Wanted) -> AsyncIterator[bytes]:
    after, count = None, 0
    while True:
        piece, after, count = await sync_to_async(_piece)(wanted, after, count)
        yield piece
        if after is None:
            return


def _piece(wanted: Wanted, after: Key | None, count: int) -> Piece:
    """The next lines, where they end (None: nowhere, the last line is among them), and how many there are by now."""
    page = exporting.page_of(wanted, after)
    if not page:
        return exporting.written({"end": True, "entries": count}), None, count
    lines = b"".join(exporting.written(exporting.line(entry, sealed=False)) for entry in page)
    last = page[-1].message
    return lines, (last.at, last.pk), count + len(page)
