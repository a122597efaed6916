"""Headers that keep pages to themselves (R53): no foreign or inline code, no framing, no addresses told to others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware


@sync_and_async_middleware
def headers(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Django middleware; a view that has set one of the headers keeps its own."""
    if iscoroutinefunction(get_response):

        async def later(request: HttpRequest) -> HttpResponseBase:
            answer: Awaitable[HttpResponseBase] = get_response(request)
            return _protected(await answer)

        return markcoroutinefunction(later)

    def now(request: HttpRequest) -> HttpResponseBase:
        return _protected(get_response(request))

    return now


def _protected(response: HttpResponseBase) -> HttpResponseBase:
    for name, value in _headers().items():
        response.headers.setdefault(name, value)
    return response


@cache
def _headers() -> dict[str, str]:
    from roomdesk import bootstrap

    ours = bootstrap.settings
    return {
        "Content-Security-Policy": policy(ours.matrix_public_url, ours.chat_url),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }


def policy(*sign_in_targets: str | None) -> str:
    """The Content-Security-Policy.

    Browsers hold the redirects after a form against `form-action` too: signing in for the homeserver leads from our
    form to the homeserver and on to the chat client.
    """
    targets = dict.fromkeys(_origin(address) for address in sign_in_targets if address)
    return "; ".join(
        [
            "default-src 'self'",
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'self'",
            "frame-ancestors 'none'",
            " ".join(["form-action 'self'", *targets]),
        ]
    )


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
