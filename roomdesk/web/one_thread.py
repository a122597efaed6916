"""Django behind ASGI, with each request in one thread from its first middleware to its last."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import cast

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse


class Pages(ASGIHandler):
    """As Django's own, which goes from a thread to the loop and back for each middleware that knows only one of them.

    Those were half a dozen waits for a thread in every request, and on a busy machine each is a millisecond or more. Whatever lasts
    (streams of open pages, the homeserver's calls) stands beside Django, and an answer may still be an asynchronous stream.
    """

    def __init__(self) -> None:
        # The constructor of Django's own loads the asynchronous chain, and does nothing else.
        super(ASGIHandler, self).__init__()
        self.load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = await sync_to_async(self.get_response, thread_sensitive=True)(request)
        if isinstance(response, StreamingHttpResponse) and not response.is_async:
            # Django would read all of it before it sent any.
            response.streaming_content = _piece_by_piece(cast(Iterable[bytes], response.streaming_content))
        return response


async def _piece_by_piece(content: Iterable[bytes]) -> AsyncIterator[bytes]:
    pieces = iter(content)
    following = sync_to_async(lambda: next(pieces, None), thread_sensitive=True)
    while (piece := await following()) is not None:
        yield piece
