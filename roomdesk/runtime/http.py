"""The one way to make a client for outgoing HTTP."""

from __future__ import annotations

import functools
import logging
import ssl
import time
from collections.abc import Mapping
from importlib import metadata

import httpx

_LOG = logging.getLogger("roomdesk.http")


def client(
    *,
    role: str,
    timeout: float,
    base_url: str = "",
    headers: Mapping[str, str] | None = None,
    sensitive: bool = False,
    follow_redirects: bool = False,
    connections: int = 100,
) -> httpx.Client:
    """A client that is closed by its user. `role` names the purpose in logs; `timeout` in seconds holds for each phase of a request.

    Logged are method, host, path (never the query), status and time; bodies of refusals too, unless `sensitive`.
    The environment's proxies and credentials are not used.
    """
    hooks = {"request": [_note_start], "response": [_logger(role, sensitive)]}
    return httpx.Client(
        base_url=base_url,
        headers={"User-Agent": user_agent(), **(headers or {})},
        timeout=timeout,
        trust_env=False,
        follow_redirects=follow_redirects,
        event_hooks=hooks,
        limits=httpx.Limits(max_connections=connections),
        verify=trusted(),
    )


@functools.cache
def trusted() -> ssl.SSLContext:
    """What httpx trusts by itself. To read its certificates takes 20 ms, which a probe every 50 ms need not pay again."""
    return httpx.create_ssl_context(trust_env=False)


@functools.cache
def user_agent() -> str:
    """How Roomdesk names itself. To look it up takes milliseconds, which no page need wait for."""
    try:
        return f"Roomdesk/{metadata.version('roomdesk')}"
    except metadata.PackageNotFoundError:
        return "Roomdesk/0"


def _note_start(request: httpx.Request) -> None:
    request.extensions["roomdesk_start"] = time.monotonic()


def _logger(role: str, sensitive: bool):  # type: ignore[no-untyped-def]
    def log(response: httpx.Response) -> None:
        request = response.request
        took = (time.monotonic() - request.extensions["roomdesk_start"]) * 1000
        body = _refusal(response) if response.status_code >= 400 and not sensitive else ""
        _LOG.debug(
            "%s: %s %s%s answered %d in %.0f ms%s",
            role,
            request.method,
            request.url.host,
            request.url.path,
            response.status_code,
            took,
            body,
        )

    return log


def _refusal(response: httpx.Response) -> str:
    response.read()
    return f": {response.text[:500]}"


def answers(url: str, *, timeout: float = 1.0) -> bool:
    """Whether somebody answers HTTP there with anything but an error of their own (5xx)."""
    try:
        with client(role="probe", timeout=timeout) as probe:
            return probe.get(url).status_code < 500
    except httpx.HTTPError:
        return False
